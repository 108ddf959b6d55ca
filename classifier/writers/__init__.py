"""Rows -> a file: the end of the file's name says which writer is used."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from classifier.errors import WriteError
from classifier.writers import lines, sqlite, xlsx
from classifier.writers.base import Columns
from classifier.writers.parquet import ParquetWriter


class Writer(Protocol):
    """Takes rows, as columns."""

    def write(self, columns: Columns) -> None:
        """Write rows."""


SUFFIXES = (".csv", ".jsonl", ".parquet", ".xlsx", ".db", ".sqlite")


def open_writer(
    path: Path, columns: Sequence[str], *, excel: bool = False, table: str = "sentences"
) -> AbstractContextManager[Writer]:
    """Return a context manager that gives a writer and closes the file.

    Raises:
        WriteError: the format is unknown, or a library for it is missing.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return lines.CsvWriter(path, columns, excel=excel)
    if suffix == ".jsonl":
        return lines.JsonlWriter(path, columns)
    if suffix == ".parquet":
        return ParquetWriter(path, columns)
    if suffix == ".xlsx":
        return xlsx.XlsxWriter(path, columns)
    if suffix in (".db", ".sqlite"):
        return sqlite.SqliteWriter(path, columns, table)
    known = ", ".join(SUFFIXES)
    raise WriteError(f"{path.name}: no writer for {suffix or 'no suffix'!r} (known: {known})")
