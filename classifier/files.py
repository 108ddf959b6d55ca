"""Find the files to tag, and cut them into tasks of like size."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifier.document import Document
from classifier.errors import ReadError
from classifier.isolation import Child, Digest, Limits, digest_of, load_bytes
from classifier.readers import SIMPLE, SUFFIXES, TABLES, read_bytes
from classifier.readers.base import ReadOptions, apart, cut, within

_TASK_FILES = 64
_TASK_BYTES = 4 * 2**20
_TASK_ROWS = 500
_HERE = os.path.join(os.curdir, "")


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work: files to read, or documents that were read already.

    `table` is the file whose rows keep the names they have (there is one at most in a run; those of
    others begin with their file's). `source` is the file that the documents were read
    from, with its digest; `failures` are (path, reason) of files that no reader could even be
    asked for.
    """

    index: int
    paths: tuple[str, ...] = ()
    table: str | None = None
    documents: tuple[Document, ...] = ()
    source: str = ""
    digest: Digest = Digest()
    failures: tuple[tuple[str, str], ...] = ()
    n_bytes: int = 0

    @property
    def size(self) -> int:
        """How much there is to read, in bytes (of rows, in characters): for progress alone."""
        return self.n_bytes + sum(len(d.text) for d in self.documents)

    def named(self, document: Document, path: str) -> Document:
        """The document of a file, under a name that no other file's has."""
        return document if path in (self.table, "-") else within(path, document)

    def digests(self, limits: Limits) -> tuple[Digest, ...]:
        """Those of the files to read; reads each once."""
        return tuple(digest_of(Path(path), limits.file_bytes) for path in self.paths)

    def fingerprint(self, digests: Sequence[Digest]) -> str:
        """sha256 over names and contents; equal where a rerun would give the same rows."""
        own = self.table in self.paths and self.table
        facts = [self.failures, self.source, self.digest, digests, own and os.fsencode(own)]
        total = hashlib.sha256(repr(facts).encode("utf-8", "replace"))
        for document in self.documents:
            total.update(repr(replace(document, text="")).encode("utf-8", "replace"))
            total.update(hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).digest())
        for path in self.paths:
            total.update(os.fsencode(path) + b"\0")
        return total.hexdigest()


def find(paths: Sequence[Path], leave_out: Sequence[Path] = ()) -> list[str]:
    """The files named, and those in the folders named, sorted.

    Hidden files and folders, and the paths to leave out, are passed over. Links to folders, and
    folders that cannot be opened, are listed but not entered, so that the ledger names them.
    """
    found: list[str] = []
    own = identities(leave_out)
    for path in paths:
        found += [str(path)] if str(path) == "-" or not path.is_dir() else _walk(path, own)
    return found


def identities(paths: Iterable[Path]) -> set[tuple[int, int]]:
    """What tells the files that are there from others, by whatever name: device and number.

    >>> identities([Path("."), Path("nosuch")]) == identities([Path(".").absolute()])
    True
    """
    return {found for path in paths if (found := _identity(path))}


