"""The fast model at tagging time: weights in, probabilities out, NumPy only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifier.features import CLASSES, FOLD, Counts, Features, folded, hash_features
from classifier.kernel import kernel

REVIEW_BELOW = 0.5  # where no thresholds were chosen on gold

_PIECE = 2**17  # characters

Floats = NDArray[np.float64]


class Model(Protocol):
    """What tagging and evaluation need of a model."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Label names, in the order of the columns of the probabilities."""

    @property
    def review_below(self) -> tuple[float, ...]:
        """For each label, the confidence under which a sentence is marked for review."""

    def predict_proba(self, documents: Sequence[Sequence[str]]) -> Floats:
        """Probabilities of all sentences, in order, (n_sentences, n_labels)."""


@dataclass(frozen=True, slots=True)
class FastModel:
    """Weights of both stages.

    `weights` is (n_buckets, n_labels), `bias` (n_labels,); the context stage has
    `context_weights` (3 * n_labels + 4, n_labels) and `context_bias` (n_labels,).
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: Floats
    context_weights: Floats
    context_bias: Floats
    temperature: float
    review_below: tuple[float, ...]

    def first_scores(self, sentences: Sequence[str]) -> Floats:
        """Score sentences by themselves: (n_sentences, n_labels)."""
        sums, counts = sum_features(sentences, self.weights)
        return sums * (1 / np.sqrt(np.maximum(counts, 1)))[:, None] + self.bias

    def decision_function(self, documents: Sequence[Sequence[str]]) -> Floats:
        """Score every sentence of the documents, in order, with its neighbours in view."""
        flat = [text for document in documents for text in document]
        context = context_features(self.first_scores(flat), [len(d) for d in documents])
        return context @ self.context_weights + self.context_bias

    def predict_proba(self, documents: Sequence[Sequence[str]]) -> Floats:
        """Calibrated probabilities, (n_sentences, n_labels); rows add up to 1."""
        return softmax(self.decision_function(documents) / self.temperature)


def _cache_sized(sentences: Sequence[str]) -> Iterator[slice]:
    """Cut sentences where their characters fill a piece, so that its arrays stay in the cache."""
    length = np.cumsum(np.fromiter(map(len, sentences), np.int64, len(sentences)))
    pieces = length // _PIECE
    cuts = np.flatnonzero(np.diff(pieces, prepend=-1, append=-1)).tolist()
    yield from map(slice, cuts, cuts[1:])


def sum_features(
    sentences: Sequence[str], weights: NDArray[np.float32]
) -> tuple[Floats, Counts]:
    """The weights of each sentence's features added up, (n, n_labels), and how many they are, (n,).

    >>> sums, counts = sum_features(["We act.", ""], np.ones((64, 2), np.float32))
    >>> sums[:, 0].tolist() == counts.tolist()
    True
    """
    sums = np.zeros((len(sentences), weights.shape[1]))
    counts = np.zeros(len(sentences), np.int64)
    is_plain = weights.dtype == np.float32 and weights.flags.c_contiguous and weights.flags.aligned
    if kernel and is_plain:
        kernel.sum_features(
            list(sentences), folded, FOLD, CLASSES, weights, weights.shape[1], sums, counts
        )
        return sums, counts
    for part in _cache_sized(sentences):
        features = hash_features(sentences[part], len(weights))
        sums[part], counts[part] = sum_weights(features, weights), features.counts()
    return sums, counts


def sum_weights(features: Features, weights: NDArray[np.float32]) -> Floats:
    """Sum the weights of each row's features: (n_rows, n_labels)."""
    sums = np.zeros((features.n_rows, weights.shape[1]))
    for sizes, bucket in features.blocks:
        filled = np.flatnonzero(sizes)
        if len(filled):
            begins = (np.cumsum(sizes) - sizes).take(filled)
            sums[filled] += np.add.reduceat(weights.take(bucket, axis=0), begins, axis=0)
    return sums


def context_features(scores: Floats, sizes: Sequence[int]) -> Floats:
    """Join each sentence's scores with its neighbours' and its place in the document.

    >>> context_features(np.zeros((3, 2)), [2, 1]).shape
    (3, 10)
    """
    n, width = scores.shape
    size = np.asarray(sizes, int)
    starts = np.cumsum(size) - size
    first, last = starts[size > 0], (starts + size - 1)[size > 0]
    is_alone = first == last
    features = np.zeros((n, 3 * width + 4))
    own, before, after = (features[:, k * width : (k + 1) * width] for k in range(3))
    own[:] = np.log(softmax(scores) + 1e-9) - np.log(1e-1)
    before[1:], after[:-1] = own[:-1], own[1:]
    before[first] = after[last] = 0
    place = features[:, 3 * width :].T
    place[0, first[~is_alone]] = place[1, last[~is_alone]] = place[2, first[is_alone]] = 1
    place[3] = 1 / (1 + np.arange(n) - np.repeat(starts, size))
    return features


def softmax(scores: Floats) -> Floats:
    """Turn scores into probabilities, row by row.

    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    columns = scores.T.copy()  # a row a label: few long rows take less time than many short ones
    columns -= columns.max(axis=0, initial=-np.inf)
    np.exp(columns, out=columns)
    columns /= columns.sum(axis=0)
    return columns.T
