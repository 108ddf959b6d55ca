"""Figures of a model on gold documents, with an interval by bootstrap over documents."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.corpus import GoldDocument
from classifier.scoring import Floats, Model

_COVERAGE_AT = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Precision, recall, F1 and support of a label; `interval` is of F1, 95%, by documents."""

    precision: float
    recall: float
    f1: float
    support: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured; `coverage` maps a confidence to (share answered, accuracy there)."""

    n_documents: int
    n_sentences: int
    labels: dict[str, LabelFigures]
    macro_f1: float
    interval: tuple[float, float]
    accuracy: float
    accuracy_any: float
    calibration_error: float
    coverage: dict[str, tuple[float, float]]

    def to_json(self) -> str:
        """All figures as JSON."""
        return json.dumps(asdict(self), indent=1)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What training on a share of the documents gave."""

    n_documents: int
    n_sentences: int
    macro_f1: float
    interval: tuple[float, float]


def evaluate(documents: Sequence[GoldDocument], model: Model) -> Evaluation:
    """Measure a model on gold documents; their sentence boundaries are kept."""
    proba = model.predict_proba([d.texts for d in documents])
    return evaluate_proba(documents, proba, model.labels)


def evaluate_proba(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str]
) -> Evaluation:
    """Measure probabilities (n_sentences, n_labels) against gold.

    A label of the gold that is none of `labels` is one that is never found.
    """
    proba, labels = with_gold_labels(documents, proba, labels)
    code = {label: k for k, label in enumerate(labels)}
    gold = np.array([code[label] for d in documents for label in d.primary])
    accepted = [s.labels for d in documents for s in d.sentences]
    guess, confidence = proba.argmax(axis=1), proba.max(axis=1)
    right = guess == gold
    precision, recall, f1, support = _table(gold, guess, len(labels))
    intervals = _intervals(documents, gold, guess, len(labels))
    coverage = {}
    for threshold in _COVERAGE_AT:
        kept = confidence >= threshold
        share = float(right[kept].mean()) if kept.any() else 0.0
        coverage[str(threshold)] = (float(kept.mean()), share)
    return Evaluation(
        len(documents), len(gold),
        {
            label: LabelFigures(float(precision[k]), float(recall[k]), float(f1[k]),
                                int(support[k]), intervals[k])
            for k, label in enumerate(labels)
        },
        float(f1[support > 0].mean()) if support.any() else 0.0,
        intervals[-1],
        float(right.mean()),
        float(np.mean([labels[g] in names for g, names in zip(guess, accepted, strict=True)])),
        calibration_error(confidence, right),
        coverage,
    )


def with_gold_labels(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str]
) -> tuple[Floats, list[str]]:
    """Probabilities and labels with those of the gold that a model does not know, at 0.

    >>> from classifier.corpus import GoldSentence
    >>> gold = GoldDocument("a", "gov", "KE", "", (GoldSentence("We act.", ("measure",), ""),))
    >>> with_gold_labels([gold], np.array([[1.0]]), ["other"])
    (array([[1., 0.]]), ['other', 'measure'])
    """
    unknown = sorted({label for d in documents for label in d.primary} - set(labels))
    return np.pad(proba, ((0, 0), (0, len(unknown)))), [*labels, *unknown]


