"""Adapter: the one module here that knows the product's own functions, for writing and for asking.

When storage or a query changes its interface, only this module changes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from fb.exporting import Asked, export_series, export_table, make_file
from fb.past_csv.reading import read_file
from fb.past_figures import take_in, undo
from pages import lookups
from pages.comparing import export as compare_export
from pages.comparing.series import days_to_draw, values_on
from pages.comparing.words import Row as ComparedWords
from pages.comparing.words import labels_of, row_of
from pages.one_page import tiles as page_tiles
from pages.periods import Period
from pages.portfolio import digest
from pages.portfolio import words as overview_words
from pages.tiles import Tile
from storage import filter_choices, metrics, overview, page_table, tags
from storage.comparing import ComparedPage, Figures, get_compared_series, list_compared_pages
from storage.engine import Database
from storage.exporting import GAINED, LOST
from storage.filtering import Filter as StoredFilter
from storage.grants import GrantFacts, find_grant_by_account, save_grant, set_grant_status
from storage.health import count_connections, get_freshness
from storage.insights import ValueRow, upsert_values
from storage.models import Attempt, Base
from storage.origins import find_origin
from storage.page_history import get_page_history
from storage.pages import set_page_grant_status
from storage.roster import find_positions
from storage.saving import save_staged
from storage.series import find_page_profile, get_page_series
from storage.snapshots import SnapshotRow, upsert_snapshots
from storage.staging import stage_pages
from storage.unusual import list_page_marks, list_unusual_days
from storage.vault import PURPOSE_PAGE_TOKEN, PURPOSE_USER_TOKEN, Vault
from tests.integration.figures.records import (
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
from tests.integration.figures.records import Figures as ReportedFigures

GRAPH_VERSION = "v26.0"
# Of longer periods the lines of many Pages have a point a week; None: every day, however long.
POINT_A_WEEK_BEYOND_DAYS: int | None = None
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
        user_token = _VAULT.seal(PURPOSE_USER_TOKEN, account, "a user token")
        facts = GrantFacts(account, f"Account {account}", (), (), now, None, None)
        with self.database.writing() as session:
            grant_id = save_grant(session, facts, user_token, now)
            with _attempt(session) as attempt_id:
                stage_pages(session, attempt_id, [_staged(account, page) for page in pages])
                save_staged(
                    session, attempt_id, grant_id, read_at=now, graph_version=GRAPH_VERSION, now=now
                )

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
                        "snapshot",
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
        return take_in(self.database, read_file(io.BytesIO(text), now.date()), "past.csv", now)

    def undo(self, import_id: int, now: datetime) -> None:
        """Take an import back."""
        undo(self.database, import_id, now)

    def tag(self, name: str, page_ids: Sequence[str]) -> None:
        """Make a tag and put these Pages into it."""
        with self.database.writing() as session:
            tag_id = tags.create_tag(session, name, _LONG_AGO)
            for page_id in page_ids:
                tags.tag_page(session, tag_id, page_id)

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
    filter = _stored_filter(session, view.filter)
    narrowed = _narrowed(filter, view.filter)
    days: dict[str, Any] = {"since": view.since, "until": view.until}
    asked: dict[str, Any] = {**days, "metric": view.metric, "filter": filter}
    line = overview.list_daily_totals(session, **asked)
    totals = overview.get_totals(session, **days, filter=filter)
    origin = find_origin(session, view.until)
    freshness = get_freshness(session, view.until)
    return Overview(
        totals=Totals(
            totals.pages_count,
            totals.pages_added_count,
            totals.fans_total,
            totals.followers_total,
            totals.fans_stale_count,
            totals.followers_stale_count,
            _comparable(totals.fans),
            _comparable(totals.followers),
            totals.first_day,
            totals.last_day,
        ),
        previous=None if view.previous is None else _previous(session, view, filter),
        line=[LinePoint(each.day, each.total, each.change) for each in line],
        line_sparkline=lookups._thin(line),
        movers_by_number=_movers(overview.list_movers(session, **asked, by="number")),
        movers_by_rate=_movers(overview.list_movers(session, **asked, by="rate")),
        unusual=[
            UnusualDay(each.day, each.judged_count, each.rose_count, each.fell_count)
            for each in list_unusual_days(session, **asked)
        ],
        attention_count=len(
            find_positions(session, _narrowed(filter, Filter(attention=True)), view.until)
        ),
        table=_ask_table(session, view, narrowed),
        origin=None
        if origin is None
        else Origin(origin.day, origin.fetched_at, origin.sources, origin.graph_versions),
        freshness=Freshness(
            freshness.last_refreshed_at, freshness.last_day, freshness.has_readable
        ),
        connections={str(state): count for state, count in count_connections(session).items()},
    )


def ask_page(session: Session, page_id: str, view: View) -> PageAnswer:
    """What a Page's screen shows."""
    profile = find_page_profile(session, page_id)
    assert profile is not None
    by_day = get_page_history(session, page_id).of(view.metric)
    changes = [
        each
        for each in metrics.list_daily_changes(by_day)
        if view.since <= each.day <= view.until and each.change is not None
    ]
    start, end = metrics.ends_of_period(by_day, view.since, view.until)
    return PageAnswer(
        days=[
            StoredDay(
                day.day, day.fans, day.followers, day.source, day.fetched_at, day.graph_version
            )
            for day in get_page_series(session, page_id, since=view.since, until=view.until)
        ],
        start=start,
        end=end,
        changes=[_change(each) for each in changes],
        best=_found(metrics.find_best_day(changes)),
        worst=_found(metrics.find_worst_day(changes)),
        marks={
            day: str(mark)
            for day, mark in list_page_marks(
                session, page_id, since=view.since, until=view.until, metric=view.metric
            ).items()
        },
        connection=profile.connection,
        first_day=profile.first_day,
        last_day=profile.last_day,
        last_fetched_at=profile.last_fetched_at,
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
    return export_series(database, _asked(database, view), "csv")


def export_rows(database: Database, view: View) -> bytes:
    """The whole table of the view as the product's CSV file."""
    sort: Any = view.sort
    asked = _asked(database, view)
    return export_table(database, asked, "csv", sort=sort, descending=view.descending)


def export_compared(database: Database, page_ids: Sequence[str], view: View) -> bytes:
    """The table of Compare as the product's CSV file."""
    with database.reading() as session:
        pages, _, rows = _compare(session, page_ids, view)
    listed = compare_export.list_rows(pages, rows, _period(view))
    return make_file(compare_export.columns(view.metric), listed, "csv")


def say_overview(session: Session, view: View) -> list[str]:
    """The tiles of Overview, who is counted, and the last week, in the words of the screen."""
    filter = _stored_filter(session, view.filter)
    days: dict[str, Any] = {"since": view.since, "until": view.until}
    asked: dict[str, Any] = {**days, "metric": view.metric, "filter": filter}
    totals = overview.get_totals(session, **days, filter=filter)
    compared = totals.of(view.metric)
    previous = None
    if view.previous is not None:
        before, before_until = view.previous
        previous = overview.get_comparable(
            session, since=before, until=before_until, metric=view.metric, filter=filter
        )
    origin = find_origin(session, view.until)
    tiles = overview_words.tiles(totals, previous, view.metric, _period(view), origin)
    week = digest.Week(
        _period(view),
        view.metric,
        compared.every,
        overview.get_newest_total(session, until=view.until, metric=view.metric, filter=filter),
        compared,
        overview.list_movers(session, **asked, by="number"),
        len(find_positions(session, _narrowed(filter, Filter(attention=True)), view.until)),
        tuple(list_unusual_days(session, **asked)),
    )
    counted = overview_words.counted_pages(compared, totals.pages_count, view.metric, 0)
    return [*map(_say_tile, tiles), counted, *digest.to_text(digest.write(week)).splitlines()]


def say_page(session: Session, page_id: str, view: View) -> list[str]:
    """The tiles of a Page's screen, in its words."""
    history = get_page_history(session, page_id)
    outlook = metrics.find_forecast(history.of(view.metric), view.until)
    return [
        _say_tile(tile)
        for tile in page_tiles.tiles(history, view.metric, _period(view), outlook, today=view.until)
    ]


def _ask_table(session: Session, view: View, filter: StoredFilter) -> Table:
    days: dict[str, Any] = {"since": view.since, "until": view.until, "metric": view.metric}
    sort: Any = view.sort
    page = page_table.list_table(
        session,
        **days,
        sort=sort,
        descending=view.descending,
        limit=lookups.ROWS,
        offset=(view.number - 1) * lookups.ROWS,
        filter=filter,
    )
    summary = page_table.get_table_summary(session, **days, filter=filter)
    return Table(
        rows=tuple(_row(row) for row in page.rows),
        rows_count=page.rows_count,
        comparable_count=summary.comparable_count,
        total=_summary(summary.total),
        median=_summary(summary.median),
        sparklines=page_table.list_sparklines(
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


def _previous(session: Session, view: View, filter: StoredFilter) -> Comparable:
    assert view.previous is not None
    since, until = view.previous
    return _comparable(
        overview.get_comparable(
            session, since=since, until=until, metric=view.metric, filter=filter
        )
    )


def _asked(database: Database, view: View) -> Asked:
    with database.reading() as session:
        filter = _narrowed(_stored_filter(session, view.filter), view.filter)
    return Asked(view.since, view.until, view.metric, filter)


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


def _staged(account: str, page: ListedPage) -> Any:
    token = _VAULT.seal(PURPOSE_PAGE_TOKEN, f"{account}/{page.id}", "a page token")
    unknown = dict.fromkeys(
        (
            "about",
            "website",
            "link",
            "username",
            "phone",
            "emails",
            "location",
            "verification_status",
            "is_new_page_experience",
            "picture_url",
        )
    )
    return {
        **unknown,
        "page_id": page.id,
        "depth": "full" if page.has_figures else "basic",
        "tasks": page.tasks,
        "sealed_page_token": token.text,
        "key_id": token.key_id,
        "fans_count": page.fans,
        "followers_count": page.followers,
        "name": page.name,
        "category": page.category,
        "is_published": page.is_published,
    }


@contextmanager
def _attempt(session: Session) -> Iterator[str]:
    session.execute(
        insert(Attempt).values(
            id="trip",
            nonce_hash="",
            status="ready",
            marker="sandbox",
            redirect_uri="",
            graph_url="",
            dialog_url="",
            created_at=_LONG_AGO,
            expires_at=_LONG_AGO,
        )
    )
    yield "trip"
    session.execute(delete(Attempt).where(Attempt.id == "trip"))


def _grant_id(session: Session, account: str) -> int:
    grant = find_grant_by_account(session, account)
    assert grant is not None
    return grant.id


def _comparable(found: overview.Comparable) -> Comparable:
    return Comparable(
        found.pages,
        found.start,
        found.end,
        found.left_out_joined,
        found.left_out_no_count,
        found.left_out_silent,
        found.left_out_gap,
    )


def _movers(found: overview.Movers) -> tuple[list[Mover], list[Mover]]:
    up, down = (
        [Mover(m.page_id, m.name, m.start, m.net, m.rate_percent) for m in some]
        for some in (found.up, found.down)
    )
    return up, down


def _row(row: page_table.TableRow) -> Row:
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


def _summary(row: page_table.SummaryRow) -> SummaryRow:
    return SummaryRow(row.fans, row.followers, row.net, row.growth_percent)


def _change(found: metrics.DailyChange) -> Change:
    return Change(found.day, found.figure, found.change, found.days_count)


def _found(found: metrics.DailyChange | None) -> Change | None:
    return None if found is None else _change(found)


def _say_tile(tile: Tile) -> str:
    return " | ".join(str(part) for part in (tile.label, tile.value, tile.delta, tile.note))
