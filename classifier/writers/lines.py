"""Write CSV and JSON lines."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class CsvStream:
    """CSV rows to a stream; for Excel, cells that it would run as formulas are quoted."""

    def __init__(self, out: IO[str], columns: Sequence[str], *, excel: bool,
                 header: bool = True) -> None:
        self._excel = excel
        self._table = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
        if header:
            self._table.writeheader()

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        if self._excel:
            row = {key: excel_safe(value) for key, value in row.items()}
        self._table.writerow(row)


def excel_safe(value: Any) -> Any:
    """A cell that a spreadsheet takes as text.

    >>> excel_safe("=1+1")
    "'=1+1"
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


class JsonStream:
    """JSON rows to a stream."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        self._out.write(json.dumps(row, ensure_ascii=False) + "\n")


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

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", errors="replace")

    def __enter__(self) -> JsonStream:
        return JsonStream(self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()


