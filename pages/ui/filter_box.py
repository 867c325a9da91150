"""Filter of Overview: account, category, connection and tag, kept in the URL.

The URL is the only state: a choice changes the URL. So the filter needs no widgets on the screen,
and the box queries and sends its lists only while it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from pages.queries import count_states, list_choices, resolve_filter
from pages.records import FilterAddress, Listed, PageFilter
from pages.text.formats import count, counted, cut, listed, plain
from pages.text.phrases import CONNECTIONS
from pages.ui import url_controls
from pages.ui.return_url import FILTER_NAMES

MAX_PARAMETER = 300  # characters; no name is longer
MAX_LABEL = 40
SHOW_EVERY = "Show every Page"
# By URL parameter.
_NOUNS = {"account": "account", "category": "category", "state": "connection", "tag": "tag"}


def read(session: Session) -> PageFilter:
    """The filter of the URL; unknown values are left out."""
    return resolve_filter(session, _address())


def render(session: Session, container: Any, current: PageFilter) -> None:
    """Draw the button, and its box while it is open."""
    with container:
        box = st.popover("Filter", icon=":material/filter_list:", key="filter", on_change="rerun")
    if not box.open:
        return
    address = _address()
    values = {
        name: "" if name in current.unknown else getattr(address, name) for name in FILTER_NAMES
    }
    with box:
        _choose_listed(session, "account", values["account"])
        _choose_listed(session, "category", values["category"])
        states = {name: f"{name} ({count(pages)})" for name, pages in count_states(session).items()}
        _choose("state", states, values["state"])
        _choose_listed(session, "tag", values["tag"])


def describe(current: PageFilter, pages_count: int) -> None:
    """Draw a sentence on the filter and the button to remove it; nothing without a filter."""
    narrowed, left_out = narrowed_to(current, pages_count), unknown_text(current)
    if not narrowed and not left_out:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="filtered"):
        st.markdown(" ".join(filter(None, (narrowed, left_out))), width="content")
        if narrowed and st.button(SHOW_EVERY, key="show-every", type="tertiary"):
            for name in FILTER_NAMES:
                st.query_params.pop(name, None)
            url_controls.change(page=1)


def kept() -> dict[str, str]:
    """The URL parameters of the filter, for links to Overview."""
    return {name: value for name in FILTER_NAMES if (value := getattr(_address(), name))}


def restore(name: str, value: str) -> None:
    """Put a value back into the URL."""
    st.query_params[name] = value[:MAX_PARAMETER]


def narrowed_to(current: PageFilter, pages_count: int) -> str:
    """ "12 Pages: held by Anna Keller, of the category “Café”." as Markdown; empty for no filter.

    ``pages_count``: the number of Pages in the filter.
    """
    filter = current.filter
    parts = []
    if filter.account_id is not None:
        parts.append(f"held by {_name(current.account_name)}")
    if filter.category is not None:
        parts.append(f"of the category “{_name(filter.category)}”")
    if filter.state is not None:
        parts.append(f"with the connection “{CONNECTIONS[filter.state]}”")
    if filter.tag_id is not None:
        parts.append(f"with the tag “{_name(current.tag_name)}”")
    if not parts:
        return ""
    who = f"**{counted(pages_count, 'Page')}**" if pages_count else "**No Page** is"
    return f"{who} {listed(parts)}."


def unknown_text(current: PageFilter) -> str:
    """A sentence on the values of the URL that are unknown; empty for none."""
    if not current.unknown:
        return ""
    nouns = listed([_NOUNS[name] for name in current.unknown])
    is_one = len(current.unknown) == 1
    verb, they = ("is", "it is") if is_one else ("are", "they are")
    return f"The {nouns} that this link asks for {verb} not here, so {they} left out."


def _name(name: str | None) -> str:
    return plain(cut(name or "", MAX_LABEL))


def _address() -> FilterAddress:
    return FilterAddress(
        **{name: st.query_params.get(name, "")[:MAX_PARAMETER] for name in FILTER_NAMES}
    )


def _choose_listed(session: Session, name: Listed, value: str) -> None:
    choices = list_choices(session, name, "")
    if choices.is_searched:
        search = st.text_input(
            f"Search {count(choices.count)} by {_NOUNS[name]}",
            type="search",
            live="300ms",
            key=f"filter-search-{name}",
        )
        choices = list_choices(session, name, (search or "")[:MAX_PARAMETER])
    elif not choices.count:
        return
    labels = {
        choice.value: f"{cut(choice.label, MAX_LABEL)} ({count(choice.pages_count)})"
        for choice in choices.shown
    }
    _choose(name, labels, value)


def _choose(name: str, labels: dict[str, str], value: str) -> None:
    """Draw one select box. It keeps the current value, even if a search has not found it."""
    if value and value not in labels:
        labels = {value: cut(value, MAX_LABEL), **labels}
    options: Sequence[str] = ["", *labels]
    key, drawn = f"filter-{name}", f"filter-{name}-drawn"
    # The URL decides, unless the operator has chosen since the box was drawn with its value.
    if key not in st.session_state or st.session_state.get(drawn) != value:
        st.session_state[key] = st.session_state[drawn] = value
    every = f"Every {_NOUNS[name]}"
    choice = st.selectbox(
        _NOUNS[name].capitalize(),
        options,
        format_func=lambda option: labels.get(option, every),
        key=key,
    )
    if (choice or "") == value:
        return
    st.session_state[drawn] = choice
    if choice:
        st.query_params[name] = choice
    else:
        st.query_params.pop(name, None)
    url_controls.change(page=1)
