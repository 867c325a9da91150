"""Adapter: the one module here that knows the product's own functions, for writing and for asking.

When storage or a query changes its interface, only this module changes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from unittest.mock import patch

from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pages import queries, records
from pages.charts.compare_series import days_to_draw, values_on
from pages.parts.compare import export as compare_export
from pages.parts.compare.compare_text import Row as ComparedWords
from pages.parts.compare.compare_text import labels_of, row_of
from pages.parts.overview import overview_text
from pages.parts.page import page_tiles
from pages.text.periods import Period
from pages.ui import week_text
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
from storage.db.engine import Database
from storage.export.csv_xlsx import make_file
from storage.export.tables import GAINED, LOST, ExportQuery, export_daily_figures, export_page_table
from storage.figures import filter_choices, totals, unusual
from storage.figures.filters import Filter as StoredFilter
from storage.figures.health import count_connections
from storage.figures.line import MAX_DAILY_DAYS
from storage.figures.period_ends import load_period_ends
from storage.figures.series import get_page_series
from storage.figures.snapshots import FROM_FACEBOOK, SnapshotRow, store_reports, upsert_snapshots
from storage.insights.values import ValueRow, upsert_values
from storage.metrics import formulas
from storage.metrics.changes import find_best_day, find_worst_day
from storage.models import Base
from storage.notes import tags
from storage.people.person import THIS_COMPUTER
from tests.integration.known_world.records import (
    Change,
    Comparable,
    CompareAnswer,
    ComparedRow,
    Filter,
    Freshness,
    LineBefore,
    LinePoint,
    ListedPage,
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
from tests.past_files import read_file

T = TypeVar("T")

GRAPH_VERSION = "v26.0"
# Of longer periods the lines of many Pages have a point a week.
POINT_A_WEEK_BEYOND_DAYS = MAX_DAILY_DAYS
A_DAY = timedelta(days=1)
NO_TAG = -1
_KEPT_TABLES = {"installation", "insight_metrics"}
_VAULT = Vault([Fernet.generate_key().decode()])
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# The product's names of fields, where they are not the known world's.
_NAMES = {
    (Totals, "pages"): "pages_count",
    (Totals, "pages_added"): "pages_added_count",
    (Totals, "fans"): "fans_total",
    (Totals, "followers"): "followers_total",
    (Totals, "fans_stale"): "fans_stale_count",
    (Totals, "followers_stale"): "followers_stale_count",
    (Totals, "fans_compared"): "fans",
    (Totals, "followers_compared"): "followers",
    (Comparable, "joined"): "left_out_joined",
    (Comparable, "no_count"): "left_out_no_count",
    (Comparable, "silent"): "left_out_silent",
    (Comparable, "gap"): "left_out_gap",
    (UnusualDay, "judged"): "judged_count",
    (UnusualDay, "rose"): "rose_count",
    (UnusualDay, "fell"): "fell_count",
    (Change, "days"): "days_count",
    (ComparedRow, "fan_ratio"): "fan_follower_ratio",
}


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
        if not rows:
            return None
        lines = ["page_id,date,fans,followers"]
        for row in rows:
            cells = ("" if figure is None else str(figure) for figure in (row.fans, row.followers))
            lines.append(",".join((row.page_id, row.day.isoformat(), *cells)))
        text = "\n".join(lines).encode()
        with self.database.writing() as session:
            figures = read_file(io.BytesIO(text), now.date())
            return import_figures(session, figures, "past.csv", now, by=THIS_COMPUTER)

    def undo(self, import_id: int, now: datetime) -> None:
        """Take an import back."""
        with self.database.writing() as session:
            undo_import(session, import_id, now, by=THIS_COMPUTER)

    def tag(self, name: str, page_ids: Sequence[str]) -> None:
        """Make a tag and put these Pages into it."""
        with self.database.writing() as session:
            tag_id = tags.create_tag(session, name, _LONG_AGO, by=THIS_COMPUTER)
            for page_id in page_ids:
                tags.tag_page(session, tag_id, page_id, _LONG_AGO, by=THIS_COMPUTER)

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
    """What Overview shows."""
    shown, by_rate = (_load_overview(session, view, by) for by in ("number", "rate"))
    table = shown.table
    return Overview(
        totals=_totals(shown.totals),
        previous=_convert_known(Comparable, shown.previous),
        line=_convert_each(LinePoint, shown.line),
        movers_by_number=_movers(shown.movers),
        movers_by_rate=_movers(by_rate.movers),
        unusual=_convert_each(UnusualDay, shown.unusual),
        attention_count=_count_attention(session, shown),
        table=Table(
            tuple(_convert_each(Row, table.page.rows)),
            table.page.rows_count,
            table.summary.comparable_count,
            _convert(SummaryRow, table.summary.total),
            _convert(SummaryRow, table.summary.median),
            table.trends,
        ),
        origin=_convert_known(Origin, shown.provenance),
        freshness=_convert(Freshness, queries.find_freshness(session, shown.view.period.until)),
        connections={str(state): count for state, count in count_connections(session).items()},
    )


def ask_line_before(session: Session, view: View) -> LineBefore:
    """The second line of Overview's chart."""
    shown = _load_overview(session, view, "number")
    return LineBefore(_convert_each(LinePoint, shown.line_before))


