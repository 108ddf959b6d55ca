"""Read documents from plain files: txt, md, csv, jsonl, folders of these, and stdin."""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifier.document import Document
from classifier.errors import ReadError

SUFFIXES = (".csv", ".jsonl", ".md", ".txt")


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns of a table or fields of a JSONL row are read."""

    text_column: str = "text"
    id_column: str = "id"
    are_sentences: bool = False


def find(paths: list[Path]) -> Iterator[Path]:
    """Yield files; of a folder, every readable document in it, sorted."""
    for path in paths:
        if path.is_dir():
            yield from (
                p for p in sorted(path.rglob("*")) if p.is_file() and p.suffix.lower() in SUFFIXES
            )
        else:
            yield path


def read(path: Path, options: TableOptions) -> Iterator[Document]:
    """Yield the documents of a file.

    Raises:
        ReadError: the file is missing, of an unknown kind or not what its name says.
    """
    suffix = path.suffix.lower()
    if str(path) != "-" and suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise ReadError(f"{path}: no reader for {suffix or 'no suffix'!r} (known: {known})")
    text = _decode(path)
    if suffix == ".csv":
        yield from _table(path, text, options)
    elif suffix == ".jsonl":
        yield from _jsonl(path, text, options)
    else:
        yield Document(str(path), text)


def _decode(path: Path) -> str:
    try:
        if str(path) != "-" and not path.is_file():
            what = "not a regular file" if path.exists() else "no such file"
            raise ReadError(f"{path}: {what}")
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}") from error
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ReadError(f"{path}: neither UTF-8 nor cp1252 text (save it as UTF-8)")


def _table(path: Path, text: str, options: TableOptions) -> Iterator[Document]:
    rows = csv.DictReader(text.splitlines(keepends=True))
    if options.text_column not in (rows.fieldnames or ()):
        raise ReadError(
            f"{path}: no column {options.text_column!r} (its columns: "
            f"{', '.join(rows.fieldnames or ())}; --text-column names another)"
        )
    try:
        for number, row in enumerate(rows, 1):
            yield _row(path, number, row, options)
    except csv.Error as error:
        raise ReadError(f"{path}:{rows.line_num}: not a table ({error})") from error


def _jsonl(path: Path, text: str, options: TableOptions) -> Iterator[Document]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or not isinstance(row[options.text_column], str):
                    raise ValueError(f"{options.text_column!r} is not a text")
            except (ValueError, KeyError, RecursionError) as error:
                raise ReadError(f"{path}:{number}: not a document row ({error})") from error
            yield _row(path, number, row, options)


def _row(path: Path, number: int, row: dict[str, str], options: TableOptions) -> Document:
    text = row.get(options.text_column) or ""
    name = str(row.get(options.id_column) or f"{path}#{number}")
    return Document(name, text, (text,) if options.are_sentences else None)
