"""Gathers what a report of Overview says: the same figures, chart and movers as on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pages import lookups
from pages.charts import line_charts, timeline
from pages.charts.chart_parts import DARK, LIGHT, Palette, Spec
from pages.charts.timeline import Note, Point
from pages.parts.overview import overview_text as overview_words
from pages.parts.overview import queries as overview_lookups
from pages.parts.overview import unusual_text
from pages.parts.overview.overview_text import NOUNS
from pages.text.formats import count, counted, cut, day, signed, signed_percent
from pages.text.periods import Period, reaches_back
from pages.ui.export import noted
from pages.ui.export.export_text import describe_filter, describe_period
from pages.ui.export.export_theme import titled
from pages.ui.export.rendering import to_svg
from pages.ui.export.report import Picture, Report, Section, Table
from pages.ui.notes import note_text as note_words
from pages.ui.tiles import Tile
from storage.filtering import Filter, Metric
from storage.overview import DailyTotal, Mover, list_daily_totals
from storage.page_table import TableRow, list_table
from storage.unusual import UnusualDay

MOST_ROWS = 500
_LONGEST_NAME = 60


@dataclass(frozen=True)
class OverviewAsked:
    """Which Overview: the version of the data, the days, the figure and the Pages.

    ``notes`` are those on its chart, oldest first; None while notes are off.
    """

    version: str
    period: Period
    metric: Metric
    filter: Filter
    notes: tuple[Note, ...] | None = ()

    @property
    def noun(self) -> str:
        """ "Fans" or "Followers"."""
        return NOUNS[self.metric]


def find_chart(asked: OverviewAsked, view: str, palette: Palette) -> Spec | None:
    """The chart of the screen under a title of its own; None when there is nothing to draw."""
    points, notes = _points(asked), _notes(asked)
    if not points:
        return None
    noun = asked.noun
    if view == "Daily change":
        chart = line_charts.change_chart(points, noun, palette, notes)
    elif view == "% since start" and next(p.value for p in points if p.value is not None):
        chart = line_charts.share_chart(points, noun, palette, notes)
    else:
        view = "Total"
        chart = line_charts.total_chart(points, noun, palette, notes)
    what = {"Total": " over time", "Daily change": ", daily change"}.get(
        view, ", change since the start"
    )
    lines = (describe_period(asked.period), _counted(asked, points), describe_filter(asked.filter))
    return titled(chart, f"{noun}{what}", *lines)


def build(asked: OverviewAsked, produced_at: datetime, *, is_sandbox: bool) -> Report:
    """The whole report."""
    period, filter = asked.period, asked.filter
    totals = lookups.find_totals(asked.version, period.since, period.until, filter)
    lines = (
        f"{counted(totals.pages_count, 'Page')} · {describe_period(period)}",
        describe_filter(filter),
    )
    return Report(
        title="Facebook Pages",
        lines=lines,
        produced_at=produced_at,
        tiles=_tiles(asked),
        sections=[
            *_charts(asked),
            *noted.sections(_notes(asked)),
            _movers(asked),
            _pages(asked),
        ],
        is_sandbox=is_sandbox,
    )


def _tiles(asked: OverviewAsked) -> Sequence[Tile]:
    version, period, filter = asked.version, asked.period, asked.filter
    totals = lookups.find_totals(version, period.since, period.until, filter)
    days = overview_lookups.find_days(version)
    previous = None
    if days is not None and reaches_back(period, days[0]):
        assert period.previous_since is not None
        assert period.previous_until is not None
        previous = lookups.find_comparable(
            version, period.previous_since, period.previous_until, asked.metric, filter
        )
    return overview_words.tiles(totals, previous, asked.metric, period)


def _charts(asked: OverviewAsked) -> list[Section]:
    points, notes, noun = _points(asked), _notes(asked), asked.noun
    if not points:
        return [Section(f"{noun} over time", caption="No Page has figures on both ends.")]
    whose = counted(_comparable(asked), "Page")
    changes = [
        to_svg(line_charts.change_chart(points, noun, palette, notes), palette)
        for palette in (LIGHT, DARK)
    ]
    totals = [
        to_svg(line_charts.total_chart(points, noun, palette, notes), palette)
        for palette in (LIGHT, DARK)
    ]
    return [
        Section(
            f"{noun} over time",
            Picture(totals[0], totals[1], timeline.describe(points, noun, whose)),
            caption=f"{_counted(asked, points)} "
            f"{unusual_text.sentence(_unusual(asked), asked.period.until)}".strip(),
        ),
        Section(
            f"{noun}, daily change",
            Picture(changes[0], changes[1], timeline.describe_changes(points, noun, whose)),
        ),
    ]


def _points(asked: OverviewAsked) -> list[Point]:
    return timeline.trim([Point(each.day, each.total, each.change) for each in _find_line(asked)])


@lru_cache(16)
def _find_line(asked: OverviewAsked) -> list[DailyTotal]:
    """As `lookups.find_line`, which draws a skeleton: here is no screen to draw on."""
    period = asked.period
    with lookups.reading() as session:
        return list_daily_totals(
            session,
            since=period.since,
            until=period.until,
            metric=asked.metric,
            filter=asked.filter,
        )


def _unusual(asked: OverviewAsked) -> list[UnusualDay]:
    period = asked.period
    return overview_lookups.find_unusual(
        asked.version, period.since, period.until, asked.metric, asked.filter
    )


def _notes(asked: OverviewAsked) -> list[Note]:
    """As on the screen: operators' and automatic ones with those of unusual days."""
    if asked.notes is None:
        return []
    return note_words.together(asked.notes, unusual_text.notes(_unusual(asked)))


