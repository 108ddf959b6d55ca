"""Write Parquet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.errors import WriteError
from classifier.writers.base import Columns, plain

_GROUP = 20_000


class ParquetWriter:
    """A Parquet file, written a group of rows at a time."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet as parquet
        except ImportError as error:
            raise WriteError(
                f"{path.name}: writing .parquet needs pyarrow (pip install 'policytag[parquet]')"
            ) from error
        types = {"index": pyarrow.int64(), "page": pyarrow.int64(), "paragraph": pyarrow.int64(),
                 "start": pyarrow.int64(), "end": pyarrow.int64(), "review": pyarrow.bool_(),
                 "document": pyarrow.string(), "text": pyarrow.string(), "label": pyarrow.string()}
        self._pyarrow = pyarrow
        self._schema = pyarrow.schema(
            [(name, types.get(name, pyarrow.float64())) for name in columns]
        )
        self._file = parquet.ParquetWriter(str(path), self._schema)
        self._columns: list[list[Any]] = [[] for _ in columns]

    def __enter__(self) -> "ParquetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def write(self, columns: Columns) -> None:
        """Write rows."""
        for held, more in zip(self._columns, columns, strict=True):
            held += map(plain, more)
        if len(self._columns[0]) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        arrays = map(self._pyarrow.array, self._columns, self._schema.types)
        self._file.write_table(self._pyarrow.table(list(arrays), schema=self._schema))
        for held in self._columns:
            held.clear()
