"""What is wrong with a corpus, each finding with file and line."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from classifier.corpus import GoldDocument, GoldSentence, load
from classifier.document import LABELS
from classifier.splits import near_duplicates

_ENOUGH = 50
_FORMULA = 60


def check(path: Path) -> list[str]:
    """List the findings.

    Finds repeated ids and sentences, the same sentence with two labels, near-duplicates across
    the splits, and labels with too few examples; a document without one of its headers, an empty
    sentence and an unknown label are errors of `load` already.
    """
    documents = load(path)
    counts = Counter(label for d in documents for label in d.primary)
    return [
        *_repeated_ids(documents),
        *_repeated_sentences(documents),
        *near_duplicates(documents),
        *(f"{path}: only {counts[k]} sentences are {k}" for k in LABELS if counts[k] < _ENOUGH),
    ]


def _repeated_ids(documents: Sequence[GoldDocument]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for document in documents:
        where = document.sentences[0].where
        if document.id in seen:
            yield f"{where}: id {document.id!r} is taken (first in {seen[document.id]})"
        seen.setdefault(document.id, where)


def _repeated_sentences(documents: Sequence[GoldDocument]) -> Iterator[str]:
    """Short sentences may repeat: salutations and formulas do in real documents."""
    seen: dict[str, GoldSentence] = {}
    for document in documents:
        for sentence in document.sentences:
            key = " ".join(sentence.text.lower().split())
            first = seen.setdefault(key, sentence)
            if first is sentence or len(key) <= _FORMULA:
                continue
            same = first.labels[0] == sentence.labels[0]
            what = "repeated" if same else f"labelled {first.labels[0]} there"
            yield f"{sentence.where}: same sentence as {first.where}, {what}"
