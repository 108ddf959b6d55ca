"""A run's folder: finished parts, and the journal that lists them.

A part lies under its final name before the journal mentions it, so a run that was killed loses at
most the parts in work. Nothing waits for the disk: the journal has the digest of each file of a
part, and one that is not what was written (power failed, say) is made anew.
"""

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from classifier import __version__
from classifier.artifact import DEFAULT, locate
from classifier.isolation import Limits, digest_of
from classifier.readers.base import ReadOptions

_FORMAT = 2  # of the files of a part: raised when what they hold changes


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a run's output."""

    output: Path
    model: str = DEFAULT
    read: ReadOptions = field(default_factory=ReadOptions)
    limits: Limits = field(default_factory=Limits)
    excel: bool = False

    @property
    def folder(self) -> Path:
        """Where the parts lie until the run is done."""
        return self.output.with_name(self.output.name + ".parts")

    @property
    def ledger_path(self) -> Path:
        """The ledger, beside the output."""
        return self.output.with_name(self.output.stem + ".ledger.csv")

    @property
    def run_path(self) -> Path:
        """What made the output: version, model and options, beside it."""
        return self.output.with_name(self.output.stem + ".run.json")

    @property
    def own_paths(self) -> tuple[Path, ...]:
        """What a run writes, which is never its input."""
        return self.output, self.ledger_path, self.run_path, self.folder

    @property
    def journal_path(self) -> Path:
        """The list of finished parts."""
        return self.folder / "journal.jsonl"

    @property
    def is_lines(self) -> bool:
        """Whether parts are written as the output will be, and only need joining."""
        return self.output.suffix.lower() in (".csv", ".jsonl")

    def part_paths(self, index: int) -> tuple[Path, Path]:
        """Where a part's rows and its ledger lie."""
        return self.folder / f"{index:08}.part", self.folder / f"{index:08}.ledger"

    def provenance(self) -> dict[str, Any]:
        """All that decides the output but the input, the model file's sha256 among it."""
        model = locate(self.model)
        return {
            "policytag": __version__, "model": model.stem,
            "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "format": self.output.suffix.lower().lstrip("."), "excel": self.excel,
            "reading": asdict(self.read), "limits": asdict(self.limits),
        }

    def fingerprint(self) -> str:
        """sha256 over all that decides the output but the input, and what parts look like."""
        facts = self.provenance() | {"parts": _FORMAT}
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """The journal's line on a finished part."""

    index: int
    fingerprint: str
    documents: int
    sentences: int
    sha256: tuple[str, str]  # of the rows and of their ledger

    def is_whole(self, paths: tuple[Path, Path]) -> bool:
        """Whether the files of the part hold what was written."""
        found = [digest_of(path, sys.maxsize).sha256 for path in paths]
        return all(found) and found == list(self.sha256)


def read_journal(path: Path) -> dict[int, Done]:
    """Finished parts; a last line that a crash cut short does not count."""
    done: dict[int, Done] = {}
    if path.is_file():
        for line in path.read_text("utf-8", "replace").split("\n"):
            try:
                facts = json.loads(line)
                rows, ledger = facts.pop("sha256")
                part = Done(**facts, sha256=(rows, ledger))
            except (ValueError, TypeError, AttributeError, KeyError):
                continue
            done[part.index] = part
    return done


class PartFile:
    """A file that appears under its name only when it is whole; knows its digest.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with PartFile(Path(folder) / "a") as file:
    ...         file.write(b"We act.")
    ...     Path(folder, "a").read_text(), file.sha256[:8]
    ('We act.', '04f1e40b')
    """

    def __init__(self, path: Path) -> None:
        self._path, self._temporary = path, path.with_name(path.name + ".tmp")
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        self._file = self._temporary.open("wb")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            os.replace(self._temporary, self._path)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._digest.update(data)
        self._file.write(data)

    @property
    def sha256(self) -> str:
        """The digest of what was written."""
        return self._digest.hexdigest()


class atomic:
    """Open a file that appears under its name only when it is whole and on disk."""

    def __init__(self, path: Path) -> None:
        self._path, self._temporary = path, path.with_name(path.name + ".tmp")

    def __enter__(self) -> IO[bytes]:
        self._file = self._temporary.open("wb")
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            os.replace(self._temporary, self._path)


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so."""
    with atomic(path) as out:
        out.write(text.encode("utf-8", "replace"))
