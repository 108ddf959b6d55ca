"""Labelled documents: read the corpus format and gold files, check, fingerprint."""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.document import LABELS
from classifier.errors import CorpusError
from classifier.readers.base import decode
from classifier.readers.tables import CsvRows

_HEADER = re.compile(r"(\w+)=(.*?)(?=\s+\w+=|$)")
_REQUIRED = ("id", "genre", "type", "country", "title")


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence with its acceptable labels, the primary one first, and its paragraph, from 0."""

    text: str
    labels: tuple[str, ...]
    where: str
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document whose sentences are labelled.

    `type` (letter, order, editorial, ...) and `sector` (health, ports, ...) are "" where the file
    does not say.
    """

    id: str
    genre: str
    country: str
    title: str
    sentences: tuple[GoldSentence, ...]
    type: str = ""
    sector: str = ""

    @property
    def texts(self) -> list[str]:
        """The texts of the sentences, in order."""
        return [sentence.text for sentence in self.sentences]

    @property
    def primary(self) -> list[str]:
        """The primary label of each sentence."""
        return [sentence.labels[0] for sentence in self.sentences]


def load(path: Path, labels: Sequence[str] | None = LABELS) -> list[GoldDocument]:
    """Read a gold file (.jsonl), a table (.csv, .tsv), a corpus file (.txt) or a folder of these.

    A table has the columns text and label, and document where sentences belong together.
    `labels` are the ones allowed; None allows any.

    Raises:
        CorpusError: nothing is there, or a line does not follow the format.
    """
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    documents = [d for file in files for d in _READERS.get(file.suffix, _read_corpus)(file)]
    for document in documents:
        for sentence in document.sentences:
            _check_labels(sentence, labels)
    if not documents:
        raise CorpusError(f"{path}: no labelled documents (a folder of .txt or a .jsonl works)")
    return documents


def fingerprint(documents: Iterable[GoldDocument]) -> str:
    """sha256 over ids, labels and texts, whatever the order of the documents."""
    rows = sorted(json.dumps([d.id, [(s.text, s.labels) for s in d.sentences]]) for d in documents)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _read_corpus(path: Path) -> Iterator[GoldDocument]:
    header: dict[str, str] = {}
    sentences: list[GoldSentence] = []
    is_new = False  # whether a blank line has come before
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        where = f"{path}:{number}"
        if line.startswith("#"):
            if sentences:
                yield _document(header, sentences)
            header, sentences = _parse_header(line, where), []
        elif line.strip():
            if not header:
                raise CorpusError(f"{where}: a sentence before any header (# id=... genre=...)")
            paragraph = sentences[-1].paragraph + is_new if sentences else 0
            sentences.append(_parse_sentence(line, where, paragraph))
        is_new = not line.strip()
    if sentences:
        yield _document(header, sentences)


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 (byte {error.start})") from error


def _parse_header(line: str, where: str) -> dict[str, str]:
    before, _, title = line[1:].partition("title=")
    header = {key: value.strip() for key, value in _HEADER.findall(before)}
    header["title"] = title.strip()
    missing = [key for key in _REQUIRED if not header.get(key)]
    if missing:
        raise CorpusError(f"{where}: header without {', '.join(missing)}")
    return header


def _parse_sentence(line: str, where: str, paragraph: int) -> GoldSentence:
    names, tab, text = line.partition("\t")
    labels = tuple(names.split(","))
    if not tab or not text.strip():
        raise CorpusError(f"{where}: no sentence (LABEL<TAB>SENTENCE would work)")
    return GoldSentence(text.strip(), labels, where, paragraph)


def _check_labels(sentence: GoldSentence, allowed: Sequence[str] | None) -> None:
    for label in sentence.labels:
        if not label or (allowed is not None and label not in allowed):
            known = f" (known: {', '.join(allowed)})" if allowed else ""
            raise CorpusError(f"{sentence.where}: unknown label {label!r}{known}")


def _document(header: dict[str, str], sentences: list[GoldSentence]) -> GoldDocument:
    return GoldDocument(
        header["id"], header["genre"], header["country"], header["title"], tuple(sentences),
        header["type"], header.get("sector", ""),
    )


def _read_gold(path: Path) -> Iterator[GoldDocument]:
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            sentences = tuple(
                GoldSentence(str(s["text"]), _labels(s["labels"]), where, int(s.get("par") or 0))
                for s in row["sentences"]
            )
            yield GoldDocument(
                str(row["id"]), row.get("genre", ""), row.get("country", ""), row.get("title", ""),
                sentences,
            )
        except (ValueError, OverflowError, KeyError, TypeError, AttributeError) as error:
            raise CorpusError(f"{where}: not a gold document ({error})") from error


def _labels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(k, str) for k in value):
        raise ValueError("labels are a list of names, the primary one first")
    return tuple(value)


def _read_table(path: Path) -> Iterator[GoldDocument]:
    try:
        text, _ = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    rows = CsvRows(path.name, text)
    documents: dict[str, list[GoldSentence]] = {}
    try:
        missing = {"text", "label"} - set(rows.fieldnames or ())
        if missing:
            columns = ", ".join(sorted(missing))
            raise CorpusError(f"{path}: no column {columns} (text and label work)")
        for number, row in enumerate(rows, 1):
            where = f"{path}:{rows.line_num}"
            if not (row["text"] or "").strip():
                raise CorpusError(f"{where}: no text")
            sentence = GoldSentence(row["text"].strip(), ((row["label"] or "").strip(),), where)
            document = row.get("document") or f"{path.name}#{number}"
            documents.setdefault(document, []).append(sentence)
    except csv.Error as error:
        raise CorpusError(f"{path}:{rows.begin}: not a table ({error})") from error
    for name, sentences in documents.items():
        yield GoldDocument(name, "", "", "", tuple(sentences))


_READERS = {".jsonl": _read_gold, ".csv": _read_table, ".tsv": _read_table}
