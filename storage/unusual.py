"""Which days were unusual: for many Pages at once, and for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.filtering import EVERY_PAGE, Filter, Metric
from storage.marks import read_marks, take_marks
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
    days = []
    for day, marks in read_marks(session, metric, since, until).items():
        taken = take_marks(marks, positions)
        rose, fell = (int(np.count_nonzero(taken == mark)) for mark in (ROSE, FELL))
        if rose or fell:
            judged_count = int(np.count_nonzero(taken != NOT_JUDGED))
            days.append(UnusualDay(day, judged_count, rose, fell))
    return days


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
