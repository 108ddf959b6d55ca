"""The ledger: a row a document, in which none goes missing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from classifier.document import Document
from classifier.isolation import Digest
from classifier.vocabulary import unknown_share


class Origin(NamedTuple):
    """The file that a document came from, and the seconds that reading it took.

    >>> Origin.of(Path("letters/A.PDF"), Digest()).kind
    'pdf'
    """

    path: str
    digest: Digest = Digest()
    seconds: float = 0.0
    kind: str = ""  # the end of its name

    @classmethod
    def of(cls, path: Path, digest: Digest, seconds: float = 0.0) -> "Origin":
        """A file as the origin of a document."""
        return cls(str(path), digest, seconds, path.suffix.lower().lstrip("."))


class Entry(NamedTuple):
    """What became of a document.

    `status` is `ok`, `empty`, `no_text_layer`, `truncated: what`, `failed: reason` or
    `skipped: reason`. `sha256` and `bytes` are of the file at `path`; `labels` counts the
    sentences of each. `low_confidence` is the share of sentences for review, `unknown_words` that
    of words which the corpus does not have, and `seconds` the time that reading the file took: the
    one column that differs from run to run.
    """

    document: str
    path: str
    status: str
    sha256: str = ""
    bytes: int = 0
    type: str = ""
    encoding: str = ""
    title: str = ""
    date: str = ""
    sender: str = ""
    pages: int = 0
    pages_without_text: int = 0
    characters: int = 0
    sentences: int = 0
    labels: Mapping[str, int] = {}
    low_confidence: float = 0.0
    unknown_words: float = 0.0
    notes: str = ""
    seconds: float = 0.0

    @property
    def is_failure(self) -> bool:
        """Whether the document counts for exit code 3."""
        return is_failure(self.status)

    @property
    def where(self) -> str:
        """The file, or the part of it (a row's own id says nothing of its file).

        >>> Entry("a.zip!b.pdf", "a.zip", "ok").where, Entry("7", "a.csv", "ok").where
        ('a.zip!b.pdf', 'a.csv#7')
        """
        return self.document if self.document.startswith(self.path) else (
            f"{self.path}#{self.document}")


def columns(labels: Sequence[str]) -> list[str]:
    """The columns of a ledger, with one for each of the model's labels.

    >>> columns(["yes", "no"])[13:17]
    ['sentences', 'yes', 'no', 'low_confidence']
    """
    at = Entry._fields.index("labels")
    return [*Entry._fields[:at], *labels, *Entry._fields[at + 1 :]]


def table(entries: Iterable[Entry], labels: Sequence[str]) -> list[Sequence[Any]]:
    """Entries as columns.

    >>> table([Entry("a", "a.txt", "ok"), Entry("b", "b.txt", "empty")], [])[2]
    ('ok', 'empty')
    """
    values: list[Sequence[Any]] = list(zip(*entries, strict=True))
    if values:
        at = Entry._fields.index("labels")
        values[at : at + 1] = [[counts.get(name, 0) for counts in values[at]] for name in labels]
    return values


def entry_of(
    document: Document, labels: Sequence[str], n_review: int, origin: Origin
) -> Entry:
    """The entry of a document that was read, whose sentences got these labels."""
    empty_pages = sum(
        int(note.rsplit(" ", 1)[-1]) for note in document.notes if note.startswith("pages without")
    )
    return Entry(
        document.id, origin.path, status_of(document, bool(labels)),
        origin.digest.sha256, origin.digest.bytes, origin.kind,
        document.encoding, document.title, document.date, document.sender,
        len(document.pages), empty_pages, len(document.text), len(labels),
        labels=Counter(labels),
        low_confidence=round(n_review / max(len(labels), 1), 4),
        unknown_words=round(unknown_share(document.text), 4), notes="; ".join(document.notes),
        seconds=round(origin.seconds, 3),
    )


def failure_of(reason: str, origin: Origin) -> Entry:
    """The entry of a file that could not be read."""
    reason = reason.removeprefix(f"{origin.path}: ")
    status = reason if reason.startswith("skipped") else f"failed: {reason}"
    return Entry(origin.path, origin.path, status, origin.digest.sha256, origin.digest.bytes,
                 origin.kind, seconds=round(origin.seconds, 3))


def is_failure(status: str) -> bool:
    """Whether text is missing that should be there.

    >>> is_failure("failed: damaged PDF"), is_failure("empty")
    (True, False)
    """
    return status.startswith(("failed", "truncated", "no_text_layer"))


def status_of(document: Document, has_sentences: bool) -> str:
    """What became of a document that was read.

    >>> status_of(Document("a.pdf", "", pages=(0,)), False)
    'no_text_layer'
    """
    told = [note for note in document.notes if note.startswith(("skipped", "failed", "truncated"))]
    if told:
        return told[0]
    if has_sentences:
        return "ok"
    return "no_text_layer" if document.pages else "empty"


def summary(counts: Counter[str], n_sentences: int) -> str:
    """One line on how a run ended.

    >>> summary(Counter({"ok": 2, "failed": 1}), 40)
    '3 documents, 40 sentences: 1 failed, 2 ok'
    """
    parts = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
    return f"{sum(counts.values())} documents, {n_sentences} sentences: {parts}"
