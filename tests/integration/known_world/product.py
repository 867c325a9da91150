"""Adapter: the one module here that knows the product's own functions, for writing and for asking.

When storage or a query changes its interface, only this module changes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pages import queries, records
from pages.charts.compare_series import days_to_draw, values_on
from pages.parts.compare import export as compare_export
from pages.parts.compare.compare_text import Row as ComparedWords
from pages.parts.compare.compare_text import labels_of, row_of
from pages.parts.overview import digest, overview_text
from pages.parts.page import page_tiles
from pages.text.periods import Period
from pages.ui.tiles import Tile
from storage.accounts.grants import (
    GrantFacts,
    PageAccess,
    find_grant_by_account,
    save_grant,
    set_grant_status,
    set_page_grant_status,
    upsert_page_grants,
)
from storage.accounts.page_profile import find_page_profile
from storage.accounts.pages import PageReport
from storage.accounts.vault import Vault
from storage.csv_import.importer import import_figures, undo_import
from storage.csv_import.reader import read_file
from storage.db.engine import Database
from storage.export.csv_xlsx import make_file
from storage.export.tables import GAINED, LOST, ExportQuery, export_daily_figures, export_page_table
from storage.figures import filter_choices, totals, unusual
from storage.figures.comparison import (
    ComparedPage,
    Figures,
    get_compared_series,
    list_compared_pages,
)
from storage.figures.filters import Filter as StoredFilter
from storage.figures.health import count_connections, get_freshness
from storage.figures.line import MAX_DAILY_DAYS, load_line
from storage.figures.line import LinePoint as StoredPoint
from storage.figures.period_ends import PeriodEnds, load_period_ends
from storage.figures.provenance import Provenance, find_provenance, find_span
from storage.figures.reports import store_reports
from storage.figures.series import get_page_series
from storage.figures.snapshots import FROM_FACEBOOK, SnapshotRow, upsert_snapshots
from storage.figures.table import SummaryRow as StoredSummary
from storage.figures.table import TableRow, list_sparklines, load_table, make_summary
from storage.insights.values import ValueRow, upsert_values
from storage.metrics import formulas
from storage.metrics.changes import DailyChange, find_best_day, find_worst_day
from storage.models import Base
from storage.notes import tags
from tests.integration.known_world.records import (
    Change,
    Comparable,
    CompareAnswer,
    ComparedRow,
    Filter,
    Freshness,
    LinePoint,
    ListedPage,
    Metric,
    Mover,
    Origin,
    Overview,
    PageAnswer,
    Row,
    StoredDay,
    SummaryRow,
    Table,
    Totals,
    UnusualDay,
    View,
)
from tests.integration.known_world.records import Figures as ReportedFigures

GRAPH_VERSION = "v26.0"
# Of longer periods the lines of many Pages have a point a week.
POINT_A_WEEK_BEYOND_DAYS = MAX_DAILY_DAYS
A_DAY = timedelta(days=1)
NO_TAG = -1
_KEPT_TABLES = {"installation", "insight_metrics"}
_VAULT = Vault([Fernet.generate_key().decode()])
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def fetched_on(day: date) -> datetime:
    """When a day's figures are fetched unless a test says otherwise."""
    return datetime.combine(day, time(6, 5), tzinfo=UTC)


def empty(database: Database) -> None:
    """Delete all rows but those that a migration makes."""
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in _KEPT_TABLES:
                session.execute(delete(table))