def compare_previous(session: Session, view: View) -> Comparable | None:
    """Both ends of the previous period, also where Overview has no figures to compare with."""
    return _convert_known(Comparable, _find_previous(session, view))


def list_unusual(session: Session, view: View) -> list[UnusualDay]:
    """The days on which any Page rose or fell beyond its noise.

    The screens name wide days only, so every day counts as wide here.
    """
    with (
        patch.object(unusual, "is_wide", lambda *counts: True),
        patch.object(unusual, "is_of_most", lambda *counts: True),
    ):
        days = unusual.list_wide_days(
            session,
            since=view.since,
            until=view.until,
            metric=view.metric,
            filter=_stored_filter(session, view.filter),
        )
    return _convert_each(UnusualDay, days)


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
        days=_convert_each(StoredDay, days),
        sources=[(day.fans_source, day.followers_source) for day in days],
        start=start,
        end=end,
        changes=_convert_each(Change, changes),
        best=_convert_known(Change, find_best_day(changes)),
        worst=_convert_known(Change, find_worst_day(changes)),
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
    shown, rows = _compare(session, page_ids, view)
    period, series = shown.view.period, shown.figures
    days = days_to_draw(period.since, period.until)
    return CompareAnswer(
        days=days,
        lines={
            page.page_id: values_on(days, series[page.page_id][view.metric]) for page in shown.pages
        },
        rows=_convert_each(ComparedRow, rows),
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
        shown, rows = _compare(session, page_ids, view)
    listed = compare_export.list_rows(shown, rows)
    return make_file(compare_export.columns(view.metric), listed, "csv")


def say_overview(session: Session, view: View) -> list[str]:
    """The tiles of Overview, who is counted, and the period told as a week, in its words."""
    shown, before = _load_overview(session, view, "number"), _find_previous(session, view)
    compared, period = shown.totals.of(view.metric), shown.view.period
    tiles = overview_text.tiles(replace(shown, previous=before))
    total = shown.totals.fans_total if view.metric == "fans" else shown.totals.followers_total
    counted = overview_text.counted_pages(compared, shown.totals.pages_count, view.metric, 0)
    said = [*map(_say_tile, tiles), counted]
    if not compared.pages:
        return said
    week = records.Week(
        period,
        view.metric,
        compared.every,
        total,
        compared,
        shown.movers,
        _count_attention(session, shown),
        tuple(shown.unusual),
    )
    return [*said, *week_text.write(week)]


def say_page(session: Session, page_id: str, view: View) -> list[str]:
    """The tiles of a Page's screen, in its words, on exactly the days of the view."""
    figures = _load_page(session, page_id, view)
    asked = replace(figures.view, period=figures.requested)
    return [_say_tile(tile) for tile in page_tiles.tiles(replace(figures, view=asked))]


def _load_page(session: Session, page_id: str, view: View) -> records.PageFigures:
    profile = find_page_profile(session, page_id)
    assert profile is not None
    return queries.load_page(session, profile, records.View(_period(view), view.metric), view.until)


def _load_overview(session: Session, view: View, movers_by: Any) -> records.Overview:
    sort: Any = view.sort
    asked = records.View(_period(view), view.metric, _stored_filter(session, view.filter))
    listing = records.Listing(
        sort, view.descending, view.number, view.filter.search, view.filter.attention
    )
    return queries.load_overview(session, asked, listing, movers_by, view.until)


def _find_previous(session: Session, view: View) -> totals.Comparable | None:
    if view.previous is None:
        return None
    (ends,) = load_period_ends(session, _stored_filter(session, view.filter), view.previous)
    return totals.make_comparable(ends, view.metric)


def _count_attention(session: Session, shown: records.Overview) -> int:
    attention = replace(shown.view.filter, attention=True)
    return queries.count_filtered(session, attention, shown.view.period.until, None)


def _compare(
    session: Session, page_ids: Sequence[str], view: View
) -> tuple[records.Comparison, list[ComparedWords]]:
    pages = queries.find_compared(session, tuple(page_ids))
    shown = queries.load_comparison(session, pages, records.View(_period(view), view.metric))
    rows = [
        row_of(page, label, shown.figures[page.page_id], view.metric, shown.view.period)
        for page, label in zip(pages, labels_of(pages), strict=True)
    ]
    return shown, rows


def _query(session: Session, view: View) -> ExportQuery:
    filter = replace(
        _stored_filter(session, view.filter),
        search=view.filter.search,
        attention=view.filter.attention,
    )
    return ExportQuery(view.since, view.until, view.metric, filter)


def _stored_filter(session: Session, filter: Filter) -> StoredFilter:
    tag = filter_choices.find_tag(session, filter.tag) if filter.tag else None
    states: Any = () if filter.state is None else (filter.state,)
    return StoredFilter(
        account_ids=() if filter.account is None else (filter.account,),
        categories=() if filter.category is None else (filter.category,),
        states=states,
        tag_ids=() if filter.tag is None else (NO_TAG if tag is None else tag[0],),
    )


def _period(view: View) -> Period:
    since, until = view.previous or (None, None)
    return Period(view.label, view.since, view.until, since, until)


def _grant_id(session: Session, account: str) -> int:
    grant = find_grant_by_account(session, account)
    assert grant is not None
    return grant.id


def _totals(of: totals.Totals) -> Totals:
    converted = _convert(Totals, of)
    fans, followers = _convert_each(Comparable, (of.fans, of.followers))
    return replace(converted, fans_compared=fans, followers_compared=followers)


def _movers(movers: totals.Movers) -> tuple[list[Mover], list[Mover]]:
    return _convert_each(Mover, movers.up), _convert_each(Mover, movers.down)


def _convert(kind: type[T], of: Any) -> T:
    """A record of the product as one of the known world, by the names of its fields."""
    known: Any = kind
    names = {each.name: _NAMES.get((kind, each.name), each.name) for each in fields(known)}
    return kind(**{name: getattr(of, theirs) for name, theirs in names.items()})


def _convert_known(kind: type[T], of: Any) -> T | None:
    return None if of is None else _convert(kind, of)


def _convert_each(kind: type[T], of: Iterable[Any]) -> list[T]:
    return [_convert(kind, each) for each in of]


def _say_tile(tile: Tile) -> str:
    return " | ".join(str(part) for part in (tile.label, tile.value, tile.delta, tile.note))
