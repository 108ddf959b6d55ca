"""Progress on standard error: a bar on a terminal, a plain line now and then else."""

import shutil
import time
from typing import IO, Self

_TERMINAL_S = 0.2
_PLAIN_S = 30.0
_WIDTH = 20


class Progress:
    """Counts, a rate, and the time left; a context manager."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._moves = out.isatty()
        self._started = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._moves:
            self._out.write("\r\033[K")
            self._out.flush()

    def update(self, documents: int, sentences: int, share: float) -> None:
        """Show how far the run is; `share` of the bytes to read are done, from 0 to 1."""
        now = time.monotonic()
        if now - self._shown < (_TERMINAL_S if self._moves else _PLAIN_S):
            return
        self._shown = now
        text = line(documents, sentences, share, now - self._started)
        if self._moves:
            n_columns = shutil.get_terminal_size().columns
            text = f"\r\033[K{f'{bar(share)} {text}'[: n_columns - 1]}"
        self._out.write(text if self._moves else text + "\n")
        self._out.flush()


def bar(share: float) -> str:
    """A bar of 20 characters, filled so far.

    >>> bar(0.26)
    '[#####---------------]'
    """
    n = int(share * _WIDTH)
    return f"[{'#' * n}{'-' * (_WIDTH - n)}]"


def line(documents: int, sentences: int, share: float, seconds: float) -> str:
    """How far a run is after so many seconds.

    >>> line(1200, 30000, 0.25, 60)
    '25%, 0:03:00 left, 1,200 documents, 30,000 sentences, 500 a second'
    """
    left = ""
    if share > 0:
        minutes, rest = divmod(round(seconds * (1 - share) / share), 60)
        left = f" {minutes // 60}:{minutes % 60:02}:{rest:02} left,"
    rate = sentences / max(seconds, 1e-9)
    return (f"{share:.0%},{left} {documents:,} documents, {sentences:,} sentences, "
            f"{rate:,.0f} a second")
