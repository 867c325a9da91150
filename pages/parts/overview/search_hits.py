"""The few Pages that a search has left, as links: the grid's cells can't be pressed by key."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.lookups import TableView
from pages.parts.compare import picker as compare_picker
from pages.text.formats import cut, plain
from pages.ui import screens

LONGEST_NAME = 30


def render(view: TableView, way_back: Mapping[str, str]) -> None:
    """Draw a link to each Page's screen, and one to compare them where that can be done."""
    with st.container(horizontal=True, gap="small", key="search-hits"):
        for row in view.page.rows:
            st.page_link(
                screens.link_to("page"),
                label=plain(cut(row.name, LONGEST_NAME)),
                icon=":material/arrow_forward:",
                query_params={"id": row.page_id, **way_back},
            )
        compare_picker.render_link_of([row.page_id for row in view.page.rows])
