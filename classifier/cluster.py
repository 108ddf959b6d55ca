"""Where parts are worked on: in this process, in processes beside it, or on a Dask cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from classifier.errors import ClassifierError

_RETRIES = 3
Task = TypeVar("Task")
Result = TypeVar("Result")


def work(
    function: Callable[[Task], Result], tasks: Iterator[Task], *, workers: int = 1,
    scheduler: str = "",
) -> Iterator[Result]:
    """Results of a function over tasks, as they come; tasks are drawn as workers get free.

    With the address of a Dask scheduler, its workers do the work: they see the same paths, and a
    task of a worker that dies is done by another.

    >>> list(work(abs, iter([-1, 2])))
    [1, 2]

    Raises:
        ClassifierError: Dask is not installed, or the scheduler or its workers do not answer.
    """
    if workers == 1 and not scheduler:
        yield from map(function, tasks)
        return
    from joblib import Parallel, delayed

    with _safe_path(), _backend(scheduler):
        parallel = Parallel(n_jobs=-1 if scheduler else workers, batch_size=1,
                            return_as="generator_unordered", pre_dispatch="2*n_jobs")
        yield from parallel(delayed(function)(task) for task in tasks)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Processes begun meanwhile load no module from the current folder."""
    name, before = "PYTHONSAFEPATH", os.environ.get("PYTHONSAFEPATH")
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


def _backend(scheduler: str) -> AbstractContextManager[Any]:
    if not scheduler:
        return nullcontext()
    try:
        from distributed import Client
    except ImportError as error:
        raise ClassifierError("a cluster needs dask (pip install 'policytag[dask]')") from error
    from joblib import parallel_config

    connect: Any = Client

    try:
        client = connect(scheduler, timeout=30, set_as_default=False)
        client.wait_for_workers(1, timeout=60)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClassifierError(
            f"{scheduler}: no Dask scheduler with workers answers ({error}); start them with "
            f"`dask scheduler` and `dask worker {scheduler}`"
        ) from error
    config: AbstractContextManager[Any] = parallel_config(
        backend="dask", client=client, retries=_RETRIES
    )
    return config
