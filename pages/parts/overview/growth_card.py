"""Growth card of Overview: the chart of the compared Pages, and which Pages are counted."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.charts import timeline
from pages.charts.timeline import Note, Point
from pages.parts.overview import overview_text, unusual_text
from pages.records import Overview
from pages.text.formats import counted, day
from pages.text.periods import LONGER_LABEL
from pages.text.phrases import NOUNS
from pages.ui import growth_chart, url_controls
from pages.ui.notes import popover

CHART_HEIGHT = 372


def render(overview: Overview, view: str) -> None:
    """Draw the chart and its caption."""
    period, noun = overview.view.period, NOUNS[overview.view.metric]
    points = points_of(overview)
    compared = overview.totals.of(overview.view.metric)
    if points:
        growth_chart.render(
            points,
            noun,
            view,
            counted(compared.pages, "Page"),
            height=CHART_HEIGHT,
            notes=[] if popover.is_hidden() else notes_of(overview),
        )
    else:
        _nothing_to_compare(overview)
    is_late = period.until < overview.requested.until
    sentences = [
        caption(overview, points),
        f"Figures end on {day(period.until)}." if is_late else "",
        unusual_text.sentence(overview.unusual, period.until),
    ]
    st.caption(" ".join(each for each in sentences if each))


def points_of(overview: Overview) -> list[Point]:
    """The line as points of a chart."""
    return timeline.trim([Point(each.day, each.total, each.change) for each in overview.line])


def notes_of(overview: Overview) -> list[Note]:
    """The notes on the chart, unusual days included, oldest first."""
    return popover.merge(overview.notes, unusual_text.notes(overview.unusual))


def caption(overview: Overview, points: Sequence[Point]) -> str:
    """The sentences on the counted Pages, on missing days, and on weekly points."""
    totals, metric = overview.totals, overview.view.metric
    gaps = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    counted_pages = overview_text.counted_pages(
        totals.of(metric), totals.pages_count, NOUNS[metric], gaps
    )
    return f"{counted_pages} {overview_text.weekly_text(points)}".strip()


def _nothing_to_compare(overview: Overview) -> None:
    period, totals = overview.view.period, overview.totals
    st.markdown(overview_text.nothing_to_compare(period, totals))
    if period.label == LONGER_LABEL or not totals.pages_count:
        return
    if st.button(f"Show {LONGER_LABEL}", key="show-longest"):
        url_controls.change(period=LONGER_LABEL)
