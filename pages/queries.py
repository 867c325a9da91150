"""Queries of the screens: one record with everything that a screen shows, cached by `pages.cache`.

A screen calls one ``load_`` function and then only draws. Answers are shared by all tabs and must
not be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from fb.accounts.connections import Account, list_accounts
from pages.cache import remembered
from pages.text.insights_text import Answer
from pages.text.periods import A_DAY, Period, clip, last_week, reaches_back
from pages.text.phrases import CONNECTIONS
from storage import metrics
from storage.accounts.connection_states import CONNECTION_STATES
from storage.accounts.page_profile import PageProfile, find_page_profile
from storage.accounts.page_tokens import InsightAccess, find_insight_access
from storage.accounts.pages import FactChange, has_pages, list_fact_changes
from storage.csv_import.importer import list_import_names
from storage.figures import filter_choices
from storage.figures.comparison import (
    ComparedPage,
    Figures,
    Matches,
    find_matches,
    get_compared_series,
    list_alike,
    list_compared_pages,
)
from storage.figures.filter_choices import Choices
from storage.figures.filters import EVERY_PAGE, Filter, Metric
from storage.figures.health import (
    Freshness,
    NamedPages,
    count_connections,
    count_cut_off,
    get_freshness,
    list_role_lost,
)
from storage.figures.line import LinePoint, load_line
from storage.figures.period_ends import PeriodEnds, load_period_ends
from storage.figures.provenance import Provenance, find_provenance, find_span
from storage.figures.series import DayFigure, PageHistory, get_page_history, get_page_series
from storage.figures.table import (
    SortKey,
    TablePage,
    TableSummary,
    list_sparklines,
    load_table,
    make_summary,
)
from storage.figures.totals import (
    Comparable,
    Movers,
    Totals,
    list_movers,
    make_comparable,
    make_totals,
    sum_known,
)
from storage.figures.unusual import (
    Direction,
    UnusualDay,
    list_page_unusual_days,
    list_wide_days,
)
from storage.insights.metric_ledger import list_ledger
from storage.insights.values import (
    InsightDay,
    PageMetric,
    find_insight_state,
    get_insight_series,
    list_page_metrics,
)
from storage.jobs.runs import SNAPSHOTS, find_last_run
from storage.metrics import Forecast, Milestone, Refusal
from storage.notes.goals import GoalRow, find_goal
from storage.notes.notes import NoteRow, list_notes
from storage.notes.tags import (
    MAX_LISTED,
    TagCount,
    count_pages,
    count_tags,
    find_tag,
    list_tags,
    list_tags_of,
)
from storage.notes.timeline_events import (
    Consent,
    Imported,
    Outage,
    Retired,
    Scope,
    list_consents,
    list_imports,
    list_outages,
    list_retired,
)

ROWS = 25
SPARKLINE_POINTS = 30
MAX_TAGS_FOUND = 50
UNFOLLOWS = "page_daily_unfollows_unique"

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


# --- Overview


@remembered
def load_overview(
    session: Session, view: View, listing: Listing, movers_by: MoverOrder, today: date
) -> Overview:
    """Load Overview. ``view.period`` is the requested one; ``today`` is a UTC day."""
    days, requested = find_days(session), view.period
    has_changes = days is not None and days[0] != days[1]
    period = clip(requested, *days) if days is not None and has_changes else requested
    metric, filter = view.metric, view.filter
    previous = _previous_days(period, days and days[0])
    week = last_week(today, *days) if days is not None and has_changes else None
    periods = [(period.since, period.until)]
    periods += [previous] if previous else []
    periods += [(week.since, week.until)] if week else []
    ends, *others = _load_ends(session, filter, *periods)
    line = _load_line(session, ends, metric, filter) if has_changes else []
    since, until = periods[0]
    # From the day before on, as the notes ask: one answer serves both.
    wide = _list_wide(session, since - A_DAY, until, metric, filter) if has_changes else []
    return Overview(
        view=replace(view, period=period),
        requested=requested,
        first_day=days and days[0],
        totals=make_totals(ends, days),
        previous=make_comparable(others[0], metric) if previous else None,
        provenance=find_provenance(session, until),
        table=_load_table(session, ends, metric, filter, listing),
        has_changes=has_changes,
        line=line,
        unusual=[each for each in wide if each.day >= since],
        movers=list_movers(ends, metric, movers_by),
        week=week
        and _load_week(
            session,
            week,
            others[-1],
            metric,
            filter,
            # Mostly the week is a part of the period.
            wide if since <= week.since and week.until <= until else None,
        ),
        notes=load_notes(session, since - A_DAY, min(until, today), tag_id=filter.tag_id),
    )


def _previous_days(period: Period, first_day: date | None) -> tuple[date, date] | None:
    """The days to compare with; None for no comparison, or for days before the first snapshot."""
    if period.previous_since is None or period.previous_until is None:
        return None
    has_figures = reaches_back(period, first_day)
    return (period.previous_since, period.previous_until) if has_figures else None


@remembered
def find_days(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    return find_span(session)


@remembered
def is_empty(session: Session) -> bool:
    """Whether no Page is stored."""
    return not has_pages(session)


@remembered
def _load_ends(session: Session, filter: Filter, *periods: tuple[date, date]) -> list[PeriodEnds]:
    return load_period_ends(session, filter, *periods)


@remembered
def _load_line(
    session: Session, ends: PeriodEnds, metric: Metric, filter: Filter
) -> list[LinePoint]:
    return load_line(session, ends, metric, filter)


@remembered
def _list_wide(
    session: Session, since: date, until: date, metric: Metric, filter: Filter
) -> list[UnusualDay]:
    return list_wide_days(session, since=since, until=until, metric=metric, filter=filter)


def _load_week(
    session: Session,
    period: Period,
    ends: PeriodEnds,
    metric: Metric,
    filter: Filter,
    wide: Sequence[UnusualDay] | None,
) -> Week:
    """``wide`` are the unusual days, if they are known; otherwise they are loaded."""
    if wide is None:
        wide = _list_wide(session, period.since, period.until, metric, filter)
    return Week(
        period=period,
        metric=metric,
        pages_count=len(ends.page_ids),
        total=sum_known(ends.of(metric).newest),
        compared=make_comparable(ends, metric),
        movers=list_movers(ends, metric, "number"),
        attention_count=count_filtered(
            session, replace(filter, attention=True), period.until, None
        ),
        unusual=tuple(each for each in wide if period.since <= each.day <= period.until),
    )


@remembered
def _load_table(
    session: Session, ends: PeriodEnds, metric: Metric, filter: Filter, listing: Listing
) -> PageTable:
    """``ends`` are the screen's; they are loaded again if the table's search narrows the Pages."""
    narrowed = listing.narrow(filter)
    if narrowed != filter:
        (ends,) = _load_ends(session, narrowed, (ends.since, ends.until))
    last = max(1, -(-len(ends.page_ids) // listing.rows_count))
    page = load_table(
        session,
        ends,
        metric,
        narrowed,
        sort=listing.sort,
        descending=listing.descending,
        limit=listing.rows_count,
        offset=(min(listing.number, last) - 1) * listing.rows_count,
    )
    return PageTable(
        page=page,
        summary=make_summary(ends, metric),
        trends=list_sparklines(
            session,
            page_ids=[row.page_id for row in page.rows],
            # From the day before, where the change of the period begins.
            since=ends.since - A_DAY,
            until=ends.until,
            metric=metric,
        ),
        total_trend=_thin(_load_line(session, ends, metric, narrowed)),
    )


def _thin(line: Sequence[LinePoint]) -> list[int]:
    """At most SPARKLINE_POINTS totals, oldest first, with the last one."""
    totals = [point.total for point in line if point.total is not None]
    step = max(1, -(-len(totals) // SPARKLINE_POINTS))
    return totals[::-1][::step][::-1]


@remembered
def resolve_filter(session: Session, address: FilterAddress) -> PageFilter:
    """The filter of the URL parameters. Unknown values are left out."""
    account = address.account and filter_choices.find_account_name(session, address.account)
    category = address.category or None
    if category is not None and not filter_choices.has_category(session, category):
        category = None
    tag = filter_choices.find_tag(session, address.tag) if address.tag else None
    state = next((each for each in CONNECTION_STATES if CONNECTIONS[each] == address.state), None)
    resolved = {"account": account, "category": category, "state": state, "tag": tag}
    return PageFilter(
        Filter(
            account_id=address.account if account else None,
            category=category,
            state=state,
            tag_id=None if tag is None else tag[0],
        ),
        account or None,
        None if tag is None else tag[1],
        tuple(name for name, value in resolved.items() if getattr(address, name) and not value),
    )


@remembered
def list_choices(session: Session, name: Listed, search: str) -> Choices:
    """The choices of the filter; ``search`` is used where they are too many for a list."""
    match name:
        case "account":
            return filter_choices.list_accounts(session, search)
        case "category":
            return filter_choices.list_categories(session, search)
        case "tag":
            return filter_choices.list_tags(session, search)


@remembered
def count_states(session: Session) -> dict[str, int]:
    """The number of Pages in each state of connection, by the state's label."""
    counts = count_connections(session)
    return {CONNECTIONS[state]: count for state, count in counts.items()}


