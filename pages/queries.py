"""Queries of the screens: one record with everything that a screen shows, cached by `pages.cache`.

A screen calls one ``load_`` function and then only draws. Answers are shared by all tabs and must
not be changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from fb.accounts.connections import Account, list_accounts
from fb.jobs import sandbox_history
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
    PeriodPosts,
    TagFigures,
    Tags,
    View,
    Week,
)
from pages.text.insights_text import Answer
from pages.text.periods import (
    A_DAY,
    FigureDays,
    Period,
    charted,
    clip,
    find_figure_days,
    last_week,
    reaches_back,
)
from pages.text.phrases import CONNECTIONS
from storage.accounts.connection_states import CONNECTION_STATES
from storage.accounts.page_profile import PageProfile, find_page_profile, list_holders
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
from storage.figures.filters import (
    EVERY_PAGE,
    METRICS,
    Filter,
    Metric,
    filter_of_tag,
    list_page_ids,
)
from storage.figures.health import count_connections, count_cut_off, get_freshness, list_role_lost
from storage.figures.line import LinePoint, load_line, load_line_before
from storage.figures.period_ends import (
    PeriodEnds,
    count_first_days,
    find_newest_day,
    load_period_ends,
)
from storage.figures.provenance import find_provenance, find_span
from storage.figures.series import PageHistory, get_page_history, get_page_series
from storage.figures.table import list_sparklines, load_table, make_summary
from storage.figures.totals import Movers, list_movers, make_comparable, make_totals, sum_known
from storage.figures.unusual import UnusualDay, list_page_unusual_days, list_wide_days
from storage.insights.metric_ledger import list_ledger
from storage.insights.sums import InsightSums, load_insight_sums
from storage.insights.values import (
    InsightDay,
    PageMetric,
    find_insight_state,
    get_insight_series,
    list_page_metrics,
)
from storage.jobs.runs import SNAPSHOTS, RunRecord, find_last_run
from storage.metrics.forecast import Forecast, Refusal, find_forecast
from storage.metrics.milestones import Milestone, list_milestones_reached
from storage.notes.goals import find_goal
from storage.notes.notes import list_notes
from storage.notes.outages import list_outages
from storage.notes.saved_views import find_view, list_views
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
    list_retired,
)
from storage.people.person import Person, load_people_names
from storage.posts.analysis import Age, compare_kinds, in_order, load_post_set, summarize
from storage.posts.details import list_details
from storage.posts.page_posts import (
    Rhythms,
    find_coverage,
    has_posts,
    list_post_days,
    load_rhythms,
)

MAX_TAGS_FOUND = 50
POST_AGE: Age = 7  # days, of the figures of posts beside other figures
BEST_POSTS, NEWEST_POSTS = 5, 10
MAX_DAILY_POINTS = 367  # of a tag's line, as of a Page's in the chart of Compare
UNFOLLOWS = "page_daily_unfollows_unique"

# Questions that storage answers as they are.
has_any_posts = remembered(has_posts)
find_post_days = remembered(list_post_days)
find_profile = remembered(find_page_profile)
find_compared = remembered(list_compared_pages)
find_freshness = remembered(get_freshness)
find_role_lost = remembered(list_role_lost)
list_saved_views = remembered(list_views)
find_saved_view = remembered(find_view)
count_pages_cut_off = remembered(count_cut_off)
find_insight_sums = remembered(load_insight_sums)
_find_accounts = remembered(list_accounts)
_find_goal = remembered(find_goal)
_list_days = remembered(get_page_series)
_list_marks = remembered(list_page_unusual_days)
_list_import_names = remembered(list_import_names)
list_changes = remembered(list_fact_changes)
_load_compared = remembered(get_compared_series)

# --- Overview


@remembered
def load_overview(
    session: Session,
    view: View,
    listing: Listing,
    movers_by: MoverOrder,
    today: date,
    rhythms: Rhythms | None = None,
) -> Overview:
    """Load Overview. ``view.period`` is the requested one; ``today`` is a UTC day.

    ``rhythms``: how often the Pages of the filter publish, for the table.
    """
    days, requested = find_days(session), view.period
    has_changes = days is not None and days[0] != days[1]
    metric, filter = view.metric, view.filter
    first_days = _count_first_days(session, filter, metric)
    last_day = _find_newest_day(session, filter, metric, requested.until)
    figure_days = find_figure_days(first_days, last_day, requested.until) if has_changes else None
    period = clip(requested, figure_days)
    previous = _previous_days(period, None if figure_days is None else figure_days.first_day)
    newest_day = _find_newest_day(session, filter, metric, today)
    week = last_week(today, first_days, newest_day) if has_changes else None
    periods = [(period.since, period.until)]
    periods += [previous] if previous else []
    periods += [(week.since, week.until)] if week else []
    drawn = charted(period)
    is_wider = drawn != period
    if is_wider:
        drawn = clip(drawn, figure_days)
        periods.insert(1, (drawn.since, drawn.until))
    ends, *others = _load_ends(session, filter, *periods)
    drawn_ends = others.pop(0) if is_wider else ends
    line = _load_line(session, drawn_ends, metric, filter) if has_changes else []
    line_before: list[LinePoint] = []
    if has_changes and previous and not is_wider:
        line_before = _load_line_before(session, ends, others[0], metric, filter)
    since, until = drawn.since, period.until
    sums = find_insight_sums(session, until)
    # From the day before on, as the notes ask: one answer serves both.
    wide = _list_wide(session, since - A_DAY, until, metric, filter) if has_changes else []
    return Overview(
        view=replace(view, period=period),
        requested=requested,
        today=today,
        figure_days=figure_days,
        newest_days={each: _find_newest_day(session, filter, each, until) for each in METRICS},
        totals=make_totals(ends, days),
        previous=make_comparable(others[0], metric) if previous else None,
        provenance=find_provenance(session, until),
        table=_load_table(session, ends, metric, filter, listing, sums, rhythms),
        has_changes=has_changes,
        charted=drawn,
        counted=make_comparable(drawn_ends, metric),
        line=line,
        line_before=line_before,
        unusual=[each for each in wide if each.day >= since],
        movers=list_movers(ends, metric, movers_by),
        week=None
        if week is None or not make_comparable(others[-1], metric).pages
        else _load_week(
            session,
            week,
            others[-1],
            metric,
            filter,
            # Mostly the week is a part of the period.
            wide if since <= week.since and week.until <= until else None,
        ),
        notes=load_notes(
            session, since - A_DAY, min(requested.until, today), tag_ids=filter.tag_ids
        ),
        sums=sums,
        sum_totals={} if sums is None else sums.totals(ends.page_ids),
    )


@remembered
def list_day_movers(
    session: Session, filter: Filter, metric: Metric, since: date, until: date
) -> Movers:
    """The Pages that moved most in people from the day before ``since`` to ``until``."""
    (ends,) = load_period_ends(session, filter, (since, until))
    return list_movers(ends, metric, "number")


def _previous_days(period: Period, first_day: date | None) -> tuple[date, date] | None:
    """The days to compare with; None for no comparison, or for days before the first snapshot."""
    if period.previous_since is None or period.previous_until is None:
        return None
    has_figures = reaches_back(period, first_day)
    return (period.previous_since, period.previous_until) if has_figures else None


@remembered
def find_week(session: Session, filter: Filter, metric: Metric, today: date) -> Week | None:
    """The last week of the Pages of a filter, as `load_overview` has it; None for none."""
    first_days = _count_first_days(session, filter, metric)
    newest_day = _find_newest_day(session, filter, metric, today)
    period = last_week(today, first_days, newest_day)
    if period is None:
        return None
    (ends,) = _load_ends(session, filter, (period.since, period.until))
    if not make_comparable(ends, metric).pages:
        return None
    return _load_week(session, period, ends, metric, filter, None)


@remembered
def find_days(session: Session) -> tuple[date, date] | None:
    """The first and the last day with a snapshot of any Page; None before the first."""
    return find_span(session)


@remembered
def _count_first_days(session: Session, filter: Filter, metric: Metric) -> dict[date, int]:
    return count_first_days(session, filter, metric)


@remembered
def _find_newest_day(session: Session, filter: Filter, metric: Metric, until: date) -> date | None:
    return find_newest_day(session, filter, metric, until)


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
def _load_line_before(
    session: Session, ends: PeriodEnds, before: PeriodEnds, metric: Metric, filter: Filter
) -> list[LinePoint]:
    return load_line_before(session, ends, before, metric, filter)


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
    session: Session,
    ends: PeriodEnds,
    metric: Metric,
    filter: Filter,
    listing: Listing,
    sums: InsightSums | None = None,
    rhythms: Rhythms | None = None,
) -> PageTable:
    """``ends`` are the screen's; they are loaded again if the table's search narrows the Pages."""
    narrowed = listing.narrow(filter)
    if narrowed != filter:
        (ends,) = _load_ends(session, narrowed, (ends.since, ends.until))
    values = None
    if rhythms is not None and listing.sort in ("posts_per_week", "last_post"):
        values = rhythms.list_values(listing.sort)
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
        sums=sums,
        values=values,
    )
    page_ids = [row.page_id for row in page.rows]
    return PageTable(
        page=page,
        summary=make_summary(ends, metric),
        trends=list_sparklines(
            session,
            page_ids=page_ids,
            # From the day before, where the change of the period begins.
            since=ends.since - A_DAY,
            until=ends.until,
            metric=metric,
        ),
        until=ends.until,
        holders=list_holders(session, page_ids) if listing.attention else None,
        sums=sums,
        rhythms=rhythms,
    )


@remembered
def list_attention(session: Session, period: Period, filter: Filter, rows_count: int) -> PageTable:
    """The largest Pages that need attention at the end of ``period``, at most ``rows_count``."""
    listing = Listing(attention=True, rows_count=rows_count)
    narrowed = listing.narrow(filter)
    (ends,) = _load_ends(session, narrowed, (period.since, period.until))
    return _load_table(session, ends, "fans", narrowed, listing)


@remembered
def resolve_filter(session: Session, address: FilterAddress) -> PageFilter:
    """The filter of the URL parameters. Unknown values are left out."""
    accounts = {
        each: name
        for each in address.account
        if (name := filter_choices.find_account_name(session, each)) is not None
    }
    categories = [each for each in address.category if filter_choices.has_category(session, each)]
    states = [each for each in CONNECTION_STATES if CONNECTIONS[each] in address.state]
    ids_and_names = [filter_choices.find_tag(session, each) for each in address.tag]
    tags = dict(each for each in ids_and_names if each is not None)
    named = find_compared(session, address.of) if address.of else ()
    pages = {page.page_id: page.name for page in named}
    resolved = {
        "account": accounts,
        "category": categories,
        "state": states,
        "tag": tags,
        "of": pages,
    }
    # Two spellings of a tag are one tag.
    unknown_tags = ids_and_names.count(None)
    filter = Filter(
        account_ids=tuple(accounts),
        categories=tuple(categories),
        states=tuple(states),
        tag_ids=tuple(tags),
        archived="yes" in address.archived,
        page_ids=tuple(pages) or None,
    )
    return PageFilter(
        filter,
        tuple(accounts[each] for each in filter.account_ids),
        tuple(tags[each] for each in filter.tag_ids),
        tuple(
            name
            for name, values in resolved.items()
            if (unknown_tags if name == "tag" else len(set(getattr(address, name))) > len(values))
        ),
        tuple(pages[each] for each in filter.page_ids or ()),
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
    history = _find_history(session, page_id)
    days = [day for day, figure in history.of(metric).items() if figure is not None]
    last_day = max((day for day in days if day <= requested.until), default=None)
    figure_days = find_figure_days(dict.fromkeys(days[:1], 1), last_day, requested.until)
    view = replace(view, period=clip(requested, figure_days))
    drawn_since = charted(view.period).since
    # Of the requested period, since the other metric may begin earlier.
    first = min(requested.since, drawn_since) - A_DAY
    # The change of the first day is against the last figure before it, of whatever age.
    before = max((day for day in history.of(metric) if day < first), default=first)
    return PageFigures(
        view=view,
        requested=requested,
        today=today,
        figure_days=figure_days,
        profile=profile,
        history=history,
        outlook=_find_outlook(session, page_id, metric, today),
        milestones=_list_milestones(session, page_id, metric),
        goal=_find_goal(session, page_id, metric),
        days=_list_days(session, page_id, since=before, until=requested.until),
        marks=_list_marks(session, page_id, since=first, until=requested.until, metric=metric),
        notes=load_notes(
            session, drawn_since - A_DAY, min(requested.until, today), page_id=page_id
        ),
        imports=_list_import_names(session),
        changes=list_changes(session, page_id),
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


# Fetching insights takes minutes and changes the version of the data only when all Pages of an
# account have had their turn, since it clears the cache. So the time of the Page's newest answer,
# ``asked_at``, is part of the key.


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


def load_comparison(
    session: Session, pages: Sequence[ComparedPage], view: View, tags: Sequence[TagCount] = ()
) -> Comparison:
    """Load Compare for these Pages and tags. ``view.period`` is the requested one."""
    requested = view.period
    of_tags = [_find_tag_days(session, tag.id, view.metric, requested.until) for tag in tags]
    spans = [(page.first_day, page.last_day) for page in pages]
    spans += [(days.first_day, days.last_day) for days in of_tags if days is not None]
    first_days = Counter(first_day for first_day, _ in spans if first_day is not None)
    last_day = max((last_day for _, last_day in spans if last_day is not None), default=None)
    figure_days = find_figure_days(first_days, last_day, requested.until)
    view = replace(view, period=clip(requested, figure_days))
    ids = tuple(page.page_id for page in pages)
    period = view.period
    since, until = period.since - A_DAY, period.until
    of_all_pages = load_notes(session, since, requested.until)
    own = {
        row.id: row
        for page_id in ids
        for row in load_notes(session, since, requested.until, page_id=page_id).own
    } | {
        row.id: row
        for tag in tags
        for row in load_notes(session, since, requested.until, tag_ids=(tag.id,)).own
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
    sums = [
        _load_tag(session, tag, period, view.metric, None if days is None else days.first_day)
        for tag, days in zip(tags, of_tags, strict=True)
    ]
    insight_sums = find_insight_sums(session, until)
    return Comparison(view, requested, figure_days, pages, figures, notes, sums, insight_sums)


def _find_tag_days(session: Session, tag_id: int, metric: Metric, until: date) -> FigureDays | None:
    """The days with figures of most of a tag's Pages, as Overview finds them for its filter."""
    filter = filter_of_tag(tag_id)
    last_day = _find_newest_day(session, filter, metric, until)
    return find_figure_days(_count_first_days(session, filter, metric), last_day, until)


