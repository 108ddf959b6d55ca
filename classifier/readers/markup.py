"""Read HTML: the main text, without navigation."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from classifier.document import Document
from classifier.readers.base import ReadOptions, decode, note_encoding

_DROPPED = {"script", "style", "noscript", "template", "svg", "math", "nav", "header", "footer",
            "aside", "button", "select", "textarea", "iframe", "object", "head", "figcaption"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
         "track", "wbr"}
_BLOCKS = {"p", "div", "section", "article", "main", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol",
           "li", "table", "tr", "td", "th", "blockquote", "pre", "dl", "dt", "dd", "figure", "body",
           "br", "hr", "address", "caption"}
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.I)
_LINK_SHARE = 0.6


def read(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield the one document of a page."""
    declared = _CHARSET.search(data[:4096])
    text, encoding = decode(data, name, declared.group(1).decode() if declared else "")
    body, title, date = main_text(text)
    yield Document(name, body, title=title, date=date, encoding=encoding,
                   notes=note_encoding(encoding))


def main_text(html: str) -> tuple[str, str, str]:
    """The text of a page with a paragraph a block, its title and its date.

    >>> main_text("<title>T</title><nav><a>Home</a></nav><p>We act.</p>")
    ('We act.', 'T', '')
    """
    parser = _Collector()
    parser.feed(html)
    parser.close()
    parser.end_block()
    blocks = parser.main_blocks or parser.blocks
    return "\n\n".join(blocks), " ".join("".join(parser.title).split())[:500], parser.date


class _Collector(HTMLParser):
    """Collects blocks; depth is counted, never recursed into, so nesting costs nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.main_blocks: list[str] = []
        self.title: list[str] = []
        self.date = ""
        self._words: list[str] = []
        self._linked = 0
        self._dropped: list[str] = []
        self._in_title = self._in_link = False
        self._main_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and not self.date:
            key = (values.get("property") or values.get("name") or "").lower()
            if key in ("article:published_time", "date", "dc.date", "dcterms.date"):
                self.date = (values.get("content") or "")[:40]
        if tag == "title" and not self.title:
            self._in_title = True
        if tag in _DROPPED and tag not in _VOID and (tag != "header" or not self._main_depth):
            self._dropped.append(tag)
        if tag in ("p", "body", "main", "article") and self._dropped[-1:] == ["head"]:
            self._dropped.pop()  # a head that was never closed
        if tag in ("main", "article"):
            self.end_block()
            self._main_depth += 1
        if tag in _BLOCKS:
            self.end_block()
        if tag == "a":
            self._in_link = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in self._dropped[-8:]:
            while self._dropped.pop() != tag:
                pass
        if tag in _BLOCKS or tag in ("main", "article"):
            self.end_block()
        if tag in ("main", "article"):
            self._main_depth = max(0, self._main_depth - 1)
        if tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data[:500])
        elif not self._dropped:
            self._words.append(data)
            self._linked += len(data) if self._in_link else 0

    def end_block(self) -> None:
        """Close the block; one made of links alone is navigation and is dropped."""
        raw = "".join(self._words)
        text = " ".join(raw.split())
        if text and not (self._linked > _LINK_SHARE * len(raw) and len(text) < 80):
            self.blocks.append(text)
            if self._main_depth:
                self.main_blocks.append(text)
        self._words, self._linked = [], 0