def _identity(path: Path | str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _walk(path: Path, own: set[tuple[int, int]]) -> list[str]:
    found: list[str] = []

    def list_too(error: OSError) -> None:
        found.append(str(Path(error.filename)))

    for folder, folders, names in os.walk(path, onerror=list_too):
        folders[:] = _visible(folder, folders, own)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        prefix = os.path.join(folder, "").removeprefix(_HERE)
        found += [prefix + name for name in sorted(_visible(folder, names, own) + links)]
    return found


def _visible(folder: str, names: Sequence[str], own: set[tuple[int, int]]) -> list[str]:
    shown = sorted(name for name in names if not name.startswith("."))
    if not own:
        return shown
    return [name for name in shown if _identity(os.path.join(folder, name)) not in own]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a file: its documents, or why there are none."""

    digest: Digest
    documents: Sequence[Document] = ()
    error: str = ""


def read(
    path: Path, options: ReadOptions, limits: Limits, child_of: Callable[[Limits], Child]
) -> Reading:
    """Read a file, whose bytes are loaded once where no child process is needed."""
    digest = Digest()
    try:
        if is_simple(path):
            data = load_bytes(path, limits.file_bytes)
            digest = Digest(hashlib.sha256(data).hexdigest(), len(data))
            return Reading(digest, list(_read_simple(path, data, options)))
        digest = digest_of(path, limits.file_bytes)
        if digest.error:
            return Reading(digest, error=digest.error)
        if not is_known(path):
            raise ReadError(f"{path}: skipped: no reader for {path.suffix or 'no suffix'!r}")
        return Reading(digest, child_of(limits).read(path, options))
    except ReadError as error:
        return Reading(digest if digest.sha256 else Digest(error=str(error)), error=str(error))


def tasks(
    files: Sequence[str], sizes: Sequence[int], options: ReadOptions, limits: Limits
) -> Iterator[Task]:
    """Cut files into tasks; the cut depends on the files alone, never on the workers.

    `sizes` are those of the files, in bytes.
    """
    table = next((path for path in files if _is_table(path)), None)
    index, size = 0, 0
    group: list[str] = []
    for path, n_bytes in zip(files, sizes, strict=True):
        if _is_table(path) and is_simple(Path(path)) or path == "-":
            if group:
                yield Task(index, tuple(group), table, n_bytes=size)
                index, group, size = index + 1, [], 0
            for task in _table_tasks(Task(0, source=path, table=table), options, limits):
                yield replace(task, index=index)
                index += 1
            continue
        group.append(path)
        size += n_bytes
        if len(group) >= _TASK_FILES or size >= _TASK_BYTES:
            yield Task(index, tuple(group), table, n_bytes=size)
            index, group, size = index + 1, [], 0
    if group:
        yield Task(index, tuple(group), table, n_bytes=size)


def _is_table(path: str) -> bool:
    return path.lower().removesuffix(".gz").endswith(TABLES)


def size_of(path: str) -> int:
    """Bytes of a file; 0 if it has none."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0


def _table_tasks(block: Task, options: ReadOptions, limits: Limits) -> Iterator[Task]:
    """Blocks of rows; a row that cannot be read ends the table, with its reason."""
    path = Path(block.source)
    rows: list[Document] = []
    try:
        data = _load_simple(path, limits)
        block = replace(block, digest=Digest(hashlib.sha256(data).hexdigest(), len(data)))
        found = _read_simple(path, data, options)
        for document in apart(block.named(document, block.source) for document in found):
            rows.append(document)
            if len(rows) == _TASK_ROWS:
                yield replace(block, documents=tuple(rows))
                rows = []
    except ReadError as error:
        yield replace(block, documents=tuple(rows), failures=((block.source, str(error)),))
        return
    if rows:
        yield replace(block, documents=tuple(rows))


def read_simple(path: Path, options: ReadOptions, limits: Limits) -> Iterator[Document]:
    """Yield the documents of a simple format (or of standard input, as text) in this process."""
    return _read_simple(path, _load_simple(path, limits), options)


def _load_simple(path: Path, limits: Limits) -> bytes:
    if str(path) != "-":
        return load_bytes(path, limits.file_bytes)
    data = sys.stdin.buffer.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise ReadError(f"-: more than {limits.file_bytes:,} bytes")
    return data


def _read_simple(path: Path, data: bytes, options: ReadOptions) -> Iterator[Document]:
    is_stdin = str(path) == "-"
    for document in read_bytes("-.txt" if is_stdin else str(path), data, options):
        document = cut(document, options.max_characters)
        yield replace(document, id="-") if is_stdin else document


def is_known(path: Path) -> bool:
    """Whether there is a reader for the file."""
    return path.suffix.lower() in SUFFIXES


def is_simple(path: Path) -> bool:
    """Whether the file can be read without a child process."""
    return path.suffix.lower() in SIMPLE


def read_file(path: Path) -> list[Document]:
    """The documents of one file, no two of one name, with the limits that hold by default.

    Raises:
        ReadError: it cannot be read.
    """
    options, limits = ReadOptions(), Limits()
    if is_simple(path) or str(path) == "-":
        return list(apart(read_simple(path, options, limits)))
    with Child(limits) as child:
        return list(apart(child.read(path, options)))
