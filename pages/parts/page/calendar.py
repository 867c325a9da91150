"""Calendar card of a Page: 12 months of daily changes, a column a week and a square a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import AXIS_INK, CHANGE, DARK, DAY, Palette, Spec, palette
from pages.text.formats import counted, day, signed
from storage import metrics
from storage.figures.filters import Metric
from storage.metrics import DailyChange

HEIGHT = 250
OVER_DAYS = "Over days"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKS = 53
# From the strongest fall over nothing to the strongest rise; of the theme's `chartDivergingColors`.
LIGHT_RANGE = ("#A83A0B", "#F2C4A1", "#EDF0F4", "#A9D9D2", "#0F766E")
DARK_RANGE = ("#FF8F66", "#A9522A", "#232C37", "#2B756C", "#5CC8B5")
# A grey that belongs to neither side and is seen on the ground.
LIGHT_SEVERAL, DARK_SEVERAL = "#B4BDC9", "#66717F"
_MONDAY = "timeOffset('day', datum['Day (UTC)'], -((day(datum['Day (UTC)']) + 6) % 7)"
_WEEKDAY = "['Mon','Tue','Wed','Thu','Fri','Sat','Sun'][(day(datum['Day (UTC)']) + 6) % 7]"
# Of twenty days the wildest one does not decide how pale the others are.
_BOUND_QUANTILE = 0.95


def render(by_day: Mapping[date, int | None], metric: Metric, until: date) -> None:
    """Draw the calendar of the weeks up to that of ``until``, whatever the period is."""
    st.header("Daily change, 12 months", anchor=False)
    since = first_day_of(until)
    changes = [
        each
        for each in metrics.list_daily_changes(by_day)
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
    """The Monday on which the calendar begins that ends with the week of ``until``."""
    return until - timedelta(days=until.weekday()) - timedelta(weeks=WEEKS - 1)


def heat_chart(changes: Sequence[DailyChange], colours: Palette) -> Spec:
    """Coloured by the change of one day; grey where it is of several days, blank without a figure.

    ``changes``: at least one, of the days from `first_day_of` on, none without a change. The
    colours are the theme's diverging ones, the same distance from 0 either way, with the colour of
    nothing between them: the theme's own two halves meet in a shade that looks like a third thing.
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
            # Any other way leads from orange to grey through pink.
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
    """The change, up or down, from which on the colour is at its strongest: 1 or more."""
    sizes = sorted(abs(each.change or 0) for each in changes if each.days_count == 1)
    if not sizes:
        return 1
    return max(1, sizes[min(len(sizes) - 1, int(_BOUND_QUANTILE * len(sizes)))])


def describe(changes: Sequence[DailyChange], noun: str, since: date, until: date) -> str:
    """What the calendar shows, for whoever can't see it."""
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
