"""Where sentences end by Punkt (Kiss and Strunk 2006), as NLTK's PunktSentenceTokenizer decides.

The parameters are learned with NLTK's trainer and kept as data; NLTK itself is not imported. A
stop is looked at once, with the word that it closes and the one that follows.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from classifier.abbreviations import NEVER_LAST
from classifier.errors import ModelError

# what may follow a stop at once, besides space, and ends a word before it
_NO_WORD = r"[)\";}\]*:@'({\[‘’“”«»?!]"
_SPACE = " \t\n\r\v\f"  # NLTK cuts words here, but at any Unicode space elsewhere
# Where [.?!] is a candidate: before a space, or, of the stops in a stretch without space, if it is
# the last or the stretch begins with it. The text has no space around it.
AT_CANDIDATE = (
    rf"(?=\s|{_NO_WORD})"
    rf"(?:(?=[{_SPACE}])|(?<![^{_SPACE}].)|(?![^{_SPACE}]*?[.?!](?:\s|{_NO_WORD})))"
)
_SPACES = re.compile(f"[{_SPACE}]")
_MANY = r"(?:-{2,}|\.{2,}|(?:\.\s){2,}\.)"
_TOKEN = re.compile(
    rf"{_MANY}|(?=[^(\"`{{\[:;&#*@)}}\]\-,])\S+?(?=\s|$|{_NO_WORD}|{_MANY}"
    rf"|,(?:$|\s|{_NO_WORD}|{_MANY}))|\S"
)
_NUMBER = re.compile(r"-?[.,]?\d[\d,.-]*+")
_REST = re.compile(r"\s+\S+|\S")  # of what follows a stop, what is looked at
_AFTER = re.compile(r"\s*+(?:(?P<marks>[\"')\]}‘’“”«»]+?)(?:\s+|(?=--)|$))?", re.M)
_ANY_NUMBER = "##number##"
_PUNCTUATION = frozenset(";:,.!?")

# flags of the contexts in which a word was seen, as NLTK has them
_MIDDLE_UPPER = 1 << 2
_UPPER = 1 << 1 | _MIDDLE_UPPER | 1 << 3
_BEGIN_LOWER = 1 << 4
_LOWER = _BEGIN_LOWER | 1 << 5 | 1 << 6


class _Token(NamedTuple):
    """A word or mark of the text, with what its form alone tells of it."""

    text: str
    type: str  # in lower case, numbers alike
    ends: bool
    is_abbreviation: bool  # or an ellipsis

    @property
    def bare(self) -> str:
        """The type without its last stop."""
        return self.type[:-1] if len(self.type) > 1 and self.type[-1] == "." else self.type

    @property
    def following(self) -> str:
        """The type as it is looked up for a word after a stop."""
        return self.bare if self.ends else self.type

    @property
    def is_initial(self) -> bool:
        """Whether it is a letter and a stop."""
        return len(self.text) == 2 and self.text[1] == "." and (
            self.text[0].isalpha() or self.text[0] == "_"
        )


def end_and_next(text: str, stop: int) -> tuple[int, int]:
    """Where the sentence of a stop ends, with the marks that close it, and where the next begins.

    >>> end_and_next("(It rose.) Then", 8)
    (10, 11)
    """
    after = _AFTER.match(text, stop + 1)
    assert after  # it matches nothing as well
    return max(after.end("marks"), stop + 1), after.end()


@dataclass(frozen=True, slots=True)
class Punkt:
    """Learned parameters, and the decisions that follow from them.

    >>> punkt = Punkt(frozenset(["mr"]), frozenset(), frozenset(["the"]), {})
    >>> punkt.ends_sentence("Mr. Okello", 0, 2), punkt.ends_sentence("It rose. Okello", 0, 7)
    (False, True)
    """

    abbreviations: frozenset[str]
    collocations: frozenset[tuple[str, str]]
    starters: frozenset[str]
    contexts: Mapping[str, int]
    collocated: frozenset[str] = field(init=False)
    held: frozenset[str] = field(init=False)  # words whose stop may be no end

    def __post_init__(self) -> None:
        object.__setattr__(self, "collocated", frozenset(first for first, _ in self.collocations))
        object.__setattr__(self, "held", self.abbreviations | self.collocated | NEVER_LAST)

    @classmethod
    def load(cls, path: Path) -> "Punkt":
        """Read the parameters that `save` wrote.

        Raises:
            ModelError: the file is not there, or holds something else.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(
                frozenset(data["abbreviations"]),
                frozenset((first, second) for first, second in data["collocations"]),
                frozenset(data["starters"]),
                dict(data["contexts"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path}: no parameters of Punkt: {error} (`policytag train --punkt` writes them)"
            ) from error

    def save(self, path: Path) -> None:
        """Write the parameters as JSON, an entry a line."""
        data = {
            "abbreviations": sorted(self.abbreviations),
            "collocations": sorted(map(list, self.collocations)),
            "starters": sorted(self.starters),
            "contexts": dict(sorted(self.contexts.items())),
        }
        path.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n", "utf-8")

    def ends_sentence(self, text: str, previous: int, stop: int) -> bool:
        """Whether a sentence ends at a candidate; `previous` is the one before it, or 0."""
        word = text[text.rfind(" ", previous, stop) + 1 or previous : stop]
        if text[stop] != "." or self.is_plain(word):
            return True
        rest = _REST.match(text, stop + 1)
        context = _SPACES.split(word)[-1] + text[stop : rest.end() if rest else len(text)]
        tokens = [self._token(t) for line in context.split("\n") for t in _TOKEN.findall(line)]
        return any(map(self._ends_between, tokens, tokens[1:]))

    def is_plain(self, word: str) -> bool:
        """Whether a sentence ends after this word and a stop, whatever follows."""
        return (
            word.isalpha() and len(word) > 1 and (low := word.lower()) not in self.abbreviations
            and low not in self.collocated
        )

    def starts_sentence(self, word: str) -> bool | None:
        """Whether a word is one that starts sentences; None where its case does not tell."""
        return self._starts(self._token(word))

    def _token(self, text: str) -> _Token:
        lower = text.lower()
        kind = lower if text.isalpha() or not _NUMBER.fullmatch(lower) else _ANY_NUMBER
        if text[-1] != "." or text == ".":
            return _Token(text, kind, text in (".", "?", "!"), False)
        if text[-2:] == "..":
            return _Token(text, kind, False, not text.strip("."))
        bare = lower[:-1]
        known = bare in self.abbreviations or bare.rpartition("-")[2] in self.abbreviations
        return _Token(text, kind, not known, known)

    def _ends_between(self, token: _Token, following: _Token) -> bool:
        if token.text[-1] != ".":
            return token.ends
        bare, next_type = token.bare, following.following
        if (bare, next_type) in self.collocations:
            return False
        is_initial = token.is_initial
        if not (token.is_abbreviation or is_initial or bare == _ANY_NUMBER):
            return token.ends
        starts, is_upper = self._starts(following), following.text[0].isupper()
        if token.is_abbreviation and not is_initial:
            return bool(starts or is_upper and next_type in self.starters)
        if starts is None and is_initial and is_upper:
            return token.ends and bool(self._seen(following) & _LOWER)
        return token.ends and starts is not False

    def _seen(self, token: _Token) -> int:
        return self.contexts.get(token.following, 0)

    def _starts(self, token: _Token) -> bool | None:
        if token.text in _PUNCTUATION:
            return False
        seen = self._seen(token)
        if token.text[0].isupper() and seen & _LOWER and not seen & _MIDDLE_UPPER:
            return True
        if token.text[0].islower() and (seen & _UPPER or not seen & _BEGIN_LOWER):
            return False
        return None
