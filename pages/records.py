"""Records that the screens draw, as the load functions of `pages.queries` make them.

Records are shared by all tabs and must not be changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pages.text.insights_text import Answer
from pages.text.periods import FigureDays, Period
from storage.accounts.page_profile import PageHolder, PageProfile
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
from storage.insights.sums import InsightSums, InsightTotal, SumKey
from storage.metrics.forecast import Forecast, Refusal
from storage.metrics.milestones import Milestone
from storage.notes.goals import GoalRow
from storage.notes.notes import NoteRow
from storage.notes.outages import Outage
from storage.notes.tags import MAX_LISTED, TagCount
from storage.notes.timeline_events import Consent, Imported, Retired
from storage.posts.analysis import AgedPost, KindRow, PostSummary
from storage.posts.details import PostDetail
from storage.posts.page_posts import Coverage, Rhythms

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
    """The rows of the table of Pages; search, attention and silence narrow the table alone.

    ``number`` is the page of ``rows_count`` rows, from 1; beyond the last page it means the last.
    ``silent_ids``: only these Pages, which publish nothing; None for all.
    """

    sort: SortKey = "fans"
    descending: bool = True
    number: int = 1
    search: str = ""
    attention: bool = False
    rows_count: int = ROWS
    silent_ids: tuple[str, ...] | None = None

    def narrow(self, filter: Filter) -> Filter:
        """``filter`` with what narrows the table; ``silent_ids`` are Pages of it."""
        page_ids = filter.page_ids if self.silent_ids is None else self.silent_ids
        return replace(filter, search=self.search, attention=self.attention, page_ids=page_ids)


@dataclass(frozen=True, eq=False)
class PageTable:
    """One page of the table, with sparklines by Page id. Equal only to itself, to be hashable.

    ``until`` is the last day of its figures. ``holders``: the accounts of each Page by its id,
    where the table says why a Page needs attention; else None. ``sums``: views and engagement over
    28 days by Page id. ``rhythms``: how often the Pages publish; None before any post is read.
    """

    page: TablePage
    summary: TableSummary
    trends: dict[str, list[int]]
    until: date
    holders: dict[str, list[PageHolder]] | None = None
    sums: InsightSums | None = None
    rhythms: Rhythms | None = None


@dataclass(frozen=True)
class Week:
    """The last week over the Pages of a filter; at least one can be compared.

    ``total`` is of every Page, ``compared`` of those with figures at both ends of it.
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

    ``view.period`` is the part of ``requested`` with figures of most Pages, ``figure_days`` are the
    days of these; None without any to compare. ``newest_days`` are those of the newest figures up
    to the end of the period. ``has_changes`` is False while all snapshots are of one day: then
    there are no line, movers and week. ``charted`` are the days of ``line``, which counts the Pages
    of ``counted``. ``line_before`` is that of the same Pages in the previous days; empty where they
    have no figures then. ``sums`` are views and engagement of all Pages, over 28 days whatever the
    period; ``sum_totals`` those of the filter's Pages together, where one of them has any.
    """

    view: View
    requested: Period
    today: date
    figure_days: FigureDays | None
    newest_days: dict[Metric, date | None]
    totals: Totals
    previous: Comparable | None
    provenance: Provenance | None
    table: PageTable
    has_changes: bool
    charted: Period
    counted: Comparable
    line: Sequence[LinePoint] = ()
    line_before: Sequence[LinePoint] = ()
    unusual: Sequence[UnusualDay] = ()
    movers: Movers = NO_MOVERS
    week: Week | None = None
    notes: Notes = NO_NOTES
    sums: InsightSums | None = None
    sum_totals: dict[SumKey, InsightTotal] = field(default_factory=dict)


@dataclass(frozen=True)
class PageFigures:
    """Everything that one Page's screen shows of a metric, without insights.

    ``view.period`` is the part of ``requested`` with figures of the metric, see ``figure_days``.
    ``days`` are the snapshots of ``requested`` and the last one with a figure before them.
    ``imports`` are file names and days by source.
    """

    view: View
    requested: Period
    today: date
    figure_days: FigureDays | None
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
class TagFigures:
    """One tag in a comparison: the like-for-like sums of its Pages, by the rules of Overview.

    ``line`` are the totals of the view's metric by day, from the day before the period on; of a
    long period the last day of each week. ``ends`` are both metrics' counted Pages, ``before``
    those of the view's metric in the previous days; None without any. ``counts_same``: both metrics
    count the same Pages. ``page_ids`` are all Pages of the tag.
    """

    tag: TagCount
    line: Figures
    ends: Mapping[Metric, Comparable]
    before: Comparable | None
    counts_same: bool
    page_ids: Sequence[str] = ()


@dataclass(frozen=True)
class Comparison:
    """Everything that Compare shows of some Pages, and of some tags after them.

    ``sums`` are views and engagement of all Pages, over 28 days whatever the period.
    """

    view: View
    requested: Period
    figure_days: FigureDays | None
    pages: Sequence[ComparedPage]
    figures: dict[str, dict[Metric, Figures]]
    notes: Notes
    tags: Sequence[TagFigures] = ()
    sums: InsightSums | None = None

    def list_lines(self) -> list[Figures]:
        """The figures of the view's metric by day: a line for each Page, then for each tag."""
        metric = self.view.metric
        of_pages = [self.figures[page.page_id][metric] for page in self.pages]
        return [*of_pages, *(each.line for each in self.tags)]

    def list_page_ids(self) -> list[Sequence[str]]:
        """The ids of the Pages of each line: one for each Page, then those of each tag."""
        return [*([page.page_id] for page in self.pages), *(each.page_ids for each in self.tags)]

    def list_totals(self) -> list[dict[SumKey, InsightTotal]]:
        """The ``sums`` of each line, without those that it lacks."""
        sums = self.sums
        return [{} if sums is None else sums.totals(page_ids) for page_ids in self.list_page_ids()]


@dataclass(frozen=True, eq=False)
class PeriodPosts:
    """The posts that some Pages published in a period, their figures at the age of POST_AGE days.

    ``best`` are those furthest above their usual views, ``newest`` the newest. ``median_before`` is
    the median of the views of the period before, at the same age; None for too few, or without one.
    ``details`` are those of ``best`` and ``newest`` by post id. Days are of ``zone``.
    """

    since: date
    until: date
    zone: ZoneInfo
    summary: PostSummary
    median_before: float | None
    kinds: Sequence[KindRow]
    coverage: Coverage
    best: Sequence[AgedPost]
    newest: Sequence[AgedPost]
    details: Mapping[str, PostDetail]

    @property
    def is_whole(self) -> bool:
        """Whether every post of the period is known, as far as Facebook lists them."""
        return not (self.coverage.unread or self.coverage.later or self.coverage.incomplete)


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
    """The values of the filter's URL parameters, unchecked; empty where one is missing."""

    account: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    of: tuple[str, ...] = ()  # ids of Pages


@dataclass(frozen=True)
class PageFilter:
    """The filter of a `FilterAddress`; names of accounts, tags and Pages are in its order.

    ``unknown`` are the parameters with unknown values, which the filter leaves out.
    """

    filter: Filter = EVERY_PAGE
    account_names: tuple[str, ...] = ()
    tag_names: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    page_names: tuple[str, ...] = ()


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
