"""Points of the charts of an evaluation, as plain numbers for a template."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.scoring import Floats


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of like confidence: how many, how sure, how often right."""

    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Cover:
    """With predictions at least this sure: the share answered, and how many are right."""

    confidence: float
    coverage: float
    precision: float


def reliability(
    confidence: Floats, right: NDArray[np.bool_], n_bins: int = 10
) -> list[Bin]:
    """Bins of equal width that hold anything (DeGroot and Fienberg 1983).

    >>> reliability(np.array([0.95, 0.91]), np.array([True, False]))[0].accuracy
    0.5
    """
    place = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return [
        Bin(int((place == b).sum()), float(confidence[place == b].mean()),
            float(right[place == b].mean()))
        for b in np.unique(place)
    ]


def coverage(
    confidence: Floats, right: NDArray[np.bool_], n_points: int = 100
) -> list[Cover]:
    """Coverage against precision, surest predictions first.

    >>> [round(point.precision, 2) for point in coverage(np.array([0.9, 0.6]), np.array([1, 0]))]
    [1.0, 0.5]
    """
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    picked = np.unique(np.linspace(0, len(order) - 1, min(n_points, len(order))).astype(int))
    return [
        Cover(float(confidence[order[i]]), (i + 1) / len(order), float(precision[i]))
        for i in picked
    ]


def answering(points: Sequence[Cover], target: float) -> Cover | None:
    """The point of widest coverage that reaches a precision, if any does."""
    reached = [point for point in points if point.precision >= target]
    return reached[-1] if reached else None
