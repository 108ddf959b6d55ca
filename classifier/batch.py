"""Tag an archive: files to tasks, tasks to parts, in parallel; parts to one output.

The output depends on the input alone: not on the number of workers, nor on where a run was cut.
"""

import atexit
import json
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

from classifier import ledger
from classifier.artifact import load_manifest, load_model
from classifier.assembly import Run, assemble
from classifier.cluster import work
from classifier.document import LABELS, Document
from classifier.errors import ResumeError, WriteError
from classifier.files import Task, find, identities, read, size_of, tasks
from classifier.isolation import Child, Digest, Limits
from classifier.ledger import Entry, Origin
from classifier.parts import Done, PartFile, Settings, read_journal, write_atomically
from classifier.readers.base import apart
from classifier.scoring import Model
from classifier.tagging import columns, label, table
from classifier.writers import open_writer
from classifier.writers.lines import CsvStream, JsonStream, Sink


def run(
    paths: Sequence[Path], settings: Settings, *, workers: int = 1, scheduler: str = "",
    resume: bool = False,
    progress: Callable[[int, int, float], None] = lambda documents, sentences, share: None,
) -> Run:
    """Tag files into one output and a ledger, with worker processes here or on a Dask cluster.

    Raises:
        ResumeError: parts of an earlier run are there, and `resume` is not asked for or the
            model or the options have changed.
        WriteError: the output cannot be written.
    """
    try:
        _check_paths(paths, settings)
        done = _prepare(settings, resume)
        _work(paths, settings, done, progress, partial(work, workers=workers, scheduler=scheduler))
        parts = sorted(done.values(), key=lambda part: part.index)
        finished = assemble(settings, parts, load_manifest(settings.model)["labels"])
        _discard(settings.folder)
        return finished
    except OSError as error:
        raise WriteError(f"{error.filename or settings.output}: {error.strerror}") from error


def _discard(folder: Path) -> None:
    """Remove a run's folder; a kill in the middle must not leave half of one under its name."""
    rubbish = folder.with_name(f".{folder.name}.done")
    shutil.rmtree(rubbish, ignore_errors=True)
    os.replace(folder, rubbish)
    shutil.rmtree(rubbish)


def _prepare(settings: Settings, resume: bool) -> dict[int, Done]:
    folder, stamp = settings.folder, settings.folder / "settings.sha256"
    _check_writer(settings)
    if folder.is_dir() and not resume:
        raise ResumeError(f"{folder}: an unfinished run is here (--resume goes on with it; "
                          f"or remove the folder)")
    fingerprint = settings.fingerprint()  # fails if there is no such model: before the folder
    folder.mkdir(parents=True, exist_ok=True)
    if stamp.is_file() and stamp.read_text("utf-8") != fingerprint:
        raise ResumeError(f"{folder}: begun with another version, model or options "
                          f"(use those, or remove the folder to begin anew)")
    write_atomically(stamp, fingerprint)
    return read_journal(settings.journal_path)


def _check_paths(paths: Sequence[Path], settings: Settings) -> None:
    """Fail before an input is written over.

    Raises:
        WriteError: the output or its ledger is among the files to read.
    """
    to_read = identities(path for path in paths if str(path) != "-")
    for own in settings.own_paths:
        if identities([own]) & to_read:
            raise WriteError(f"{own}: would be written over, but is to be read (-o names another)")


def _check_writer(settings: Settings) -> None:
    """Fail before the work, not after it, if the output cannot be written.

    Raises:
        WriteError: no writer for the output's name, or its library is missing.
    """
    output = settings.output
    if not output.parent.is_dir():
        raise WriteError(f"{output}: there is no folder {output.parent}")
    with (tempfile.TemporaryDirectory(dir=output.parent, prefix=".trial") as folder,
          open_writer(Path(folder) / output.name, columns(LABELS), excel=settings.excel)):
        pass


