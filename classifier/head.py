"""Fit a linear head on the encoder's sentence vectors with scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import fit_temperature
from classifier.corpus import GoldDocument
from classifier.encoder import Encoder, EncoderModel
from classifier.scoring import REVIEW_BELOW, Floats, softmax

_STRENGTHS = (0.005, 0.05, 0.5)
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head; `weights` (width, n_labels), `bias` (n_labels,)."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: Floats
    temperature: float = 1.0


class HeadTrainer:
    """Fits heads; a document's vectors are computed once, however many folds it is in."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._vectors: dict[int, NDArray[np.float32]] = {}

    def fit(self, documents: Sequence[GoldDocument]) -> Head:
        """Fit on documents; strength and temperature by heads that did not see the document."""
        vectors = [self.vectors_of(d) for d in documents]
        gold = [np.array(d.primary) for d in documents]
        labels, codes = np.unique(np.concatenate(gold), return_inverse=True)
        fold = np.random.default_rng(0).permutation(len(documents)) % min(_FOLDS, len(documents))
        row_fold = np.repeat(fold, [len(g) for g in gold])
        stacked, names = np.concatenate(vectors), np.concatenate(gold)
        by_strength = [_unseen_scores(stacked, names, labels, row_fold, C) for C in _STRENGTHS]
        best = int(np.argmin([_log_loss(scores, codes) for scores in by_strength]))
        whole = fit_linear(stacked, names, _STRENGTHS[best])
        temperature = fit_temperature(by_strength[best], np.eye(len(labels))[codes])
        return Head(whole.labels, whole.weights, whole.bias, temperature)

    def vectors_of(self, document: GoldDocument) -> NDArray[np.float32]:
        """The vectors of a document's sentences, (n_sentences, width)."""
        key = id(document)
        if key not in self._vectors:
            self._vectors[key] = self.encoder.vectors([document.texts])
        return self._vectors[key]


def _unseen_scores(
    vectors: NDArray[np.float32], names: NDArray[np.str_], labels: NDArray[np.str_],
    fold: NDArray[np.int64], C: float,
) -> Floats:
    """Scores of each sentence by a head that did not see its fold."""
    scores = np.full((len(names), len(labels)), -10.0)
    for k in np.unique(fold):
        seen = fold != k
        if len(np.unique(names[seen])) > 1:
            part = fit_linear(vectors[seen], names[seen], C)
            place = np.searchsorted(labels, part.labels)
            scores[np.ix_(~seen, place)] = vectors[~seen] @ part.weights + part.bias
    return scores


def _log_loss(scores: Floats, codes: NDArray[np.int64]) -> float:
    proba = softmax(scores)[np.arange(len(codes)), codes]
    return float(-np.log(proba + 1e-12).mean())


def fit_linear(vectors: NDArray[np.float32], gold: NDArray[np.str_], C: float) -> Head:
    """Logistic regression as a head with a column a label."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=C, max_iter=2000).fit(vectors, gold)
    weights, bias = fitted.coef_.T, fitted.intercept_
    if len(fitted.classes_) == 2:
        weights, bias = np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    labels = tuple(str(label) for label in fitted.classes_)
    return Head(labels, weights.astype(np.float32), bias)


def calibrated(
    encoder: Encoder, head: Head, held_out: Sequence[GoldDocument]
) -> EncoderModel:
    """The model of an encoder and the head that was tuned with it.

    Both know the documents they were tuned on by heart, so the temperature comes from `held_out`,
    documents that nothing has seen.
    """
    scores = encoder.vectors([d.texts for d in held_out]) @ head.weights + head.bias
    codes = np.array([head.labels.index(k) for d in held_out for k in d.primary])
    temperature = fit_temperature(scores.astype(np.float64), np.eye(len(head.labels))[codes])
    return EncoderModel(head.labels, encoder, head.weights, head.bias, temperature,
                        (REVIEW_BELOW,) * len(head.labels))
