"""Shares of labels, with intervals by bootstrap over documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Share:
    """A label's share of the sentences, with a 95% interval."""

    label: str
    n: int
    share: float
    low: float
    high: float


def shares(
    by_document: Mapping[str, Counter[str]], labels: Sequence[str], n_draws: int = 400
) -> list[Share]:
    """Shares over all documents; documents are drawn, since their sentences hang together.

    >>> [found] = shares({"a": Counter({"x": 2})}, ["x"])
    >>> (found.n, found.share, found.low, found.high)
    (2, 1.0, 1.0, 1.0)
    """
    table = np.array([[counts[k] for k in labels] for counts in by_document.values()], float)
    if not table.size or not table.sum():
        return [Share(label, 0, 0.0, 0.0, 0.0) for label in labels]
    random = np.random.default_rng(0)
    draws = []
    for _ in range(n_draws):
        drawn = random.multinomial(len(table), np.full(len(table), 1 / len(table))) @ table
        draws.append(drawn / max(drawn.sum(), 1))
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    total = table.sum(axis=0)
    part = total / total.sum()
    return [
        Share(label, int(total[k]), float(part[k]), float(low[k]), float(high[k]))
        for k, label in enumerate(labels)
    ]
