"""Queries of the screens: what each shows, as one record, remembered per version of the data.

A screen asks once and then only draws. The version of the data is part of every key, so an answer
is never older than what is stored; it is looked up once per session. Answers are shared by every
tab: nobody may change one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast

from sqlalchemy.orm import Session

from fb.accounts.accounts import Account, list_accounts
from pages.text.insights_text import Answer
from pages.text.periods import A_DAY, Period, clip, last_week, reaches_back
from pages.text.phrases import CONNECTIONS
from storage import metrics
from storage.accounts.connection_states import CONNECTION_STATES
from storage.accounts.page_profile import PageProfile, find_page_profile
from storage.accounts.page_tokens import InsightAccess, find_insight_access
from storage.accounts.pages import FactChange, has_pages, list_fact_changes
from storage.csv_import.importer import list_import_names
from storage.db.installation import get_data_version
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

P = ParamSpec("P")
R = TypeVar("R")

MAX_ANSWERS = 500
ROWS = 25
SPARKLINE_POINTS = 30
MAX_TAGS_FOUND = 50
UNFOLLOWS = "page_daily_unfollows_unique"

MoverOrder = Literal["number", "rate"]
Listed = Literal["account", "category", "tag"]

_answers: OrderedDict[Any, Any] = OrderedDict()
_lock = threading.Lock()


def remembered(
    load: Callable[Concatenate[Session, P], R],
) -> Callable[Concatenate[Session, P], R]:
    """Keep the newest MAX_ANSWERS answers of all questions; arguments have to be hashable."""

    @wraps(load)
    def answer(session: Session, *args: P.args, **kwargs: P.kwargs) -> R:
        key = _key(load, session, args, kwargs)
        with _lock:
            if key in _answers:
                _answers.move_to_end(key)
                kept: R = _answers[key]
                return kept
        new = load(session, *args, **kwargs)
        with _lock:
            _answers[key] = new
            if len(_answers) > MAX_ANSWERS:
                _answers.popitem(last=False)
        return new

    return cast("Callable[Concatenate[Session, P], R]", answer)


def get_version(session: Session) -> str:
    """Whose data the session reads, and how often it has changed."""
    if "data_version" not in session.info:
        url = session.get_bind().engine.url.render_as_string()
        session.info["data_version"] = f"{url} {get_data_version(session)}"
    version: str = session.info["data_version"]
    return version


def forget_answers() -> None:
    """Answer every question anew from here on, as after a restart."""
    with _lock:
        _answers.clear()


def is_remembered(load: Callable[..., Any], session: Session, *args: Any) -> bool:
    """Whether a question of this module would be answered at once."""
    with _lock:
        return _key(load, session, args, {}) in _answers


def _key(load: Callable[..., Any], session: Session, args: Any, kwargs: dict[str, Any]) -> Any:
    return load.__qualname__, get_version(session), args, tuple(kwargs.items())


@dataclass(frozen=True)
class View:
    """What a screen looks at: the days and those they are compared with, one metric, some Pages."""

    period: Period
    metric: Metric = "fans"
    filter: Filter = EVERY_PAGE


@dataclass(frozen=True)
class Listing:
    """Which rows the table of Pages shows; search and attention narrow the table alone.

    ``number`` counts pages of ``rows_count`` rows from 1; beyond the last one the last is shown.
    """

    sort: SortKey = "fans"
    descending: bool = True
    number: int = 1
    search: str = ""
    attention: bool = False
    rows_count: int = ROWS

    def narrow(self, filter: Filter) -> Filter:
        """The filter of the table's rows."""
        return replace(filter, search=self.search, attention=self.attention)


