"""Progress on standard error: one moving line on a terminal, a plain line now and then else."""

import time
from typing import IO, Self

_TERMINAL_S = 0.2
_PLAIN_S = 30.0


class Progress:
    """Counts and a rate; a context manager."""

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

    def update(self, documents: int, sentences: int) -> None:
        """Show how far the run is."""
        now = time.monotonic()
        if now - self._shown < (_TERMINAL_S if self._moves else _PLAIN_S):
            return
        self._shown = now
        rate = sentences / max(now - self._started, 1e-9)
        text = f"{documents:,} documents, {sentences:,} sentences, {rate:,.0f} a second"
        self._out.write(f"\r\033[K{text}" if self._moves else text + "\n")
        self._out.flush()
