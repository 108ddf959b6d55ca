"""Hashed features of a batch of sentences, computed as array operations on one byte buffer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_END = "\x1e"  # of a sentence; a separator in text, like every space
_SPACES = re.compile("[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
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
    """Feature occurrences of a batch, a block a kind: in it `row[i]` has the feature `bucket[i]`.

    Rows (sentences) ascend within a block.
    """

    blocks: tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
    n_rows: int

    @property
    def row(self) -> NDArray[np.int64]:
        """The rows of all occurrences."""
        return np.concatenate([row for row, _ in self.blocks])

    @property
    def bucket(self) -> NDArray[np.int64]:
        """The buckets of all occurrences, in the order of `row`."""
        return np.concatenate([bucket for _, bucket in self.blocks])

    def counts(self) -> NDArray[np.int64]:
        """Occurrences in each row, (n_rows,)."""
        return np.sum([np.bincount(row, minlength=self.n_rows) for row, _ in self.blocks], axis=0)


def hash_features(sentences: Sequence[str], n_buckets: int) -> Features:
    """Hash words, pairs, triples, prefixes and suffixes of each sentence.

    Text is lower-cased and encoded as UTF-8 (lone surrogates become `?`); digits count as 0.
    `n_buckets` is a power of two. The hashes are the same on every platform.

    >>> features = hash_features(["We act.", "We wait."], 1024)
    >>> features.n_rows, features.bucket.max() < 1024
    (2, np.True_)
    """
    joined = _END.join([*sentences, ""]).lower()
    if joined.count(_END) != len(sentences):
        joined = _END.join([*(text.replace(_END, " ") for text in sentences), ""]).lower()
    if not joined.isascii():
        joined = _SPACES.sub(" ", joined)
    buffer = _DIGITS[np.frombuffer(joined.encode("utf-8", "replace"), np.uint8)]
    starts, ends = _tokens(buffer)
    hashes = _span_hasher(buffer)
    row = np.cumsum(buffer == ord(_END))[starts]
    word = hashes(starts, ends)
    mixed = _mix(word)
    same2 = row[1:] == row[:-1]
    same3 = same2[1:] & same2[:-1]
    first = np.ones(len(row), bool)
    first[1:] = ~same2
    long = np.flatnonzero(ends - starts > 5)
    pairs = mixed[:-1] + word[1:]
    triples = _mix(pairs[:-1]) + word[2:]
    kinds = [
        ("word", row, word),
        ("pair", row[1:][same2], pairs[same2]),
        ("triple", row[2:][same3], triples[same3]),
        ("prefix", row[long], hashes(starts[long], starts[long] + 5)),
        ("suffix", row[long], hashes(ends[long] - 4, ends[long])),
        ("first", row[first], word[first]),
    ]
    blocks = tuple((rows, _bucket(values, _SALTS[kind], n_buckets)) for kind, rows, values in kinds)
    return Features(blocks, len(sentences))


def _tokens(buffer: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    classes = _CLASSES[buffer]
    none = np.zeros(1, np.uint8)
    before = np.concatenate([none, classes[:-1]])
    after = np.concatenate([classes[1:], none])
    starts = np.flatnonzero((classes == 2) | ((classes == 1) & (before != 1)))
    ends = np.flatnonzero((classes == 2) | ((classes == 1) & (after != 1))) + 1
    return starts, ends


def _span_hasher(buffer: NDArray[np.uint8]):  # type: ignore[no-untyped-def]
    """Return a function from spans to hashes: prefix sums of a polynomial modulo 2**64."""
    size = len(buffer)
    with np.errstate(over="ignore"):
        room = 1 << max(size - 1, 1).bit_length()  # so that batches of like size share the powers
        powers, inverses = _powers(_PRIME, room)[:size], _powers(_INVERSE, room)[:size]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((buffer + np.uint64(1)) * powers)])

    def hashes(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
        return (sums[ends] - sums[starts]) * inverses[starts]

    return hashes


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> NDArray[np.uint64]:
    return np.cumprod(np.full(size, base, np.uint64), dtype=np.uint64)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (values ^ (values >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)


def _bucket(values: NDArray[np.uint64], salt: int, n_buckets: int) -> NDArray[np.int64]:
    mixed = (values + np.uint64(salt)) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(_PRIME)
    return ((mixed >> np.uint64(33)) & np.uint64(n_buckets - 1)).astype(np.int64)
