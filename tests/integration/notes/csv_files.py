"""Files of past figures for tests, from rows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from storage.csv_import.importer import import_figures, plan_import
from storage.csv_import.plan import ImportPlan
from storage.csv_import.reader import PastFigures
from storage.db.engine import Database
from storage.models import Snapshot
from storage.people.person import THIS_COMPUTER
from tests import present
from tests.past_files import read_file

NOW = present.NOW

Row = tuple[str, date, int | None, int | None]


def file_of(rows: Iterable[Row]) -> PastFigures:
    """A file with these rows, read."""
    lines = ["page_id,date,fans,followers\n"]
    for page_id, day, fans, followers in rows:
        figures = ("" if figure is None else str(figure) for figure in (fans, followers))
        lines.append(f"{page_id},{day.isoformat()},{','.join(figures)}\n")
    return read_text("".join(lines))


def read_text(text: str) -> PastFigures:
    """A file with this text, read."""
    return read_file(io.BytesIO(text.encode()), NOW.date())


def list_snapshots(database: Database) -> list[tuple[object, ...]]:
    """All snapshots with everything that is kept of them, in order of Page and day."""
    query = select(Snapshot.__table__).order_by(Snapshot.page_id, Snapshot.day)
    with database.reading() as session:
        return [tuple(row) for row in session.execute(query)]


def try_out(database: Database, figures: PastFigures) -> ImportPlan:
    """What importing a file would do."""
    with database.reading() as session:
        return plan_import(session, figures)


def take_in(database: Database, figures: PastFigures, name: str, now: datetime) -> int | None:
    """Import a file; return the import's id, None when nothing was new."""
    with database.writing() as session:
        return import_figures(session, figures, name, now, by=THIS_COMPUTER)
