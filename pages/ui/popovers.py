"""Popovers whose content is drawn only while they are open: it costs questions and kilobytes."""

from __future__ import annotations

from typing import Protocol

import streamlit as st


class Popover(Protocol):
    """As ``st.popover`` returns it."""

    @property
    def open(self) -> bool | None: ...


def is_drawn(popover: Popover, key: str) -> bool:
    """Whether the content of a popover with ``on_change="rerun"`` is drawn in this run.

    It is while it is open, and once more when it has been closed. A press in it and its closing may
    come to one run, and a press on what that run does not draw is lost.
    """
    name = f"{key}-was-open"
    is_open = bool(popover.open)
    was_open = bool(st.session_state.get(name))
    st.session_state[name] = is_open
    return is_open or was_open