def _work(
    paths: Sequence[Path], settings: Settings, done: dict[int, Done],
    progress: Callable[[int, int, float], None], spread: Callable[..., Iterator[Done]],
) -> None:
    files = find(paths, settings.own_paths)
    file_sizes = [size_of(path) for path in files]
    total = sum(file_sizes)  # without what an earlier run has done, as it is met
    sizes: dict[int, int] = {}
    finished = 0
    documents = sum(part.documents for part in done.values())
    sentences = sum(part.sentences for part in done.values())

    def pending() -> Iterator[Task]:
        nonlocal total
        for task in tasks(files, file_sizes, settings.read, settings.limits):
            sizes[task.index] = task.size
            part = done.get(task.index)
            if part and _is_done(task, part, settings):
                total -= task.size
            else:
                yield task

    with (settings.journal_path).open("a", encoding="utf-8") as journal:
        journal.write("\n")  # closes a line that a crash cut short
        for part in spread(partial(do_task, settings=settings), pending()):
            done[part.index] = part
            journal.write(json.dumps(asdict(part)) + "\n")
            journal.flush()
            finished += sizes[part.index]
            documents += part.documents
            sentences += part.sentences
            progress(documents, sentences, finished / max(total, finished, 1))
    for index in set(done) - set(sizes):  # the input has shrunk since the run that is resumed
        del done[index]


def _is_done(task: Task, part: Done, settings: Settings) -> bool:
    is_whole = part.is_whole(settings.part_paths(task.index))
    return is_whole and part.fingerprint == task.fingerprint(task.digests(settings.limits))


def do_task(task: Task, settings: Settings) -> Done:
    """Read, label and write one part; runs in a worker."""
    model = _model(settings.model)
    source = Origin.of(Path(task.source), task.digest)
    entries = [ledger.failure_of(reason, source) for _, reason in task.failures]
    digests: list[Digest] = []
    n_sentences = 0
    part, part_ledger = settings.part_paths(task.index)
    with PartFile(part) as out:
        stream = _part_stream(out, settings, model)
        origins: deque[Origin] = deque()

        def plain() -> Iterator[Document]:
            for origin, document in _documents(task, digests, settings, entries):
                origins.append(origin)
                yield document

        for labelled in label(plain(), model):
            stream.write(table(labelled))
            n_sentences += len(labelled.texts)
            entries += [
                ledger.entry_of(document, labelled.given[part], sum(labelled.review[part]),
                                origins.popleft())
                for document, part in labelled.parts()
            ]
    with PartFile(part_ledger) as notes:
        notes.write(json.dumps(entries).encode())
    return Done(task.index, task.fingerprint(tuple(digests)), len(entries), n_sentences,
                (out.sha256, notes.sha256))


def _documents(
    task: Task, digests: list[Digest], settings: Settings, entries: list[Entry]
) -> Iterator[tuple[Origin, Document]]:
    """Documents with where they came from; adds the digest of each file that is read.

    Files that cannot be read become entries.
    """
    source = Origin.of(Path(task.source), task.digest)
    yield from ((source, document) for document in task.documents)
    for path in map(Path, task.paths):
        begin = time.perf_counter()
        found = read(path, settings.read, settings.limits, _child)
        digests.append(found.digest)
        origin = Origin.of(path, found.digest, time.perf_counter() - begin)
        if found.error:
            entries.append(ledger.failure_of(found.error, origin))
        named = apart(task.named(document, origin.path) for document in found.documents)
        yield from ((origin, document) for document in named)


@cache
def _model(name: str) -> Model:
    return load_model(name, n_threads=1)


@cache
def _child(limits: Limits) -> Child:
    child = Child(limits)
    atexit.register(child.close)
    return child


def _part_stream(out: Sink, settings: Settings, model: Model) -> CsvStream | JsonStream:
    if settings.output.suffix.lower() == ".csv":
        return CsvStream(out, columns(model.labels), excel=settings.excel, header=False)
    return JsonStream(out, columns(model.labels))
