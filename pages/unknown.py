"""Unknown: the screen of an address that no screen has, with links to those there are."""

from __future__ import annotations

import streamlit as st

from pages.text.wording import as_code
from pages.ui import links, message_page
from pages.ui.signed_in import may


def render() -> None:
    """Draw the screen; ``?address=`` is the address that was asked for, a path."""
    address = st.query_params.get("address", "")[: links.MAX_TYPED]
    guess = links.guess_screen(address)
    if guess is not None and not may(guess.role):
        guess = None
    with (
        st.container(horizontal_alignment="center"),
        st.container(width=message_page.READING_WIDTH),
    ):
        st.space("large")
        st.title("There is no screen at this address", anchor=False)
        shown = f" {as_code(address)}" if as_code(address) != "``" else ""
        st.markdown(
            f"Pagekeeper has nothing at{shown or ' it'}. A letter may be missing, or the link is "
            "from elsewhere. Nothing was changed."
        )
        if guess is not None:
            st.markdown(f"**Perhaps you want {guess.title}:**")
            links.draw(guess.name, guess.title, guess.icon)
            st.markdown("Or one of these:")
        for screen in links.SCREENS:
            if screen != guess and screen.name in links.GUESSABLE and may(screen.role):
                links.draw(screen.name, screen.title, screen.icon)
