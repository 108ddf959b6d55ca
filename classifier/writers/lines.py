"""Write CSV and JSON lines."""

import codecs
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from classifier.kernel import kernel
from classifier.writers.base import Columns

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ROWS = 4096  # written at once
_encode = json.JSONEncoder(ensure_ascii=False).encode


class Sink(Protocol):
    """Where UTF-8 goes; what it cannot hold has become `?`."""

    def write(self, data: bytes, /) -> object:
        """Append bytes."""


class CsvStream:
    """CSV rows to a stream; for Excel, cells that it would run as formulas are quoted.

    The standard library's writer, which looks up each character twice, takes four times as long.
    """

    def __init__(self, out: Sink, columns: Sequence[str], *, excel: bool,
                 header: bool = True) -> None:
        self._out, self._excel = out, excel
        if header:
            self.write([[name] for name in columns])

    def write(self, columns: Columns) -> None:
        """Write rows."""
        if self._excel:
            columns = [list(map(excel_safe, column)) for column in columns]
        if not kernel:
            _write_lines(self._out, map(",".join, zip(*map(_csv_cells, columns), strict=True)))
            return
        size = max(map(len, columns), default=0)
        for begin in range(0, size, _ROWS):
            self._out.write(kernel.csv_lines(list(columns), begin, min(begin + _ROWS, size)))


def _write_lines(out: Sink, lines: Iterator[str]) -> None:
    while piece := list(islice(lines, _ROWS)):
        out.write("\n".join([*piece, ""]).encode("utf-8", "replace"))


def _csv_cells(column: Sequence[Any]) -> Iterable[str]:
    kinds = set(map(type, column))
    if kinds == {float}:
        return map(_digits, column)
    return map(str if kinds <= {int, bool} else _csv_cell, column)


_digits = lru_cache(2**14)(str)  # shares have four digits, so few are different


def _csv_cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if '"' in text or "," in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def excel_safe(value: Any) -> Any:
    """A cell that a spreadsheet takes as text.

    >>> excel_safe("=1+1")
    "'=1+1"
    """
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


class JsonStream:
    """JSON rows to a stream, an object a line."""

    def __init__(self, out: Sink, columns: Sequence[str]) -> None:
        self._out, self._columns = out, columns

    def write(self, columns: Columns) -> None:
        """Write rows."""
        rows = zip(*columns, strict=True)
        objects = (dict(zip(self._columns, row, strict=True)) for row in rows)
        _write_lines(self._out, map(_encode, objects))


class CsvWriter:
    """A CSV file: UTF-8, with a byte-order mark for Excel only."""

    def __init__(self, path: Path, columns: Sequence[str], *, excel: bool = False) -> None:
        self._file = path.open("wb")
        self._file.write(codecs.BOM_UTF8 if excel else b"")
        self._stream = CsvStream(self._file, columns, excel=excel)

    def __enter__(self) -> CsvStream:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._file.close()


class JsonlWriter:
    """A JSON-lines file."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("wb")
        self._stream = JsonStream(self._file, columns)

    def __enter__(self) -> JsonStream:
        return self._stream

    def __exit__(self, *_: object) -> None:
        self._file.close()


