"""A program that is killed in the middle, and the database before and after."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.models import Base


def dump(session: Session, *without: str) -> dict[str, set[str]]:
    """Every row of every table but those called ``without``, as text."""
    session.flush()
    return {
        table.name: {str(tuple(row)) for row in session.execute(select(table))}
        for table in Base.metadata.sorted_tables
        if table.name not in without
    }


def die(*_: object, **__: object) -> None:
    """Die as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_until_killed(database: Database, work: Callable[[], object]) -> None:
    """Do ``work``, which calls `die`, in a copy of this process."""
    database.engine.dispose()  # the copy must not share a connection
    with warnings.catch_warnings():
        # From 3.12 on Python warns of other threads: the copy has none, and does not need them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)  # never back into the test run
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was over before it died"
    assert os.WTERMSIG(status) == signal.SIGKILL
