"""Write Excel workbooks; no cell is ever a formula."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from classifier.errors import WriteError
from classifier.writers.base import Columns, plain

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CREATED = datetime(2000, 1, 1)  # the same rows are the same bytes, whenever they are written
_MAX_CELL = 32_767
_CUT = "[...]"
_MAX_ROWS = 1_048_576


class XlsxWriter:
    """A workbook; rows past a sheet's limit go on in the next sheet."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            import xlsxwriter
        except ImportError as error:
            raise WriteError(
                f"{path.name}: writing .xlsx needs xlsxwriter (pip install 'policytag[documents]')"
            ) from error
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"created": _CREATED})
        self._columns = list(columns)
        self._row = _MAX_ROWS
        self._sheet: Any = None

    def __enter__(self) -> "XlsxWriter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._sheet is None:
            self._new_sheet()
        self._book.close()

    def write(self, columns: Columns) -> None:
        """Write rows."""
        for row in zip(*columns, strict=True):
            if self._row == _MAX_ROWS:
                self._new_sheet()
            for column, value in enumerate(row):
                self._cell(column, value)
            self._row += 1

    def _new_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        for column, key in enumerate(self._columns):
            self._sheet.write_string(0, column, key)
        self._row = 1

    def _cell(self, column: int, value: Any) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
        elif isinstance(value, int | float):
            self._sheet.write_number(self._row, column, value)
        elif value not in (None, ""):
            text = plain(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value)))
            cut = text if len(text) <= _MAX_CELL else text[: _MAX_CELL - len(_CUT)] + _CUT
            self._sheet.write_string(self._row, column, cut)
