"""Series of a comparison: the days to draw, their values, and the frame of the chart. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pyarrow as pa

from pages.charts import arrow
from pages.charts.chart_parts import DAY
from pages.charts.timeline import Point, trim
from pages.text.periods import A_DAY, A_WEEK

# A year and the day before it are drawn day by day, longer periods week by week.
MAX_DAYS = 367


@dataclass(frozen=True)
class Series:
    """One Page's line. ``position`` in the comparison, from 0, decides colour and dash.

    ``values`` has a figure or None for each drawn day, and at least one figure. ``base`` is the
    figure that is 100 in an index, above 0.
    """

    label: str
    position: int
    values: Sequence[int | None]
    base: int = 1


def days_to_draw(since: date, until: date) -> list[date]:
    """The days of a chart, oldest first: from the day before ``since`` to ``until``.

    Of more than MAX_DAYS only the first day and the last day of each week; weeks end on the weekday
    of ``until``.
    """
    first = since - A_DAY
    count = (until - first).days + 1
    if count <= MAX_DAYS:
        return [first + number * A_DAY for number in range(count)]
    weeks = (until - first).days // 7
    ends = [until - number * A_WEEK for number in range(weeks, -1, -1)]
    return ends if ends[0] == first else [first, *ends]


def values_on(days: Sequence[date], figures: Mapping[date, int | None]) -> list[int | None]:
    """The figure of each day; of a week the last figure in it. None where there is none."""
    values = [figures.get(days[0])]
    for before, day in pairwise(days):
        backwards = (day - number * A_DAY for number in range((day - before).days))
        newest_first = (figures.get(each) for each in backwards)
        values.append(next((figure for figure in newest_first if figure is not None), None))
    return values


def points_of(days: Sequence[date], values: Sequence[int | None]) -> list[Point]:
    """The drawn days of one line; each change is the one since the figure before it."""
    points: list[Point] = []
    before: int | None = None
    for day, value in zip(days, values, strict=True):
        change = None if value is None or before is None else value - before
        points.append(Point(day, value, change))
        before = before if value is None else value
    return points


def largest_of(lines: Sequence[Sequence[Point]]) -> list[Point]:
    """The days on which any of the lines has figures, each as the line that changed most has it.

    In a chart of weeks without its first day, which is none.
    """
    days = [
        max(each, key=lambda point: (point.value is not None, abs(point.change or 0)))
        for each in zip(*lines, strict=True)
    ]
    is_cut = len(days) > 2 and days[1].day - days[0].day < days[2].day - days[1].day
    return trim(days[1:] if is_cut else days)


def columns_of(labels: Sequence[str]) -> list[str]:
    """Column names for the chart's frame: the Pages' names without characters special to Vega.

    Vega reads dots, brackets, quotes and backslashes in a field's name as a path.
    """
    columns: list[str] = []
    for label in labels:
        name = " ".join(re.sub(r"[^\w\s&<>/+:;,!?()@#%=*-]", " ", label).split()) or "Page"
        while name in columns or name == DAY:
            name += " +"
        columns.append(name)
    return columns


def frame_of(days: Sequence[date], series: Sequence[Series], columns: Sequence[str]) -> pa.Table:
    """One row a day and one column a Page, which is half the bytes of one row for each figure.

    Counts also for an index: the browser divides, so both views are the same bytes.
    """
    figures = [arrow.whole(one.values) for one in series]
    return pa.table([arrow.days(days), *figures], [DAY, *columns])


def whole_range(series: Sequence[Series]) -> tuple[int, int]:
    """The smallest and the largest figure of all lines."""
    values = [value for one in series for value in one.values if value is not None]
    return min(values), max(values)


def height_of(value: int, base: int, *, is_index: bool) -> float:
    """The height of a figure on the axis: itself, or percent of ``base``."""
    return round(100 * value / base, 4) if is_index else float(value)


def last_of(one: Series) -> tuple[int, int]:
    """The index and the value of the last figure."""
    return next(
        (index, value)
        for index, value in reversed(list(enumerate(one.values)))
        if value is not None
    )


def lone_of(one: Series) -> list[tuple[int, int]]:
    """Index and value of figures between two gaps: a broken line would not show them."""
    around = [None, *one.values, None]
    return [
        (index, value)
        for index, value in enumerate(one.values)
        if value is not None and around[index] is None and around[index + 2] is None
    ]
