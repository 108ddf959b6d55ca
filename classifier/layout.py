"""The blocks of a text: headings, list items and paragraphs, with hard-wrapped lines joined."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

_BLANK = re.compile(r"\n[ \t\r]*\n")
# 1. and 2.3.1 and (iv) and b) and a bullet; a number without a stop needs a capital after it, so
# that a wrapped "4.2 per cent" is none
_ITEM = re.compile(
    r"(?:(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}|[a-zA-Z]|[ivxIVX]{2,5})[.)]"
    r"|\((?:[0-9]{1,3}|[a-zA-Z]{1,2}|[ivxIVX]{1,5})\)"
    r"|[0-9]{1,2}(?:\.[0-9]{1,3}){1,4}(?=[ \t]+[^\W\d_a-z])"
    r"|[-*•–·▪●])[ \t]"
)
# no hard-wrapped line is as wide; where one is, lines are paragraphs
_WIDEST = 200


def blocks(text: str) -> Iterator[tuple[int, int, int]]:
    r"""Start, end and number of the paragraph of each block, without space around it.

    A block ends at a blank line, before a list item, and at a line break that was not needed: one
    in a text that is not hard-wrapped, or after a line to which half as much could be added again.

    >>> text = "Ferries\n\nThe board met on\nTuesday. It may:\n(a) act;"
    >>> [text[start:end] for start, end, _ in blocks(text)]
    ['Ferries', 'The board met on\nTuesday. It may:', '(a) act;']
    """
    start = number = 0
    for blank in _BLANK.finditer(text):
        yield from _paragraph(text, start, blank.start(), number)
        start = blank.end()
        number += 1
    yield from _paragraph(text, start, len(text), number)


def _paragraph(text: str, start: int, end: int, number: int) -> Iterable[tuple[int, int, int]]:
    body = text[start:end].lstrip()
    begin, body = end - len(body), body.rstrip()
    if "\n" in body:
        return _of_lines(text, start, end, number)
    return [(begin, begin + len(body), number)] if body else []


def _of_lines(text: str, start: int, end: int, number: int) -> Iterator[tuple[int, int, int]]:
    lines = text[start:end].split("\n")
    width = max(map(len, lines))
    cuts, at = [start], start
    for before, line in pairwise(lines):
        at += len(before) + 1
        if _begins_block(before, line, width):
            cuts.append(at)
    for begin, limit in pairwise([*cuts, end]):
        body = text[begin:limit].lstrip()
        if body:
            begin = limit - len(body)
            yield begin, begin + len(body.rstrip()), number


def _begins_block(before: str, line: str, width: int) -> bool:
    """Whether a line break after `before` is more than one of hard-wrapped text."""
    body = line.lstrip()
    if body and not body[0].islower() and (
        width > _WIDEST or 2 * (len(before.strip()) + 1 + len(body.split(maxsplit=1)[0])) <= width
    ):
        return True
    return bool(_ITEM.match(body))
