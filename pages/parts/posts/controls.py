"""Controls of Posts: kinds, text, the age of the figures and "Without gone posts", in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import streamlit as st

from pages.post_queries import PostView
from pages.text.periods import Period
from pages.text.posts_text import AGES, DEFAULT_AGE, KINDS
from pages.ui import url_controls
from storage.figures.filters import Filter
from storage.posts.rows import PostKind

NO_GONE = "Without gone posts"
MAX_SEARCH = 100
KIND_BY_LABEL: Mapping[str, PostKind] = {
    label: cast(PostKind, kind) for kind, label in KINDS.items()
}


def choose(period: Period, filter: Filter) -> PostView:
    """Draw the row of controls, and return the posts of a period and a filter that they choose."""
    with st.container(horizontal=True, vertical_alignment="center", key="posts-controls"):
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="small"
        ):
            st.caption("Figures at the age of", width="content")
            age = url_controls.choose(
                "Figures at the age of", list(AGES), key="age", default=DEFAULT_AGE
            )
        kinds = st.multiselect(
            "Kinds of posts",
            list(KIND_BY_LABEL),
            placeholder="Every kind",
            label_visibility="collapsed",
            width=220,
            select_all=False,
            key="kind",
            bind="query-params",
        )
        search = st.text_input(
            "Search the text of posts",
            type="search",
            live="300ms",
            placeholder="Search the text",
            label_visibility="collapsed",
            width=220,
            key="text",
            bind="query-params",
        )
        without_gone = st.toggle(NO_GONE, key="gone", bind="query-params")
    return PostView(
        period,
        filter,
        AGES[age],
        tuple(kind for label, kind in KIND_BY_LABEL.items() if label in kinds),
        " ".join((search or "").split())[:MAX_SEARCH],
        with_gone=not without_gone,
    )


def clear() -> None:
    """Show posts of every kind and text, gone ones too."""
    url_controls.change(kind=[], text="", gone=False, page=1)
