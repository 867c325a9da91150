"""A Page's card "What Facebook says about this Page"."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.formats import day, moment, plain
from pages.one_page.facts import facts, safe_link
from storage.accounts.page_profile import PageProfile
from storage.accounts.pages import FactChange

LABEL_WIDTH = 110


def render(profile: PageProfile, changes: Mapping[str, FactChange]) -> None:
    """Draw what Facebook says: text as it is, links only where they are safe, and since when."""
    st.header("What Facebook says about this Page", anchor=False)
    website = safe_link(profile.website)
    for fact in facts(profile, changes):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(fact.label, width=LABEL_WIDTH)
            if fact.since:
                with st.container(width="content", gap=None):
                    st.text(fact.text, width="content")
                    st.caption(plain(fact.since), width="content")
            else:  # ten containers less to send
                st.text(fact.text, width="content")
            if fact.label == "Website" and website and not fact.text.isspace():
                st.link_button("Open", website, icon=":material/open_in_new:", type="tertiary")
    version = f" · Graph {plain(profile.graph_version)}" if profile.graph_version else ""
    first_seen = day(profile.first_seen_at.date())
    rest = "The rest is" if changes else "All of it is"
    st.caption(
        f"As of {moment(profile.described_at)}{version}. {rest} as it was first seen, {first_seen}."
    )