# --- Page


@remembered
def find_profile(session: Session, page_id: str) -> PageProfile | None:
    """The profile of a stored Page; None for an unknown id."""
    return find_page_profile(session, page_id)


def load_page(session: Session, profile: PageProfile, view: View, today: date) -> PageFigures:
    """Load a Page's screen. ``view.period`` is the requested one; ``today`` is a UTC day."""
    requested, metric, page_id = view.period, view.metric, profile.id
    if profile.first_day is not None and profile.last_day is not None:
        view = replace(view, period=clip(requested, profile.first_day, profile.last_day))
    period = view.period
    history = _find_history(session, page_id)
    first = period.since - A_DAY
    # The change of the first day is against the last figure before it, of whatever age.
    before = max((day for day in history.of(metric) if day < first), default=first)
    return PageFigures(
        view=view,
        requested=requested,
        profile=profile,
        history=history,
        outlook=_find_outlook(session, page_id, metric, today),
        milestones=_list_milestones(session, page_id, metric),
        goal=_find_goal(session, page_id, metric),
        days=_list_days(session, page_id, before, requested.until),
        marks=_list_marks(session, page_id, first, requested.until, metric),
        notes=load_notes(session, first, min(period.until, today), page_id=page_id),
        imports=_list_import_names(session),
        changes=_list_changes(session, page_id),
    )


