"""Read back what `tag` wrote: the rows of sentences and the ledger beside them."""

import csv
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import ReadError
from classifier.readers.base import require

_FIXED = ("document", "index", "page", "paragraph", "start", "end", "text", "label", "confidence",
          "review", "words")
_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class TagRow:
    """A labelled sentence."""

    document: str
    page: str
    paragraph: str
    text: str
    label: str
    confidence: float
    review: bool


def read_rows(path: Path) -> Iterator[TagRow]:
    """Yield the rows of a table of tags, of any format that `tag` writes.

    Raises:
        ReadError: the file is missing or not such a table.
    """
    n_read = 0
    try:
        for row in _raw(path):
            yield _row(row)
            n_read += 1
    except (KeyError, ValueError, TypeError, csv.Error, sqlite3.Error) as error:
        raise ReadError(
            f"{path}: row {n_read + 1} is none of tags ({error}; `policytag tag` writes them)"
        ) from error
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}") from error


def labels_of(path: Path) -> list[str]:
    """The labels that a table of tags has columns for."""
    first = next(_raw(path), {})
    return [key for key in first if key not in _FIXED]


def read_ledger(path: Path) -> list[dict[str, str]]:
    """The ledger beside a table of tags; empty if there is none."""
    beside = path.with_name(path.stem + ".ledger.csv")
    if not beside.is_file():
        return []
    with beside.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return list(csv.DictReader(file))


def read_provenance(path: Path) -> str:
    """What made a table of tags, in a few words; empty if nothing beside it says so.

    Raises:
        ReadError: the file beside it is damaged.
    """
    beside = path.with_name(path.stem + ".run.json")
    if not beside.is_file():
        return ""
    try:
        facts = json.loads(beside.read_text("utf-8"))
        return f"{facts['model']} {facts['model_sha256'][:8]}…, policytag {facts['policytag']}"
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReadError(f"{beside}: does not say what made the tags ({error}; "
                        f"the page can be made without this file)") from error


def _raw(path: Path) -> Iterator[dict[str, Any]]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        csv.field_size_limit(100_000_000)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from csv.DictReader(file)
    elif suffix == ".jsonl":
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from (json.loads(line) for line in file if line.strip())
    elif suffix in (".db", ".sqlite"):
        yield from _database(path)
    elif suffix == ".parquet":
        parquet = require("pyarrow.parquet", str(path), "parquet")
        for batch in parquet.ParquetFile(path).iter_batches(_ROWS):
            yield from batch.to_pylist()
    elif suffix == ".xlsx":
        yield from _workbook(path)
    else:
        known = ".csv, .jsonl, .parquet, .xlsx, .db, .sqlite"
        raise ReadError(f"{path}: no tags in {suffix or 'no suffix'!r} (known: {known})")


def _workbook(path: Path) -> Iterator[dict[str, Any]]:
    openpyxl = require("openpyxl", str(path))
    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except zipfile.BadZipFile as error:
        raise ReadError(f"{path}: damaged XLSX ({error})") from error
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        names = next(rows, ())
        yield from (dict(zip(names, row, strict=False)) for row in rows)


def _database(path: Path) -> Iterator[dict[str, Any]]:
    link = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    link.row_factory = sqlite3.Row
    try:
        yield from (dict(row) for row in link.execute("select * from sentences order by rowid"))
    finally:
        link.close()


def _row(row: dict[str, Any]) -> TagRow:
    confidence = float(row["confidence"])
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence {confidence}")
    return TagRow(
        str(row["document"]), str(row["page"] or ""), str(row["paragraph"]), str(row["text"]),
        str(row["label"]), confidence, str(row["review"]) in ("True", "true", "1"),
    )


def order(labels: Sequence[str], known: Sequence[str]) -> list[str]:
    """The labels, the known ones first and in their order.

    >>> order(["x", "other", "measure"], ["measure", "other"])
    ['measure', 'other', 'x']
    """
    return [k for k in known if k in labels] + sorted(k for k in labels if k not in known)
