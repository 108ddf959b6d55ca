"""What every reader takes and gives."""

import importlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType

from classifier.document import Document
from classifier.errors import ReadError

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)
_ANY_MARK = tuple(mark for mark, _ in _MARKS)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How documents are read: columns of tables, and limits on what a file may hold."""

    text_column: str = "text"
    id_column: str = "id"
    are_sentences: bool = False
    query: str = ""
    max_characters: int = 100_000_000
    max_members: int = 100
    max_depth: int = 3


def decode(data: bytes, name: str, declared: str = "") -> tuple[str, str]:
    """Decode by byte-order mark, strict UTF-8, the declared encoding, then cp1252.

    Returns the text and the encoding used.

    >>> decode(b"caf\\xe9", "a.txt")
    ('café', 'cp1252')
    """
    marked = ""
    if data.startswith(_ANY_MARK):
        marked = next(encoding for mark, encoding in _MARKS if data.startswith(mark))
    for encoding in (marked, "utf-8", declared, "cp1252"):
        try:
            if encoding:
                return data.decode(encoding), encoding.removesuffix("-sig")
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    raise ReadError(f"{name}: neither UTF-8 nor cp1252 text (save it as UTF-8)")


def suffix_of(name: str) -> str:
    """The end of a file's name that tells its kind, in lower case, as `pathlib` cuts it.

    >>> suffix_of("letters/A.PDF"), suffix_of("a.b/c"), suffix_of(".txt"), suffix_of("a.")
    ('.pdf', '', '', '')
    """
    end = os.path.basename(name)
    at = end.rfind(".")
    return end[at:].lower() if 0 < at < len(end) - 1 else ""


def note_encoding(encoding: str) -> tuple[str, ...]:
    """A note where the encoding was a guess."""
    return ("encoding guessed: cp1252",) if encoding == "cp1252" else ()


def failed(name: str, error: ReadError) -> Document:
    """A document that stands for a part of a file which cannot be read, in the ledger too.

    >>> failed("a.zip!b.pdf", ReadError("a.zip!b.pdf: damaged PDF")).notes
    ('failed: damaged PDF',)
    """
    return Document(name, "", notes=(f"failed: {str(error).removeprefix(f'{name}: ')}",))


def or_failed(name: str, documents: Iterator[Document]) -> Iterator[Document]:
    """The documents of a part of a file; what is wrong with it is no matter for the other parts."""
    try:
        yield from documents
    except ReadError as error:
        yield failed(name, error)


def within(name: str, document: Document) -> Document:
    """The document under a name that begins with that of its file.

    >>> within("a.csv", Document("7", "")).id, within("a.csv", Document("a.csv#2", "")).id
    ('a.csv#7', 'a.csv#2')
    """
    is_named = document.id.startswith(name)
    return document if is_named else replace(document, id=f"{name}#{document.id}")


def apart(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents of a file; one whose name is taken also gets its number, and a note.

    >>> [d.id for d in apart(Document(key, "") for key in ("7", "7#3", "7", "7"))]
    ['7', '7#3', '7#3#3', '7#4']
    """
    taken = set()
    for number, document in enumerate(documents, 1):
        name = document.id
        while name in taken:
            name += f"#{number}"
        taken.add(name)
        if name != document.id:
            note = f"an earlier document is named {document.id!r} too"
            document = replace(document, id=name, notes=(*document.notes, note))
        yield document


def cut(document: Document, most: int) -> Document:
    """The document with so many characters at most, and a note where there were more.

    >>> cut(Document("a.txt", "We act. We pay."), 7).notes
    ('truncated: over the limit of characters; what follows is left out (8 of 15 here)',)
    """
    text, n = document.text[:most], len(document.text)
    if n <= most:
        return document
    note = (f"truncated: over the limit of characters; what follows is left out "
            f"({n - most:,} of {n:,} here)")
    return replace(document, text=text, notes=(note, *document.notes),
                   presplit=document.presplit and (text,),
                   pages=tuple(start for start in document.pages if start < most))


def require(module: str, name: str, extra: str = "documents") -> ModuleType:
    """Import an optional library, or say which extra has it.

    Raises:
        ReadError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ReadError(
            f"{name}: reading this format needs {module.split('.')[0]} "
            f"(pip install 'policytag[{extra}]')"
        ) from error
