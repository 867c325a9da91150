"""Compare: two to five Pages side by side, found by search, in an address that can be shared."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages import lookups
from pages.parts.compare import address as compare_address
from pages.parts.compare import card as compare_card
from pages.parts.compare import picker as compare_picker
from pages.parts.compare import queries as compare_lookups
from pages.parts.compare.address import FEWEST, PARAMETER, Asked
from pages.text.periods import Period
from pages.ui import screens
from pages.ui.period_bar import clip
from storage.comparing import ComparedPage


def read_address() -> Asked:
    """The Pages that the address asks for."""
    return compare_address.parse(st.query_params.get(PARAMETER))


def find_compared(version: str) -> list[ComparedPage]:
    """Those of them that are here, in their order."""
    asked = read_address()
    return compare_lookups.find_pages(version, asked.ids) if asked.ids else []


def find_first_day(version: str) -> date | None:
    """The first day with a snapshot of any of them; None: none."""
    days = (page.first_day for page in find_compared(version))
    return min((day for day in days if day is not None), default=None)


def render(installation: Installation, version: str, header: Any, period: Period) -> None:
    """Draw the screen. ``header`` stands above the period bar."""
    asked = read_address()
    pages = find_compared(version)
    with header:
        st.title("Compare", anchor=False)
        if lookups.is_empty(version):
            st.markdown("No Page is connected yet, so there is nothing to compare.")
            st.page_link(
                screens.link_to("overview"), label="Overview", icon=":material/arrow_back:"
            )
            return
        compare_picker.render(version, pages)
        dropped = compare_address.describe_dropped(asked, len(asked.ids) - len(pages))
        if dropped:
            st.caption(dropped)
    if len(pages) < FEWEST:
        compare_picker.render_suggestions(version, pages, installation.now().date())
        return
    compare_picker.remember(pages)
    days = [day for page in pages for day in (page.first_day, page.last_day) if day is not None]
    clipped = clip(period, min(days), max(days)) if days else period
    compare_card.render(version, pages, clipped, period)
