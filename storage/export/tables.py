"""Exported tables: makes files of the table of Pages and of daily figures, with every row.

Names are lower-case words with underscores; what they are of (UTC, fans) stands at their end. The
CSV import reads these columns, and importing an export changes nothing. Totals and medians are not
exported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.export.csv_xlsx import Cell, Column, Format, make_file, make_file_name
from storage.figures.filters import EVERY_PAGE, Filter, Metric, filter_conditions
from storage.figures.period_ends import load_period_ends
from storage.figures.snapshots import source_of_day
from storage.figures.table import SortKey, load_table
from storage.insights.sums import SUM_KEYS, InsightSums, load_insight_sums
from storage.jobs.events import record_event
from storage.models import InsightValue, Page, Snapshot
from storage.people.person import Person, require
from storage.posts.page_posts import Rhythms

PAGES_AT_ONCE = 200
TABLE_ROWS_AT_ONCE = 5_000
A_DAY = timedelta(days=1)
# https://developers.facebook.com/docs/graph-api/reference/insights
GAINED, LOST = "page_daily_follows_unique", "page_daily_unfollows_unique"


@dataclass(frozen=True)
class ExportQuery:
    """Days (both ends included) and Pages of an export.

    ``page_ids``: these Pages, also archived ones; None: every Page of the filter. ``metric``: its
    change is exported as net_new.
    """

    since: date
    until: date
    metric: Metric
    filter: Filter = EVERY_PAGE
    page_ids: tuple[str, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the Pages as conditions on Page."""
        if self.page_ids is not None:
            return [Page.id.in_(self.page_ids)]
        return filter_conditions(self.filter, self.until)

    def file_name(self, what: str, ending: str) -> str:
        """ "pagekeeper-daily-figures-2026-10-26-2026-11-22.csv"."""
        days = f"{self.since.isoformat()}-{self.until.isoformat()}"
        return make_file_name("pagekeeper", what, days, ending=ending)


def page_url(page_id: str) -> str:
    """Return the address of a Page, which holds its id where a spreadsheet rounds the id itself.

    Spreadsheets read a CSV file's long numbers as 1.02E+14, whatever the file does about it but
    change the id.
    """
    return f"https://www.facebook.com/{page_id}"


