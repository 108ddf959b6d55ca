"""Read what is packed: GZIP and ZIP."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers.base import ReadOptions, failed, within
from classifier.readers.mail import ReadMember

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError,
           OSError)


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
        raise _too_large(name, options)
    inside = name[: -len(".gz")]
    for document in read_member(inside, content, options, depth + 1):
        own = document.id.startswith(inside)  # rows of tables have names of their own
        yield replace(document, id=name + document.id[len(inside):]) if own else document


def read_zip(
    name: str, data: bytes, options: ReadOptions, read_member: ReadMember, depth: int
) -> Iterator[Document]:
    """Yield the documents of the members but hidden ones; their names are labels, never paths."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist()
                     if not info.is_dir() and not _is_hidden(info.filename)]
            size = sum(info.file_size for info in infos)
            if len(infos) > options.max_members:
                raise ReadError(f"{name}: {len(infos):,} members (at most {options.max_members} "
                                f"packed; unpacked, any number)")
            if size > options.max_characters:
                raise _too_large(name, options)
            for info in infos:
                member = f"{name}!{_label(info.filename)}"
                try:
                    content = archive.read(info)
                except _DAMAGE as error:
                    yield failed(member, ReadError(f"damaged in the zip file ({error})"))
                else:
                    found = read_member(member, content, options, depth + 1)
                    yield from (within(member, document) for document in found)
    except _DAMAGE as error:
        raise ReadError(f"{name}: damaged zip file ({error})") from error


def _too_large(name: str, options: ReadOptions) -> ReadError:
    return ReadError(f"{name}: inflates to over {options.max_characters:,} bytes, the most that "
                     f"may be packed (unpacked, each document may have as many)")


def _label(path: str) -> str:
    """A member's path without what would lead out of a folder.

    >>> _label("../a\\\\b.txt")
    'a/b.txt'
    """
    steps = path.replace("\\", "/").split("/")
    return "/".join(step for step in steps if step not in ("", ".", ".."))


def _is_hidden(path: str) -> bool:
    """Whether it is what systems add to archives: .DS_Store, __MACOSX and the like."""
    steps = _label(path).split("/")
    return steps[0] == "__MACOSX" or steps[-1].startswith(".")