class Store:
    """A database, written to as the product writes: by connecting, refreshing, importing."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def connect(self, account: str, pages: Sequence[ListedPage], now: datetime) -> None:
        """Save what an account's trip brought: grant, Pages, page grants, figures of the day."""
        facts = GrantFacts(account, f"Account {account}", (), (), now, None, None)
        reports = [
            PageReport(
                id=page.id,
                name=page.name,
                category=page.category,
                is_published=page.is_published,
                fans_count=page.fans,
                followers_count=page.followers,
                depth="full" if page.has_figures else "basic",
            )
            for page in pages
        ]
        accesses = [
            PageAccess(page.id, page.tasks, _VAULT.seal_page_token(account, page.id, "a token"))
            for page in pages
        ]
        with self.database.writing() as session:
            sealed = _VAULT.seal_user_token(account, "a user token")
            grant_id = save_grant(session, facts, sealed, now)
            store_reports(session, reports, now, GRAPH_VERSION)
            upsert_page_grants(session, grant_id, accesses, now)

    def report(self, rows: Sequence[ReportedFigures], fetched_at: datetime | None = None) -> None:
        """Store what Facebook reported for these days; fetched at 06:05 of each unless said."""
        with self.database.writing() as session:
            upsert_snapshots(
                session,
                [
                    SnapshotRow(
                        row.page_id,
                        row.day,
                        row.fans,
                        row.followers,
                        FROM_FACEBOOK,
                        fetched_at or fetched_on(row.day),
                        GRAPH_VERSION,
                    )
                    for row in rows
                ],
            )

    def import_file(self, rows: Sequence[ReportedFigures], now: datetime) -> int | None:
        """Take in a file of past figures; the import's id, None where it had no new day."""
        lines = ["page_id,date,fans,followers"]
        for row in rows:
            cells = ("" if figure is None else str(figure) for figure in (row.fans, row.followers))
            lines.append(",".join((row.page_id, row.day.isoformat(), *cells)))
        text = "\n".join(lines).encode()
        with self.database.writing() as session:
            figures = read_file(io.BytesIO(text), now.date())
            return import_figures(session, figures, "past.csv", now)

    def undo(self, import_id: int, now: datetime) -> None:
        """Take an import back."""
        with self.database.writing() as session:
            undo_import(session, import_id, now)

    def tag(self, name: str, page_ids: Sequence[str]) -> None:
        """Make a tag and put these Pages into it."""
        with self.database.writing() as session:
            tag_id = tags.create_tag(session, name, _LONG_AGO)
            for page_id in page_ids:
                tags.tag_page(session, tag_id, page_id, _LONG_AGO)

    def set_account_status(self, account: str, status: str, now: datetime) -> None:
        """Say that an account needs renewal, is frozen, or works again."""
        with self.database.writing() as session:
            set_grant_status(
                session, _grant_id(session, account), status, code=None, subcode=None, now=now
            )

    def set_page_status(self, account: str, page_id: str, status: str, now: datetime) -> None:
        """Say what became of one Page of an account; any status but "ok" ends its token."""
        with self.database.writing() as session:
            grant_id = _grant_id(session, account)
            set_page_grant_status(
                session, page_id, grant_id, status, code=None, subcode=None, now=now
            )

    def report_moves(self, rows: Sequence[tuple[str, date, int, int]], now: datetime) -> None:
        """Store Facebook's own (Page, day, gained, lost)."""
        with self.database.writing() as session:
            upsert_values(
                session,
                [
                    ValueRow(page_id, name, day, value, now, GRAPH_VERSION)
                    for page_id, day, gained, lost in rows
                    for name, value in ((GAINED, gained), (LOST, lost))
                ],
            )


def ask_overview(session: Session, view: View) -> Overview:
    """Every figure of Overview, on exactly the days of the view."""
    filter = _stored_filter(session, view.filter)
    ends, previous = _load_ends(session, view, filter)
    line = load_line(session, ends, view.metric, filter)
    attention = _narrowed(filter, Filter(attention=True))
    freshness = get_freshness(session, view.until)
    return Overview(
        totals=_totals(totals.make_totals(ends, find_span(session))),
        previous=None
        if previous is None
        else _comparable(totals.make_comparable(previous, view.metric)),
        line=_line(line),
        line_sparkline=queries._thin(line),
        movers_by_number=_movers(totals.list_movers(ends, view.metric, "number")),
        movers_by_rate=_movers(totals.list_movers(ends, view.metric, "rate")),
        unusual=list_unusual(session, view),
        attention_count=tags.count_pages(session, filter=attention, until=view.until),
        table=_ask_table(session, view, _narrowed(filter, view.filter)),
        origin=_origin(find_provenance(session, view.until)),
        freshness=Freshness(
            freshness.last_refreshed_at, freshness.last_day, freshness.has_readable
        ),
        connections={str(state): count for state, count in count_connections(session).items()},
    )


