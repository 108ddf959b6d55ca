"""Read word processors' files: DOCX, ODT, RTF."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, decode, require

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_T = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MAX_RATIO = 200
_PARAGRAPHS = {f"{_W}p", f"{_T}p", f"{_T}h"}
_MARKS = {f"{_W}tab": " ", f"{_W}br": " ", f"{_W}cr": " ", f"{_W}noBreakHyphen": "-",
          f"{_T}s": " ", f"{_T}tab": " ", f"{_T}line-break": " "}
_DROPPED = {
    f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_T}tracked-changes", f"{_T}note-citation",
    "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}annotation",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # a box once more
}


def read_docx(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a Word document: body in order, lists and tables, then footnotes.

    Text inserted under tracked changes is kept, deleted text is dropped.
    """
    with _open(name, data) as archive:
        body = _xml(name, archive, "word/document.xml", options)
        if body is None:
            raise ReadError(f"{name}: no word/document.xml in it (not a Word document)")
        for member in ("word/footnotes.xml", "word/endnotes.xml"):
            notes = _xml(name, archive, member, options)
            body.extend([] if notes is None else [notes])
        core = _xml(name, archive, "docProps/core.xml", options)
    yield _document(name, body, core, "created")


def read_odt(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield an OpenDocument text."""
    with _open(name, data) as archive:
        content = _xml(name, archive, "content.xml", options)
        meta = _xml(name, archive, "meta.xml", options)
    if content is None:
        raise ReadError(f"{name}: no content.xml in it (not an OpenDocument text)")
    yield _document(name, content, meta, "creation-date")


def read_rtf(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a rich-text file."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ReadError(f"{name}: not RTF (a file begins with {{\\rtf)")
    striprtf = require("striprtf.striprtf", name)
    text, _ = decode(data, name)
    try:
        plain = str(striprtf.rtf_to_text(text, errors="replace"))
    except (ValueError, IndexError, KeyError, LookupError, RecursionError, OverflowError) as error:
        raise ReadError(f"{name}: damaged RTF ({error})") from error
    yield Document(name, re.sub(r"\n+", "\n\n", plain).strip())


def _document(name: str, root: Element, about: Element | None, date: str) -> Document:
    """A document with the title, author and date that the part `about` it tells."""
    elements = [] if about is None else about.iter()
    facts = {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in elements}
    return Document(name, "\n\n".join(_paragraphs(root)), title=facts.get("title", "")[:500],
                    date=facts.get(date, "")[:40], sender=facts.get("creator", "")[:500])


def _open(name: str, data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        is_old = data[:4] == b"\xd0\xcf\x11\xe0"
        what = "an old or encrypted file (save it as .docx)" if is_old else f"damaged ({error})"
        raise ReadError(f"{name}: {what}") from error


def _xml(
    name: str, archive: zipfile.ZipFile, member: str, options: ReadOptions
) -> Element | None:
    elementtree = require("defusedxml.ElementTree", name)
    defused = require("defusedxml", name)
    try:
        info = archive.getinfo(member)
        is_dense = info.file_size > max(2**20, _MAX_RATIO * info.compress_size)
        if is_dense or info.file_size > options.max_characters:
            raise ReadError(f"{name}: {member} inflates to {info.file_size:,} bytes (a zip bomb?)")
        data = archive.read(info).replace(_STRICT, _W[1:-1].encode())
        found: Element = elementtree.fromstring(data, forbid_dtd=True)
        return found
    except KeyError:
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError,
            elementtree.ParseError, defused.DefusedXmlException, ValueError) as error:
        raise ReadError(f"{name}: {member}: {error!s:.200}") from error


def _paragraphs(root: Element) -> Iterator[str]:
    """The text of each paragraph; one inside another (a note, a box) comes after it.

    Walks with a stack of its own, so depth is no matter.
    """
    found: list[list[str]] = [[]]
    stack: list[tuple[Element | str, list[str]]] = [(root, found[0])]
    while stack:
        item, words = stack.pop()
        if isinstance(item, str):
            words.append(item)
            continue
        if item.tag in _DROPPED:
            continue
        if item.tag in _PARAGRAPHS:
            words = []
            found.append(words)
        is_odt = item.tag.startswith(_T)
        words.append(_MARKS.get(item.tag, ""))
        words.append(item.text or "" if is_odt or item.tag == f"{_W}t" else "")
        for child in reversed(item):
            if is_odt and child.tail:
                stack.append((child.tail, words))
            stack.append((child, words))
    for words in found:
        if text := " ".join("".join(words).split()):
            yield text
