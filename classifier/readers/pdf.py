"""Read PDF files with a text layer: pages, running heads dropped, hyphenated line ends joined."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, require
from classifier.vocabulary import is_known

_EDGE = 2
_RUNNING = 0.4  # of the pages; lines of left and right pages may differ
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
        pages, damaged = _texts(reader.pages)
        title, date, sender = _about(reader.metadata)
    except ReadError:
        raise
    except pypdf.errors.DependencyError as error:
        raise ReadError(f"{name}: encrypted; reading it needs cryptography "
                        f"(pip install 'policytag[documents]')") from error
    except Exception as error:  # a parser of hostile bytes: any error of its own means damage
        what = str(error)[:200] or type(error).__name__
        raise ReadError(f"{name}: damaged PDF ({what})") from error
    notes = []
    empty = sum(not page.strip() for page in pages)
    if damaged:
        notes.append(f"truncated: damaged pages: {', '.join(map(str, damaged[:20]))}")
    if empty:
        notes.append(f"pages without text: {empty}")
    text, starts = _join(_without_running_lines(pages))
    yield Document(name, text, pages=tuple(starts), title=title, date=date, sender=sender,
                   notes=tuple(notes))


def _texts(pages: Iterable[Any]) -> tuple[list[str], list[int]]:
    """The text of each page, and the numbers of those that are damaged.

    Raises the error of the last page if all of them are.
    """
    texts: list[str] = []
    damaged: list[int] = []
    for number, page in enumerate(pages, 1):
        try:
            texts.append(page.extract_text() or "")
        except Exception as error:
            texts.append("")
            damaged.append(number)
            last = error
    if damaged and len(damaged) == len(texts):
        raise last
    return texts, damaged


def _about(facts: Any) -> tuple[str, str, str]:
    """Title, date and author, as far as they can be read."""
    try:
        date = facts.creation_date
        return (str(facts.title or "")[:500], date.isoformat() if date else "",
                str(facts.author or "")[:500])
    except Exception:  # damaged facts are no reason to lose the text
        return "", "", ""


def _without_running_lines(pages: list[str]) -> list[str]:
    """Drop lines that stand at the top or bottom of many pages, page numbers aside."""
    lines = [[line.strip() for line in page.split("\n") if line.strip()] for page in pages]
    edges = Counter(
        key for page in lines for key in {_NUMBER.sub("#", page[i]) for i in _edge(page)}
    )
    running = {key for key, n in edges.items() if len(pages) >= 3 and n > _RUNNING * len(pages)}
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
    own = set(re.findall(r"\w+", " ".join(pages).lower()))

    def whole(match: re.Match[str]) -> str:
        joined = match[1] + match[2]
        is_word = joined.lower() in own or is_known(joined) or "\u00ad" in match[0]
        return joined if is_word else f"{match[1]}-{match[2]}"

    text, starts = "", []
    for page in pages:
        page = _HYPHEN.sub(whole, page)
        if text and page:
            text += "\n\n" if _END.search(text) else "\n"
        starts.append(len(text))
        text += page
    return text, starts
