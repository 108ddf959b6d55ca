"""SentenceClassifier: the fast model with scikit-learn's contract."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from classifier.calibration import fit_temperature
from classifier.features import hash_features
from classifier.scoring import REVIEW_BELOW, FastModel, Floats, context_features

_LEAST = 0.05


class SentenceClassifier(ClassifierMixin, BaseEstimator):
    """Label sentences, alone or in their documents.

    Parameters
    ----------
    n_buckets : int
        Size of the hashed feature space, a power of two.
    C : float
        Inverse strength of regularisation of the first stage.
    balance : float
        How far the labels' weights are made equal in the first stage, from 0 to 1.
    n_folds : int
        Folds of the out-of-fold scores on which the context stage and temperature are fitted.

    Attributes
    ----------
    classes_ : array of str, sorted
    model_ : FastModel

    >>> texts = ["We ban it.", "Prices rose.", "They ban it.", "Costs rose."]
    >>> model = SentenceClassifier(n_buckets=256).fit(texts, ["measure", "statistic"] * 2)
    >>> model.predict(["We ban it."]).tolist()
    ['measure']
    """

    def __init__(
        self, n_buckets: int = 2**18, C: float = 8.0, balance: float = 0.7, n_folds: int = 5
    ) -> None:
        self.n_buckets = n_buckets
        self.C = C
        self.balance = balance
        self.n_folds = n_folds

    def fit(self, X: Sequence[str], y: ArrayLike, groups: Sequence[str] | None = None) -> Self:
        """Fit on sentences X (n,) with labels y (n,).

        `groups` names the document of each sentence; the sentences of a document stand together
        and in order. Without it every sentence stands alone.

        Raises:
            ValueError: X is empty or has not the length of y, or y has one class only.
        """
        texts, gold = list(X), np.asarray(y)
        if len(texts) != len(gold) or not texts:
            raise ValueError(f"{len(texts)} sentences for {len(gold)} labels")
        classes, codes = np.unique(gold, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"only one class in y: {classes[0]!r}")
        return self.fit_soft(texts, np.eye(len(classes))[codes], classes, groups)

    def fit_soft(
        self, X: Sequence[str], targets: Floats, classes: ArrayLike,
        groups: Sequence[str] | None = None,
    ) -> Self:
        """Fit on probabilities (n, n_classes) of the classes, as a teacher gives them.

        Hinton et al. 2015, "Distilling the Knowledge in a Neural Network".
        """
        texts, names = list(X), np.asarray(classes)
        sizes = _sizes(groups, len(texts))
        document = np.repeat(np.arange(len(sizes)), sizes)
        matrix = self._matrix(texts)
        scores = self._out_of_fold(matrix, targets, document)
        inputs, wanted = _with_alone_copies(scores, sizes, targets)
        weights, bias = _fit_linear(inputs, wanted, C=1.0, balance=0.0)
        first_weights, first_bias = self._first(matrix, targets)
        in_place = context_features(scores, sizes) @ weights + bias
        self.classes_ = names
        self.model_ = FastModel(
            tuple(str(label) for label in names),
            np.ascontiguousarray(first_weights, np.float32), first_bias, weights, bias,
            temperature=fit_temperature(in_place, targets),
            review_below=(REVIEW_BELOW,) * len(names),
        )
        return self

    def decision_function(self, X: Sequence[str], groups: Sequence[str] | None = None) -> Floats:
        """Scores, (n, n_classes)."""
        return self._fitted().decision_function(_documents(X, groups))

    def predict_proba(self, X: Sequence[str], groups: Sequence[str] | None = None) -> Floats:
        """Calibrated probabilities, (n, n_classes); rows add up to 1."""
        return self._fitted().predict_proba(_documents(X, groups))

    def predict(self, X: Sequence[str], groups: Sequence[str] | None = None) -> NDArray[Any]:
        """The most probable label of each sentence, (n,)."""
        best = self.predict_proba(X, groups).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _fitted(self) -> FastModel:
        check_is_fitted(self, "model_")
        return self.model_

    def _matrix(self, texts: list[str]) -> csr_matrix:
        features = hash_features(texts, self.n_buckets)
        values = 1 / np.sqrt(np.maximum(features.counts(), 1))[features.row]
        shape = (len(texts), self.n_buckets)
        return csr_matrix((values, (features.row, features.bucket)), shape=shape)

    def _first(self, matrix: csr_matrix, targets: Floats) -> tuple[Floats, Floats]:
        return _fit_linear(matrix, targets, self.C, self.balance)

    def _out_of_fold(self, matrix: csr_matrix, targets: Floats, document: NDArray[Any]) -> Floats:
        scores = np.zeros(targets.shape)
        for train, test in _folds(document, self.n_folds):
            weights, bias = self._first(matrix[train], targets[train])
            scores[test] = matrix[test] @ weights + bias
        return scores


def _folds(document: NDArray[Any], n: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Whole documents, dealt at random but always alike."""
    fold = np.random.default_rng(0).integers(0, n, document.max() + 1)[document]
    for k in range(n):
        if (fold == k).any() and (fold != k).any():
            yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)


def _fit_linear(
    inputs: csr_matrix | Floats, targets: Floats, C: float, balance: float
) -> tuple[Floats, Floats]:
    """Logistic regression on soft targets: weights (n_features, n) and bias (n,).

    A row stands once for each label that has a part in it, weighted by the part; `balance` 1
    gives every label the same weight in all, 0 leaves them as they are.
    """
    rows, codes = np.nonzero(targets > _LEAST)
    share = targets[rows, codes]
    mass = np.bincount(codes, share, minlength=targets.shape[1])
    share = share * (mass.sum() / len(mass) / np.maximum(mass, 1e-9))[codes] ** balance
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits matter to nobody
        fitted = LogisticRegression(C=C, max_iter=300).fit(inputs[rows], codes, share)
    n = targets.shape[1]
    weights, bias = np.zeros((inputs.shape[1], n)), np.full(n, -10.0)
    if len(fitted.classes_) == 2:
        coefficients = np.vstack([-fitted.coef_, fitted.coef_]) / 2
        intercepts = np.concatenate([-fitted.intercept_, fitted.intercept_]) / 2
    else:
        coefficients, intercepts = fitted.coef_, fitted.intercept_
    weights[:, fitted.classes_], bias[fitted.classes_] = coefficients.T, intercepts
    return weights, bias


def _sizes(groups: Sequence[str] | None, n: int) -> list[int]:
    if groups is None:
        return [1] * n
    names = np.asarray(groups)
    if len(names) != n:
        raise ValueError(f"{n} sentences for {len(names)} groups")
    if not n:
        return []
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    return [int(size) for size in np.diff(np.concatenate([starts, [n]]))]


def _documents(X: Sequence[str], groups: Sequence[str] | None) -> list[list[str]]:
    texts, start, documents = list(X), 0, []
    for size in _sizes(groups, len(texts)):
        documents.append(texts[start : start + size])
        start += size
    return documents


def _with_alone_copies(
    scores: Floats, sizes: list[int], targets: Floats
) -> tuple[Floats, Floats]:
    """Training rows of the context stage: in place, and a third again without neighbours."""
    alone = slice(None, None, 3)
    singles = context_features(scores[alone], [1] * len(scores[alone]))
    rows = np.vstack([context_features(scores, sizes), singles])
    return rows, np.vstack([targets, targets[alone]])