@remembered
def _find_history(session: Session, page_id: str) -> PageHistory:
    return get_page_history(session, page_id)


@remembered
def _find_outlook(
    session: Session, page_id: str, metric: Metric, today: date
) -> Forecast | Refusal:
    return metrics.find_forecast(_find_history(session, page_id).of(metric), today)


@remembered
def _list_milestones(session: Session, page_id: str, metric: Metric) -> list[Milestone]:
    return metrics.list_milestones_reached(_find_history(session, page_id).of(metric))


@remembered
def _find_goal(session: Session, page_id: str, metric: Metric) -> GoalRow | None:
    return find_goal(session, page_id, metric)


@remembered
def _list_days(session: Session, page_id: str, since: date, until: date) -> list[DayFigure]:
    return get_page_series(session, page_id, since=since, until=until)


@remembered
def _list_marks(
    session: Session, page_id: str, since: date, until: date, metric: Metric
) -> dict[date, Direction]:
    return list_page_unusual_days(session, page_id, since=since, until=until, metric=metric)


@remembered
def _list_import_names(session: Session) -> dict[str, tuple[str, date]]:
    return list_import_names(session)


@remembered
def _list_changes(session: Session, page_id: str) -> dict[str, FactChange]:
    return list_fact_changes(session, page_id)


def find_insight_status(session: Session, page_id: str) -> InsightStatus:
    """The present insight status of a Page: two lookups by key, not cached."""
    state = find_insight_state(session, page_id)
    answer = None
    if state is not None:
        answer = Answer(state.state, state.code, state.trace_id, state.asked_at)
    return InsightStatus(find_insight_access(session, page_id), answer)


# Fetching insights takes minutes and does not change the version of the data, which would clear the
# cache again and again. So the time of the Page's newest answer, ``asked_at``, is part of the key.


@remembered
def list_insight_metrics(
    session: Session, page_id: str, asked_at: datetime | None
) -> list[PageMetric]:
    """The metrics with figures of a Page, in the order of the ledger."""
    return list_page_metrics(session, page_id)


@remembered
def list_insight_days(
    session: Session, page_id: str, asked_at: datetime | None, metric: str, since: date, until: date
) -> list[InsightDay]:
    """One metric's figures from ``since`` to ``until``, Pacific days, oldest first."""
    return get_insight_series(session, page_id, metric, since=since, until=until)


@remembered
def has_unfollows(session: Session) -> bool:
    """Whether Facebook gives the number of unfollows."""
    return any(row.name == UNFOLLOWS and row.status == "live" for row in list_ledger(session))


# --- Compare


@remembered
def find_compared(session: Session, page_ids: tuple[str, ...]) -> list[ComparedPage]:
    """The stored Pages with these ids, in this order; unknown ids are left out."""
    return list_compared_pages(session, page_ids)