@remembered
def _load_tag(
    session: Session, tag: TagCount, period: Period, metric: Metric, first_day: date | None
) -> TagFigures:
    filter, previous = filter_of_tag(tag.id), _previous_days(period, first_day)
    periods = [(period.since, period.until), *([previous] if previous else [])]
    ends, *before = _load_ends(session, filter, *periods)
    # A point a day as far as Compare draws the days of its Pages.
    days = [period.since + number * A_DAY for number in range(-1, period.days_count)]
    drawn = days if len(days) <= MAX_DAILY_POINTS else None
    line = load_line(session, ends, metric, filter, drawn)
    return TagFigures(
        tag=tag,
        line={point.day: point.total for point in line if point.total is not None},
        ends={each: make_comparable(ends, each) for each in METRICS},
        before=make_comparable(before[0], metric) if before else None,
        counts_same=ends.fans.are_comparable() == ends.followers.are_comparable(),
        page_ids=ends.page_ids,
    )


@remembered
def search_pages(session: Session, search: str, limit: int) -> Matches:
    """The first ``limit`` Pages by name that match a search; an empty one matches all."""
    return find_matches(session, search, limit=limit)


@remembered
def search_tags(session: Session, search: str, limit: int) -> tuple[TagCount, ...]:
    """The first ``limit`` tags by name that match a search; an empty one matches all."""
    return tuple(list_tags(session, search=search, limit=limit))


