"""Windows over the sentences of a document: what an encoder reads at once.

Sentences are joined with separators and every one is labelled from its own tokens (Cohan et al.
2019, "Pretrained Language Models for Sequential Sentence Classification").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS = 320
MAX_SENTENCE = 96


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences `first:last` are read; only `keep_first:keep_last` are labelled here."""

    first: int
    last: int
    keep_first: int
    keep_last: int


def windows(lengths: Sequence[int], max_tokens: int = MAX_TOKENS) -> list[Window]:
    """Cover sentences of the given token counts with overlapping windows.

    A sentence costs its tokens and a separator, a window one token more. Every sentence is kept
    once; where the budget allows it, with a neighbour on both sides.

    >>> [(w.first, w.last, w.keep_first, w.keep_last) for w in windows([4] * 6, 24)]
    [(0, 4, 0, 3), (2, 6, 3, 6)]
    """
    found: list[Window] = []
    kept, n = 0, len(lengths)
    while kept < n:
        first = kept
        size = 1 + _cost(lengths, kept)
        if kept and size + _cost(lengths, kept - 1) <= max_tokens // 2:
            first -= 1
            size += _cost(lengths, first)
        last = kept + 1
        while last < n and size + _cost(lengths, last) <= max_tokens:
            size += _cost(lengths, last)
            last += 1
        keep_last = last if last == n or last - 1 == kept else last - 1
        found.append(Window(first, last, kept, keep_last))
        kept = keep_last
    return found


def _cost(lengths: Sequence[int], index: int) -> int:
    return min(lengths[index], MAX_SENTENCE) + 1


@dataclass(frozen=True, slots=True)
class Packed:
    """A window as tokens: `ids`, and the bounds of each sentence's tokens in them.

    `ends[k]` is also the place of sentence k's separator.
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def pack(tokens: Sequence[Sequence[int]], start_id: int, separator_id: int) -> Packed:
    """Join the token ids of a window's sentences.

    >>> packed = pack([[7, 8], [9]], 1, 2)
    >>> packed.ids.tolist(), packed.starts.tolist(), packed.ends.tolist()
    ([1, 7, 8, 2, 9, 2], [1, 4], [3, 5])
    """
    ids = [start_id]
    starts, ends = [], []
    for sentence in tokens:
        starts.append(len(ids))
        ids.extend(sentence[:MAX_SENTENCE])
        ends.append(len(ids))
        ids.append(separator_id)
    return Packed(np.array(ids), np.array(starts), np.array(ends))
