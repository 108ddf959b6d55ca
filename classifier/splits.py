"""Fixed train, dev and test splits by document, and near-duplicates across them."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from classifier.corpus import GoldDocument, GoldSentence
from classifier.errors import CorpusError

SPLITS = ("train", "dev", "test")
_TEST, _DEV = 0.08, 0.16
_WORD = re.compile(r"\w+")
_SHINGLE = 4
_ALIKE = 0.6


def split_of(document_id: str) -> str:
    """The split a document belongs to; it never changes, whatever is added to the corpus.

    >>> split_of("p01-01") in SPLITS
    True
    """
    digest = hashlib.sha256(document_id.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return "test" if place < _TEST else "dev" if place < _DEV else "train"


def select(documents: Sequence[GoldDocument], *splits: str) -> list[GoldDocument]:
    """The documents of the splits named; all of them where none is named.

    Raises:
        CorpusError: there are none.
    """
    found = [d for d in documents if not splits or split_of(d.id) in splits]
    if not found:
        raise CorpusError(f"no documents in split {', '.join(splits)} (known: {', '.join(SPLITS)})")
    return found


def near_duplicates(documents: Sequence[GoldDocument]) -> Iterator[str]:
    """Report sentences that share most runs of four words with one of another split."""
    runs: dict[tuple[str, ...], list[int]] = defaultdict(list)
    rows: list[tuple[GoldSentence, str, frozenset[tuple[str, ...]]]] = []
    for document in documents:
        split = split_of(document.id)
        for sentence in document.sentences:
            shingles = _shingles(sentence.text)
            shared: dict[int, int] = defaultdict(int)
            for shingle in shingles:
                for row in runs[shingle][:50]:
                    shared[row] += 1
                runs[shingle].append(len(rows))
            for row, n in shared.items():
                other, other_split, other_shingles = rows[row]
                alike = n / len(shingles | other_shingles)
                if alike >= _ALIKE and other_split != split:
                    yield (
                        f"{sentence.where}: near-duplicate ({split}) of {other.where} "
                        f"({other_split})"
                    )
            rows.append((sentence, split, shingles))


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    if len(words) < _SHINGLE + 3:  # short formulas repeat by nature
        return frozenset()
    return frozenset(tuple(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1))
