"""Read what is packed: GZIP and ZIP."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions
from classifier.readers.mail import ReadMember


def read_gzip(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the documents of the file inside."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(options.max_characters + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{name}: damaged gzip file ({error})") from error
    if len(content) > options.max_characters:
        raise ReadError(f"{name}: inflates to over {options.max_characters:,} bytes")
    yield from read_member(name.removesuffix(".gz"), content, options, depth + 1)


def read_zip(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the documents of the members; their names are labels, never paths."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            size = sum(info.file_size for info in infos)
            if len(infos) > options.max_members:
                raise ReadError(f"{name}: {len(infos):,} members (at most {options.max_members})")
            if size > options.max_characters:
                raise ReadError(f"{name}: inflates to {size:,} bytes")
            for info in infos:
                member = info.filename.replace("\\", "/").rsplit("/", 1)[-1]
                content = archive.read(info)
                yield from read_member(f"{name}!{member}", content, options, depth + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError,
            ValueError, OSError) as error:
        raise ReadError(f"{name}: damaged zip file ({error})") from error
