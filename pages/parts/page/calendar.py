"""Calendar card of a Page: 12 months of daily changes, a column a week and a square a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import AXIS_INK, CHANGE, DARK, DAY, Palette, Spec, palette
from pages.text.formats import WEEKDAYS, counted, day, signed
from storage.figures.filters import Metric
from storage.metrics.changes import DailyChange, list_daily_changes

HEIGHT = 250
OVER_DAYS = "Over days"
WEEKS = 53
# From the strongest fall over 0 to the strongest rise; from the theme's `chartDivergingColors`.
LIGHT_RANGE = ("#A83A0B", "#F2C4A1", "#EDF0F4", "#A9D9D2", "#0F766E")
DARK_RANGE = ("#FF8F66", "#A9522A", "#232C37", "#2B756C", "#5CC8B5")
# Changes of several days: a neutral grey.
LIGHT_SEVERAL, DARK_SEVERAL = "#B4BDC9", "#66717F"
_MONDAY = "timeOffset('day', datum['Day (UTC)'], -((day(datum['Day (UTC)']) + 6) % 7)"
_WEEKDAY = "['Mon','Tue','Wed','Thu','Fri','Sat','Sun'][(day(datum['Day (UTC)']) + 6) % 7]"
# The colour scale ends at this quantile, so that a single extreme day does not pale the others.
_BOUND_QUANTILE = 0.95


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
    st.vega_lite_chart(
        heat_chart(changes, palette(st.context.theme.type)),
        height=HEIGHT,
        alt=describe(changes, metric.capitalize(), since, until),
        key="calendar",
    )
    several = sum(1 for each in changes if (each.days_count or 1) > 1)
    text = "A square is a day; empty ones have no figure."
    if several:
        text += f" Grey: {counted(several, 'change')} of several days, seen after a gap."
    st.caption(text)


def first_day_of(until: date) -> date:
    """The first Monday of the calendar whose last week is that of ``until``."""
    return until - timedelta(days=until.weekday()) - timedelta(weeks=WEEKS - 1)


def heat_chart(changes: Sequence[DailyChange], colours: Palette) -> Spec:
    """The calendar: coloured by change, grey for a change of several days, blank for no figure.

    ``changes``: one or more, from `first_day_of` on, each with a change. The colours are the
    theme's diverging ones with a neutral colour for 0, which the theme does not have.
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
            "x": _weeks(),
            "x2": {"field": "sunday"},
            "y": _weekdays(),
            "color": _colour(bound_of(changes), is_dark=colours == DARK),
            "tooltip": [
                {"field": DAY, "type": "temporal", "format": "%a %-d %b %Y", "title": DAY},
                {"field": "text", "type": "nominal", "title": "Change"},
            ],
        },
    }


def _weeks() -> Spec:
    return {
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


def _colour(bound: int, *, is_dark: bool) -> Spec:
    """Strongest from ``bound`` on, up or down; grey for a change of several days."""
    return {
        "condition": {
            "test": f"datum['{OVER_DAYS}'] > 1",
            "value": DARK_SEVERAL if is_dark else LIGHT_SEVERAL,
        },
        "field": CHANGE,
        "type": "quantitative",
        "scale": {
            "domain": [-bound, -bound / 2, 0, bound / 2, bound],
            "range": list(DARK_RANGE if is_dark else LIGHT_RANGE),
            "clamp": True,
            # Other colour spaces lead from orange to grey through pink.
            "interpolate": "rgb",
        },
        "legend": {
            "orient": "bottom",
            "offset": 2,
            "direction": "horizontal",
            "gradientLength": 150,
            "gradientThickness": 9,
            "title": None,
            "values": [-bound, 0, bound],
            "labelExpr": "datum.value == 0 ? '0' : format(datum.value, '+,d')",
            "labelColor": AXIS_INK,
        },
    }


def bound_of(changes: Sequence[DailyChange]) -> int:
    """The size of change with the strongest colour; 1 or more."""
    sizes = sorted(abs(each.change or 0) for each in changes if each.days_count == 1)
    if not sizes:
        return 1
    return max(1, sizes[min(len(sizes) - 1, int(_BOUND_QUANTILE * len(sizes)))])


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
