"""Split a text into sentences, with exact offsets.

The text is laid out in blocks (layout.py). In a block, Punkt decides at each stop (punkt.py),
unless one of the rules of this module knows better: they are named, and few.
"""

import re
from collections.abc import Iterator
from functools import cache

from classifier.abbreviations import NEVER_LAST
from classifier.document import Sentence
from classifier.kernel import kernel
from classifier.layout import blocks
from classifier.punkt import AT_CANDIDATE, Punkt, end_and_next
from classifier.shipped import MODELS

_STOP = re.compile(
    rf"[.?!…](?:(?<!…){AT_CANDIDATE}|(?<=…)(?=[\"'”’»)\]]*+[ \t\n\r\v\f]))"
)
# the same where nothing but a dot may end a sentence, which is found in half the time
_DOT = re.compile(rf"\.{AT_CANDIDATE}")
# what stands between a stop and the next word, and the next word, cut where it is long
_NEXT = re.compile(r"[\"'”’»)\]]*+(?:(?P<space>\s++)(?P<word>\S{1,40}+)|$)")
_OPENING = "\"'“‘«(["
_CLAUSE = re.compile(r"\([a-z]{1,4}\)")
_INITIAL = re.compile(r"[^\W\d_]\.")
_MARKER = re.compile(
    r"(?:(?:section|sec\.|article|art\.|clause|cl\.|rule|part|chapter|regulation|reg\.|no\.)\s{1,3})?"
    r"\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}|[a-z]|[ivx]{1,5})\)?",
    re.I,
)
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_STOPS = frozenset(".?!…")
_MAX_WORD = 40
_MAX_PLAIN = 64
_AFTER_PLAIN = re.compile(r"\. [\"'“‘«(\[]?[A-Z0-9]")
RULES = (
    "attached",  # the stop and the marks that close after it are not followed by space: no end
    "lower case",  # the next word is in lower case, on the same line: no end
    "more stops",  # what follows are more stops: no end
    "ellipsis",  # an ellipsis ends a sentence where the next word is in upper case
    "marker",  # the sentence so far is the number of a section or an item: no end
    "initials",  # an initial before an initial: no end
    "never last",  # a title, or a reference that wants a number: no end
    "numbered",  # an abbreviation before a number: no end
    "acronym",  # letters and stops, even if not in the list, are an abbreviation
)


@cache
def _punkt() -> Punkt:
    return Punkt.load(MODELS / "punkt.json")


def split(text: str) -> list[Sentence]:
    """Return the sentences of a text; `text[s.start:s.end] == s.text` for each.

    >>> [s.text for s in split("The Hon. Minister spoke. Rs. 5 crore was spent.")]
    ['The Hon. Minister spoke.', 'Rs. 5 crore was spent.']
    """
    return [Sentence(text[start:end], start, number) for start, end, number in spans(text)]


def spans(text: str) -> list[tuple[int, int, int]]:
    """Start, end and number of the paragraph of each sentence of a text.

    >>> spans("It rose. It fell.")
    [(0, 8, 0), (9, 17, 0)]
    """
    punkt = _punkt()
    places, found = list(blocks(text)), []
    for (offset, limit, paragraph), stops in zip(
        places, candidates(text, places, punkt), strict=True
    ):
        start = offset
        if stops:
            for _, end, following, is_end, _ in _decide(text[offset:limit], stops, punkt):
                if is_end:
                    found.append((start, offset + end, paragraph))
                    start = offset + following
        if start < limit:
            found.append((start, limit, paragraph))
    return found


def candidates(
    text: str, places: list[tuple[int, int, int]], punkt: Punkt
) -> list[list[int]]:
    """Where a sentence may end, block by block of a text.

    Each is twice the offset in the block, and 1 more where the stop is plain: a dot after a word
    of ASCII letters that is no abbreviation nor anything like it, before a space and a capital or
    a digit, perhaps with a mark that opens.

    >>> candidates("It rose. He said etc. So.", [(0, 25, 0)], _punkt())
    [[15, 40]]
    """
    held = punkt.held
    if kernel:
        return kernel.stops(text, places, held)
    return [_candidates(text[start:end], held) for start, end, _ in places]


def _candidates(block: str, held: frozenset[str]) -> list[int]:
    stops = _STOP if "?" in block or "!" in block or "…" in block else _DOT
    found = [match.start() for match in stops.finditer(block)]
    return [2 * stop + _is_plain(block, stop, held) for stop in found]


def _is_plain(block: str, stop: int, held: frozenset[str]) -> bool:
    if not _AFTER_PLAIN.match(block, stop):
        return False
    limit = max(stop - _MAX_PLAIN - 1, 0)
    begin = block.rfind(" ", limit, stop) + 1 or limit
    word = block[begin:stop]
    return (
        2 <= len(word) <= _MAX_PLAIN and word.isascii() and word.isalpha()
        and word.lower() not in held
    )


def decisions(block: str, punkt: Punkt) -> Iterator[tuple[int, int, int, bool, str]]:
    """Each candidate of a block that has no space around it.

    The offset of the stop, where its sentence would end and the next begin, whether it does, and
    the name of the rule that says so, empty where it is Punkt.
    """
    [stops] = candidates(block, [(0, len(block), 0)], punkt)
    return _decide(block, stops, punkt)


def _decide(
    block: str, stops: list[int], punkt: Punkt
) -> Iterator[tuple[int, int, int, bool, str]]:
    begin = previous = 0
    for code in stops:
        stop = code >> 1
        if code & 1 and (stop - begin > _MAX_WORD or not _MARKER.fullmatch(block, begin, stop)):
            # most stops are such, and no rule is about them
            yield stop, stop + 1, stop + 2, True, ""
            begin = stop + 2
        else:
            word = block[block.rfind(" ", previous, stop) + 1 or previous : stop]
            rule, is_end = _rule(block, begin, word, stop, punkt)
            if not rule:
                is_end = punkt.ends_sentence(block, previous, stop)
            end, following = end_and_next(block, stop)
            yield stop, end, following, is_end, rule
            if is_end:
                begin = following
        previous = stop


def _rule(block: str, begin: int, word: str, stop: int, punkt: Punkt) -> tuple[str, bool]:
    """The name of the first rule that holds at a stop, and whether a sentence ends there."""
    after = _NEXT.match(block, stop + 1)
    if not after:
        return "attached", False
    following = after["word"]
    if not following:
        return "", False
    first = following.lstrip(_OPENING)[:1]
    if first.islower() and "\n" not in after["space"] and not _CLAUSE.match(following):
        return "lower case", False
    if first in _STOPS:
        return "more stops", False
    if block[stop] == "…" or block[stop - 1 : stop + 1] == "..":
        return "ellipsis", first.isupper()
    if block[stop] != ".":
        return "", False
    if stop - begin < _MAX_WORD and _MARKER.fullmatch(block, begin, stop):
        return "marker", False
    word = word[-_MAX_WORD:].rpartition("-")[2].lstrip(_OPENING)
    if len(word) == 1 and word.isupper() and _INITIAL.match(following):
        return "initials", False
    low = word.lower()
    if low in NEVER_LAST:
        return "never last", False
    if low in punkt.abbreviations:
        return ("numbered", False) if following[:1].isdigit() else ("", False)
    if _ACRONYM.fullmatch(low):
        return "acronym", punkt.starts_sentence(following) is True
    return "", False
