"""Read PDF files with a text layer: pages, running heads dropped, hyphenated line ends joined."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, require

_EDGE = 2
_HYPHEN = re.compile(r"(\w+)[-\u00ad]\n(\w+)")
_NUMBER = re.compile(r"\d+")
_END = re.compile(r"[.!?:;]['\"”’)]*$")


def read(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield the one document of a PDF."""
    pypdf = require("pypdf", name)
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ReadError(f"{name}: encrypted (save it without a password)")
        pages = [page.extract_text() or "" for page in reader.pages]
        about = reader.metadata
    except ReadError:
        raise
    except Exception as error:  # a parser of hostile bytes: any error of its own means damage
        what = str(error)[:200] or type(error).__name__
        raise ReadError(f"{name}: damaged PDF ({what})") from error
    notes = []
    empty = sum(not page.strip() for page in pages)
    if empty:
        notes.append(f"pages without text: {empty}")
    text, starts = _join(_without_running_lines(pages))
    title = about.title if about and isinstance(about.title, str) else ""
    yield Document(name, text, pages=tuple(starts), title=title[:500], notes=tuple(notes))


def _without_running_lines(pages: list[str]) -> list[str]:
    """Drop lines that stand at the top or bottom of most pages, page numbers aside."""
    lines = [[line.strip() for line in page.split("\n") if line.strip()] for page in pages]
    edges = Counter(
        key for page in lines for key in {_NUMBER.sub("#", page[i]) for i in _edge(page)}
    )
    running = {key for key, n in edges.items() if len(pages) >= 3 and n > 0.6 * len(pages)}
    kept = []
    for page in lines:
        dropped = {i for i in _edge(page) if _NUMBER.sub("#", page[i]) in running}
        kept.append("\n".join(line for i, line in enumerate(page) if i not in dropped))
    return kept


def _edge(page: list[str]) -> list[int]:
    """Where running lines can stand: up to two at top and bottom, half of a page at most."""
    depth = min(_EDGE, len(page) // 4)
    return [*range(depth), *range(len(page) - depth, len(page))]


def _join(pages: list[str]) -> tuple[str, list[int]]:
    known = set(re.findall(r"\w+", " ".join(pages).lower()))

    def whole(match: re.Match[str]) -> str:
        joined = match[1] + match[2]
        is_word = joined.lower() in known or "\u00ad" in match[0]
        return joined if is_word else f"{match[1]}-{match[2]}"

    text, starts = "", []
    for page in pages:
        page = _HYPHEN.sub(whole, page)
        if text and page:
            text += "\n\n" if _END.search(text) else "\n"
        starts.append(len(text))
        text += page
    return text, starts
