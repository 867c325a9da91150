"""Where the figures of all Pages come from, by day: time, source and Graph version.

Kept beside the snapshots, in the same transaction: to ask thousands of them takes longer than all
figures of a screen. Whoever writes snapshots looks at those of its Pages before and after; where
one has gone that was there, the day is looked through anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, delete, func, insert, select, text
from sqlalchemy.orm import Session

from storage.chosen import Chosen
from storage.engine import remembered
from storage.models import Day, DayOrigin, Snapshot, UtcDateTime
from storage.stored_figures import Kind, iterate_windows
from storage.upsert import Conflict, table_of, upsert


@dataclass(frozen=True)
class Origin:
    """What is known about the snapshots of one day.

    ``fetched_at`` is the newest time of them. ``sources`` are as in `storage.models.Snapshot`;
    both tuples are sorted and without doubles.
    """

    day: date
    fetched_at: datetime
    sources: tuple[str, ...]
    graph_versions: tuple[str, ...]


# When the newest snapshot of each kind was fetched, of some Pages.
Look = Mapping[Kind, datetime]

# A newer time takes the place of an older one.
_NEWEST = Conflict(newest_by="fetched_at")
# Written out, as in storage/stored_figures.py.
_ANY_YET = text("SELECT 1 FROM day_origins WHERE day BETWEEN :first AND :last LIMIT 1").bindparams(
    bindparam("first", type_=Day()), bindparam("last", type_=Day())
)
_LOOK = (
    "SELECT day, source, coalesce(graph_version, '') AS graph_version,"
    " max(fetched_at) AS fetched_at FROM (chosen) AS wanted CROSS JOIN snapshots"
    " WHERE snapshots.page_id = wanted.page_id AND day BETWEEN :first AND :last"
    " GROUP BY day, source, coalesce(graph_version, '')"
)


def find_span(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    known = remembered(session, "span")
    if "span" not in known:
        days = select(func.min(DayOrigin.day), func.max(DayOrigin.day))
        known["span"] = session.execute(days).one()
    first_day, last_day = known["span"]
    return None if first_day is None else (first_day, last_day)


def find_origin(session: Session, until: date) -> Origin | None:
    """Where the figures of the newest day up to ``until`` come from; None: there are none."""
    known = remembered(session, "origins")
    if until not in known:
        known[until] = _find_origin(session, until)
    found: Origin | None = known[until]
    return found


def _find_origin(session: Session, until: date) -> Origin | None:
    newest = select(func.max(DayOrigin.day)).where(DayOrigin.day <= until).scalar_subquery()
    columns = (DayOrigin.day, DayOrigin.source, DayOrigin.graph_version, DayOrigin.fetched_at)
    rows = session.execute(select(*columns).where(DayOrigin.day == newest)).all()
    if not rows:
        return None
    return Origin(
        rows[0].day,
        max(row.fetched_at for row in rows),
        tuple(sorted({row.source for row in rows})),
        tuple(sorted({row.graph_version for row in rows if row.graph_version})),
    )


def look(session: Session, chosen: Chosen, days: Collection[date]) -> Look:
    """The snapshots that these Pages have on ``days``, and on some days between them, by kind."""
    return {
        kind: at
        for first, last in iterate_windows(days)
        for kind, at in _look(session, chosen, first, last).items()
    }


def keep_origins(session: Session, before: Look, after: Look) -> None:
    """Let what is kept follow a write to some Pages' snapshots.

    ``before`` and ``after`` are what `look` sees of them right before it and right after.
    """
    _store(session, {kind: at for kind, at in after.items() if at != before.get(kind)})
    # Others may have been as new as what has gone, or of its kind: only all of a day can say.
    gone = {kind.day for kind, at in before.items() if kind not in after or after[kind] < at}
    if gone:
        _look_through(session, gone)


def forget_origin(session: Session, source: str) -> None:
    """Let what is kept follow that every snapshot of ``source`` was deleted."""
    session.execute(delete(table_of(DayOrigin)).where(DayOrigin.source == source))


def clear(session: Session) -> None:
    """Forget all of it."""
    session.execute(delete(table_of(DayOrigin)))


def _look(session: Session, chosen: Chosen, first: date, last: date) -> Look:
    if session.connection().execute(_ANY_YET, {"first": first, "last": last}).first() is None:
        return {}
    statement = chosen.bound(_LOOK, first=first, last=last)
    rows = session.execute(statement.columns(day=Day(), fetched_at=UtcDateTime()))
    return {Kind(row.day, row.source, row.graph_version): row.fetched_at for row in rows}


def _store(session: Session, seen: Look) -> None:
    rows = [{**kind._asdict(), "fetched_at": at} for kind, at in seen.items()]
    upsert(session, DayOrigin, rows, _NEWEST)


def _look_through(session: Session, days: Collection[date]) -> None:
    """Make these days anew: what has gone can't be told from what is left."""
    version = func.coalesce(Snapshot.graph_version, "")
    found = select(Snapshot.day, Snapshot.source, version, func.max(Snapshot.fetched_at))
    found = found.where(Snapshot.day.in_(days)).group_by(Snapshot.day, Snapshot.source, version)
    session.execute(delete(table_of(DayOrigin)).where(DayOrigin.day.in_(days)))
    names = ["day", "source", "graph_version", "fetched_at"]
    session.execute(insert(table_of(DayOrigin)).from_select(names, found))
