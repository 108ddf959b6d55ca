"""Write CSV and JSON lines."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_encode = json.JSONEncoder(ensure_ascii=False).encode


class CsvStream:
    """CSV rows to a stream; for Excel, cells that it would run as formulas are quoted."""

    def __init__(self, out: IO[str], columns: Sequence[str], *, excel: bool,
                 header: bool = True) -> None:
        self._excel = excel
        self._table = csv.writer(out, lineterminator="\n")
        if header:
            self._table.writerow(columns)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows."""
        self._table.writerows((map(excel_safe, row) for row in rows) if self._excel else rows)


def excel_safe(value: Any) -> Any:
    """A cell that a spreadsheet takes as text.

    >>> excel_safe("=1+1")
    "'=1+1"
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


class JsonStream:
    """JSON rows to a stream, an object a line."""

    def __init__(self, out: IO[str], columns: Sequence[str]) -> None:
        self._out, self._columns = out, columns

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows."""
        objects = (dict(zip(self._columns, row, strict=True)) for row in rows)
        self._out.writelines(_encode(row) + "\n" for row in objects)


class CsvWriter:
    """A CSV file: UTF-8, with a byte-order mark for Excel only."""

    def __init__(self, path: Path, columns: Sequence[str], *, excel: bool = False) -> None:
        encoding = "utf-8-sig" if excel else "utf-8"
        self._file = path.open("w", encoding=encoding, errors="replace", newline="")
        self._stream = CsvStream(self._file, columns, excel=excel)

    def __enter__(self) -> CsvStream:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._file.close()


class JsonlWriter:
    """A JSON-lines file."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", errors="replace")
        self._stream = JsonStream(self._file, columns)

    def __enter__(self) -> JsonStream:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._file.close()


