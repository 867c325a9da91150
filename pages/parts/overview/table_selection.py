"""Keeps the column marked in whose order the table of Pages stands, whatever is clicked."""

from __future__ import annotations

from typing import Any

import streamlit as st

TABLE_KEY = "pages-table"
_TURN = "pages-table-turn"


def keep_selected(selection: Any) -> str:
    """Have the column in whose order the table stands be the selected one; return the table's key.

    Where the widget says something else, after a click or the Order box, a new key makes it begin
    anew, with ``selection`` as its default. A selection that is written into the old one would be
    sent with the whole table, which the next run then sends again without it; and the browser
    heeds the same one only once in a row, and takes the next click on a header for its undoing.
    """
    turn = int(st.session_state.get(_TURN, 0))
    if st.session_state.get(f"{TABLE_KEY}-{turn}", selection) != selection:
        turn += 1
        st.session_state[_TURN] = turn
    return f"{TABLE_KEY}-{turn}"