def load_comparison(session: Session, pages: Sequence[ComparedPage], view: View) -> Comparison:
    """Load Compare for these Pages. ``view.period`` is the requested one."""
    requested = view.period
    days = [day for page in pages for day in (page.first_day, page.last_day) if day is not None]
    if days:
        view = replace(view, period=clip(requested, min(days), max(days)))
    ids = tuple(page.page_id for page in pages)
    period = view.period
    since, until = period.since - A_DAY, period.until
    of_all_pages = load_notes(session, since, until)
    own = {
        row.id: row
        for page_id in ids
        for row in load_notes(session, since, until, page_id=page_id).own
    }
    # No other events: those of five Pages would be too many for one chart.
    notes = Notes(own=tuple(own.values()), platform_wide=of_all_pages.platform_wide)
    return Comparison(view, requested, pages, _load_compared(session, ids, period), notes)


@remembered
def _load_compared(
    session: Session, page_ids: tuple[str, ...], period: Period
) -> dict[str, dict[Metric, Figures]]:
    return get_compared_series(
        session,
        page_ids,
        since=period.since,
        until=period.until,
        previous_since=period.previous_since,
        previous_until=period.previous_until,
    )


@remembered
def search_pages(session: Session, search: str, without: tuple[str, ...]) -> Matches:
    """The matches of a search, without the Pages that are compared already."""
    return find_matches(session, search, without=without)


@remembered
def list_similar(session: Session, page_id: str | None, until: date) -> list[ComparedPage]:
    """Suggestions for Compare: Pages of about the same size as this one, or the largest."""
    return list_alike(session, page_id, until=until)


# --- Several screens


@remembered
def load_notes(
    session: Session,
    since: date,
    until: date,
    page_id: str | None = None,
    tag_id: int | None = None,
) -> Notes:
    """The notes on a chart of one Page, of a tag's Pages, or of all. ``until`` is at most today."""
    scope = Scope(page_id, tag_id)
    everyone = EVERY_PAGE if page_id else Filter(tag_id=tag_id)
    # By fans, the metric with the longest history.
    days = _list_wide(session, since, until, "fans", everyone)
    return Notes(
        own=list_notes(session, since=since, until=until, page_id=page_id, tag_id=tag_id),
        consents=list_consents(session, scope, since=since, until=until),
        outages=list_outages(session, scope, since=since, until=until),
        imports=list_imports(session, scope, since=since, until=until),
        retired=list_retired(session, since=since, until=until),
        platform_wide=[day for day in days if day.is_platform_wide],
    )


@remembered
def find_tags(session: Session, search: str) -> Tags:
    """All tags; if they are too many for a list, the matches of ``search``."""
    count = count_tags(session)
    if count <= MAX_LISTED:
        return Tags(tuple(list_tags(session)), count)
    if not search.strip():
        return Tags((), count)
    return Tags(tuple(list_tags(session, search=search, limit=MAX_TAGS_FOUND)), count)


@remembered
def find_tags_of(session: Session, page_id: str) -> tuple[TagCount, ...]:
    """The tags of one Page, by name."""
    return tuple(list_tags_of(session, page_id))


@remembered
def count_filtered(session: Session, filter: Filter, until: date, tag_id: int | None) -> int:
    """The number of Pages in the filter; with a tag, of those with this tag."""
    return count_pages(session, filter=filter, until=until, tag_id=tag_id)


@remembered
def find_tag_name(session: Session, tag_id: int) -> str | None:
    """The name of a tag; None when it is deleted."""
    tag = find_tag(session, tag_id)
    return None if tag is None else tag.name


@remembered
def find_freshness(session: Session, today: date) -> Freshness:
    """The age of the figures on the UTC day ``today``."""
    return get_freshness(session, today)


def find_accounts(session: Session, now: datetime) -> list[Account]:
    """All accounts with their state, worst first. ``now`` is cut to the hour, for the cache."""
    return _find_accounts(session, now.replace(minute=0, second=0, microsecond=0))


@remembered
def _find_accounts(session: Session, now: datetime) -> list[Account]:
    return list_accounts(session, now)


@remembered
def count_pages_cut_off(session: Session, grant_id: int) -> int:
    """The number of Pages that are not refreshed until this account is renewed."""
    return count_cut_off(session, grant_id)


@remembered
def find_role_lost(session: Session) -> dict[int, NamedPages]:
    """Pages that no account can read since one lost its role on them, by the grant's id."""
    return list_role_lost(session)


@remembered
def find_newest_run(session: Session) -> LastRun | None:
    """The newest refresh; None before the first."""
    run = find_last_run(session, SNAPSHOTS)
    if run is None:
        return None
    return LastRun(
        run.status,
        run.limited_until,
        run.reason_code,
        run.pages_total,
        run.pages_done,
        run.pages_failed,
        run.finished_at,
    )
