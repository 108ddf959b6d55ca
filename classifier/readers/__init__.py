"""Bytes of a file -> documents: which reader reads what."""

from collections.abc import Callable, Iterator

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers import archive, mail, markup, pdf, plain, tables, word
from classifier.readers.base import ReadOptions, or_failed, suffix_of

Reader = Callable[[str, bytes, ReadOptions], Iterator[Document]]

READERS: dict[str, Reader] = {
    ".txt": plain.read, ".text": plain.read, ".md": plain.read,
    ".csv": tables.read_csv, ".tsv": tables.read_csv, ".tab": tables.read_csv,
    ".jsonl": tables.read_jsonl, ".ndjson": tables.read_jsonl,
    ".xlsx": tables.read_xlsx, ".parquet": tables.read_parquet,
    **dict.fromkeys(tables.SQLITE, tables.read_sqlite),
    ".html": markup.read, ".htm": markup.read, ".xhtml": markup.read,
    ".docx": word.read_docx, ".odt": word.read_odt, ".rtf": word.read_rtf,
    ".pdf": pdf.read,
}
PACKED = {
    ".eml": mail.read, ".mbox": mail.read_mbox, ".gz": archive.read_gzip, ".zip": archive.read_zip,
}
SUFFIXES = tuple(sorted([*READERS, *PACKED]))
TABLES = (".csv", ".db", ".jsonl", ".ndjson", ".parquet", ".sqlite", ".sqlite3", ".tab", ".tsv",
          ".xlsx")
"""Formats whose rows have names of their own."""
SIMPLE = (".csv", ".jsonl", ".md", ".ndjson", ".tab", ".text", ".tsv", ".txt")
"""Formats read by the standard library in linear time; they need no child process."""


def read_bytes(
    name: str, data: bytes, options: ReadOptions, depth: int = 0
) -> Iterator[Document]:
    """Yield the documents in a file's bytes; names may be there twice.

    The end of the file's name says which reader is asked.

    Raises:
        ReadError: the kind is unknown, or the bytes are not what the name says.
    """
    suffix = suffix_of(name)
    if depth > options.max_depth:
        raise ReadError(f"{name}: packed more than {options.max_depth} deep")
    if suffix in PACKED:
        yield from PACKED[suffix](name, data, options, _read_member, depth)
    elif suffix in READERS:
        yield from READERS[suffix](name, data, options)
    else:
        known = ", ".join(SUFFIXES)
        raise ReadError(f"{name}: no reader for {suffix or 'no suffix'!r} (known: {known})")


def _read_member(
    name: str, data: bytes, options: ReadOptions, depth: int
) -> Iterator[Document]:
    """Members that are of unknown kinds (pictures, signatures) or damaged are a note each."""
    suffix = suffix_of(name)
    if suffix in READERS or suffix in PACKED:
        yield from or_failed(name, read_bytes(name, data, options, depth))
    else:
        yield Document(name, "", notes=(f"skipped: no reader for {suffix or 'no suffix'!r}",))
