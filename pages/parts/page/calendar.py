"""Calendar card of a Page: 12 months of daily changes, a column a week and a box a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import (
    AXIS_INK,
    CHANGE,
    DARK,
    DAY,
    Palette,
    Spec,
    on_screen,
    palette,
    time_domain,
)
from pages.text.formats import WEEKDAYS, counted, day, number, signed, tooltip_day
from storage.figures.filters import Metric
from storage.metrics.changes import DailyChange, list_daily_changes

HEIGHT = 250
OVER_DAYS = "Over days"
WEEKS = 53
# From the largest fall over 0 to the largest rise.
LIGHT_RANGE = (
    *("#7A2A07", "#A83A0B", "#C2590A", "#DE8A4E", "#F2C4A1"),
    "#EDF0F4",
    *("#BFE3DE", "#7CC4BB", "#35A196", "#0F766E", "#0A4F4A"),
)
DARK_RANGE = (
    *("#FFC4AB", "#FF8F66", "#E8743B", "#A9522A", "#5A3422"),
    "#232C37",
    *("#1F4641", "#2B756C", "#3FA394", "#5CC8B5", "#A5E3D8"),
)
# Changes of several days: a neutral grey.
LIGHT_SEVERAL, DARK_SEVERAL = "#B4BDC9", "#66717F"
_MONDAY = "timeOffset('day', datum['Day'], -((day(datum['Day']) + 6) % 7)"
_WEEKDAY = "['Mon','Tue','Wed','Thu','Fri','Sat','Sun'][(day(datum['Day']) + 6) % 7]"
# Each colour begins at the size of change that this share of the days stays below. So days of very
# different size differ in colour although most are small, and no single day decides.
_QUANTILES = (0.5, 0.8, 0.95, 0.99)


def render(by_day: Mapping[date, int | None], metric: Metric, until: date) -> None:
    """Draw the calendar of the WEEKS up to that of ``until``; the period has no influence."""
    st.header("Daily change, 12 months", anchor=False)
    since = first_day_of(until)
    changes = [
        each
        for each in list_daily_changes(by_day)
        if since <= each.day <= until and each.change is not None
    ]
    if not changes:
        st.caption(f"No daily changes of {metric} in the last 12 months yet.")
        return
    colours = palette(st.context.theme.type)
    st.vega_lite_chart(
        on_screen(heat_chart(changes, colours), colours),
        height=HEIGHT,
        alt=describe(changes, metric.capitalize(), since, until),
        key="calendar",
    )
    several = sum(1 for each in changes if (each.days_count or 1) > 1)
    text = "Each box is a day; empty ones have no figure."
    if several:
        text += f" Grey: {counted(several, 'change')} of several days, seen after a gap."
    st.caption(text)


def first_day_of(until: date) -> date:
    """The first Monday of the calendar whose last week is that of ``until``."""
    return until - timedelta(days=until.weekday()) - timedelta(weeks=WEEKS - 1)


def heat_chart(changes: Sequence[DailyChange], colours: Palette) -> Spec:
    """The calendar: coloured by change, grey for a change of several days, blank for no figure.

    ``changes``: one or more, from `first_day_of` on, each with a change. The colours are the
    theme's `chartDivergingColors` with a neutral colour for 0, which the theme does not have.
    """
    return {
        "data": _frame(changes),
        "transform": [
            {"calculate": f"{_MONDAY})", "as": "monday"},
            {"calculate": f"{_MONDAY} + 6)", "as": "sunday"},
            {"calculate": _WEEKDAY, "as": "weekday"},
            {
                "calculate": f"(datum['{CHANGE}'] ? format(datum['{CHANGE}'], '+,d') : '0')"
                f" + (datum['{OVER_DAYS}'] > 1 ? ' over ' + datum['{OVER_DAYS}'] + ' days' : '')",
                "as": "text",
            },
        ],
        "mark": {"type": "rect"},
        "encoding": {
            "x": _weeks(changes),
            "x2": {"field": "sunday"},
            "y": _weekdays(),
            "color": _colour(steps_of(changes), is_dark=colours == DARK),
            "tooltip": [
                {
                    "field": DAY,
                    "type": "temporal",
                    "format": tooltip_day(),
                    "title": DAY,
                },
                {"field": "text", "type": "nominal", "title": "Change"},
            ],
        },
    }


def _weeks(changes: Sequence[DailyChange]) -> Spec:
    first, last = changes[0].day, changes[-1].day
    monday = first - timedelta(days=first.weekday())
    sunday = last + timedelta(days=6 - last.weekday())
    return {
        "scale": {
            "domain": time_domain(*(datetime.combine(each, time()) for each in (monday, sunday)))
        },
        "field": "monday",
        "type": "temporal",
        "title": None,
        "axis": {
            "format": "%b",
            "tickCount": {"interval": "month", "step": 1},
            "grid": False,
            "ticks": False,
            "domain": False,
            "labelAlign": "left",
            "labelOverlap": "greedy",
            "labelColor": AXIS_INK,
        },
    }


def _weekdays() -> Spec:
    return {
        "field": "weekday",
        "type": "nominal",
        "title": None,
        "sort": list(WEEKDAYS),
        "scale": {"domain": list(WEEKDAYS), "paddingInner": 0.14, "paddingOuter": 0.07},
        "axis": {
            "ticks": False,
            "domain": False,
            "labelColor": AXIS_INK,
            "values": ["Mon", "Wed", "Fri", "Sun"],
        },
    }


def _colour(steps: Sequence[int], *, is_dark: bool) -> Spec:
    """A colour for each step up or down; grey for a change of several days."""
    colours = DARK_RANGE if is_dark else LIGHT_RANGE
    middle, count = len(colours) // 2, len(steps) + 1
    # Changes are whole: 0 alone is between -0.5 and 0.5.
    bounds = [*(0.5 - step for step in reversed(steps)), -0.5, 0.5, *(step - 0.5 for step in steps)]
    last = number(steps[-1] if steps else 1)
    return {
        "condition": {
            "test": f"datum['{OVER_DAYS}'] > 1",
            "value": DARK_SEVERAL if is_dark else LIGHT_SEVERAL,
        },
        "field": CHANGE,
        "type": "quantitative",
        "scale": {
            "type": "threshold",
            "domain": bounds,
            "range": list(colours[middle - count : middle + count + 1]),
        },
        "legend": {
            "orient": "bottom",
            "offset": 2,
            "direction": "horizontal",
            "gradientLength": 220,
            "gradientThickness": 9,
            "title": None,
            "labelExpr": (
                # In double quotes: Swiss numbers have an apostrophe between thousands.
                f'datum.value == {bounds[0]} ? "−{last} or less" : datum.value == {bounds[-1]}'
                f' ? "+{last} or more" : datum.value == -0.5 ? "0" : ""'
            ),
            "labelOverlap": False,
            "labelColor": AXIS_INK,
        },
    }


def steps_of(changes: Sequence[DailyChange]) -> list[int]:
    """The smallest size of change of each colour but the first, two digits each; at most four.

    Empty where all sizes are alike.
    """
    sizes = sorted(abs(each.change or 0) for each in changes if each.days_count == 1)
    of_days = [sizes[int(quantile * len(sizes))] for quantile in _QUANTILES] if sizes else []
    rounded = {round(size, min(0, 2 - len(str(size)))) for size in of_days}
    return sorted(size for size in rounded if size > 1)


def describe(changes: Sequence[DailyChange], noun: str, since: date, until: date) -> str:
    """The calendar in a sentence, for screen readers."""
    ups = sum(1 for each in changes if (each.change or 0) > 0)
    downs = sum(1 for each in changes if (each.change or 0) < 0)
    best = max(changes, key=lambda each: each.change or 0)
    worst = min(changes, key=lambda each: each.change or 0)
    return (
        f"Calendar of the daily change of {noun.lower()}, {day(since)} to {day(until)}: up on "
        f"{counted(ups, 'day')}, down on {counted(downs, 'day')}; from {signed(worst.change)} on "
        f"{day(worst.day)} to {signed(best.change)} on {day(best.day)}."
    )


def _frame(changes: Sequence[DailyChange]) -> pa.Table:
    over_days = [min(each.days_count or 1, 127) for each in changes]
    return pa.table(
        {
            DAY: arrow.days([each.day for each in changes]),
            CHANGE: arrow.whole([each.change for each in changes]),
            OVER_DAYS: pa.array(over_days, pa.int8()),
        }
    )