@dataclass(frozen=True, eq=False)
class PageTable:
    """One page of the table, with the sparklines of its rows by Page id. Equal only to itself."""

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
    """What is known about the days of a chart: operators' own notes, and what Pagekeeper saw."""

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

    ``view.period`` is the part of ``asked`` with snapshots. ``has_changes`` is False while all
    snapshots are of one day: then there is no line, no mover and no week yet.
    """

    view: View
    asked: Period
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
    """Everything that one Page's screen shows of a metric, but for views and engagement.

    ``view.period`` is the part of ``asked`` with snapshots. ``days`` are those of the table, with
    the last figure before them. ``imports`` are file names and days by source.
    """

    view: View
    asked: Period
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
    """Everything that Compare shows of some Pages. ``notes`` are of all Pages and of each."""

    view: View
    asked: Period
    pages: Sequence[ComparedPage]
    figures: dict[str, dict[Metric, Figures]]
    notes: Notes


@dataclass(frozen=True)
class LastRun:
    """How the newest refresh ended; see `storage.models.JobRun`."""

    status: str
    limited_until: datetime | None
    reason_code: int | None
    total: int
    done: int
    failed: int
    finished_at: datetime | None = None


@dataclass(frozen=True)
class FilterAddress:
    """What the address asks to filter by, as it says it; empty where it says nothing."""

    account: str = ""
    category: str = ""
    state: str = ""
    tag: str = ""


@dataclass(frozen=True)
class PageFilter:
    """What such an address means: the filter, and the names of what is in it.

    ``unknown`` names the parameters that nothing here answers to; they are not in the filter.
    """

    filter: Filter = EVERY_PAGE
    account_name: str | None = None
    tag_name: str | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tags:
    """The tags to choose from, by name. More than can be listed are searched instead."""

    listed: tuple[TagCount, ...]
    count: int

    @property
    def is_searched(self) -> bool:
        """Whether ``listed`` are only what a search found; empty without one."""
        return self.count > MAX_LISTED


@dataclass(frozen=True)
class InsightStatus:
    """Whether a Page's insights can be had, and how it answered last."""

    access: InsightAccess
    answer: Answer | None

    @property
    def asked_at(self) -> datetime | None:
        """When the Page was last asked; None for never."""
        return None if self.answer is None else self.answer.asked_at


# --- Overview


@remembered
def load_overview(
    session: Session, view: View, listing: Listing, movers_by: MoverOrder, today: date
) -> Overview:
    """What Overview shows. ``view.period`` is what the operator asked for; ``today`` is UTC."""
    days, asked = find_days(session), view.period
    has_changes = days is not None and days[0] != days[1]
    period = clip(asked, *days) if days is not None and has_changes else asked
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
        asked=asked,
        first_day=days and days[0],
        totals=make_totals(ends, days),
        previous=make_comparable(others[0], metric) if previous else None,
        provenance=find_provenance(session, until),
        table=_load_table(session, ends, metric, filter, listing),
        has_changes=has_changes,
        line=line,
        unusual=[each for each in wide if each.day >= since],
        movers=list_movers(ends, metric, movers_by),
        week=None if week is None else _load_week(session, week, others[-1], metric, filter),
        notes=load_notes(session, since - A_DAY, min(until, today), tag_id=filter.tag_id),
    )


def _previous_days(period: Period, first_day: date | None) -> tuple[date, date] | None:
    """The days to compare with; None where there can be no figures of them."""
    if period.previous_since is None or period.previous_until is None:
        return None
    is_there = reaches_back(period, first_day)
    return (period.previous_since, period.previous_until) if is_there else None


@remembered
def find_days(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    return find_span(session)


@remembered
def is_empty(session: Session) -> bool:
    """Whether no account has brought a Page here yet."""
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
    session: Session, period: Period, ends: PeriodEnds, metric: Metric, filter: Filter
) -> Week:
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
        unusual=tuple(_list_wide(session, period.since, period.until, metric, filter)),
    )


@remembered
def _load_table(
    session: Session, ends: PeriodEnds, metric: Metric, filter: Filter, listing: Listing
) -> PageTable:
    """``ends`` are the screen's; they are read anew where the table's own search narrows it."""
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
            # From the day before on: there the change of the period begins.
            since=ends.since - A_DAY,
            until=ends.until,
            metric=metric,
        ),
        total_trend=_thin(_load_line(session, ends, metric, narrowed)),
    )


