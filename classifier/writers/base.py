"""What writers share."""

from collections.abc import Sequence
from typing import Any

Columns = Sequence[Sequence[Any]]
"""Rows as columns: the values of each, in the order of the writer's columns."""


def plain(value: Any) -> Any:
    """A value that UTF-8 can hold: lone surrogates become `?`.

    >>> plain("a\\ud800"), plain(3)
    ('a?', 3)
    """
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()
    return value
