"""The two cards in the middle of Overview: the chart over time, and who moved most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from pages import lookups
from pages.charts import line_charts, timeline
from pages.charts.chart_parts import lean, palette
from pages.charts.timeline import Note, Point
from pages.parts.overview import queries as overview_lookups
from pages.parts.overview import unusual_text
from pages.parts.overview.overview_text import NOUNS, counted_pages, nothing_to_compare
from pages.text.formats import count, counted, cut, day, plain, signed, signed_percent
from pages.text.periods import LONGER_LABEL, Period
from pages.ui import screens, url_controls
from pages.ui.notes import popover
from storage.filtering import Filter, Metric
from storage.overview import Mover, Movers, Totals

LONGEST_NAME = 30
SMALLEST_MOVER = 500

# The number of a mover at the right edge; without this it stands right after the name.
MOVERS_STYLE = """<style>
.st-key-movers-card [data-testid="stPageLink"] a > * { flex-grow: 1; }
.st-key-movers-card [data-testid="stPageLink"] p {
  display: flex; justify-content: space-between; gap: 0.75rem; }
</style>"""

METRICS: dict[str, Metric] = {"Fans": "fans", "Followers": "followers"}
VIEWS = ("Total", "Daily change", "% since start")
MOVERS: dict[str, Literal["number", "rate"]] = {"Number": "number", "Rate": "rate"}


def choose_view() -> tuple[Metric, str]:
    """Draw the switches of the chart's card. The metric turns tiles, movers and table with it."""
    metric = url_controls.choose("Figure", list(METRICS), key="metric")
    return METRICS[metric], url_controls.choose("View", VIEWS, key="view")


def render_chart(
    version: str,
    period: Period,
    totals: Totals,
    metric: Metric,
    view: str,
    filter: Filter,
    *,
    is_late: bool,
    notes: Sequence[Note] = (),
) -> None:
    """Draw the chart and who is counted in it. Late: the period asked for goes on after it."""
    noun = NOUNS[metric]
    now = totals.of(metric)
    days = (period.since, period.until)
    with st.empty():  # for what is drawn while the answer is not known yet
        line = lookups.find_line(version, *days, metric, filter)
    points = timeline.trim([Point(each.day, each.total, each.change) for each in line])
    unusual = overview_lookups.find_unusual(version, *days, metric, filter)
    if points:
        whose = counted(now.pages, "Page")
        rules = popover.together(notes, unusual_text.notes(unusual))
        draw(points, noun, view, whose, height=lookups.CHART_HEIGHT, notes=rules)
    else:
        _nothing_to_compare(period, totals)
    gaps = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    said = [
        counted_pages(now, totals.pages_count, noun, gaps),
        f"Figures end on {day(period.until)}." if is_late else "",
        unusual_text.sentence(unusual, period.until),
    ]
    st.caption(" ".join(each for each in said if each))


def _nothing_to_compare(period: Period, totals: Totals) -> None:
    st.markdown(nothing_to_compare(period, totals))
    if period.label != LONGER_LABEL and totals.pages_count:
        st.button(f"Show {LONGER_LABEL}", key="show-longest", on_click=_show_longest)


def _show_longest() -> None:
    st.session_state["period"] = LONGER_LABEL


def draw(
    points: list[Point],
    noun: str,
    view: str,
    whose: str,
    *,
    height: int,
    notes: Sequence[Note] = (),
) -> None:
    """Draw one of the three views of the same days, or say why there is nothing to draw."""
    colours = palette(st.context.theme.type)
    start = next((point.value for point in points if point.value is not None), None)
    if start is None:
        st.caption(f"No {noun.lower()} to compare in this period.")
    elif view == "Daily change":
        st.vega_lite_chart(
            lean(line_charts.change_chart(points, noun, colours, notes)),
            height=height,
            alt=timeline.describe_changes(points, noun, whose),
        )
    elif view == "% since start" and start:
        st.vega_lite_chart(
            lean(line_charts.share_chart(points, noun, colours, notes)),
            height=height,
            alt=timeline.describe(points, noun, whose),
        )
    elif view == "% since start":
        st.caption(f"The period starts with 0 {noun.lower()}: there is no percentage of nothing.")
    else:
        st.vega_lite_chart(
            lean(line_charts.total_chart(points, noun, colours, notes)),
            height=height,
            alt=timeline.describe(points, noun, whose),
        )


def render_movers(
    version: str, period: Period, metric: Metric, filter: Filter, way_back: Mapping[str, str]
) -> None:
    """Draw the card of the Pages that gained and lost most, each a link to its screen."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        order = MOVERS[url_controls.choose("Movers by", list(MOVERS), key="movers")]
    days = (period.since, period.until)
    if not lookups.find_totals(version, *days, filter).of(metric).pages:
        st.caption("No Page has figures on both ends of this period.")
        return
    movers = lookups.find_movers(version, *days, metric, order, filter)
    _draw_movers(movers, order, way_back)
    if order == "rate":
        st.caption(
            f"Pages with {count(SMALLEST_MOVER)} {NOUNS[metric].lower()} or more at the start."
        )


def _draw_movers(movers: Movers, by: str, way_back: Mapping[str, str]) -> None:
    st.html(MOVERS_STYLE)
    for verb, pages, colour in (("gained", movers.up, "green"), ("lost", movers.down, "red")):
        st.caption(f"{verb.capitalize()} most" if pages else f"No Page {verb} in this period.")
        with st.container(gap="xsmall"):
            for mover in pages:
                _draw_mover(mover, by, colour, way_back)


def _draw_mover(mover: Mover, by: str, colour: str, way_back: Mapping[str, str]) -> None:
    # Name and number in one label: as elements of their own they were a third of a rerun's.
    moved = signed(mover.net) if by == "number" else signed_percent(mover.rate_percent)
    st.page_link(
        screens.link_to("page"),
        label=f"{plain(cut(mover.name, LONGEST_NAME))} :{colour}[{plain(moved)}]",
        query_params={"id": mover.page_id, **way_back},
        width="stretch",
    )
