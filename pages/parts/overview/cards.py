"""Cards of Overview: the chart of the compared Pages, and the Pages that gained and lost most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.charts import timeline
from pages.charts.timeline import Note, Point
from pages.parts.overview import overview_text, unusual_text
from pages.records import MoverOrder, Overview
from pages.text.formats import count, counted, cut, day, plain, signed, signed_percent
from pages.text.periods import LONGER_LABEL
from pages.text.phrases import NOUNS
from pages.ui import growth_chart, links, url_controls
from pages.ui.notes import note_text, popover
from storage.figures.totals import Mover

CHART_HEIGHT = 372
MAX_NAME = 30
MIN_BASE = 500
ORDERS: dict[str, MoverOrder] = {"Number": "number", "Rate": "rate"}
# The number at the right edge; without this it follows the name.
STYLE = """<style>
.st-key-movers-card [data-testid="stPageLink"] a > * { flex-grow: 1; }
.st-key-movers-card [data-testid="stPageLink"] p {
  display: flex; justify-content: space-between; gap: 0.75rem; }
</style>"""


def render_growth(overview: Overview, view: str) -> None:
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
    return note_text.merge(overview.notes, unusual_text.notes(overview.unusual))


def caption(overview: Overview, points: Sequence[Point]) -> str:
    """The sentences on the counted Pages, on missing days, and on weekly points."""
    totals, metric = overview.totals, overview.view.metric
    gaps = timeline.count_missing(points)
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


def choose_order() -> MoverOrder:
    """Draw the heading and the switch of the order, kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        return ORDERS[url_controls.choose("Movers by", list(ORDERS), key="movers")]


def render_movers(overview: Overview, order: MoverOrder, way_back: Mapping[str, str]) -> None:
    """Draw both lists. ``way_back``: Overview's state, for links to a Page."""
    metric = overview.view.metric
    if not overview.totals.of(metric).pages:
        st.caption("No Page has figures on both ends of this period.")
        return
    st.html(STYLE)
    movers = overview.movers
    for verb, pages, colour in (("gained", movers.up, "green"), ("lost", movers.down, "red")):
        st.caption(f"{verb.capitalize()} most" if pages else f"No Page {verb} in this period.")
        with st.container(gap="xsmall"):
            for mover in pages:
                _draw(mover, order, colour, way_back)
    if order == "rate":
        st.caption(f"Pages with {count(MIN_BASE)} {NOUNS[metric].lower()} or more at the start.")


def _draw(mover: Mover, order: MoverOrder, colour: str, way_back: Mapping[str, str]) -> None:
    # Name and number in one label: as two elements they took a third of a rerun's time.
    moved = signed(mover.net) if order == "number" else signed_percent(mover.rate_percent)
    links.draw(
        "page",
        f"{plain(cut(mover.name, MAX_NAME))} :{colour}[{plain(moved)}]",
        query_params={"id": mover.page_id, **way_back},
        width="stretch",
    )
