"""Hashed features of a batch of sentences, computed as array operations on one byte buffer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PRIME = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2**64
_INVERSE = pow(_PRIME, -1, 2**64)
_SALTS = {"word": 1, "pair": 3, "triple": 5, "prefix": 7, "suffix": 9, "first": 11}


def _byte_classes() -> NDArray[np.uint8]:
    """0 separates, 1 belongs to a word, 2 is a token by itself."""
    classes = np.zeros(256, np.uint8)
    for code in range(33, 128):
        classes[code] = 1 if chr(code).isalnum() else 2
    classes[128:] = 1
    return classes


_CLASSES = _byte_classes()
_DIGITS = np.arange(256, dtype=np.uint8)
_DIGITS[ord("0") : ord("9") + 1] = ord("0")  # the value of a number carries no label


@dataclass(frozen=True, slots=True)
class Features:
    """Feature occurrences of a batch: `row[i]` (a sentence) has the feature `bucket[i]`."""

    row: NDArray[np.int64]
    bucket: NDArray[np.int64]
    n_rows: int


def hash_features(sentences: Sequence[str], n_buckets: int) -> Features:
    """Hash words, pairs, triples, prefixes and suffixes of each sentence.

    Text is lower-cased and encoded as UTF-8 (lone surrogates become `?`); digits count as 0.
    The hashes are the same on every platform. A feature counts once a sentence.

    >>> features = hash_features(["We act.", "We wait."], 1024)
    >>> features.n_rows, features.bucket.max() < 1024
    (2, np.True_)
    """
    joined = "\n".join(" ".join(text.lower().split()) for text in sentences) + "\n"
    buffer = _DIGITS[np.frombuffer(joined.encode("utf-8", "replace"), np.uint8)]
    starts, ends = _tokens(buffer)
    if not len(starts):
        empty = np.zeros(0, np.int64)
        return Features(empty, empty, len(sentences))
    hashes = _span_hasher(buffer)
    row = np.cumsum(buffer == 10)[starts].astype(np.int64)
    word = hashes(starts, ends)
    lengths = ends - starts
    same2, same3 = row[1:] == row[:-1], row[2:] == row[:-2]
    first = np.ones(len(row), bool)
    first[1:] = ~same2
    long = lengths > 5
    parts = [
        (row, word, "word"),
        (row[1:][same2], _mix(word[:-1], word[1:])[same2], "pair"),
        (row[2:][same3], _mix(_mix(word[:-2], word[1:-1]), word[2:])[same3], "triple"),
        (row[long], hashes(starts[long], starts[long] + 5), "prefix"),
        (row[long], hashes(ends[long] - 4, ends[long]), "suffix"),
        (row[first], word[first], "first"),
    ]
    rows = np.concatenate([part[0] for part in parts])
    buckets = np.concatenate([_bucket(part[1], _SALTS[part[2]], n_buckets) for part in parts])
    keys = np.unique(rows * n_buckets + buckets)
    return Features(keys // n_buckets, keys % n_buckets, len(sentences))


def _tokens(buffer: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    classes = _CLASSES[buffer]
    before = np.concatenate([[0], classes[:-1]])
    after = np.concatenate([classes[1:], [0]])
    starts = np.flatnonzero((classes == 2) | ((classes == 1) & (before != 1)))
    ends = np.flatnonzero((classes == 2) | ((classes == 1) & (after != 1))) + 1
    return starts, ends


def _span_hasher(buffer: NDArray[np.uint8]):  # type: ignore[no-untyped-def]
    """Return a function from spans to hashes: prefix sums of a polynomial modulo 2**64."""
    size = len(buffer)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(size, _PRIME, np.uint64))
        inverses = np.cumprod(np.full(size, _INVERSE, np.uint64))
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((buffer + np.uint64(1)) * powers)])

    def hashes(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
        return (sums[ends] - sums[starts]) * inverses[starts]

    return hashes


def _mix(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (left ^ (left >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9) + right


def _bucket(values: NDArray[np.uint64], salt: int, n_buckets: int) -> NDArray[np.int64]:
    mixed = (values + np.uint64(salt)) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(_PRIME)
    return ((mixed >> np.uint64(33)) % np.uint64(n_buckets)).astype(np.int64)
