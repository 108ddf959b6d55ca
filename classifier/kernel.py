"""The compiled part (of compiled/), or None: it is built on installing where there is a compiler.

Without it NumPy and `re` give the same results in some three times the time. The variable
POLICYTAG_NO_KERNEL leaves it out, for tests.
"""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Kernel(Protocol):
    """What the compiled part does; sizes that do not fit each other are a ValueError."""

    def sum_features(
        self, sentences: list[str], folded: Callable[[str], bytes], fold: bytes, classes: bytes,
        weights: "NDArray[np.float32]", width: int,
        sums: "NDArray[np.float64]", counts: "NDArray[np.int64]", /,
    ) -> None:
        """Add to `sums` (n, width) the weights of the features of n sentences.

        `weights` is (n_buckets, width); `counts` (n,) become the features of each sentence. `fold`
        says what becomes of each byte that is ASCII, and `classes` what each byte does; `folded`
        is asked for the bytes of a sentence that takes a table of Unicode.
        """

    def split(
        self, text: str, never_last: frozenset[str], abbreviations: frozenset[str],
        collocated: frozenset[str], collocations: frozenset[tuple[str, str]],
        decide: Callable[[str, int, int, int], tuple[Any, ...]], /
    ) -> tuple[list[str], list[int], list[int]]:
        """The sentences of a text, where they start, and the numbers of their paragraphs.

        `decide` is asked about a stop where ASCII and the sets do not tell: of a block, where the
        sentence begins, the stop before and the stop. It says where the sentence would end and the
        next begin, whether it does, and why.
        """

    def unknown_words(
        self, text: bytes, slots: bytearray, known: bytes, known_slots: bytearray, /
    ) -> tuple[int, int]:
        """How many different words a text has, and how many of them are not among the known.

        A space ends each word; a text has less than 4 GiB. Tables are zeros, four bytes a place;
        there are more places than words, and a power of two. `known_slots` is what this made of
        the known words as a text.
        """

    def csv_lines(self, columns: list[Sequence[Any]], begin: int, end: int, /) -> bytes:
        """Rows from `begin` to before `end` of columns as lines of CSV, in UTF-8."""


_VERSION = 4  # of module.c: raised there and here when what it does changes


def _load() -> Any:
    if os.environ.get("POLICYTAG_NO_KERNEL"):
        return None
    try:
        found = import_module("classifier._kernel")
    except ImportError:
        return None
    return found if getattr(found, "VERSION", None) == _VERSION else None  # built from other code


kernel: Kernel | None = _load()
