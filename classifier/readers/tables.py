"""Read tables, a document a row: CSV, TSV, JSONL, XLSX, Parquet, SQLite."""

import csv
import io
import json
import os
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, decode, failed, require, suffix_of, within

_MAX_FIELD = 100_000_000
SQLITE = (".db", ".sqlite", ".sqlite3")


def read_csv(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a document a row of a CSV or TSV file."""
    text, encoding = decode(data, name)
    rows = CsvRows(name, text)
    try:
        _check_columns(name, rows.fieldnames or (), options)
        yield from _documents(name, rows, options, encoding)
    except csv.Error as error:
        raise ReadError(f"{name}:{rows.begin}: not a table ({error})") from error


class CsvRows(csv.DictReader):  # type: ignore[type-arg]  # no [str] at run time in 3.11
    """The rows of a CSV or TSV text; a quote still open at its end is an error.

    `begin` is the line in which the row read last begins.

    >>> list(CsvRows("a.csv", "id,text\\n1,\\"We act.\\n2,So be it."))
    Traceback (most recent call last):
    _csv.Error: a quote is never closed
    """

    def __init__(self, name: str, text: str) -> None:
        csv.field_size_limit(_MAX_FIELD)
        self.begin, self._is_over = 1, False
        super().__init__(self._lines(text), delimiter=delimiter_of(name, text))

    def _lines(self, text: str) -> Iterator[str]:
        yield from io.StringIO(text, newline="")
        if text and not self.line_num:  # not even the header has ended
            raise csv.Error("a quote is never closed")
        self._is_over = True  # what asks for more has no row yet, or one with an open quote

    def __next__(self) -> dict[Any, Any]:
        self.begin = max(self.line_num, 1) + 1
        row = super().__next__()
        if self._is_over:
            raise csv.Error("a quote is never closed")
        return row


def read_jsonl(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a document a line of a JSONL file; a bad line is a failure of its own.

    Raises:
        ReadError: the first row lacks the text column, as others will.
    """
    text, encoding = decode(data, name)
    is_first = True
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = _json_row(name, number, line, options)
        except ReadError as error:
            if is_first and isinstance(error.__cause__, KeyError):
                raise
            yield failed(f"{name}#{number}", error)
        else:
            yield _document(name, number, row, options, encoding)
        is_first = False


def read_xlsx(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a document a row of each sheet; a later one without the columns is a note."""
    openpyxl = require("openpyxl", name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        first, *others = book.worksheets
        yield from _sheet(name, first, options)
        for sheet in others:
            key = f"{name}!{sheet.title}"
            try:
                yield from (within(key, row) for row in _sheet(key, sheet, options))
            except ReadError as error:
                yield Document(key, "", notes=(f"skipped: {str(error).removeprefix(f'{key}: ')}",))
    except (zipfile.BadZipFile, zlib.error, OSError, KeyError, ValueError, IndexError) as error:
        raise ReadError(f"{name}: damaged XLSX ({error})") from error


def _sheet(name: str, sheet: Any, options: ReadOptions) -> Iterator[Document]:
    rows = sheet.iter_rows(values_only=True)
    names = ["" if cell is None else str(cell) for cell in next(rows, ())]
    _check_columns(name, names, options)
    yield from _documents(name, (dict(zip(names, row, strict=False)) for row in rows), options)


def read_parquet(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a document a row of a Parquet file."""
    pyarrow = require("pyarrow", name, "parquet")
    parquet = require("pyarrow.parquet", name, "parquet")
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        _check_columns(name, file.schema_arrow.names, options)
        rows = (row for batch in file.iter_batches(1000) for row in batch.to_pylist())
        yield from _documents(name, rows, options)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ReadError(f"{name}: not a Parquet file ({error})") from error


def read_sqlite(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield a document a row of `options.query`, or of the one table with the text column."""
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(data)
        copy.flush()
        try:
            link = sqlite3.connect(f"file:{copy.name}?mode=ro&immutable=1", uri=True)
            try:
                link.set_authorizer(_only_reads)
                link.row_factory = sqlite3.Row
                rows = link.execute(options.query or _find_table(name, link, options))
                _check_columns(name, [column[0] for column in rows.description], options)
                yield from _documents(name, (dict(row) for row in rows), options)
            finally:
                link.close()
        except sqlite3.Error as error:
            raise ReadError(f"{name}: {error} (--query names a table's rows)") from error


def check_log(path: str) -> None:
    """Refuse a SQLite file on disk that has a log beside it; what is no such file is passed over.

    Raises:
        ReadError: what was committed may in part not be in the file.
    """
    log = f"{path}-wal"
    if suffix_of(path) in SQLITE and os.path.isfile(log) and os.path.getsize(log):
        raise ReadError(f"{path}: {log} may hold changes that are not in it yet (sqlite3 {path} "
                        f"\"vacuum into 'copy.db'\" makes a whole one)")


def _only_reads(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION,
               sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _find_table(name: str, link: sqlite3.Connection, options: ReadOptions) -> str:
    found = "select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = ?"
    link.set_authorizer(None)
    tables = [row[0] for row in link.execute(found, (options.text_column,))]
    link.set_authorizer(_only_reads)
    if len(tables) != 1:
        raise ReadError(
            f"{name}: {len(tables)} tables have a column {options.text_column!r} "
            f"(--query 'select id, text from ...' says which rows)"
        )
    return 'select * from "' + tables[0].replace('"', '""') + '"'


def delimiter_of(name: str, text: str) -> str:
    """What is between the cells of a table.

    >>> delimiter_of("a.csv", "id;text\\n1;We act, and pay.")
    ';'
    """
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _check_columns(name: str, columns: Iterable[str], options: ReadOptions) -> None:
    names = [column or "" for column in columns]
    wanted = [(options.text_column, "--text-column")]
    if options.id_column != ReadOptions().id_column:  # the default one need not be there
        wanted.append((options.id_column, "--id-column"))
    for column, option in wanted:
        if column not in names:
            raise ReadError(
                f"{name}: no column {column!r} (its columns: {', '.join(names)[:200]}; "
                f"{option} names another)"
            )


def _json_row(name: str, number: int, line: str, options: ReadOptions) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not isinstance(row, dict) or not isinstance(row[options.text_column], str):
            raise ValueError(f"{options.text_column!r} is not a text")
    except KeyError as error:
        where = f"{name}:{number}"
        raise ReadError(f"{where}: no field {error} (--text-column names another)") from error
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{name}:{number}: not a document row ({error})") from error
    return row


def _documents(
    name: str, rows: Iterable[Mapping[str, Any]], options: ReadOptions, encoding: str = ""
) -> Iterator[Document]:
    for number, row in enumerate(rows, 1):
        yield _document(name, number, row, options, encoding)


def _document(
    name: str, number: int, row: Mapping[str, Any], options: ReadOptions, encoding: str = ""
) -> Document:
    text, key = row.get(options.text_column), row.get(options.id_column)
    text = "" if text is None else str(text).replace("\r\n", "\n").replace("\r", "\n")
    title, date, sender = (str(row.get(k) or "")[:500] for k in ("title", "date", "sender"))
    # csv gives what has no column the key None
    notes = ("truncated: more cells than columns (is a comma unquoted?)",) if None in row else ()
    return Document(
        f"{name}#{number}" if key in (None, "") else str(key), text,
        (text,) if options.are_sentences else None,
        title=title, date=date, sender=sender, encoding=encoding, notes=notes,
    )

