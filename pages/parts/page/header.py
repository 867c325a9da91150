"""Header of a Page's screen: picture, name, state of the connection, and links."""

from __future__ import annotations

from html import escape

import streamlit as st

from fb.installation import Installation
from pages.parts.page import page_text
from pages.parts.page.page_details import facebook_link
from pages.text.formats import plain
from pages.ui import compare_link, links
from pages.ui.pictures import picture_path
from storage.accounts.page_profile import PageProfile

PICTURE_SIZE = 56


def render(installation: Installation, profile: PageProfile) -> None:
    """Draw the header, with a sentence if the connection does not fully work."""
    connection = page_text.connection(profile)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        src = escape(picture_path(profile.id, profile.picture_etag), quote=True)
        st.html(
            f'<img src="{src}" alt="" width="{PICTURE_SIZE}" height="{PICTURE_SIZE}" '
            'style="display:block;border-radius:0.5rem;object-fit:cover">',
            width=PICTURE_SIZE,
        )
        with st.container(gap="xxsmall"):
            st.title(plain(profile.name), anchor=False)
            with st.container(horizontal=True, vertical_alignment="center"):
                _facts_and_links(installation, profile, connection)
    if connection.sentence:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(connection.sentence, width="content")
            if connection.colour == "red":
                st.page_link(
                    links.link_to("connections"),
                    label="Renew" if profile.connection == "needs_renewal" else "See Connections",
                    icon=":material/arrow_forward:",
                )


def _facts_and_links(
    installation: Installation, profile: PageProfile, connection: page_text.Connection
) -> None:
    if profile.category:
        st.caption(plain(profile.category), width="content")
    st.badge(connection.label, icon=connection.icon, color=connection.colour)
    held_by = page_text.held_by(profile)
    if held_by:
        st.caption(held_by, width="content")
    compare_link.render(profile.id)
    if not installation.settings.is_sandbox:
        st.link_button(
            "Open on Facebook",
            facebook_link(profile),
            icon=":material/open_in_new:",
            type="tertiary",
        )
