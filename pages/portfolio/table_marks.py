"""Keeps the column marked in whose order the table of Pages stands, whatever is clicked."""

from __future__ import annotations

from typing import Any

import streamlit as st

TABLE_KEY = "pages-table"
_WRITTEN = "pages-table-written"


def keep_selected(selection: Any) -> str:
    """Have the column in whose order the table stands be the selected one; return the table's key.

    Written only where the widget says something else, after a click or the Order box: a selection
    that is written is sent with the whole table, and the next run sends the table without it. The
    browser heeds the same one only once in a row; after that a new key makes it begin anew.
    """
    turn, written = st.session_state.get(_WRITTEN, (0, None))
    if st.session_state.get(f"{TABLE_KEY}-{turn}", selection) == selection:
        st.session_state[_WRITTEN] = (turn, None)
    elif written == selection:
        turn += 1
        st.session_state[_WRITTEN] = (turn, None)
    else:
        st.session_state[f"{TABLE_KEY}-{turn}"] = selection
        st.session_state[_WRITTEN] = (turn, selection)
    return f"{TABLE_KEY}-{turn}"