def daily_figures_columns(metric: Metric) -> tuple[Column, ...]:
    """Return the columns of daily figures; gained and lost are Facebook's own counts."""
    return (
        Column("page_id", "text"),
        Column("page_url", "text"),
        Column("page_name", "text"),
        Column("date_utc", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new_{metric}", "number"),
        Column("gained_pacific_day", "number"),
        Column("lost_pacific_day", "number"),
        Column("source", "text"),
        Column("fetched_at_utc", "time"),
        Column("graph_version", "text"),
    )


def page_table_columns(
    metric: Metric, *, has_sums: bool = False, has_posts: bool = False
) -> tuple[Column, ...]:
    """Return the columns of the table of Pages; "as of" is the day of the newest snapshot.

    ``has_sums``: with views and engagement over 28 days. ``has_posts``: with how often the Pages
    publish.
    """
    return (
        Column("page_id", "text"),
        Column("page_url", "text"),
        Column("page_name", "text"),
        Column("category", "text"),
        Column("as_of_utc", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new_{metric}", "number"),
        Column(f"growth_percent_{metric}", "percent"),
        Column("connection", "text"),
        Column("updated_at_utc", "time"),
        *(SUM_COLUMNS if has_sums else ()),
        *(POST_COLUMNS if has_posts else ()),
    )


# Where a Page has them. The last day is that of all Pages with a sum.
SUM_COLUMNS = (
    *(Column(f"{key}_28_days{change}", "number") for key in SUM_KEYS for change in ("", "_change")),
    Column("28_days_until_pacific", "day"),
)


# Posts a week are those of 28 days; empty where not all of these days are known.
POST_COLUMNS = (Column("posts_per_week", "percent"), Column("last_post_at_utc", "time"))


def list_sums(sums: InsightSums, page_ids: Sequence[str]) -> list[Cell]:
    """Return the cells of `SUM_COLUMNS` for these Pages together; empty where one is unknown."""
    totals = sums.totals(page_ids)
    cells: list[Cell] = []
    for total in map(totals.get, SUM_KEYS):
        cells += [None, None] if total is None else [total.now, total.change]
    return [*cells, sums.until if totals else None]


def export_daily_figures(session: Session, query: ExportQuery, format: Format) -> bytes:
    """Return the daily figures as a file. Raises TooManyRows for an XLSX file."""
    return make_file(
        daily_figures_columns(query.metric), _iterate_daily_figures(session, query), format
    )


def export_page_table(
    session: Session,
    query: ExportQuery,
    format: Format,
    *,
    sort: SortKey,
    descending: bool,
    rhythms: Rhythms | None = None,
) -> bytes:
    """Return the table of Pages as a file, sorted as on the screen.

    ``rhythms``: how often the Pages publish; None before any post is read.
    """
    sums = load_insight_sums(session, query.until)
    rows = _iterate_page_table(session, query, sort, descending, sums, rhythms)
    columns = page_table_columns(
        query.metric, has_sums=sums is not None, has_posts=rhythms is not None
    )
    return make_file(columns, rows, format)


def record_export(
    session: Session,
    what: str,
    ending: str,
    now: datetime,
    page_id: str | None,
    *,
    viewers_may: bool,
    by: Person,
) -> None:
    """Record that a file was made. ``what``: "table", "series", "chart" or "report".

    ``page_id``: the Page that the file is about, if it is about one. ``viewers_may``: whether the
    settings let viewers export.
    """
    require(session, by, "viewer" if viewers_may else "operator")
    scope = "all" if page_id is None else "page"
    facts = {"what": what, "format": ending, "scope": scope}
    record_event(session, "exported", facts, now, by=by, page_id=page_id)


def count_daily_figures(session: Session, query: ExportQuery) -> int:
    """Return the number of rows of the daily figures, or slightly more."""
    count = (
        select(func.count())
        .select_from(Snapshot)
        .where(Snapshot.day.between(query.since, query.until))
    )
    if query.page_ids is not None or query.filter != EVERY_PAGE:
        pages = select(Page.id).where(*query.conditions())
        count = count.where(Snapshot.page_id.in_(pages))
    return session.execute(count).scalar_one()


def _iterate_daily_figures(session: Session, query: ExportQuery) -> Iterator[Sequence[Cell]]:
    """Yield a row for each Page and day with a figure, by the Page's name, then oldest first.

    A day's change is the difference to the Page's last figure before it. For the first day that is
    the figure of one of the two days before ``since``.
    """
    columns = select(Page.id, Page.name).where(*query.conditions())
    pages = session.execute(columns.order_by(Page.name_folded, Page.id)).all()
    for first in range(0, len(pages), PAGES_AT_ONCE):
        some = pages[first : first + PAGES_AT_ONCE]
        page_ids = [page_id for page_id, _ in some]
        snapshots = _load_snapshots(session, page_ids, query.since - 2 * A_DAY, query.until)
        gained, lost = (_load_insight(session, name, page_ids, query) for name in (GAINED, LOST))
        for page_id, name in some:
            last: int | None = None
            for day, fans, followers, source, fetched_at, version in snapshots.get(page_id, ()):
                figure = fans if query.metric == "fans" else followers
                net_new = None if figure is None or last is None else figure - last
                last = last if figure is None else figure
                if day >= query.since:
                    key = (page_id, day)
                    changes = (net_new, gained.get(key), lost.get(key))
                    provenance = (source, fetched_at, version)
                    page = (page_id, page_url(page_id), name)
                    yield *page, day, fans, followers, *changes, *provenance


_Snapshot = tuple[date, int | None, int | None, str, datetime, str | None]


def _list_posts(rhythms: Rhythms, page_id: str) -> list[Cell]:
    rhythm = rhythms.by_page.get(page_id)
    if rhythm is None:
        return [None, None]
    return [rhythm.per_week if rhythm.is_covered else None, rhythm.last_at]


def _load_snapshots(
    session: Session, page_ids: Sequence[str], since: date, until: date
) -> dict[str, list[_Snapshot]]:
    """Return the snapshots with a figure, by Page, oldest first."""
    table = table_of(Snapshot).c
    figures = (table.day, table.fans_count, table.followers_count)
    query = (
        select(table.page_id, *figures, table.fans_source, table.followers_source)
        .add_columns(table.fetched_at, table.graph_version)
        .where(table.page_id.in_(page_ids), table.day.between(since, until))
        .where(or_(table.fans_count.is_not(None), table.followers_count.is_not(None)))
        .order_by(table.page_id, table.day)
    )
    snapshots: dict[str, list[_Snapshot]] = {}
    for page_id, day, fans, followers, *sources, fetched_at, version in session.execute(query):
        snapshot = (day, fans, followers, source_of_day(*sources), fetched_at, version)
        snapshots.setdefault(page_id, []).append(snapshot)
    return snapshots


def _load_insight(
    session: Session, metric: str, page_ids: Sequence[str], query: ExportQuery
) -> dict[tuple[str, date], int]:
    """Return Facebook's own count, by Page and day in Pacific time."""
    table = table_of(InsightValue).c
    values = select(table.page_id, table.day, table.value).where(
        table.metric == metric,
        table.page_id.in_(page_ids),
        table.day.between(query.since, query.until),
    )
    return {(page_id, day): value for page_id, day, value in session.execute(values)}


def _iterate_page_table(
    session: Session,
    query: ExportQuery,
    sort: SortKey,
    descending: bool,
    sums: InsightSums | None,
    rhythms: Rhythms | None,
) -> Iterator[Sequence[Cell]]:
    (ends,) = load_period_ends(session, query.filter, (query.since, query.until))
    values = None
    if rhythms is not None and sort in ("posts_per_week", "last_post"):
        values = rhythms.list_values(sort)
    offset = 0
    while True:
        page = load_table(
            session,
            ends,
            query.metric,
            query.filter,
            sort=sort,
            descending=descending,
            limit=TABLE_ROWS_AT_ONCE,
            offset=offset,
            sums=sums,
            values=values,
        )
        for row in page.rows:
            yield (
                row.page_id,
                page_url(row.page_id),
                row.name,
                row.category,
                row.figure_day,
                row.fans,
                row.followers,
                row.net,
                row.growth_percent,
                row.connection,
                row.updated_at,
                *([] if sums is None else list_sums(sums, [row.page_id])),
                *([] if rhythms is None else _list_posts(rhythms, row.page_id)),
            )
        offset += len(page.rows)
        if not page.rows or offset >= page.rows_count:
            return
