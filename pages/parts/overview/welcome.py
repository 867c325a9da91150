"""The first screen of an installation without Pages: what this is, and one link."""

from __future__ import annotations

import streamlit as st

from fb.installation import Installation
from pages.text.wording import CONNECT
from pages.ui import links, screens
from pages.ui.message_page import READING_WIDTH

IN_SANDBOX = (
    "This is the sandbox: the next screen stands in for Facebook's dialog, with 60 made-up Pages. "
    "Nothing is sent to Facebook."
)
LIVE = "Facebook asks which Pages this app may read. Nothing is saved until you have seen the list."


def render(installation: Installation) -> None:
    """Draw the screen. With a wrong key there is no link: connecting would fail."""
    is_sandbox = installation.settings.is_sandbox
    with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH):
        st.space("large")
        st.title("See how your Facebook Pages grow", anchor=False)
        st.markdown(
            "Pagekeeper reads the fans and followers of every Page you manage once a day, and "
            "tells you when a connection stops working."
        )
        if installation.can_open_tokens:
            st.html(links.connect_link(CONNECT.label))
        st.caption(IN_SANDBOX if is_sandbox else LIVE)
        st.space("small")
        with st.container(border=True):
            st.header("What happens", anchor=False)
            who = "The stand-in" if is_sandbox else "Facebook"
            st.markdown(
                f"1. {who} asks which Pages this app may read.\n"
                "2. You see what was found, and what can't be used and why.\n"
                "3. You save, and the chart begins."
            )
        if is_sandbox:
            st.page_link(
                screens.link_to("setup"),
                label="Use my own Facebook app instead",
                icon=":material/tune:",
            )
