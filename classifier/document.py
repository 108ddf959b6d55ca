"""The values that the rest of the package passes around."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

LABELS = ("measure", "rationale", "statistic", "criticism", "other")


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its name and what its file told of it.

    `pages` holds the offset at which each page begins, in formats that have pages; `notes` what a
    reader of the ledger should know (a guessed encoding, text cut off); `presplit` the sentences
    where the source has them apart already.

    >>> Document("a.txt", "We will act.").text
    'We will act.'
    """

    id: str
    text: str
    presplit: tuple[str, ...] | None = None
    pages: tuple[int, ...] = ()
    title: str = ""
    date: str = ""
    sender: str = ""
    encoding: str = ""
    notes: tuple[str, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """The page (from 1) on which an offset of the text lies, if there are pages.

        >>> Document("a.pdf", "one two", pages=(0, 4)).page_of(5)
        2
        """
        return bisect_right(self.pages, offset) if self.pages else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands in its document's text.

    >>> Sentence("We will act.", start=10).end
    22
    """

    text: str
    start: int
    paragraph: int = 0

    @property
    def end(self) -> int:
        """Offset just past the last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label of a sentence, with a probability for each label.

    >>> sentence = Sentence("We act.", 0, 0)
    >>> found = Prediction(sentence, "measure", {"measure": 0.9, "other": 0.1}, False)
    >>> found.label, found.confidence
    ('measure', 0.9)
    """

    sentence: Sentence
    label: str
    proba: Mapping[str, float]
    review: bool

    @property
    def confidence(self) -> float:
        """Probability of the label given."""
        return self.proba[self.label]