def calibration_error(confidence: Floats, right: NDArray[np.bool_], n_bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Guo et al. 2017)."""
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return float(sum(
        abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ))


def write_predictions(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str], path: Path
) -> None:
    """Write a row a sentence (JSONL)."""
    row = 0
    with path.open("w", encoding="utf-8") as out:
        for document in documents:
            for index, sentence in enumerate(document.sentences):
                values = {k: round(float(v), 6) for k, v in zip(labels, proba[row], strict=True)}
                out.write(json.dumps({
                    "id": document.id, "index": index, "text": sentence.text,
                    "label": labels[int(proba[row].argmax())], "labels": list(sentence.labels),
                    "proba": values,
                }, ensure_ascii=False) + "\n")
                row += 1


def format_table(result: Evaluation) -> str:
    """The figures as text."""
    lines = [f"{'label':<12}{'precision':>10}{'recall':>8}{'F1':>7}{'support':>9}"]
    for name, f in result.labels.items():
        lines.append(f"{name:<12}{f.precision:>10.3f}{f.recall:>8.3f}{f.f1:>7.3f}{f.support:>9}")
    low, high = result.interval
    lines += [
        f"macro-F1 {result.macro_f1:.3f} (95% interval {low:.3f} to {high:.3f}; "
        f"{result.n_documents} documents, {result.n_sentences} sentences)",
        f"accuracy {result.accuracy:.3f}; any acceptable label {result.accuracy_any:.3f}; "
        f"calibration error {result.calibration_error:.3f}",
    ]
    for threshold, (share, right) in result.coverage.items():
        lines.append(f"confidence >= {threshold}: {share:.0%} answered, {right:.0%} right")
    return "\n".join(lines)


def format_curve(curve: Sequence[CurvePoint]) -> str:
    """A learning curve as text, a line a point."""
    return "\n".join(
        f"trained on {p.n_documents} documents, {p.n_sentences} sentences: macro-F1 "
        f"{p.macro_f1:.3f} ({p.interval[0]:.3f} to {p.interval[1]:.3f})" for p in curve
    )


def format_thresholds(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str], target: float
) -> str:
    """Thresholds for a precision, a line a label, with what they hold on other documents.

    Each half of the documents is measured with the thresholds of the other half.
    """
    rows = np.repeat(np.arange(len(documents)) % 2, [len(d.sentences) for d in documents])
    accepted = [s.labels for d in documents for s in d.sentences]
    guess, confidence = proba.argmax(axis=1), proba.max(axis=1)
    right = np.array([labels[g] in names for g, names in zip(guess, accepted, strict=True)])
    answered = np.zeros(len(rows), bool)
    for half in (0, 1):
        others = [d for i, d in enumerate(documents) if i % 2 != half]
        found = np.array(thresholds(others, proba[rows != half], labels, target))
        answered |= (rows == half) & (confidence >= found[guess])
    lines = [f"thresholds for {target:.0%} right (on this gold; right on documents not used):"]
    for k, value in enumerate(thresholds(documents, proba, labels, target)):
        seen = answered & (guess == k)
        held = f"{right[seen].mean():.0%} of {seen.sum()}" if seen.any() else "none answered"
        lines.append(f"{labels[k]:<12}{value:>6.3f}  {held}")
    share = f"{right[answered].mean():.0%}" if answered.any() else "none"
    lines.append(f"all: {answered.mean():.0%} answered, {share} of them right")
    return "\n".join(lines)


def _table(
    gold: NDArray[np.int64], guess: NDArray[np.int64], n: int
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Precision, recall, F1 and support, each (n_labels,)."""
    confusion = np.bincount(gold * n + guess, minlength=n * n).reshape(n, n)
    said = np.bincount(guess, minlength=n)
    hit, true = np.diag(confusion), confusion.sum(axis=1)
    f1 = 2 * hit / np.maximum(said + true, 1)
    return hit / np.maximum(said, 1), hit / np.maximum(true, 1), f1, true


def _intervals(
    documents: Sequence[GoldDocument], gold: NDArray[np.int64], guess: NDArray[np.int64], n: int
) -> list[tuple[float, float]]:
    """95% intervals of each label's F1 and, last, of macro-F1, by drawing documents."""
    random = np.random.default_rng(0)
    blocks = np.split(np.arange(len(gold)), np.cumsum([len(d.sentences) for d in documents])[:-1])
    draws = []
    for _ in range(1000):
        rows = np.concatenate([blocks[i] for i in random.integers(0, len(blocks), len(blocks))])
        _, _, f1, support = _table(gold[rows], guess[rows], n)
        draws.append([*f1, f1[support > 0].mean() if support.any() else 0.0])
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def thresholds(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str], target: float
) -> tuple[float, ...]:
    """For each label, the least confidence from which its predictions reach a precision.

    A prediction counts as right with any acceptable label. Where even the surest predictions fall
    short, or fewer than ten stand above, the threshold is 1.
    """
    accepted = [s.labels for d in documents for s in d.sentences]
    guess, confidence = proba.argmax(axis=1), proba.max(axis=1)
    right = np.array([labels[g] in names for g, names in zip(guess, accepted, strict=True)])
    found = []
    for k in range(len(labels)):
        mine = np.flatnonzero(guess == k)
        mine = mine[np.argsort(-confidence[mine], kind="stable")]
        precision = np.cumsum(right[mine]) / np.arange(1, len(mine) + 1)
        enough = np.flatnonzero((precision >= target) & (np.arange(len(mine)) >= 9))
        found.append(float(confidence[mine[enough[-1]]]) if len(enough) else 1.0)
    return tuple(found)
