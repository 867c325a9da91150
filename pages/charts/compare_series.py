"""The lines of a comparison as figures: which days are drawn, one frame for all, lone days.

Pure: no Streamlit, no storage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa

from pages.charts import arrow
from pages.charts.chart_parts import DAY

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
# A year and the day before it are drawn day by day, whatever is longer week by week.
MAX_DAYS = 367


@dataclass(frozen=True)
class Series:
    """One Page's line. ``place``: of the Page in the comparison, from 0; its colour and dash.

    ``values`` has one figure for each day drawn, None where there is none; at least one is known.
    ``base`` is the figure that is 100 in an index: above 0.
    """

    label: str
    place: int
    values: Sequence[int | None]
    base: int = 1


def days_to_draw(since: date, until: date) -> list[date]:
    """The days of a chart, oldest first: the day before ``since``, and every day up to ``until``.

    Beyond MAX_DAYS only that first one and the last days of weeks, of which the last is ``until``.
    """
    first = since - A_DAY
    count = (until - first).days + 1
    if count <= MAX_DAYS:
        return [first + number * A_DAY for number in range(count)]
    weeks = (until - first).days // 7
    ends = [until - number * A_WEEK for number in range(weeks, -1, -1)]
    return ends if ends[0] == first else [first, *ends]


def values_on(days: Sequence[date], figures: Mapping[date, int | None]) -> list[int | None]:
    """The figure of each of these days; of a week the last one known in it, None where none is."""
    values = [figures.get(days[0])]
    for before, day in pairwise(days):
        backwards = (day - number * A_DAY for number in range((day - before).days))
        known = (figures.get(each) for each in backwards)
        values.append(next((figure for figure in known if figure is not None), None))
    return values


def columns_of(labels: Sequence[str]) -> list[str]:
    """Names for the columns of the chart's frame: those of the Pages, as far as Vega takes them.

    Dots, brackets, quotes and backslashes are its own: with them a Page's name would be a path.
    """
    columns: list[str] = []
    for label in labels:
        name = " ".join(re.sub(r"[^\w\s&<>/+:;,!?()@#%=*-]", " ", label).split()) or "Page"
        while name in columns or name == DAY:
            name += " +"
        columns.append(name)
    return columns


def frame_of(days: Sequence[date], series: Sequence[Series], columns: Sequence[str]) -> pa.Table:
    """A row a day, a column a Page: half the bytes of a row for each. Counts, also for an index:
    the browser divides, and both views are the same bytes."""
    figures = [arrow.whole(one.values) for one in series]
    return pa.table([arrow.days(days), *figures], [DAY, *columns])


def whole_range(series: Sequence[Series]) -> tuple[int, int]:
    """The smallest and the largest figure of all lines."""
    known = [value for one in series for value in one.values if value is not None]
    return min(known), max(known)


def height_of(value: int, base: int, *, is_index: bool) -> float:
    """Where a figure stands on the axis."""
    return round(100 * value / base, 4) if is_index else float(value)


def last_of(one: Series) -> tuple[int, int]:
    """The place and the value of the last figure known."""
    return next(
        (index, value)
        for index, value in reversed(list(enumerate(one.values)))
        if value is not None
    )


def lone_of(one: Series) -> list[tuple[int, int]]:
    """Figures whose neighbours are missing: a broken line would hide them."""
    around = [None, *one.values, None]
    return [
        (index, value)
        for index, value in enumerate(one.values)
        if value is not None and around[index] is None and around[index + 2] is None
    ]
