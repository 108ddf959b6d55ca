"""An evaluation as one HTML page: tables, calibration, coverage, learning curve, errors to read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from classifier.charts import answering, coverage, reliability
from classifier.corpus import GoldDocument
from classifier.document import LABELS
from classifier.evaluation import CurvePoint, Evaluation, evaluate_proba, with_gold_labels
from classifier.pages import render
from classifier.scoring import Floats
from classifier.tags import order

_MOST_ERRORS = 20
_MOST_COUNTRIES = 20
_TARGET = 0.95


@dataclass(frozen=True, slots=True)
class Part:
    """Figures of a part of the gold."""

    name: str
    n: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Error:
    """A confident prediction that the gold does not accept, with the sentence before it."""

    document: str
    before: str
    text: str
    gold: str
    label: str
    confidence: float


def page(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str], *, title: str,
    model: str, curve: Sequence[CurvePoint] = (),
) -> str:
    """The page for probabilities (n_sentences, n_labels) on gold documents.

    Raises:
        ClassifierError: Jinja2 is not installed.
    """
    proba, labels = with_gold_labels(documents, proba, labels)
    result = evaluate_proba(documents, proba, labels)
    gold = [label for d in documents for label in d.primary]
    guess, confidence = proba.argmax(axis=1), proba.max(axis=1)
    right = np.array([labels[g] == name for g, name in zip(guess, gold, strict=True)])
    points = coverage(confidence, right)
    return render(
        "evaluation", title=title, model=model, result=result, labels=labels,
        keys={name: order(labels, LABELS).index(name) for name in labels},
        confusion=_confusion(gold, guess, labels), bins=reliability(confidence, right),
        points=points, answering=answering(points, _TARGET), target=_TARGET, curve=list(curve),
        parts={
            "Genre": _by_document(documents, proba, labels, lambda d: d.genre),
            "Country": _by_document(documents, proba, labels, lambda d: d.country)
            [:_MOST_COUNTRIES],
            "Length": _by_length(documents, right, gold, guess, labels),
        },
        errors=_errors(documents, proba, labels), today=date.today().isoformat(),
    )


def _confusion(gold: Sequence[str], guess: Floats, labels: Sequence[str]) -> list[list[int]]:
    table = [[0] * len(labels) for _ in labels]
    for name, g in zip(gold, guess, strict=True):
        table[labels.index(name)][int(g)] += 1
    return table


def _by_document(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str],
    key: Callable[[GoldDocument], str],
) -> list[Part]:
    rows = np.split(proba, np.cumsum([len(d.sentences) for d in documents])[:-1])
    parts = []
    for name in sorted({key(d) for d in documents}):
        own = [(d, r) for d, r in zip(documents, rows, strict=True) if key(d) == name]
        result: Evaluation = evaluate_proba(
            [d for d, _ in own], np.concatenate([r for _, r in own]), labels
        )
        parts.append(Part(name or "–", result.n_sentences, result.accuracy, result.macro_f1))
    return sorted(parts, key=lambda part: -part.n)


def _by_length(
    documents: Sequence[GoldDocument], right: Floats, gold: Sequence[str], guess: Floats,
    labels: Sequence[str],
) -> list[Part]:
    from sklearn.metrics import f1_score

    words = np.array([len(s.text.split()) for d in documents for s in d.sentences])
    names = np.array([labels[int(g)] for g in guess])
    parts = []
    for low, high in ((0, 8), (9, 16), (17, 24), (25, 34), (35, 10**9)):
        kept = (words >= low) & (words <= high)
        if kept.any():
            name = f"{low} to {high} words" if high < 10**9 else f"{low} words and more"
            macro = f1_score(np.array(gold)[kept], names[kept], average="macro", zero_division=0)
            parts.append(Part(name, int(kept.sum()), float(right[kept].mean()), float(macro)))
    return parts


def _errors(
    documents: Sequence[GoldDocument], proba: Floats, labels: Sequence[str]
) -> list[Error]:
    found, row = [], 0
    for document in documents:
        for index, sentence in enumerate(document.sentences):
            label = labels[int(proba[row].argmax())]
            if label not in sentence.labels:
                before = document.sentences[index - 1].text if index else ""
                found.append(Error(document.id, before, sentence.text, ", ".join(sentence.labels),
                                   label, float(proba[row].max())))
            row += 1
    return sorted(found, key=lambda error: -error.confidence)[:_MOST_ERRORS]
