"""Compare: two to five Pages side by side; their ids are in the URL."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.parts.compare import cards, picker
from pages.queries import find_compared, is_empty, load_comparison
from pages.records import View
from pages.text.periods import Period
from pages.ui import compare_link, links
from pages.ui.compare_link import MIN_PAGES, PARAMETER, CompareAddress
from storage.figures.comparison import ComparedPage


def read_address() -> CompareAddress:
    """The Pages' ids in the URL."""
    return compare_link.parse(st.query_params.get(PARAMETER))


def find_pages(session: Session) -> list[ComparedPage]:
    """The stored Pages with these ids, in the order of the URL."""
    ids = read_address().ids
    return find_compared(session, ids) if ids else []


def find_first_day(session: Session) -> date | None:
    """The first day with a snapshot of any of these Pages; None for no snapshot."""
    days = (page.first_day for page in find_pages(session))
    return min((day for day in days if day is not None), default=None)


def render(installation: Installation, session: Session, header: Any, period: Period) -> None:
    """Draw the screen. ``header`` is a container above the period bar."""
    address, pages = read_address(), find_pages(session)
    with header:
        st.title("Compare", anchor=False)
        if is_empty(session):
            st.markdown("No Page is connected yet, so there is nothing to compare.")
            st.page_link(links.link_to("overview"), label="Overview", icon=":material/arrow_back:")
            return
        picker.render(session, pages)
        dropped = compare_link.describe_dropped(address, len(address.ids) - len(pages))
        if dropped:
            st.caption(dropped)
    if len(pages) < MIN_PAGES:
        picker.render_suggestions(session, pages, installation.now().date())
        return
    picker.remember(pages)
    with st.container(border=True, key="compare-card"):
        switches = cards.choose()
        comparison = load_comparison(session, pages, View(period, switches.metric))
        rows = cards.render_chart(installation, comparison, switches)
    with st.container(border=True, key="compare-figures"):
        cards.render_figures(comparison, rows)
