"""Flash: a message shown as a toast in the next run, since a rerun removes the toasts of a run."""

from __future__ import annotations

import streamlit as st

_KEY = "note"


def leave(text: str, icon: str = ":material/check:") -> None:
    """Store ``text`` (Markdown, names escaped) for the next run."""
    st.session_state[_KEY] = (text, icon)


def show() -> None:
    """Show the stored message once."""
    note = st.session_state.pop(_KEY, None)
    if note is not None:
        text, icon = note
        st.toast(text, icon=icon, duration="long")
