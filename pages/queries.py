"""Queries of the screens: one record with everything that a screen shows, cached by `pages.cache`.

A screen calls one ``load_`` function and then only draws. Answers are shared by all tabs and must
not be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from fb.accounts.connections import Account, list_accounts
from pages.cache import remembered
from pages.records import (
    Comparison,
    FilterAddress,
    InsightStatus,
    LastRun,
    Listed,
    Listing,
    MoverOrder,
    Notes,
    Overview,
    PageFigures,
    PageFilter,
    PageTable,
    Tags,
    View,
    Week,
)
from pages.text.insights_text import Answer
from pages.text.periods import A_DAY, Period, clip, last_week, reaches_back
from pages.text.phrases import CONNECTIONS
from storage.accounts.connection_states import CONNECTION_STATES
from storage.accounts.page_profile import PageProfile, find_page_profile
from storage.accounts.page_tokens import find_insight_access
from storage.accounts.pages import has_pages, list_fact_changes
from storage.csv_import.importer import list_import_names
from storage.figures import filter_choices
from storage.figures.comparison import (
    ComparedPage,
    Matches,
    find_matches,
    get_compared_series,
    list_alike,
    list_compared_pages,
)
from storage.figures.filter_choices import Choices
from storage.figures.filters import EVERY_PAGE, Filter, Metric
from storage.figures.health import count_connections, count_cut_off, get_freshness, list_role_lost
from storage.figures.line import LinePoint, load_line
from storage.figures.period_ends import PeriodEnds, load_period_ends
from storage.figures.provenance import find_provenance, find_span
from storage.figures.series import PageHistory, get_page_history, get_page_series
from storage.figures.table import list_sparklines, load_table, make_summary
from storage.figures.totals import list_movers, make_comparable, make_totals, sum_known
from storage.figures.unusual import UnusualDay, list_page_unusual_days, list_wide_days
from storage.insights.metric_ledger import list_ledger
from storage.insights.values import (
    InsightDay,
    PageMetric,
    find_insight_state,
    get_insight_series,
    list_page_metrics,
)
from storage.jobs.runs import SNAPSHOTS, find_last_run
from storage.metrics.forecast import Forecast, Refusal, find_forecast
from storage.metrics.milestones import Milestone, list_milestones_reached
from storage.notes.goals import find_goal
from storage.notes.notes import list_notes
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
    Scope,
    list_consents,
    list_imports,
    list_outages,
    list_retired,
)

SPARKLINE_POINTS = 30
MAX_TAGS_FOUND = 50
UNFOLLOWS = "page_daily_unfollows_unique"

# Questions that storage answers as they are.
find_profile = remembered(find_page_profile)
find_compared = remembered(list_compared_pages)
find_freshness = remembered(get_freshness)
find_role_lost = remembered(list_role_lost)
count_pages_cut_off = remembered(count_cut_off)
_find_accounts = remembered(list_accounts)
_find_goal = remembered(find_goal)
_list_days = remembered(get_page_series)
_list_marks = remembered(list_page_unusual_days)
_list_import_names = remembered(list_import_names)
_list_changes = remembered(list_fact_changes)
_load_compared = remembered(get_compared_series)

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
        week=None
        if week is None
        else _load_week(
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
        days=_list_days(session, page_id, since=before, until=requested.until),
        marks=_list_marks(session, page_id, since=first, until=requested.until, metric=metric),
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
    return find_forecast(_find_history(session, page_id).of(metric), today)


@remembered
def _list_milestones(session: Session, page_id: str, metric: Metric) -> list[Milestone]:
    return list_milestones_reached(_find_history(session, page_id).of(metric))


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
    figures = _load_compared(
        session,
        ids,
        since=period.since,
        until=until,
        previous_since=period.previous_since,
        previous_until=period.previous_until,
    )
    return Comparison(view, requested, pages, figures, notes)


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


def find_accounts(session: Session, now: datetime) -> list[Account]:
    """All accounts with their state, worst first. ``now`` is cut to the hour, for the cache."""
    return _find_accounts(session, now.replace(minute=0, second=0, microsecond=0))


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