def list_unusual(session: Session, view: View) -> list[UnusualDay]:
    """The days on which any Page rose or fell beyond its noise."""
    filter = _stored_filter(session, view.filter)
    # The screens ask for the days beyond a limit only; the counts of every day are as good.
    metric: Any = view.metric
    moved = unusual._count_moved(session, view.since, view.until, metric, filter)
    judged = unusual._count_judged(session, moved, metric, filter, view.until)
    return [UnusualDay(day, judged[day], *counts) for day, counts in moved.items()]


def show_overview(session: Session, view: View) -> tuple[View, Overview]:
    """What the screen itself shows, and the view on the days to which it is cut."""
    sort: Any = view.sort
    asked = records.View(_period(view), view.metric, _stored_filter(session, view.filter))
    listing = records.Listing(
        sort, view.descending, view.number, view.filter.search, view.filter.attention
    )
    by_number, by_rate = (
        queries.load_overview(session, asked, listing, by, view.until) for by in ("number", "rate")
    )
    period = by_number.view.period
    previous = None
    if by_number.previous and period.previous_since and period.previous_until:
        previous = (period.previous_since, period.previous_until)
    cut = replace(view, since=period.since, until=period.until, previous=previous)
    answer = ask_overview(session, cut)
    table, summary = by_number.table, by_number.table.summary
    answer = replace(
        answer,
        totals=_totals(by_number.totals),
        previous=None if by_number.previous is None else _comparable(by_number.previous),
        origin=_origin(by_number.provenance),
        table=Table(
            tuple(map(_row, table.page.rows)),
            table.page.rows_count,
            summary.comparable_count,
            _summary(summary.total),
            _summary(summary.median),
            table.trends,
        ),
    )
    if by_number.has_changes:
        answer = replace(
            answer,
            line=_line(by_number.line),
            movers_by_number=_movers(by_number.movers),
            movers_by_rate=_movers(by_rate.movers),
        )
    # Beyond the last page of the table the last one is shown.
    last = max(1, -(-table.page.rows_count // records.ROWS))
    return replace(cut, number=min(view.number, last)), answer


def ask_page(session: Session, page_id: str, view: View) -> PageAnswer:
    """What a Page's screen shows."""
    figures = _load_page(session, page_id, view)
    days = [day for day in figures.days if view.since <= day.day <= view.until]
    profile, by_day = figures.profile, figures.history.of(view.metric)
    changes = page_tiles.changes_in(by_day, _period(view))
    start, end = formulas.ends_of_period(by_day, view.since, view.until)
    last_day = profile.last_day
    newest = get_page_series(session, page_id, since=last_day, until=last_day) if last_day else []
    return PageAnswer(
        days=[
            StoredDay(
                day.day,
                day.fans,
                day.followers,
                day.source,
                day.fetched_at,
                day.graph_version,
            )
            for day in days
        ],
        sources=[(day.fans_source, day.followers_source) for day in days],
        start=start,
        end=end,
        changes=[_change(each) for each in changes],
        best=_found(find_best_day(changes)),
        worst=_found(find_worst_day(changes)),
        marks={
            day: str(mark) for day, mark in figures.marks.items() if view.since <= day <= view.until
        },
        connection=profile.connection,
        first_day=profile.first_day,
        last_day=last_day,
        last_fetched_at=newest[-1].fetched_at if newest else None,
    )


def ask_compare(session: Session, page_ids: Sequence[str], view: View) -> CompareAnswer:
    """What Compare shows of these Pages."""
    pages, series, rows = _compare(session, page_ids, view)
    days = days_to_draw(view.since, view.until)
    return CompareAnswer(
        days=days,
        lines={page.page_id: values_on(days, series[page.page_id][view.metric]) for page in pages},
        rows=[
            ComparedRow(
                row.page_id,
                row.fans,
                row.followers,
                row.start,
                row.net,
                row.net_delta,
                row.growth_percent,
                row.growth_delta,
                row.weekly_percent,
                row.per_day,
                row.best_change,
                row.best_day,
                row.fan_follower_ratio,
                row.days_with,
            )
            for row in rows
        ],
    )


def export_daily(database: Database, view: View) -> bytes:
    """The daily figures of the view as the product's CSV file."""
    with database.reading() as session:
        return export_daily_figures(session, _query(session, view), "csv")


def export_rows(database: Database, view: View) -> bytes:
    """The whole table of the view as the product's CSV file."""
    sort: Any = view.sort
    with database.reading() as session:
        return export_page_table(
            session, _query(session, view), "csv", sort=sort, descending=view.descending
        )


def export_compared(database: Database, page_ids: Sequence[str], view: View) -> bytes:
    """The table of Compare as the product's CSV file."""
    with database.reading() as session:
        pages, _, rows = _compare(session, page_ids, view)
    listed = compare_export.list_rows(pages, rows, _period(view))
    return make_file(compare_export.columns(view.metric), listed, "csv")


def say_overview(session: Session, view: View) -> list[str]:
    """The tiles of Overview, who is counted, and the last week, in the words of the screen."""
    filter = _stored_filter(session, view.filter)
    ends, previous = _load_ends(session, view, filter)
    shown = totals.make_totals(ends, find_span(session))
    compared = shown.of(view.metric)
    before = None if previous is None else totals.make_comparable(previous, view.metric)
    provenance = find_provenance(session, view.until)
    tiles = overview_text.tiles(shown, before, view.metric, _period(view), provenance)
    metric: Any = view.metric
    wide = unusual.list_wide_days(
        session, since=view.since, until=view.until, metric=metric, filter=filter
    )
    attention = _narrowed(filter, Filter(attention=True))
    week = records.Week(
        _period(view),
        view.metric,
        compared.every,
        totals.sum_known(ends.of(view.metric).newest),
        compared,
        totals.list_movers(ends, view.metric, "number"),
        tags.count_pages(session, filter=attention, until=view.until),
        tuple(wide),
    )
    counted = overview_text.counted_pages(compared, shown.pages_count, view.metric, 0)
    return [*map(_say_tile, tiles), counted, *digest.to_text(digest.write(week)).splitlines()]


def say_page(session: Session, page_id: str, view: View) -> list[str]:
    """The tiles of a Page's screen, in its words, on exactly the days of the view."""
    figures = _load_page(session, page_id, view)
    asked = replace(figures.view, period=figures.requested)
    return [_say_tile(tile) for tile in page_tiles.tiles(replace(figures, view=asked))]


def _load_page(session: Session, page_id: str, view: View) -> records.PageFigures:
    profile = find_page_profile(session, page_id)
    assert profile is not None
    return queries.load_page(session, profile, records.View(_period(view), view.metric), view.until)


def _load_ends(
    session: Session, view: View, filter: StoredFilter
) -> tuple[PeriodEnds, PeriodEnds | None]:
    periods = [(view.since, view.until)] + ([view.previous] if view.previous else [])
    ends, *previous = load_period_ends(session, filter, *periods)
    return ends, previous[0] if previous else None


def _ask_table(session: Session, view: View, filter: StoredFilter) -> Table:
    (ends,) = load_period_ends(session, filter, (view.since, view.until))
    sort: Any = view.sort
    page = load_table(
        session,
        ends,
        view.metric,
        filter,
        sort=sort,
        descending=view.descending,
        limit=records.ROWS,
        offset=(view.number - 1) * records.ROWS,
    )
    summary = make_summary(ends, view.metric)
    return Table(
        rows=tuple(_row(row) for row in page.rows),
        rows_count=page.rows_count,
        comparable_count=summary.comparable_count,
        total=_summary(summary.total),
        median=_summary(summary.median),
        sparklines=list_sparklines(
            session,
            page_ids=[row.page_id for row in page.rows],
            since=view.since - A_DAY,
            until=view.until,
            metric=view.metric,
        ),
    )


def _compare(
    session: Session, page_ids: Sequence[str], view: View
) -> tuple[list[ComparedPage], dict[str, dict[Metric, Figures]], list[ComparedWords]]:
    previous = view.previous or (None, None)
    pages = list_compared_pages(session, page_ids)
    series = get_compared_series(
        session,
        page_ids,
        since=view.since,
        until=view.until,
        previous_since=previous[0],
        previous_until=previous[1],
    )
    rows = [
        row_of(page, label, series[page.page_id], view.metric, _period(view))
        for page, label in zip(pages, labels_of(pages), strict=True)
    ]
    return pages, series, rows


def _query(session: Session, view: View) -> ExportQuery:
    filter = _narrowed(_stored_filter(session, view.filter), view.filter)
    return ExportQuery(view.since, view.until, view.metric, filter)


def _stored_filter(session: Session, filter: Filter) -> StoredFilter:
    tag = filter_choices.find_tag(session, filter.tag) if filter.tag else None
    state: Any = filter.state
    return StoredFilter(
        account_id=filter.account,
        category=filter.category,
        state=state,
        tag_id=None if filter.tag is None else NO_TAG if tag is None else tag[0],
    )


def _narrowed(stored: StoredFilter, filter: Filter) -> StoredFilter:
    return StoredFilter(
        filter.search,
        filter.attention,
        stored.account_id,
        stored.category,
        stored.state,
        stored.tag_id,
    )


def _period(view: View) -> Period:
    since, until = view.previous or (None, None)
    return Period("28 days", view.since, view.until, since, until)


def _grant_id(session: Session, account: str) -> int:
    grant = find_grant_by_account(session, account)
    assert grant is not None
    return grant.id


def _totals(of: totals.Totals) -> Totals:
    return Totals(
        of.pages_count,
        of.pages_added_count,
        of.fans_total,
        of.followers_total,
        of.fans_stale_count,
        of.followers_stale_count,
        _comparable(of.fans),
        _comparable(of.followers),
        of.first_day,
        of.last_day,
    )


def _comparable(of: totals.Comparable) -> Comparable:
    return Comparable(
        of.pages,
        of.start,
        of.end,
        of.left_out_joined,
        of.left_out_no_count,
        of.left_out_silent,
        of.left_out_gap,
    )


def _line(points: Sequence[StoredPoint]) -> list[LinePoint]:
    return [LinePoint(each.day, each.total, each.change) for each in points]


def _movers(movers: totals.Movers) -> tuple[list[Mover], list[Mover]]:
    up, down = (
        [Mover(m.page_id, m.name, m.start, m.net, m.rate_percent) for m in some]
        for some in (movers.up, movers.down)
    )
    return up, down


def _origin(of: Provenance | None) -> Origin | None:
    if of is None:
        return None
    return Origin(of.day, of.fetched_at, of.sources, of.graph_versions)


def _row(row: TableRow) -> Row:
    return Row(
        row.page_id,
        row.name,
        row.category,
        row.fans,
        row.followers,
        row.start,
        row.end,
        row.net,
        row.growth_percent,
        row.connection,
        row.figure_day,
        row.updated_at,
    )


def _summary(row: StoredSummary) -> SummaryRow:
    return SummaryRow(row.fans, row.followers, row.net, row.growth_percent)


def _change(found: DailyChange) -> Change:
    return Change(found.day, found.figure, found.change, found.days_count)


def _found(found: DailyChange | None) -> Change | None:
    return None if found is None else _change(found)


def _say_tile(tile: Tile) -> str:
    return " | ".join(str(part) for part in (tile.label, tile.value, tile.delta, tile.note))