@remembered
def find_compared_tags(session: Session, tag_ids: tuple[int, ...]) -> list[TagCount]:
    """The tags with these ids, in this order; those that are gone are left out."""
    return [tag for tag_id in tag_ids if (tag := find_tag(session, tag_id)) is not None]


@remembered
def list_similar(session: Session, page_id: str | None, until: date) -> list[ComparedPage]:
    """Suggestions for Compare: Pages of about the same size as this one, or the largest."""
    return list_alike(session, page_id, until=until)


# --- Several screens


@remembered
def find_rhythms(session: Session, filter: Filter, until: date, zone: ZoneInfo) -> Rhythms | None:
    """How often the Pages of a filter publish; None before any post is read."""
    return load_rhythms(session, filter, until, zone) if has_posts(session) else None


def find_period_posts(
    session: Session,
    filter: Filter,
    since: date,
    until: date,
    zone: ZoneInfo,
    now: datetime,
    previous: tuple[date, date] | None = None,
) -> PeriodPosts | None:
    """The posts published from ``since`` to ``until``; None before any post is read.

    ``now`` is cut to the hour, for the cache. ``previous``: the days to compare with.
    """
    if not has_any_posts(session):
        return None
    hour = now.replace(minute=0, second=0, microsecond=0)
    return _load_period_posts(session, filter, since, until, zone, hour, previous)


