"""Clock of the database, for times that several machines compare: their own clocks may differ, and
the sandbox's jumps by days.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select, type_coerce
from sqlalchemy.orm import Session

from storage.models.base import UtcDateTime


def read_clock(session: Session) -> datetime:
    """Return the database's present time, aware UTC."""
    now: datetime = session.execute(select(type_coerce(clock(session), UtcDateTime()))).scalar_one()
    return now


def clock(session: Session, plus_seconds: int = 0) -> ColumnElement[Any]:
    """Return an SQL expression for the database's present time plus ``plus_seconds``.

    Not ``now()``: on PostgreSQL that is the start of the transaction, and a writer may have waited
    for the lock since then.
    """
    if session.get_bind().dialect.name == "sqlite":
        # The format of SQLAlchemy: UTC, six digits after the second.
        return literal_column(
            f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{plus_seconds:+d} seconds')"
        )
    return literal_column(f"clock_timestamp() + interval '{plus_seconds} seconds'")
