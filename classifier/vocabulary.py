"""The words of the corpus: whether a word is one, and how many of a document's are none."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from classifier.kernel import kernel
from classifier.shipped import MODELS

_SAMPLE = 1500  # characters looked at, so that the notice costs next to nothing
_FOLD = bytes(
    code if code > 127 else ord(chr(code).lower()) if chr(code).isalpha() else ord(" ")
    for code in range(256)
)


def words(text: str) -> set[bytes]:
    """The different words of a text: runs of letters, lower-cased where they are ASCII.

    >>> sorted(words("The Board met; the board rose."))
    [b'board', b'met', b'rose', b'the']
    """
    return set(_folded(text).split())


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(_FOLD)


def unknown_share(text: str) -> float:
    """Share of the different words at the beginning of a text that the corpus does not have.

    A notice of drift.
    Near 0.1 for text like the corpus; above 0.3 it is of another language or field, or damaged.

    >>> unknown_share("The minister said so."), unknown_share("Qwx zzkj vbnq.")
    (0.0, 1.0)
    """
    n_words, n_unknown = _count(text[:_SAMPLE])
    return n_unknown / max(n_words, 1)


def _count(text: str) -> tuple[int, int]:
    """How many different words there are, and how many of them the corpus does not have."""
    if not kernel:
        found = words(text)
        return len(found), len(found - _known())
    slots = bytearray(4 << len(text).bit_length())
    return kernel.unknown_words(_folded(text) + b" ", slots, *_table())


def is_known(word: str) -> bool:
    """Whether it is a word of letters alone that the corpus has.

    >>> is_known("Government"), is_known("wellknown"), is_known("covid19")
    (True, False, False)
    """
    return word.isalpha() and words(word) <= _known()


def write_words(texts: Iterable[str], path: Path) -> int:
    """Write the words of texts, a line each, sorted; return how many."""
    found = sorted(set().union(*map(words, texts)))
    path.write_bytes(b"\n".join([*found, b""]))
    return len(found)


@cache
def _known() -> frozenset[bytes]:
    return frozenset((MODELS / "words.txt").read_bytes().split())


@cache
def _table() -> tuple[bytes, bytearray]:
    """The known words as the compiled part looks them up."""
    assert kernel
    known = b" ".join([*_known(), b""])
    slots = bytearray(8 << len(_known()).bit_length())
    kernel.unknown_words(known, slots, b"", bytearray(4))
    return known, slots
