"""Write Parquet."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from classifier.errors import WriteError
from classifier.writers.base import plain

_GROUP = 20_000


class ParquetWriter:
    """A Parquet file, written a group of rows at a time."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet as parquet
        except ImportError as error:
            raise WriteError(
                f"{path}: writing .parquet needs pyarrow (pip install 'policytag[parquet]')"
            ) from error
        types = {"index": pyarrow.int64(), "page": pyarrow.int64(), "paragraph": pyarrow.int64(),
                 "start": pyarrow.int64(), "end": pyarrow.int64(), "review": pyarrow.bool_(),
                 "document": pyarrow.string(), "text": pyarrow.string(), "label": pyarrow.string()}
        self._pyarrow = pyarrow
        self._schema = pyarrow.schema(
            [(name, types.get(name, pyarrow.float64())) for name in columns]
        )
        self._file = parquet.ParquetWriter(str(path), self._schema)
        self._rows: list[Sequence[Any]] = []

    def __enter__(self) -> "ParquetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows."""
        for row in rows:
            self._rows.append(row)
            if len(self._rows) == _GROUP:
                self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._rows, strict=True)) or [()] * len(self._schema)
        arrays = [
            self._pyarrow.array(map(plain, values), kind)
            for values, kind in zip(columns, self._schema.types, strict=True)
        ]
        self._file.write_table(self._pyarrow.table(arrays, schema=self._schema))
        self._rows = []
