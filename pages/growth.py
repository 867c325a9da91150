"""The two cards in the middle of Overview: the chart over time, and who moved most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from pages import charts, lookups, screens, switches, timeline
from pages.chart_parts import palette
from pages.formats import count, counted, cut, day, plain, signed, signed_percent, span
from pages.overview_words import NOUNS, counted_pages
from pages.periods import LABELS, Period
from pages.timeline import Point
from storage.filtering import Metric
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
    metric = switches.choose("Figure", list(METRICS), key="metric")
    return METRICS[metric], switches.choose("View", VIEWS, key="view")


def render_chart(
    version: str, period: Period, totals: Totals, metric: Metric, view: str, *, is_late: bool
) -> None:
    """Draw the chart and who is counted in it. Late: the period asked for goes on after it."""
    noun = NOUNS[metric]
    now = totals.of(metric)
    with st.empty():  # for what is drawn while the answer is not known yet
        line = lookups.find_line(version, period.since, period.until, metric)
    points = timeline.trim([Point(each.day, each.total, each.change) for each in line])
    if points:
        draw(points, noun, view, counted(now.pages, "Page"), height=lookups.CHART_HEIGHT)
    else:
        _nothing_to_compare(period, totals)
    gaps = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    text = counted_pages(now, totals.pages_count, noun, gaps)
    st.caption(f"{text} Figures end on {day(period.until)}." if is_late else text)


def _nothing_to_compare(period: Period, totals: Totals) -> None:
    text = f"No Page has figures on both ends of {span(period.since, period.until)}."
    if totals.last_day is not None and totals.last_day < period.since:
        text += f" The newest snapshot is of {day(totals.last_day)}."
    st.markdown(text)
    if period.label != LABELS[-1]:
        st.button(f"Show {LABELS[-1]}", key="show-longest", on_click=_show_longest)


def _show_longest() -> None:
    st.session_state["period"] = LABELS[-1]


def draw(points: list[Point], noun: str, view: str, whose: str, *, height: int) -> None:
    """Draw one of the three views of the same days, or say why there is nothing to draw."""
    colours = palette(st.context.theme.type)
    start = next((point.value for point in points if point.value is not None), None)
    if start is None:
        st.caption(f"No {noun.lower()} to compare in this period.")
    elif view == "Daily change":
        st.vega_lite_chart(
            charts.change_chart(points, noun, colours),
            height=height,
            alt=timeline.describe_changes(points, noun, whose),
        )
    elif view == "% since start" and start:
        st.vega_lite_chart(
            charts.share_chart(points, noun, colours),
            height=height,
            alt=timeline.describe(points, noun, whose),
        )
    elif view == "% since start":
        st.caption(f"The period starts with 0 {noun.lower()}: there is no percentage of nothing.")
    else:
        st.vega_lite_chart(
            charts.total_chart(points, noun, colours),
            height=height,
            alt=timeline.describe(points, noun, whose),
        )


def render_movers(
    version: str, period: Period, metric: Metric, way_back: Mapping[str, str]
) -> None:
    """Draw the card of the Pages that gained and lost most, each a link to its screen."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        order = MOVERS[switches.choose("Movers by", list(MOVERS), key="movers")]
    if not lookups.find_totals(version, period.since, period.until).of(metric).pages:
        st.caption("No Page has figures on both ends of this period.")
        return
    movers = lookups.find_movers(version, period.since, period.until, metric, order)
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
