"""Compare: two to five Pages side by side; their ids are in the URL, and a search adds others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.parts.compare import cards
from pages.parts.compare.compare_text import MAX_CHART_NAME, MAX_NAME, choices_of, labels_of
from pages.queries import find_compared, is_empty, list_similar, load_comparison, search_pages
from pages.records import View
from pages.text.formats import cut, listed, plain
from pages.text.periods import Period
from pages.ui import compare_link, links, url_controls
from pages.ui.compare_link import MAX_PAGES, MIN_PAGES, PARAMETER, CompareAddress
from storage.figures.comparison import MAX_MATCHES, ComparedPage

SEARCH_KEY, CHOICE_KEY = "compare-search", "compare-add"
MAX_SEARCH = 100
_LAST = "compare-last"


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
            links.draw("overview", "Overview", ":material/arrow_back:")
            return
        _picker(session, pages)
        dropped = compare_link.describe_dropped(address, len(address.ids) - len(pages))
        if dropped:
            st.caption(dropped)
    if len(pages) < MIN_PAGES:
        _suggestions(session, pages, installation.now().date())
        return
    _remember(pages)
    with st.container(border=True, key="compare-card"):
        switches = cards.choose()
        comparison = load_comparison(session, pages, View(period, switches.metric))
        rows = cards.render_chart(installation, comparison, switches)
    with st.container(border=True, key="compare-figures"):
        cards.render_figures(comparison, rows)


def _picker(session: Session, pages: Sequence[ComparedPage]) -> None:
    """Draw the search, unless the comparison is full, and a chip for each Page."""
    ids = [page.page_id for page in pages]
    with st.container(horizontal=True, vertical_alignment="center", key="compare-picker"):
        if len(pages) < MAX_PAGES:
            _search(session, ids)
        _chips(pages)
        if len(pages) == MAX_PAGES:
            st.caption(f"{MAX_PAGES} Pages are the most that can be compared.", width="content")


def _search(session: Session, ids: Sequence[str]) -> None:
    search = st.text_input(
        "Add a Page",
        type="search",
        live="300ms",
        placeholder="Add a Page by name",
        label_visibility="collapsed",
        width=240,
        key=SEARCH_KEY,
    )
    search = (search or "").strip()[:MAX_SEARCH]
    if not search:
        return
    matches = search_pages(session, search, tuple(ids))
    choices = choices_of(matches.pages)
    if not choices:
        whom = f"“{plain(cut(search, MAX_NAME))}”"
        also = " besides those chosen" if ids else ""
        st.caption(f"No Page matches {whom}{also}. Search looks at names only.", width="content")
        return
    count = "1 match" if len(choices) == 1 else f"{len(choices)} matches"
    choice = st.selectbox(
        "Matches",
        list(choices),
        index=None,
        placeholder=f"First {MAX_MATCHES} matches" if matches.are_cut else f"Choose from {count}",
        label_visibility="collapsed",
        width=300,
        key=CHOICE_KEY,
    )
    page_id = choices.get(str(choice))
    if page_id is not None:
        _write_address([*ids, page_id])
        url_controls.change(**{SEARCH_KEY: ""})


def _chips(pages: Sequence[ComparedPage]) -> None:
    ids = [page.page_id for page in pages]
    for index, (page, label) in enumerate(zip(pages, labels_of(pages), strict=True)):
        is_pressed = st.button(
            plain(label),
            key=f"compare-remove-{index}",
            icon=":material/close:",
            icon_position="right",
            help="Take this Page out of the comparison",
        )
        if is_pressed:
            _compare([other for other in ids if other != page.page_id])


def _compare(ids: Sequence[str]) -> None:
    _write_address(ids)
    st.rerun()


def _write_address(ids: Sequence[str]) -> None:
    if ids:
        st.query_params[PARAMETER] = compare_link.write(ids)
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]


def _suggestions(session: Session, pages: Sequence[ComparedPage], until: date) -> None:
    """Draw suggestions while there is nothing to compare: Pages of about the same size."""
    first = pages[0] if pages else None
    alike = list_similar(session, first.page_id if first else None, until)
    with st.container(border=True, key="compare-begin"):
        st.markdown("**Choose two Pages to compare.**")
        if first is None:
            _last_again()
        if not alike:
            st.caption("No other Page has a figure yet." if first else "No Page has a figure yet.")
            return
        if first is not None:
            name = plain(labels_of(pages)[0])
            st.caption(f"One more is needed. Nearest to {name} in size:")
        else:
            st.caption("Search by name above, or begin with one of the largest:")
        ids = [page.page_id for page in pages]
        for page, label in zip(alike, labels_of(alike), strict=True):
            _begin_with(label, ":material/add:", [*ids, page.page_id])
        if first is None and len(alike) >= MIN_PAGES:
            every = [page.page_id for page in alike]
            _begin_with(f"Compare these {len(every)}", ":material/compare_arrows:", every)


def _remember(pages: Sequence[ComparedPage]) -> None:
    """Remember the compared Pages, because the navigation leads to Compare without them."""
    st.session_state[_LAST] = (
        [page.page_id for page in pages],
        listed(labels_of(pages, MAX_CHART_NAME)),
    )


def _last_again() -> None:
    ids, names = st.session_state.get(_LAST, ((), ""))
    if ids and st.button(
        plain(f"Compare {names} again"),
        key="compare-again",
        icon=":material/history:",
        type="tertiary",
    ):
        _compare(ids)


def _begin_with(label: str, icon: str, ids: Sequence[str]) -> None:
    # A button instead of a link: a page_link to the present screen does not change the address bar,
    # so the comparison could not be shared or reloaded.
    key = f"compare-begin-{compare_link.write(ids)}"
    if st.button(plain(label), key=key, icon=icon, type="tertiary"):
        _compare(ids)
