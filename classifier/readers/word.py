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
_T = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MAX_RATIO = 200


def read_docx(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a Word document: body in order, lists and tables, then footnotes.

    Text inserted under tracked changes is kept, deleted text is dropped.
    """
    with _open(name, data, options) as archive:
        body = _xml(name, archive, "word/document.xml", options)
        if body is None:
            raise ReadError(f"{name}: no word/document.xml in it (not a Word document)")
        blocks = list(_paragraphs(body))
        for member in ("word/footnotes.xml", "word/endnotes.xml"):
            notes = _xml(name, archive, member, options)
            blocks += [] if notes is None else list(_paragraphs(notes))
        core = _xml(name, archive, "docProps/core.xml", options)
    facts = {} if core is None else {e.tag.rsplit("}", 1)[-1]: e.text or "" for e in core}
    yield Document(name, "\n\n".join(blocks), title=facts.get("title", "")[:500],
                   date=facts.get("created", "")[:40], sender=facts.get("creator", "")[:500])


def read_odt(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield an OpenDocument text."""
    with _open(name, data, options) as archive:
        content = _xml(name, archive, "content.xml", options)
    if content is None:
        raise ReadError(f"{name}: no content.xml in it (not an OpenDocument text)")
    blocks = []
    for element in _in_order(content, {f"{_T}tracked-changes"}):
        if element.tag in (f"{_T}p", f"{_T}h"):
            blocks.append(" ".join("".join(element.itertext()).split()))
    yield Document(name, "\n\n".join(block for block in blocks if block))


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


def _open(name: str, data: bytes, options: ReadOptions) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        is_old = data[:4] == b"\xd0\xcf\x11\xe0"
        what = "an old or encrypted file (save it as .docx)" if is_old else f"damaged ({error})"
        raise ReadError(f"{name}: {what}") from error
    infos = archive.infolist()
    size = sum(info.file_size for info in infos)
    dense = any(i.file_size > 2**20 and i.file_size > _MAX_RATIO * i.compress_size for i in infos)
    if size > options.max_characters or len(infos) > 20_000 or dense:
        raise ReadError(f"{name}: inflates to {size:,} bytes in {len(infos):,} parts (a zip bomb?)")
    return archive


def _xml(
    name: str, archive: zipfile.ZipFile, member: str, options: ReadOptions
) -> Element | None:
    elementtree = require("defusedxml.ElementTree", name)
    defused = require("defusedxml", name)
    try:
        data = archive.read(member)
        found: Element = elementtree.fromstring(data, forbid_dtd=True)
        return found
    except KeyError:
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError,
            elementtree.ParseError, defused.DefusedXmlException, ValueError) as error:
        raise ReadError(f"{name}: {member}: {error!s:.200}") from error


def _in_order(root: Element, dropped: set[str]) -> Iterator[Element]:
    stack = [root]
    while stack:
        element = stack.pop()
        if element.tag not in dropped:
            yield element
            stack.extend(reversed(element))


def _paragraphs(root: Element) -> Iterator[str]:
    """The text of each paragraph, whatever it stands in."""
    words: list[str] = []
    for element in _in_order(root, {f"{_W}del", f"{_W}moveFrom", f"{_W}instrText"}):
        if element.tag == f"{_W}p":
            if "".join(words).strip():
                yield " ".join("".join(words).split())
            words = []
        elif element.tag == f"{_W}t":
            words.append(element.text or "")
        elif element.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            words.append(" ")
    if "".join(words).strip():
        yield " ".join("".join(words).split())
