"""Filter of Overview and Posts: accounts, categories, connections, tags, archive, in the URL.

The URL is the only state: a choice changes the URL. So the filter needs no widgets on the screen,
and the box queries and sends its lists only while it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from pages.queries import count_states, list_choices, resolve_filter
from pages.records import FilterAddress, Listed, PageFilter
from pages.text.formats import any_of, count, counted, cut, listed, plain
from pages.text.phrases import CONNECTIONS
from pages.ui import archive, compare_link, popovers, url_controls
from pages.ui.return_url import FILTER_NAMES
from storage.figures.filters import MAX_VALUES

MAX_PARAMETER = 300  # characters; no name is longer
MAX_LABEL = 40
WIDTH = 360
SHOW_EVERY = "Show every Page"
NARROWS = (
    "Filter and period narrow tiles, chart and table. Search and “Needs attention” narrow the "
    "table alone."
)
# By URL parameter.
_NOUNS = {
    "account": "account",
    "category": "category",
    "state": "connection",
    "tag": "tag",
    "of": "Page",
}


def read(session: Session) -> PageFilter:
    """The filter of the URL; unknown values are left out."""
    return resolve_filter(session, _address())


def render(
    session: Session, container: Any, current: PageFilter, what_narrows: str = NARROWS
) -> None:
    """Draw the button, and its box while it is open. ``what_narrows``: the sentence above it."""
    with container:
        box = st.popover("Filter", icon=":material/filter_list:", key="filter", on_change="rerun")
    if not popovers.is_drawn(box, "filter"):
        return
    filter = current.filter
    states = {name: f"{name} ({count(pages)})" for name, pages in count_states(session).items()}
    with box, st.container(width=WIDTH, key="filter-open"):
        st.caption(what_narrows)
        accounts = dict(zip(filter.account_ids, current.account_names, strict=True))
        _choose_listed(session, "account", accounts)
        _choose_listed(session, "category", {each: each for each in filter.categories})
        _choose("state", states, {CONNECTIONS[each]: CONNECTIONS[each] for each in filter.states})
        _choose_listed(session, "tag", {each: each for each in current.tag_names})
        archive.choose(session)


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
        compare_link.render_tags(current.filter.tag_ids)


def kept() -> dict[str, list[str]]:
    """The URL parameters of the filter, for links to the list."""
    return {name: list(values) for name in FILTER_NAMES if (values := getattr(_address(), name))}


def narrowed_to(current: PageFilter, pages_count: int) -> str:
    """ "12 Pages connected through Anna Keller." as Markdown; empty for no filter.

    ``pages_count``: the number of Pages in the filter.
    """
    filter = current.filter
    parts = []
    if filter.account_ids:
        parts.append(f"connected through {any_of([_name(each) for each in current.account_names])}")
    for before, values in (
        ("of the category", filter.categories),
        ("with the connection", [CONNECTIONS[state] for state in filter.states]),
        ("with the tag", current.tag_names),
        ("with the name", current.page_names),
    ):
        if values:
            parts.append(f"{before} {any_of([f'“{_name(value)}”' for value in values])}")
    if filter.archived:
        parts.append("in the archive")
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


def _name(name: str) -> str:
    return plain(cut(name, MAX_LABEL))


def _address() -> FilterAddress:
    given = set(st.query_params).intersection(FILTER_NAMES)
    return FilterAddress(
        **{
            name: tuple(
                value[:MAX_PARAMETER]
                for value in st.query_params.get_all(name)[:MAX_VALUES]
                if value
            )
            for name in given
        }
    )


def _choose_listed(session: Session, name: Listed, current: Mapping[str, str]) -> None:
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
    _choose(name, labels, current)


def _choose(name: str, labels: Mapping[str, str], current: Mapping[str, str]) -> None:
    """Draw the box of one parameter. It keeps the current values, even if a search has not them.

    ``labels`` and ``current``: by value.
    """
    missing = {value: cut(label, MAX_LABEL) for value, label in current.items()}
    values = url_controls.choose_several(
        _NOUNS[name].capitalize(),
        {**missing, **labels},
        list(current),
        key=f"filter-{name}",
        placeholder=f"Every {_NOUNS[name]}",
        max_selections=MAX_VALUES,
    )
    if values is None:
        return
    if values:
        st.query_params[name] = values
    else:
        st.query_params.pop(name, None)
    url_controls.change(page=1)
