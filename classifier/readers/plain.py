"""Read plain text and Markdown."""

from collections.abc import Iterator

from classifier.document import Document
from classifier.readers.base import ReadOptions, decode, note_encoding


def read(name: str, data: bytes, options: ReadOptions) -> Iterator[Document]:
    """Yield the one document of a text file."""
    text, encoding = decode(data, name)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    notes = note_encoding(encoding)
    if "\0" in text:
        text, notes = text.replace("\0", " "), (*notes, "NUL bytes became spaces")
    yield Document(name, text, encoding=encoding, notes=notes)
