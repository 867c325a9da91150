"""Records: what is asked of a screen, what is written to a database, and what a screen answers.

Plain values only, so that the product and the oracle answer in the same words and can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Metric = Literal["fans", "followers"]
METRICS: tuple[Metric, ...] = ("fans", "followers")

# Best first.
STATES = (
    "connected",
    "works_in_part",
    "needs_renewal",
    "frozen",
    "missing",
    "no_access",
    "disconnected",
)
SORTS = ("name", "fans", "net", "growth", "followers", "connection", "category", "updated")


@dataclass(frozen=True)
class Filter:
    """Which Pages a screen speaks of; ``search`` and ``attention`` narrow the table alone."""

    account: str | None = None
    category: str | None = None
    state: str | None = None
    tag: str | None = None
    search: str = ""
    attention: bool = False


@dataclass(frozen=True)
class View:
    """A screen as it is asked for. ``previous``: first and last day of what it is compared with.

    ``label`` is how the period is called, where that decides on ``previous``. ``number`` is the
    page of the table, from 1.
    """

    since: date
    until: date
    metric: Metric = "fans"
    filter: Filter = Filter()
    previous: tuple[date, date] | None = None
    sort: str = "fans"
    descending: bool = True
    number: int = 1
    label: str = "28 days"


@dataclass(frozen=True)
class ListedPage:
    """A Page as an account's list has it. ``has_figures``: Facebook was asked for its figures."""

    id: str
    name: str
    category: str | None = None
    is_published: bool | None = True
    tasks: tuple[str, ...] = ("ANALYZE",)
    fans: int | None = None
    followers: int | None = None
    has_figures: bool = True


@dataclass(frozen=True)
class Figures:
    """One Page on one day as it was reported, or as a file has it."""

    page_id: str
    day: date
    fans: int | None
    followers: int | None


@dataclass(frozen=True)
class StoredDay:
    """One Page on one day as its screen shows it."""

    day: date
    fans: int | None
    followers: int | None
    source: str
    fetched_at: datetime
    graph_version: str | None


@dataclass(frozen=True)
class Comparable:
    """The Pages with a figure on both ends of a period, and why the others are left out."""

    pages: int
    start: int | None
    end: int | None
    joined: int
    no_count: int
    silent: int
    gap: int


@dataclass(frozen=True)
class Totals:
    """What the tiles of Overview are made of."""

    pages: int
    pages_added: int
    fans: int | None
    followers: int | None
    fans_stale: int
    followers_stale: int
    fans_compared: Comparable
    followers_compared: Comparable
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class LinePoint:
    """One point of a growth line; ``total`` is None on a gap."""

    day: date
    total: int | None
    change: int | None


@dataclass(frozen=True)
class Mover:
    """A Page that gained or lost."""

    page_id: str
    name: str
    start: int
    net: int
    rate_percent: float | None


@dataclass(frozen=True)
class UnusualDay:
    """A day on which Pages rose or fell beyond their own noise, and how many were judged."""

    day: date
    judged: int
    rose: int
    fell: int


@dataclass(frozen=True)
class Row:
    """One Page of the table."""

    page_id: str
    name: str
    category: str | None
    fans: int | None
    followers: int | None
    start: int | None
    end: int | None
    net: int | None
    growth_percent: float | None
    connection: str
    figure_day: date | None
    updated_at: datetime | None


@dataclass(frozen=True)
class SummaryRow:
    """The row "All Pages" or "Median"."""

    fans: int | None
    followers: int | None
    net: int | None
    growth_percent: float | None


@dataclass(frozen=True)
class Table:
    """One page of the table, the two rows above it, and the small charts of its rows."""

    rows: tuple[Row, ...]
    rows_count: int
    comparable_count: int
    total: SummaryRow
    median: SummaryRow
    sparklines: dict[str, list[int]]


@dataclass(frozen=True)
class Origin:
    """Where the figures of the newest day come from."""

    day: date
    fetched_at: datetime
    sources: tuple[str, ...]
    graph_versions: tuple[str, ...]


@dataclass(frozen=True)
class Freshness:
    """How fresh the figures are on the last day of a view."""

    last_refreshed_at: datetime | None
    last_day: date | None
    has_readable: bool


@dataclass(frozen=True)
class Overview:
    """Every figure on Overview but `LineBefore`. ``movers_…`` are the Pages up, then those down."""

    totals: Totals
    previous: Comparable | None
    line: list[LinePoint]
    movers_by_number: tuple[list[Mover], list[Mover]]
    movers_by_rate: tuple[list[Mover], list[Mover]]
    unusual: list[UnusualDay]
    attention_count: int
    table: Table
    origin: Origin | None
    freshness: Freshness
    connections: dict[str, int]


@dataclass(frozen=True)
class LineBefore:
    """The second line of Overview's chart, of the days compared with; empty where none is drawn."""

    points: list[LinePoint]


@dataclass(frozen=True)
class Change:
    """A day with a figure and its change since the last one, over ``days`` days."""

    day: date
    figure: int
    change: int | None
    days: int | None


@dataclass(frozen=True)
class PageAnswer:
    """Every figure on a Page's screen. ``sources`` are those of fans and followers of each day."""

    days: list[StoredDay]
    sources: list[tuple[str | None, str | None]]
    start: int | None
    end: int | None
    changes: list[Change]
    best: Change | None
    worst: Change | None
    marks: dict[date, str]
    connection: str
    first_day: date | None
    last_day: date | None
    last_fetched_at: datetime | None


@dataclass(frozen=True)
class ComparedRow:
    """One Page of Compare's table; the deltas are against the previous period."""

    page_id: str
    fans: int | None
    followers: int | None
    start: int | None
    net: int | None
    net_delta: int | None
    growth_percent: float | None
    growth_delta: float | None
    weekly_percent: float | None
    per_day: float | None
    best_change: int | None
    best_day: date | None
    fan_ratio: float | None
    days_with: int


@dataclass(frozen=True)
class CompareAnswer:
    """Every figure on Compare: a line for each Page over the same days, and a row."""

    days: list[date]
    lines: dict[str, list[int | None]]
    rows: list[ComparedRow]
