"""Movers card of Overview: the Pages that gained and lost most, as links."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.records import MoverOrder, Overview
from pages.text.formats import count, cut, plain, signed, signed_percent
from pages.text.phrases import NOUNS
from pages.ui import links, url_controls
from storage.figures.totals import Mover

MAX_NAME = 30
MIN_BASE = 500
ORDERS: dict[str, MoverOrder] = {"Number": "number", "Rate": "rate"}

# The number at the right edge; without this it follows the name.
STYLE = """<style>
.st-key-movers-card [data-testid="stPageLink"] a > * { flex-grow: 1; }
.st-key-movers-card [data-testid="stPageLink"] p {
  display: flex; justify-content: space-between; gap: 0.75rem; }
</style>"""


def choose_order() -> MoverOrder:
    """Draw the heading and the switch of the order, kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        return ORDERS[url_controls.choose("Movers by", list(ORDERS), key="movers")]


def render(overview: Overview, order: MoverOrder, way_back: Mapping[str, str]) -> None:
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
    st.page_link(
        links.link_to("page"),
        label=f"{plain(cut(mover.name, MAX_NAME))} :{colour}[{plain(moved)}]",
        query_params={"id": mover.page_id, **way_back},
        width="stretch",
    )
