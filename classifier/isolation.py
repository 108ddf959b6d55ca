"""Read untrusted files in a child process with limits on time, memory and size.

The child is reused from file to file and killed when it oversteps a limit. The two talk in JSON,
so nothing that a file does to the child can run anything in the parent.
"""

import hashlib
import json
import os
import selectors
import stat
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import IO, NamedTuple, Self

from classifier.document import Document
from classifier.errors import ReadError
from classifier.readers import read_bytes
from classifier.readers.base import ReadOptions, cut
from classifier.readers.tables import check_log

_LENGTH = struct.Struct(">Q")
# nothing waits for the other end of a pipe; bytes stay what they are on Windows
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take."""

    seconds: float = 30
    memory_bytes: int = 2**30
    file_bytes: int = 500_000_000
    reply_bytes: int = 500_000_000


class Digest(NamedTuple):
    """What tells a file's bytes from others: their sha256 and number, or why there are none."""

    sha256: str = ""
    bytes: int = 0
    error: str = ""


class _Broke(ReadError):
    """The child ran out of memory or died."""


class Child:
    """A child process that reads files; a context manager."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, path: Path, options: ReadOptions) -> list[Document]:
        """Return the documents of a file.

        Raises:
            ReadError: the file cannot be read, or not within the limits.
        """
        is_used = self._process is not None
        try:
            return self._ask(path, options)
        except _Broke:
            # a child that has read much before may be short of memory through another's fault
            if not is_used:
                raise
            return self._ask(path, options)

    def _ask(self, path: Path, options: ReadOptions) -> list[Document]:
        process = self._start()
        request = json.dumps({"path": os.fsencode(path).hex(), "options": asdict(options)})
        assert process.stdin and process.stdout
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(self._receive(process.stdout))
        except (BrokenPipeError, EOFError) as error:
            self.close()
            raise _Broke(f"{path}: reading it broke or took over "
                         f"{self.limits.memory_bytes >> 20} MB of memory") from error
        except TimeoutError as error:
            self.close()
            raise ReadError(f"{path}: reading it took over {self.limits.seconds:g} s") from error
        if answer.get("out_of_memory"):
            self.close()
            raise _Broke(f"{path}: reading it takes over "
                         f"{self.limits.memory_bytes >> 20} MB of memory")
        if "error" in answer:
            raise ReadError(str(answer["error"]))
        return [_document(row) for row in answer["documents"]]

    def close(self) -> None:
        """End the child, at once."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                # -P: the current folder may be the archive's, and no module is loaded from there
                [sys.executable, "-P", "-m", "classifier.isolation", str(self.limits.memory_bytes),
                 str(self.limits.file_bytes)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"},
            )
        return self._process

    def _receive(self, stream: IO[bytes]) -> bytes:
        deadline = time.monotonic() + self.limits.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            size = _LENGTH.unpack(_take(stream, selector, _LENGTH.size, deadline))[0]
            if size > self.limits.reply_bytes:
                raise EOFError
            return _take(stream, selector, size, deadline)


def _take(
    stream: IO[bytes], selector: selectors.BaseSelector, size: int, deadline: float
) -> bytes:
    chunks = []
    while size:
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        chunk = os.read(stream.fileno(), min(size, 2**20))
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _document(row: dict[str, object]) -> Document:
    fields = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Document(**fields)  # type: ignore[arg-type]


def serve(memory_bytes: int, file_bytes: int) -> None:
    """Answer requests on standard input until it ends; what the child does."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a chatty library must not spoil the replies
    try:
        import resource

        # what is written to counts; libraries reserve address space that they never use
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_AS, (8 * memory_bytes, 8 * memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # no such limits here; the time limit still holds
    for line in sys.stdin.buffer:
        request = json.loads(line)
        path = Path(os.fsdecode(bytes.fromhex(request["path"])))
        reply = json.dumps(_answer(path, ReadOptions(**request["options"]), file_bytes)).encode()
        out.write(_LENGTH.pack(len(reply)) + reply)
        out.flush()


def _answer(path: Path, options: ReadOptions, file_bytes: int) -> dict[str, object]:
    name = str(path)
    try:
        data = load_bytes(path, file_bytes)
        check_log(name)
        return {"documents": [asdict(d) for d in _capped(name, data, options)]}
    except ReadError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"out_of_memory": True}
    except Exception as error:  # the last resort of the child: a reader's bug is one file's failure
        return {"error": f"{name}: the reader broke ({type(error).__name__}: {str(error)[:200]})"}


def _capped(name: str, data: bytes, options: ReadOptions) -> list[Document]:
    """The documents of a file up to the limit of characters, which they share."""
    found, left = [], options.max_characters
    for document in read_bytes(name, data, options):
        found.append(cut(document, left))
        if len(document.text) > left:
            break
        left -= len(document.text)
    return found


def digest_of(path: Path, most: int) -> Digest:
    """The digest of a regular file of `most` bytes at most; it is read a piece at a time."""
    try:
        with FileIO(_open(path, most)[0]) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return Digest(sha256, file.tell())
    except ReadError as error:
        return Digest(error=str(error))
    except OSError as error:
        return Digest(error=f"{path}: {error.strerror}")


def load_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        ReadError: there is none, it is no regular file, or larger than `most`.
    """
    pieces = []
    descriptor, size = _open(path, most)
    left = size + 1
    try:
        while left > 0 and (piece := os.read(descriptor, left)):
            pieces.append(piece)
            left -= len(piece)
    except OSError as error:
        raise ReadError(f"{path}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def _open(path: Path, most: int) -> tuple[int, int]:
    """A descriptor of a regular file, and its size."""
    try:
        descriptor = os.open(path, _FLAGS)
    except IsADirectoryError as error:
        raise ReadError(f"{path}: skipped: not a regular file") from error
    except (OSError, ValueError) as error:
        raise ReadError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size <= most:
        return descriptor, status.st_size
    os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise ReadError(f"{path}: skipped: not a regular file")
    raise ReadError(f"{path}: {status.st_size:,} bytes (at most {most:,})")


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
