"""Write a SQLite database: tables, indexes, full-text search, and views of shares."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from classifier.errors import WriteError
from classifier.writers.base import Columns, plain

_VIEWS = """
create index sentences_document on sentences (document, "index");
create index sentences_label on sentences (label, confidence);
create view shares as
  select label, count(*) as n, round(1.0 * count(*) / (select count(*) from sentences), 4) as share
  from sentences group by label;
create view shares_by_document as
  select document, label, count(*) as n,
         round(1.0 * count(*) / sum(count(*)) over (partition by document), 4) as share
  from sentences group by document, label;
create virtual table sentences_text using fts5(text, content='sentences', content_rowid='rowid');
insert into sentences_text (sentences_text) values ('rebuild');
"""


class SqliteWriter:
    """A database with the table of sentences; `add_table` adds the ledger."""

    def __init__(self, path: Path, columns: Sequence[str], table: str) -> None:
        path.unlink(missing_ok=True)
        try:
            self._link = sqlite3.connect(path)
            self._create(table, columns)
        except sqlite3.Error as error:
            raise WriteError(f"{path}: {error}") from error
        self._insert = self._statement(table, columns)

    def __enter__(self) -> "SqliteWriter":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._link.executescript(_VIEWS)
            self._link.commit()
        self._link.close()

    def write(self, columns: Columns) -> None:
        """Write rows."""
        self._fill(self._insert, columns)

    def add_table(self, name: str, names: Sequence[str], columns: Columns) -> None:
        """Write a table beside the sentences, with an index of its first column."""
        self._create(name, names)
        self._fill(self._statement(name, names), columns)
        index = _quote(f"{name}_{names[0]}")
        self._link.execute(f"create index {index} on {_quote(name)} ({_quote(names[0])})")

    def _fill(self, statement: str, columns: Columns) -> None:
        self._link.executemany(statement, zip(*(map(plain, c) for c in columns), strict=True))

    def _create(self, table: str, columns: Sequence[str]) -> None:
        names = ", ".join(_quote(key) for key in columns)
        self._link.execute(f"create table {_quote(table)} ({names})")

    def _statement(self, table: str, columns: Sequence[str]) -> str:
        return f"insert into {_quote(table)} values ({', '.join('?' * len(columns))})"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
