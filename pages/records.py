"""Records that the screens draw, as the load functions of `pages.queries` make them.

Records are shared by all tabs and must not be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from pages.text.insights_text import Answer
from pages.text.periods import Period
from storage.accounts.page_profile import PageProfile
from storage.accounts.page_tokens import InsightAccess
from storage.accounts.pages import FactChange
from storage.figures.comparison import ComparedPage, Figures
from storage.figures.filters import EVERY_PAGE, Filter, Metric
from storage.figures.line import LinePoint
from storage.figures.provenance import Provenance
from storage.figures.series import DayFigure, PageHistory
from storage.figures.table import SortKey, TablePage, TableSummary
from storage.figures.totals import Comparable, Movers, Totals
from storage.figures.unusual import Direction, UnusualDay
from storage.metrics.forecast import Forecast, Refusal
from storage.metrics.milestones import Milestone
from storage.notes.goals import GoalRow
from storage.notes.notes import NoteRow
from storage.notes.tags import MAX_LISTED, TagCount
from storage.notes.timeline_events import Consent, Imported, Outage, Retired

ROWS = 25

MoverOrder = Literal["number", "rate"]
Listed = Literal["account", "category", "tag"]


@dataclass(frozen=True)
class View:
    """The view of a screen: period with comparison, metric, filter."""

    period: Period
    metric: Metric = "fans"
    filter: Filter = EVERY_PAGE


@dataclass(frozen=True)
class Listing:
    """The rows of the table of Pages; search and attention narrow the table alone.

    ``number`` is the page of ``rows_count`` rows, from 1; beyond the last page it means the last.
    """

    sort: SortKey = "fans"
    descending: bool = True
    number: int = 1
    search: str = ""
    attention: bool = False
    rows_count: int = ROWS

    def narrow(self, filter: Filter) -> Filter:
        """``filter`` with the table's search and attention."""
        return replace(filter, search=self.search, attention=self.attention)


@dataclass(frozen=True, eq=False)
class PageTable:
    """One page of the table, with sparklines by Page id. Equal only to itself, to be hashable."""

    page: TablePage
    summary: TableSummary
    trends: dict[str, list[int]]
    total_trend: list[int]


@dataclass(frozen=True)
class Week:
    """The last week over the Pages of a filter.

    ``total`` is of every Page, ``compared`` of those with figures on both ends.
    """

    period: Period
    metric: Metric
    pages_count: int
    total: int | None
    compared: Comparable
    movers: Movers
    attention_count: int
    unusual: tuple[UnusualDay, ...]


@dataclass(frozen=True)
class Notes:
    """The notes of a chart's days: operators' own notes, and stored events."""

    own: Sequence[NoteRow] = ()
    consents: Sequence[Consent] = ()
    outages: Sequence[Outage] = ()
    imports: Sequence[Imported] = ()
    retired: Sequence[Retired] = ()
    platform_wide: Sequence[UnusualDay] = ()


NO_NOTES, NO_MOVERS = Notes(), Movers((), ())


@dataclass(frozen=True)
class Overview:
    """Everything that Overview shows, its report too.

    ``view.period`` is the part of ``requested`` with snapshots. ``has_changes`` is False while
    all snapshots are of one day: then there are no line, movers and week.
    """

    view: View
    requested: Period
    first_day: date | None
    totals: Totals
    previous: Comparable | None
    provenance: Provenance | None
    table: PageTable
    has_changes: bool
    line: Sequence[LinePoint] = ()
    unusual: Sequence[UnusualDay] = ()
    movers: Movers = NO_MOVERS
    week: Week | None = None
    notes: Notes = NO_NOTES


@dataclass(frozen=True)
class PageFigures:
    """Everything that one Page's screen shows of a metric, without insights.

    ``view.period`` is the part of ``requested`` with snapshots. ``days`` are those of the table and
    the last one with a figure before them. ``imports`` are file names and days by source.
    """

    view: View
    requested: Period
    profile: PageProfile
    history: PageHistory
    outlook: Forecast | Refusal
    milestones: Sequence[Milestone]
    goal: GoalRow | None
    days: Sequence[DayFigure]
    marks: dict[date, Direction]
    notes: Notes
    imports: dict[str, tuple[str, date]]
    changes: dict[str, FactChange]


@dataclass(frozen=True)
class Comparison:
    """Everything that Compare shows of some Pages."""

    view: View
    requested: Period
    pages: Sequence[ComparedPage]
    figures: dict[str, dict[Metric, Figures]]
    notes: Notes


@dataclass(frozen=True)
class LastRun:
    """The newest refresh; fields as in `storage.models.JobRun`."""

    status: str
    limited_until: datetime | None
    reason_code: int | None
    total: int
    done: int
    failed: int
    finished_at: datetime | None = None


@dataclass(frozen=True)
class FilterAddress:
    """The URL parameters of the filter, unchecked; empty where one is missing."""

    account: str = ""
    category: str = ""
    state: str = ""
    tag: str = ""


@dataclass(frozen=True)
class PageFilter:
    """The filter of a `FilterAddress`, with the names of its account and tag.

    ``unknown`` are the parameters with unknown values, which the filter leaves out.
    """

    filter: Filter = EVERY_PAGE
    account_name: str | None = None
    tag_name: str | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tags:
    """Tags to choose from, by name. ``count`` is the number of all tags."""

    listed: tuple[TagCount, ...]
    count: int

    @property
    def is_searched(self) -> bool:
        """Whether ``listed`` are only the matches of a search: all tags are too many."""
        return self.count > MAX_LISTED


@dataclass(frozen=True)
class InsightStatus:
    """Whether a Page's insights can be fetched, and the newest answer."""

    access: InsightAccess
    answer: Answer | None

    @property
    def asked_at(self) -> datetime | None:
        """The time of the newest answer; None for none."""
        return None if self.answer is None else self.answer.asked_at
