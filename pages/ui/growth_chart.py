"""Growth chart: one metric over time in three views, for Overview, Page and exports."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import streamlit as st

from pages.charts import line_charts, timeline
from pages.charts.chart_parts import Palette, Spec, lean, mark_day, on_screen, palette
from pages.charts.timeline import Before, Note, Point
from pages.text.locale import Locale, get_locale
from pages.ui import day_panel, url_controls
from storage.figures.filters import Metric

METRICS: dict[str, Metric] = {"Fans": "fans", "Followers": "followers"}
VIEWS = TOTAL, DAILY_CHANGE, SINCE_START = "Total", "Daily change", "% since start"


def choose_metric(key: str, default: str | None = None) -> Metric:
    """Draw the switch between fans and followers, kept in the URL parameter ``key``."""
    return METRICS[url_controls.choose("Figure", list(METRICS), key=key, default=default)]


def choose_view(key: str) -> str:
    """Draw the switch between the views, kept in the URL parameter ``key``."""
    return url_controls.choose("View", VIEWS, key=key)


def build(
    points: Sequence[Point],
    noun: str,
    view: str,
    colours: Palette,
    notes: Sequence[Note] = (),
    before: Before | None = None,
) -> tuple[Spec, str]:
    """The chart of ``points``, and its view. At least one point has a value.

    ``before`` is the period before, drawn as a second line.

    "% since start" becomes "Total" where the first figure is 0.
    """
    if view == DAILY_CHANGE:
        return line_charts.change_chart(points, noun, colours, notes, before), view
    if view == SINCE_START and next(p.value for p in points if p.value is not None):
        return line_charts.share_chart(points, noun, colours, notes, before), view
    return line_charts.total_chart(points, noun, colours, notes, before), TOTAL


def describe(
    points: Sequence[Point], noun: str, view: str, whose: str, before: Before | None = None
) -> str:
    """The chart in a sentence, and the period before in another, for screen readers."""
    describe_chart: Any = timeline.describe_changes if view == DAILY_CHANGE else timeline.describe
    text = str(describe_chart(points, noun, whose))
    if before is None:
        return text
    earlier = [point for point in before.beside(points) if point is not None]
    return f"{text} The period before, in grey: {describe_chart(earlier, noun, whose)}"


def render(
    points: Sequence[Point],
    noun: str,
    view: str,
    whose: str,
    *,
    height: int,
    name: str,
    notes: Sequence[Note] = (),
    before: Before | None = None,
) -> None:
    """Draw a view of the points, or a sentence on why there is no chart.

    ``name`` is the chart's for `day_panel`.
    """
    start = next((point.value for point in points if point.value is not None), None)
    if start is None:
        st.caption(f"No {noun.lower()} to compare in this period.")
        return
    if view == SINCE_START and not start:
        st.caption(f"The period starts with 0 {noun.lower()}: there is no percentage of nothing.")
        return
    colours = palette(st.context.theme.type)
    arguments = tuple(points), noun, view, colours, tuple(notes), before
    chart = _build_cached(*arguments, get_locale())
    draw(chart, colours, name, height=height, alt=describe(points, noun, view, whose, before))


def draw(chart: Spec, colours: Palette, name: str, *, height: int, alt: str) -> None:
    """Draw a chart whose days can be clicked; ``name`` is the chart's for `day_panel`."""
    marked = lean(mark_day(chart, day_panel.marked(name)))
    selection = day_panel.selection_of(name)
    st.vega_lite_chart(on_screen(marked, colours), height=height, alt=alt, **selection)


@lru_cache(64)
def _build_cached(
    points: tuple[Point, ...],
    noun: str,
    view: str,
    colours: Palette,
    notes: tuple[Note, ...],
    before: Before | None,
    locale: Locale,
) -> Spec:
    """A chart, made once for its content and the ``locale`` of its figures."""
    return build(points, noun, view, colours, notes, before)[0]
