"""A second look at labels: blind samples, agreement of two annotators, suspect labels."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.corpus import GoldDocument
from classifier.errors import CorpusError
from classifier.scoring import Floats

_COLUMNS = ("document", "index", "text", "label")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two annotators agree on the primary labels of the same sentences.

    `kappa` is Cohen's, over all labels and for each label against the rest; `accepted` is the
    share of second labels that the first annotator names at all, as a later label too.
    """

    n_documents: int
    n_sentences: int
    same: float
    accepted: float
    kappa: float
    by_label: dict[str, float]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sentence whose label a model that never saw it doubts."""

    where: str
    text: str
    label: str
    other: str
    probability: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence's label by the second annotator, and the first one's where they are kept."""

    second: str
    first: tuple[str, ...] = ()


def write_blind(documents: Sequence[GoldDocument], share: float, seed: int, path: Path) -> int:
    """Write a random share of the documents as a table without labels; return its rows.

    The column `label` is empty, for a second annotator to fill in.
    """
    n = max(1, round(share * len(documents)))
    drawn = random.Random(seed).sample(list(documents), min(n, len(documents)))
    rows = [(d.id, i, text, "") for d in drawn for i, text in enumerate(d.texts)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_COLUMNS, *rows])
    return len(rows)


def read_second(path: Path) -> dict[tuple[str, int], Pair]:
    """Labels of a second annotator by document id and index, from a table.

    The column `first`, where there is one, keeps the first annotator's label as it stood before
    the two were reconciled.

    Raises:
        CorpusError: the file is missing, or a row has no label or no index.
    """
    found: dict[tuple[str, int], Pair] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                pair = Pair(_label(row), tuple(filter(None, (row.get("first") or "").split(","))))
                found[row["document"], int(row["index"])] = pair
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise CorpusError(
            f"{path}: row {len(found) + 1} is no second label ({error}; the columns document, "
            f"index and label would work)"
        ) from error
    return found


def _label(row: dict[str, str]) -> str:
    label = row["label"].strip().split(",")[0]
    if not label:
        raise ValueError("no label")
    return label


def agreement(
    documents: Sequence[GoldDocument], second: dict[tuple[str, int], Pair]
) -> Agreement:
    """Compare the labels of documents, or the first ones of the pairs, with the second ones.

    Raises:
        CorpusError: no sentence has both.

    >>> from classifier.corpus import GoldSentence
    >>> first = GoldDocument("a", "gov", "KE", "", tuple(
    ...     GoldSentence("We act.", (label,), "") for label in ("measure", "other")))
    >>> agreement([first], {("a", 0): Pair("measure"), ("a", 1): Pair("other")}).kappa
    1.0
    """
    pairs = [
        (d.id, second[d.id, index].first or sentence.labels, second[d.id, index].second)
        for d in documents for index, sentence in enumerate(d.sentences)
        if (d.id, index) in second
    ]
    if not pairs:
        raise CorpusError("no sentence has two labels (document and index must be the corpus's)")
    one = np.array([labels[0] for _, labels, _ in pairs])
    two = np.array([label for _, _, label in pairs])
    names = sorted(set(one))
    return Agreement(
        len({key for key, _, _ in pairs}), len(pairs), float(np.mean(one == two)),
        float(np.mean([label in labels for _, labels, label in pairs])), _kappa(one, two),
        {name: _kappa(one == name, two == name) for name in names},
    )


def _kappa(one: NDArray[Any], two: NDArray[Any]) -> float:
    """Agreement beyond chance (Cohen 1960)."""
    values = set(one.tolist()) | set(two.tolist())
    chance = sum(float(np.mean(one == v) * np.mean(two == v)) for v in values)
    return 1.0 if chance == 1 else (float(np.mean(one == two)) - chance) / (1 - chance)


def suspects(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str]
) -> list[Suspect]:
    """Sentences that are probably labelled wrongly, the most doubtful first.

    `proba` (n_sentences, n_labels) must come of models that did not see the sentences. A sentence
    is suspect where another label is likelier than that label's sentences are on average, and
    likelier than its own (Northcutt et al. 2021, "Confident Learning").

    Raises:
        CorpusError: a label is none of `labels`.
    """
    sentences = [s for d in documents for s in d.sentences]
    if strange := next((s for s in sentences if s.labels[0] not in labels), None):
        raise CorpusError(f"{strange.where}: label {strange.labels[0]!r} is none of the model's "
                          f"({', '.join(labels)}; --cv trains one on the labels that are there)")
    given = np.array([labels.index(s.labels[0]) for s in sentences])
    own = proba[np.arange(len(given)), given]
    usual = np.array([own[given == k].mean() if (given == k).any() else 1.0
                      for k in range(len(labels))])
    confident = np.where(proba >= usual, proba, 0.0)
    best = confident.argmax(axis=1)
    margin = confident.max(axis=1) - own
    found = [
        Suspect(s.where, s.text, s.labels[0], labels[best[i]], float(proba[i, best[i]]))
        for i, s in enumerate(sentences)
        if margin[i] > 0 and labels[best[i]] not in s.labels
    ]
    rank = {s.where: float(margin[i]) for i, s in enumerate(sentences)}
    return sorted(found, key=lambda suspect: -rank[suspect.where])


def format_agreement(found: Agreement) -> str:
    """The figures as a line, as they stand in a datasheet."""
    each = ", ".join(f"{name} {kappa:.2f}" for name, kappa in found.by_label.items())
    return (
        f"{found.n_sentences:,} sentences of {found.n_documents:,} documents labelled twice: "
        f"Cohen's kappa {found.kappa:.2f} ({each}); {found.same:.0%} have the same label, "
        f"{found.accepted:.0%} an accepted one."
    )