def _comparable(asked: OverviewAsked) -> int:
    period = asked.period
    totals = lookups.find_totals(asked.version, period.since, period.until, asked.filter)
    return totals.of(asked.metric).pages


def _counted(asked: OverviewAsked, points: Sequence[Point]) -> str:
    period = asked.period
    totals = lookups.find_totals(asked.version, period.since, period.until, asked.filter)
    gaps = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    now = totals.of(asked.metric)
    return overview_words.counted_pages(now, totals.pages_count, asked.noun, gaps)


def _movers(asked: OverviewAsked) -> Section:
    period = asked.period
    movers = lookups.find_movers(
        asked.version, period.since, period.until, asked.metric, "number", asked.filter
    )
    return Section(
        "Movers",
        tables=[
            _mover_table("Gained most", movers.up),
            _mover_table("Lost most", movers.down),
        ],
    )


def _mover_table(title: str, movers: Sequence[Mover]) -> Table:
    rows = [
        (cut(each.name, _LONGEST_NAME), signed(each.net), signed_percent(each.rate_percent))
        for each in movers
    ]
    return Table((title, "Number", "Rate"), rows or [("No Page", "", "")])


def _pages(asked: OverviewAsked) -> Section:
    period = asked.period
    with lookups.reading() as session:
        found = list_table(
            session,
            since=period.since,
            until=period.until,
            metric=asked.metric,
            limit=MOST_ROWS,
            filter=asked.filter,
        )
    header = ("Page", "Fans", f"New {asked.noun.lower()}", "Growth", "Followers", "As of (UTC)")
    caption = "A dash: no figure on both ends of the period, or below 100 for a growth."
    if found.rows_count > len(found.rows):
        caption = (
            f"The {len(found.rows):,d} Pages with most fans, of {found.rows_count:,d}. {caption}"
        )
    return Section(
        counted(found.rows_count, "Page"),
        tables=[Table(header, [_row(row) for row in found.rows])],
        caption=caption,
    )


def _row(row: TableRow) -> Sequence[str]:
    return (
        cut(row.name, _LONGEST_NAME),
        count(row.fans),
        signed(row.net),
        signed_percent(row.growth_percent),
        count(row.followers),
        day(row.figure_day) if row.figure_day else "–",
    )
