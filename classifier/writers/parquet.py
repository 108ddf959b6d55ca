"""Write Parquet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.errors import WriteError

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
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> "ParquetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        self._rows.append({
            key: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
            for key, value in row.items()
        })
        if len(self._rows) == _GROUP:
            self._flush()

    def _flush(self) -> None:
        table = self._pyarrow.Table.from_pylist(self._rows, schema=self._schema)
        self._file.write_table(table)
        self._rows = []
