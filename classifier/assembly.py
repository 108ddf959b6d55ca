"""From a run's parts to its output and ledger."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from classifier import ledger
from classifier.errors import ClassifierError
from classifier.ledger import Entry
from classifier.parts import Done, Settings, atomic, write_atomically
from classifier.tagging import columns
from classifier.writers import open_writer
from classifier.writers.lines import CsvStream
from classifier.writers.sqlite import SqliteWriter


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: documents by status, sentences, and the failures."""

    statuses: Counter[str]
    sentences: int
    failures: tuple[Entry, ...]


def assemble(settings: Settings, parts: Sequence[Done], labels: Sequence[str]) -> Run:
    """Write the output, the ledger with a column for each of the labels, and what made them.

    Raises:
        ClassifierError: a part is not as it was written, or the output has not as many rows as
            were made.
    """
    temporary = settings.output.with_name(f".{settings.output.stem}.tmp{settings.output.suffix}")
    expected = sum(part.sentences for part in parts)
    damaged = [p.index for p in parts if not p.is_whole(settings.part_paths(p.index))]
    if damaged:
        raise ClassifierError(f"{settings.output}: {len(damaged)} parts in {settings.folder} are "
                              f"not as they were written (--resume makes them anew)")
    names = columns(labels)
    labels = [name for name in names if name in labels]
    if settings.is_lines:
        written = _join(settings, parts, temporary, names)
    else:
        written = _convert(settings, parts, temporary, names, labels)
    if written != expected:
        raise ClassifierError(f"{settings.output}: {written} rows, {expected} were made; the parts "
                              f"in {settings.folder} are kept (--resume tries again)")
    finished = _write_ledger(settings, parts, labels)
    made_by = json.dumps(settings.provenance(), indent=1, ensure_ascii=False)
    write_atomically(settings.run_path, made_by + "\n")
    os.replace(temporary, settings.output)
    return finished


def _join(
    settings: Settings, parts: Sequence[Done], target: Path, names: Sequence[str]
) -> int:
    with open_writer(target, names, excel=settings.excel):
        pass  # the header
    n_rows = 0
    with target.open("ab") as out:
        for part in parts:
            with settings.part_paths(part.index)[0].open("rb") as file:
                shutil.copyfileobj(file, out, 2**20)
            n_rows += part.sentences
        out.flush()
        os.fsync(out.fileno())
    return n_rows


def _convert(
    settings: Settings, parts: Sequence[Done], target: Path, names: Sequence[str],
    labels: Sequence[str],
) -> int:
    n_rows, values = 0, itemgetter(*names)
    with open_writer(target, names, excel=settings.excel) as writer:
        for part in parts:
            rows = [values(row) for row in _json_lines(settings.part_paths(part.index)[0])]
            if rows:
                writer.write(list(zip(*rows, strict=True)))
            n_rows += len(rows)
        if isinstance(writer, SqliteWriter):
            entries = ledger.table(_entries(settings, parts), labels)
            writer.add_table("documents", ledger.columns(labels), entries)
    return n_rows


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _entries(settings: Settings, parts: Sequence[Done]) -> Iterator[Entry]:
    for part in parts:
        yield from map(Entry._make, json.loads(settings.part_paths(part.index)[1].read_bytes()))


def _write_ledger(settings: Settings, parts: Sequence[Done], labels: Sequence[str]) -> Run:
    statuses: Counter[str] = Counter()
    failures: list[Entry] = []
    with atomic(settings.ledger_path) as out:
        stream = CsvStream(out, ledger.columns(labels), excel=settings.excel)
        for part in parts:
            entries = list(_entries(settings, [part]))
            stream.write(ledger.table(entries, labels))
            statuses.update(entry.status.split(":")[0] for entry in entries)
            failures += [entry for entry in entries if entry.is_failure]
    return Run(statuses, sum(part.sentences for part in parts), tuple(failures))
