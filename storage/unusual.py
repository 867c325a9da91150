"""Which days were unusual: for many Pages at once, and for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.engine import remembered
from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.marks import Marks, read_marks, take_marks
from storage.metrics import FELL, NOT_JUDGED, ROSE, is_platform_wide
from storage.models import Page
from storage.roster import find_positions

Mark = Literal["rose", "fell"]
_WORDS: Mapping[int, Mark] = {ROSE: "rose", FELL: "fell"}


@dataclass(frozen=True)
class UnusualDay:
    """A day on which Pages rose or fell beyond their own noise.

    ``judged_count``: Pages with enough days before to say so. Counts are of Pages in the filter.
    """

    day: date
    judged_count: int
    rose_count: int
    fell_count: int

    @property
    def is_platform_wide(self) -> bool:
        """Whether so many fell together that the cause is most likely Facebook's."""
        return is_platform_wide(self.judged_count, self.fell_count)


def list_unusual_days(
    session: Session, *, since: date, until: date, metric: Metric, filter: Filter = EVERY_PAGE
) -> list[UnusualDay]:
    """The days on which at least one Page of the filter is marked, oldest first."""
    positions = find_positions(session, filter, until)
    # Several questions of one screen are about the same days.
    known = remembered(session, "unusual")
    asked = (filter, until if filter.attention else None, metric)
    days: list[UnusualDay] = []
    for day, marks in read_marks(session, metric, since, until).items():
        found = known.get((asked, day)) or _count(day, take_marks(marks, positions))
        known[asked, day] = found
        if found.rose_count or found.fell_count:
            days.append(found)
    return days


def _count(day: date, marks: Marks) -> UnusualDay:
    rose, fell, not_judged = (
        int(np.count_nonzero(marks == mark)) for mark in (ROSE, FELL, NOT_JUDGED)
    )
    return UnusualDay(day, len(marks) - not_judged, rose, fell)


def list_page_marks(
    session: Session, page_id: str, *, since: date, until: date, metric: Metric
) -> dict[date, Mark]:
    """One Page's unusual days, oldest first; empty for a Page that is not here."""
    place = session.scalar(select(Page.position).where(Page.id == page_id))
    if place is None:
        return {}
    marks = read_marks(session, metric, since, until)
    at_place = {day: int(found[place]) for day, found in marks.items() if place < len(found)}
    return {day: _WORDS[mark] for day, mark in at_place.items() if mark in _WORDS}
