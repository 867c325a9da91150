"""Week message: the last week of all Pages, for warnings that go out of the dashboard."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from pages.queries import find_week
from pages.ui.week_text import title, write
from storage.figures.filters import EVERY_PAGE


def write_week(session: Session, until: date) -> tuple[str, ...]:
    """The week up to a day (UTC) as Overview has it: a title and three sentences; else none."""
    week = find_week(session, EVERY_PAGE, "fans", until)
    return () if week is None else (f"{title(week)}:", *write(week))