def _thin(line: Sequence[LinePoint]) -> list[int]:
    """At most SPARKLINE_POINTS totals, the last one among them."""
    totals = [point.total for point in line if point.total is not None]
    step = max(1, -(-len(totals) // SPARKLINE_POINTS))
    return totals[::-1][::step][::-1]


@remembered
def resolve_filter(session: Session, address: FilterAddress) -> PageFilter:
    """The filter that an address means. What names nothing here is left out."""
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
    """What can be chosen in the filter, where it is too much to list by a search."""
    match name:
        case "account":
            return filter_choices.list_accounts(session, search)
        case "category":
            return filter_choices.list_categories(session, search)
        case "tag":
            return filter_choices.list_tags(session, search)


@remembered
def count_states(session: Session) -> dict[str, int]:
    """How many Pages are in each state of connection, by the word for it."""
    counts = count_connections(session)
    return {CONNECTIONS[state]: count for state, count in counts.items()}


# --- Page


@remembered
def find_profile(session: Session, page_id: str) -> PageProfile | None:
    """What is known about one Page; None when no account ever brought it here."""
    return find_page_profile(session, page_id)


def load_page(session: Session, profile: PageProfile, view: View, today: date) -> PageFigures:
    """What one Page's screen shows. ``view.period`` is what was asked for; ``today`` is UTC."""
    asked, metric, page_id = view.period, view.metric, profile.id
    if profile.first_day is not None and profile.last_day is not None:
        view = replace(view, period=clip(asked, profile.first_day, profile.last_day))
    period = view.period
    history = _find_history(session, page_id)
    first = period.since - A_DAY
    # The change of the first day is against the last figure before it, however old.
    before = max((day for day in history.of(metric) if day < first), default=first)
    return PageFigures(
        view=view,
        asked=asked,
        profile=profile,
        history=history,
        outlook=_find_outlook(session, page_id, metric, today),
        milestones=_list_milestones(session, page_id, metric),
        goal=_find_goal(session, page_id, metric),
        days=_list_days(session, page_id, before, asked.until),
        marks=_list_marks(session, page_id, first, asked.until, metric),
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
    """How the Page stands at this moment: two look-ups by key, so never remembered."""
    state = find_insight_state(session, page_id)
    answer = None
    if state is not None:
        answer = Answer(state.state, state.code, state.trace_id, state.asked_at)
    return InsightStatus(find_insight_access(session, page_id), answer)


# Insights arrive for minutes without a new version of the data, which would empty every answer of
# every screen again and again. So ``asked_at``, when the Page was last asked, is an argument too.


@remembered
def list_insight_metrics(
    session: Session, page_id: str, asked_at: datetime | None
) -> list[PageMetric]:
    """The metrics with history for a Page, in the order of the ledger."""
    return list_page_metrics(session, page_id)


@remembered
def list_insight_days(
    session: Session, page_id: str, asked_at: datetime | None, metric: str, since: date, until: date
) -> list[InsightDay]:
    """One metric's figures of a period of Pacific days."""
    return get_insight_series(session, page_id, metric, since=since, until=until)


@remembered
def has_unfollows(session: Session) -> bool:
    """Whether Facebook gives the number of those who stopped following."""
    return any(row.name == UNFOLLOWS and row.status == "live" for row in list_ledger(session))


# --- Compare


@remembered
def find_compared(session: Session, page_ids: tuple[str, ...]) -> list[ComparedPage]:
    """The Pages with these ids, in this order, without those that are not here."""
    return list_compared_pages(session, page_ids)


def load_comparison(session: Session, pages: Sequence[ComparedPage], view: View) -> Comparison:
    """What Compare shows of Pages. ``view.period`` is what was asked for."""
    asked = view.period
    days = [day for page in pages for day in (page.first_day, page.last_day) if day is not None]
    if days:
        view = replace(view, period=clip(asked, min(days), max(days)))
    ids = tuple(page.page_id for page in pages)
    period = view.period
    since, until = period.since - A_DAY, period.until
    everybody = load_notes(session, since, until)
    own = {
        row.id: row
        for page_id in ids
        for row in load_notes(session, since, until, page_id=page_id).own
    }
    # What else is known of a Page stands on its own screen: of five it would be too much.
    notes = Notes(own=tuple(own.values()), platform_wide=everybody.platform_wide)
    return Comparison(view, asked, pages, _load_compared(session, ids, period), notes)


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
    """The Pages that a search finds and that are not compared yet."""
    return find_matches(session, search, without=without)


@remembered
def list_similar(session: Session, page_id: str | None, until: date) -> list[ComparedPage]:
    """Pages to begin with: like this one in size, or the largest."""
    return list_alike(session, page_id, until=until)


# --- What several screens show


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
    # Judged by fans, which every Page was counted by first.
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
    """Every tag, or those that ``search`` finds where there are too many to list."""
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
    """How many Pages the filter leaves; with a tag, how many of them are in it."""
    return count_pages(session, filter=filter, until=until, tag_id=tag_id)


@remembered
def find_tag_name(session: Session, tag_id: int) -> str | None:
    """What a tag is called; None when it is gone."""
    tag = find_tag(session, tag_id)
    return None if tag is None else tag.name


@remembered
def find_freshness(session: Session, today: date) -> Freshness:
    """How fresh the figures are."""
    return get_freshness(session, today)


def find_accounts(session: Session, now: datetime) -> list[Account]:
    """Every account and how it stands at ``now``, give or take an hour; worst first."""
    return _find_accounts(session, now.replace(minute=0, second=0, microsecond=0))


@remembered
def _find_accounts(session: Session, now: datetime) -> list[Account]:
    return list_accounts(session, now)


@remembered
def count_pages_cut_off(session: Session, grant_id: int) -> int:
    """How many Pages wait for one account to be renewed."""
    return count_cut_off(session, grant_id)


@remembered
def find_role_lost(session: Session) -> dict[int, NamedPages]:
    """Pages that nobody may read since somebody lost the role on them, by the account's grant."""
    return list_role_lost(session)


@remembered
def find_newest_run(session: Session) -> LastRun | None:
    """The refresh that began last; None before the first."""
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
