"""Split a text into sentences, with exact offsets.

The decisions are Punkt's (Kiss and Strunk 2006) in a reduced form: a stop ends a sentence unless
it closes an abbreviation or an initial, or the next word begins in lower case. The abbreviations
are learned with NLTK's trainer on the corpus and joined with a reviewed list.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from classifier.document import Sentence

_HERE = Path(__file__).parent
MODELS = _HERE / "models" if (_HERE / "models").is_dir() else _HERE.parent / "models"

_NEVER_LAST = frozenset(
    "mr mrs ms dr prof hon rev fr sr lt col gen maj capt sgt cpl adm cdr brig gov sen rep pres st "
    "art arts no nos rs sec secs cl para paras vol vols pp p cf vs v viz fig figs ch approx ref "
    "smt shri sh mt ft est sub-sec jas wm incl max min avg i.e e.g w.e.f s.r.o g.s.r al reg "
    "regs s ss jan feb mar apr jun jul aug sept oct nov dec tel ext ph asst addl dy govt dept "
    "messrs".split()
)
_SOMETIMES_LAST = frozenset(
    "u.s u.k u.n e.u p.m a.m inc ltd co corp plc bros jr etc ph.d m.p".split()
)
# a run of stops is taken whole, so that a text of stops is read once; the group says whether a
# space follows
_STOP = re.compile(r"[.!?…][.!?…]*+(?:[\"'”’»)\]]{0,8}(?=(\s))|)")
_BREAK = re.compile(
    r"\n[ \t\r]*\n"
    r"|\n(?=[ \t]{0,8}(?:\(?[0-9a-zA-Z]{1,4}[.)](?:[0-9.]{0,8})[ \t]|[-*•–][ \t]))"
)
_MARKER = re.compile(r"\(?(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,4}|[a-z]|[ivx]{1,5})\.?\)?\.?$", re.I)
_CAPITAL_STARTERS = frozenset(
    "the a an in on it he she they we this that these those but and".split()
)
_NUMBERED = frozenset("section sec. article art. clause rule part chapter regulation".split())
_MAX_TOKEN = 40


@cache
def learned_abbreviations() -> frozenset[str]:
    """Abbreviations that NLTK's Punkt trainer found in the corpus (models/punkt.json)."""
    path = MODELS / "punkt.json"
    if not path.is_file():
        return frozenset()
    return frozenset(json.loads(path.read_text("utf-8"))["abbreviations"])


@cache
def _known() -> frozenset[str]:
    return _NEVER_LAST | _SOMETIMES_LAST | learned_abbreviations()


def split(text: str) -> list[Sentence]:
    """Return the sentences of a text; `text[s.start:s.end] == s.text` for each.

    >>> [s.text for s in split("The Hon. Minister spoke. Rs. 5 crore was spent.")]
    ['The Hon. Minister spoke.', 'Rs. 5 crore was spent.']
    """
    sentences: list[Sentence] = []
    paragraph = 0
    for start, end, is_paragraph in _blocks(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if stop.lastindex and _ends_sentence(text, begin, stop.start(), stop.end(), end):
                _append(sentences, text, begin, stop.end(), paragraph)
                begin = stop.end() + 1  # after the space
        _append(sentences, text, begin, end, paragraph)
        paragraph += is_paragraph
    return sentences


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for match in _BREAK.finditer(text):
        yield start, match.start(), match.group().count("\n") > 1
        start = match.end()
    yield start, len(text), True


def _append(sentences: list[Sentence], text: str, start: int, end: int, paragraph: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        if len(stripped) < len(piece):
            start += len(piece) - len(piece.lstrip())
        sentences.append(Sentence(stripped, start, paragraph))


def _ends_sentence(text: str, begin: int, stop: int, after: int, limit: int) -> bool:
    if stop - begin >= _MAX_TOKEN and after + 1 < limit and text[after + 1].isupper():
        token = text[text.rfind(" ", begin, stop) + 1 : stop]
        if 1 < len(token) < _MAX_TOKEN and token.isalpha() and token.lower() not in _known():
            return True  # most stops are so plain; what follows would say the same
    following = text[after : after + _MAX_TOKEN].split(maxsplit=1)
    if not following or after >= limit:
        return True
    next_word = following[0].lstrip("\"'“‘«([")
    head = text[max(begin, stop - _MAX_TOKEN) : stop]
    words = head.split()
    token = words[-1].lstrip("\"'“‘«([") if words and not head[-1:].isspace() else ""
    low = token.lower()
    if next_word[:1].islower():
        # a line that ends with a long word's stop ended its sentence, even before a damaged line
        new_line = "\n" in text[after : after + 8].partition(next_word)[0]
        return new_line and len(low) > 4 and low.isalpha()
    if text[stop] != "." or text[stop : stop + 3] == "...":
        return True
    starter = next_word.lower().rstrip(",") in _CAPITAL_STARTERS
    if low in _NEVER_LAST and not (low == "no" and not any(c.isdigit() for c in next_word)):
        return False
    if low in _SOMETIMES_LAST or low in learned_abbreviations():
        return starter
    if len(token) == 1 and token.isupper():
        return starter
    is_start = stop - begin < _MAX_TOKEN
    numbers_a_part = len(words) == 2 and words[0].lower() in _NUMBERED
    return not (is_start and (len(words) == 1 or numbers_a_part) and _MARKER.match(token))
