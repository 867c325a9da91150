"""Log facts: name what each log line of a block is about, for a program that collects logs.

The formatter of LOG_FORMAT=json adds them, also to lines of modules that know nothing of runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_facts: ContextVar[Mapping[str, int | str] | None] = ContextVar("log_facts", default=None)


@contextmanager
def log_facts(**facts: int | str) -> Iterator[None]:
    """Add facts to each line that this thread logs within the block; ids and code words only."""
    token = _facts.set({**get_log_facts(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def get_log_facts() -> Mapping[str, int | str]:
    """Return the facts of the blocks around this line."""
    return _facts.get() or {}