@remembered
def _load_period_posts(
    session: Session,
    filter: Filter,
    since: date,
    until: date,
    zone: ZoneInfo,
    now: datetime,
    previous: tuple[date, date] | None,
) -> PeriodPosts:
    posts = load_post_set(session, filter, since, until, zone, POST_AGE)
    median_before = None
    if previous is not None:
        before = load_post_set(session, filter, *previous, zone, POST_AGE, with_usual=False)
        median_before = summarize(before, now).median_views
    best = [
        post
        for post in posts.list_posts(in_order(posts, "times_usual", descending=True)[:BEST_POSTS])
        if post.times_usual is not None and post.times_usual > 1
    ]
    newest = posts.list_posts(posts.newest[:NEWEST_POSTS])
    return PeriodPosts(
        since=since,
        until=until,
        zone=zone,
        summary=summarize(posts, now),
        median_before=median_before,
        kinds=compare_kinds(posts),
        coverage=find_coverage(session, filter, since, until),
        best=best,
        newest=newest,
        details=list_details(session, [post.id for post in (*best, *newest)]),
    )


@remembered
def load_notes(
    session: Session,
    since: date,
    until: date,
    page_id: str | None = None,
    tag_ids: tuple[int, ...] = (),
) -> Notes:
    """The notes on a chart of one Page, of some tags' Pages, or of all.

    ``until`` is at most today.
    """
    scope = Scope(page_id, tag_ids)
    everyone = EVERY_PAGE if page_id else Filter(tag_ids=tag_ids)
    # By fans, the metric with the longest history.
    days = _list_wide(session, since, until, "fans", everyone)
    return Notes(
        own=list_notes(session, since=since, until=until, page_id=page_id, tag_ids=tag_ids),
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


def find_authors(session: Session, by: Person, keys: Iterable[str | None]) -> dict[str, str]:
    """The present names of the people with these keys, for ``by``; empty without a sign-in.

    Not remembered: a name changes without a change of figures.
    """
    return load_people_names(session, keys) if by.id is not None else {}


@remembered
def count_filtered(session: Session, filter: Filter, until: date, tag_id: int | None) -> int:
    """The number of Pages in the filter; with a tag, of those with this tag."""
    return count_pages(session, filter=filter, until=until, tag_id=tag_id)


@remembered
def find_ticked(
    session: Session, page_ids: tuple[str, ...], narrowed: Filter, until: date
) -> tuple[tuple[str, ...], int]:
    """Those of these Pages that are still there, and how many of them ``narrowed`` leaves.

    Archived ones are only there among the archived Pages.
    """
    archived = None if narrowed.archived else False
    ids = list_page_ids(session, Filter(page_ids=page_ids, archived=archived), until)
    both = ids if narrowed.page_ids is None else set(ids).intersection(narrowed.page_ids)
    listed = count_pages(session, filter=replace(narrowed, page_ids=tuple(both)), until=until)
    return tuple(sorted(ids)), listed


@remembered
def find_tag_name(session: Session, tag_id: int) -> str | None:
    """The name of a tag; None when it is deleted."""
    tag = find_tag(session, tag_id)
    return None if tag is None else tag.name


def find_accounts(session: Session, now: datetime) -> list[Account]:
    """All accounts with their state, worst first. ``now`` is cut to the hour, for the cache."""
    return _find_accounts(session, now.replace(minute=0, second=0, microsecond=0))


@remembered
def find_unfinished_history(session: Session) -> RunRecord | None:
    """The sandbox's unfinished history as it was when the data changed last; its days go on."""
    return sandbox_history.find_unfinished(session)


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
