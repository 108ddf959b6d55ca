"""The values that the rest of the package passes around."""

from collections.abc import Mapping
from dataclasses import dataclass

LABELS = ("measure", "rationale", "statistic", "criticism", "other")


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its name.

    >>> Document("a.txt", "We will act.").text
    'We will act.'
    """

    id: str
    text: str
    presplit: tuple[str, ...] | None = None


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
    """The label of a sentence, with a probability for each label."""

    sentence: Sentence
    label: str
    proba: Mapping[str, float]
    review: bool

    @property
    def confidence(self) -> float:
        """Probability of the label given."""
        return self.proba[self.label]
