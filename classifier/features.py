"""Hashed features of a batch of sentences, computed as array operations on one byte buffer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_END = "\x1e"  # of a sentence; a separator in text, like every space
_SPACES = re.compile("[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_PRIME = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2**64
_INVERSE = pow(_PRIME, -1, 2**64)
_SALTS = {"word": 1, "pair": 3, "triple": 5, "prefix": 7, "suffix": 9, "first": 11}
# ASCII in lower case; the value of a number carries no label
FOLD = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"000000000"))
_SEPARATES, _IN_WORD, _ALONE = 0, 1, 2  # what a byte does
CLASSES = bytes(
    _IN_WORD if code > 127 or chr(code).isalnum() else _ALONE if code > 32 else _SEPARATES
    for code in range(256)
)

Counts = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Features:
    """Feature occurrences of a batch, a block a kind, as (sizes, buckets).

    Of a block, `sizes[i]` says how many of the buckets are sentence i's; the sentences' buckets
    stand one after another.
    """

    blocks: tuple[tuple[Counts, Counts], ...]
    n_rows: int

    @property
    def row(self) -> Counts:
        """The rows (sentences) of all occurrences."""
        rows = np.arange(self.n_rows)
        return np.concatenate([np.repeat(rows, sizes) for sizes, _ in self.blocks])

    @property
    def bucket(self) -> Counts:
        """The buckets of all occurrences, in the order of `row`."""
        return np.concatenate([bucket for _, bucket in self.blocks])

    def counts(self) -> Counts:
        """Occurrences in each row, (n_rows,)."""
        return np.sum([sizes for sizes, _ in self.blocks], axis=0)


def hash_features(sentences: Sequence[str], n_buckets: int) -> Features:
    """Hash words, pairs, triples, prefixes and suffixes of each sentence.

    Text is lower-cased and encoded as UTF-8 (lone surrogates become `?`); digits count as 0. A
    word is a run of ASCII letters, digits and any bytes that are not ASCII (so of every other
    script, accents and symbols among them); other printable ASCII is a token a character; spaces
    of Unicode and control characters separate. Prefixes are 5 bytes, suffixes 4, of longer words.
    `n_buckets` is a power of two. The hashes are the same on every platform.

    >>> features = hash_features(["We act.", "We wait."], 1024)
    >>> features.n_rows, features.bucket.max() < 1024
    (2, np.True_)
    """
    buffer = text_buffer(sentences)
    starts, ends = _tokens(buffer)
    hash_spans = _span_hasher(buffer)
    last = np.searchsorted(starts, np.flatnonzero(_bytes(buffer) == ord(_END)))
    n_tokens = np.diff(last, prepend=0)
    begins, is_filled = (last - n_tokens)[n_tokens > 0], np.minimum(n_tokens, 1)
    has_next = np.ones(len(starts), bool)
    has_next[last[n_tokens > 0] - 1] = False
    has_two = has_next[:-1] & has_next[1:]
    long = np.flatnonzero(ends - starts > 5)
    n_long = np.diff(np.searchsorted(long, last), prepend=0)
    long_starts, long_ends = starts.take(long), ends.take(long)
    word = hash_spans(starts, ends)
    pairs = _mix(word[:-1]) + word[1:]
    triples = _mix(pairs[:-1]) + word[2:]
    kinds = {
        "word": (n_tokens, word),
        "pair": (np.maximum(n_tokens - 1, 0), pairs[has_next[:-1]]),
        "triple": (np.maximum(n_tokens - 2, 0), triples[has_two[:-1]]),
        "prefix": (n_long, hash_spans(long_starts, long_starts + 5)),
        "suffix": (n_long, hash_spans(long_ends - 4, long_ends)),
        "first": (is_filled, word.take(begins)),
    }
    blocks = tuple(
        (sizes, _bucket(values, _SALTS[kind], n_buckets)) for kind, (sizes, values) in kinds.items()
    )
    return Features(blocks, len(sentences))


def text_buffer(sentences: Sequence[str]) -> bytes:
    """All sentences in one piece, each with an end mark."""
    # what is ASCII is folded later, all at once
    texts = [text if text.isascii() else _SPACES.sub(" ", text.lower()) for text in sentences]
    joined = _END.join([*texts, ""])
    if joined.count(_END) != len(sentences):
        joined = _END.join([*(text.replace(_END, " ") for text in texts), ""])
    return joined.encode("utf-8", "replace").translate(FOLD)


def folded(sentence: str) -> bytes:
    """A sentence of any script as the bytes that its tokens are made of.

    >>> folded("Élan of 1999").decode()
    'élan of 0000'
    """
    return _SPACES.sub(" ", sentence.lower()).encode("utf-8", "replace").translate(FOLD)


def _bytes(buffer: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(buffer, np.uint8)


def _tokens(buffer: bytes) -> tuple[Counts, Counts]:
    classes = _bytes(buffer.translate(CLASSES))
    in_word = np.zeros(len(classes) + 2, bool)
    np.equal(classes, _IN_WORD, out=in_word[1:-1])
    # a byte of a word begins one after no such byte; one that stands alone, always
    starts = np.flatnonzero(classes > in_word[:-2])
    ends = np.flatnonzero(classes > in_word[2:]) + 1
    return starts, ends


def _span_hasher(buffer: bytes) -> Callable[[Counts, Counts], Hashes]:
    """Return a function from spans to hashes: prefix sums of a polynomial modulo 2**64."""
    size = len(buffer)
    room = 1 << max(size - 1, 1).bit_length()  # so that batches of like size share the powers
    powers, inverses = _powers(_PRIME, room), _powers(_INVERSE, room)
    sums = np.zeros(size + 1, np.uint64)
    terms = np.add(_bytes(buffer), 1, dtype=np.uint64)
    terms *= powers[:size]
    np.cumsum(terms, out=sums[1:])

    def hashes(starts: Counts, ends: Counts) -> Hashes:
        found: Hashes = sums.take(ends)
        found -= sums.take(starts)
        found *= inverses.take(starts)
        return found

    return hashes


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> Hashes:
    return np.cumprod(np.full(size, base, np.uint64), dtype=np.uint64)


def _mix(values: Hashes) -> Hashes:
    mixed = values >> np.uint64(31)
    mixed ^= values
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed


def _bucket(values: Hashes, salt: int, n_buckets: int) -> Counts:
    mixed = values + np.uint64(salt)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(_PRIME)
    mixed >>= np.uint64(33)
    mixed &= np.uint64(n_buckets - 1)
    return mixed.view(np.int64)
