"""Split a text into sentences, with exact offsets.

The text is laid out in blocks (layout.py). In a block, Punkt decides at each stop (punkt.py),
unless one of the rules of this module knows better: they are named, and few.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial

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
    return list(map(Sentence, *pieces(text)))


def pieces(text: str) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """The sentences of a text, where they start, and the numbers of their paragraphs.

    >>> pieces("It rose. It fell.")
    (['It rose.', 'It fell.'], [0, 9], [0, 0])
    """
    punkt = _punkt()
    if kernel:
        return kernel.split(
            text, NEVER_LAST, punkt.abbreviations, punkt.collocated, punkt.collocations,
            partial(_decide, punkt),
        )
    found = list(_spans(text, punkt))
    starts = [start for start, _, _ in found]
    return [text[start:end] for start, end, _ in found], starts, [number for _, _, number in found]


def _spans(text: str, punkt: Punkt) -> Iterator[tuple[int, int, int]]:
    for start, limit, paragraph in blocks(text):
        offset = start
        for _, end, following, is_end, _ in decisions(text[offset:limit], punkt):
            if is_end:
                yield start, offset + end, paragraph
                start = offset + following
        if start < limit:
            yield start, limit, paragraph


def decisions(block: str, punkt: Punkt) -> Iterator[tuple[int, int, int, bool, str]]:
    """Each candidate of a block that has no space around it.

    The offset of the stop, where its sentence would end and the next begin, whether it does, and
    the name of the rule that says so, empty where it is Punkt.
    """
    begin = previous = 0
    stops = _STOP if "?" in block or "!" in block or "…" in block else _DOT
    for match in stops.finditer(block):
        stop = match.start()
        end, following, is_end, rule = _decide(punkt, block, begin, previous, stop)
        yield stop, end, following, is_end, rule
        if is_end:
            begin = following
        previous = stop


def _decide(
    punkt: Punkt, block: str, begin: int, previous: int, stop: int
) -> tuple[int, int, bool, str]:
    """What `decisions` yields of a stop, after where its sentence begins and the stop before."""
    if _is_plain(block, stop, punkt.held) and not _MARKER.fullmatch(block, begin, stop):
        return stop + 1, stop + 2, True, ""  # most stops are such, and no rule is about them
    word = block[block.rfind(" ", previous, stop) + 1 or previous : stop]
    rule, is_end = _rule(block, begin, word, stop, punkt)
    if not rule:
        is_end = punkt.ends_sentence(block, previous, stop)
    return *end_and_next(block, stop), is_end, rule


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
