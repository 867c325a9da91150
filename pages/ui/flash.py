"""A short message that outlives a change of screen: Streamlit drops a toast with its run."""

from __future__ import annotations

import streamlit as st

_KEY = "note"


def leave(text: str, icon: str = ":material/check:") -> None:
    """Have the next run show ``text`` (Markdown, names escaped) as a toast."""
    st.session_state[_KEY] = (text, icon)


def show() -> None:
    """Show what the run before left, once."""
    note = st.session_state.pop(_KEY, None)
    if note is not None:
        text, icon = note
        st.toast(text, icon=icon, duration="long")
