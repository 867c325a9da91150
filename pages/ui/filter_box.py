"""Narrows Overview to some Pages: by account, category, connection and tag, kept in the address.

The address alone says what is chosen, and a click changes the address. So nothing has to be drawn
for a choice to stay, and what is in the box is asked for and sent only while it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts.overview.queries import Listed, find_choices, find_chosen, find_states
from pages.text.formats import count, cut
from pages.ui import filter_text
from pages.ui.filter_text import Asked, Chosen
from pages.ui.return_url import FILTER_NAMES as NAMES

LONGEST = 300  # characters of a parameter; no name is longer
LONGEST_LABEL = 40
SHOW_EVERY = "Show every Page"
_TITLES = {"account": "Account", "category": "Category", "state": "Connection", "tag": "Tag"}
_EVERY = {
    "account": "Every account",
    "category": "Every category",
    "state": "Every connection",
    "tag": "Every tag",
}


def read(version: str) -> Chosen:
    """What the address asks for; what it made up is left out."""
    return find_chosen(version, _asked())


def render(version: str, place: Any, chosen: Chosen) -> None:
    """Draw the button, and the box below it while it is open."""
    with place:
        box = st.popover("Filter", icon=":material/filter_list:", key="filter", on_change="rerun")
    if not box.open:
        return
    asked = _asked()
    values = {name: "" if name in chosen.unknown else getattr(asked, name) for name in NAMES}
    with box:
        _choose_listed(version, "account", values["account"])
        _choose_listed(version, "category", values["category"])
        states = find_states(version).items()
        _choose(
            "state", {each: f"{each} ({count(pages)})" for each, pages in states}, values["state"]
        )
        _choose_listed(version, "tag", values["tag"])


def say(chosen: Chosen, pages_count: int) -> None:
    """Write which Pages are shown, and offer the way back to all of them."""
    narrowed, left_out = (
        filter_text.narrowed_to(chosen, pages_count),
        filter_text.left_out(chosen),
    )
    if not narrowed and not left_out:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="filtered"):
        st.markdown(" ".join(filter(None, (narrowed, left_out))), width="content")
        if narrowed:
            st.button(SHOW_EVERY, key="show-every", type="tertiary", on_click=clear)


def kept() -> dict[str, str]:
    """The filter as the address has it, for links that lead to Overview."""
    return {name: value for name in NAMES if (value := getattr(_asked(), name))}


def clear() -> None:
    """Take the filter out of the address."""
    for name in NAMES:
        st.query_params.pop(name, None)
    _to_first_page()


def restore(name: str, value: str) -> None:
    """Put a choice back into the address."""
    st.query_params[name] = value[:LONGEST]


def _asked() -> Asked:
    return Asked(**{name: st.query_params.get(name, "")[:LONGEST] for name in NAMES})


def _choose_listed(version: str, name: Listed, value: str) -> None:
    found = find_choices(version, name, "")
    if found.is_searched:
        title = _TITLES[name].lower()
        search = st.text_input(
            f"Search {count(found.count)} by {title}",
            type="search",
            live="300ms",
            key=f"filter-search-{name}",
        )
        found = find_choices(version, name, (search or "")[:LONGEST])
    elif not found.count:
        return
    labels = {
        choice.value: f"{cut(choice.label, LONGEST_LABEL)} ({count(choice.pages_count)})"
        for choice in found.shown
    }
    _choose(name, labels, value)


def _choose(name: str, labels: dict[str, str], value: str) -> None:
    """One box. What is chosen stays in it, also where a search does not find it."""
    if value and value not in labels:
        labels = {value: cut(value, LONGEST_LABEL), **labels}
    options: Sequence[str] = ["", *labels]
    key = f"filter-{name}"
    st.session_state[key] = value
    st.selectbox(
        _TITLES[name],
        options,
        format_func=lambda option: labels.get(option, _EVERY[name]),
        key=key,
        on_change=_changed,
        args=(name, key),
    )


def _changed(name: str, key: str) -> None:
    value = st.session_state.get(key)
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
    _to_first_page()


def _to_first_page() -> None:
    if "page" in st.session_state:
        st.session_state["page"] = 1
