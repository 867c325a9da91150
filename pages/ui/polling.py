"""Fragments that look again by themselves, and the end of their ticks when a screen is left.

In Streamlit 1.67 the browser sends a tick with the screen that it shows at that moment. A tick that
reaches the server while another screen is drawn would run after it, under the screen that was left;
the browser takes that for a change of screens and empties the new one. Streamlit drops a tick only
when the session no longer holds its fragment. So whoever leaves a screen drops its fragments, and
no two screens have a fragment in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui import screens

_SCREEN = "screen-on-view"


def poll(every_seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A fragment that the browser asks to run again every so many seconds, on this screen only."""

    def decorate(watch: Callable[[], None]) -> Callable[[], None]:
        # Streamlit names a fragment by its function and by where it stands.
        watch.__qualname__ = f"{watch.__qualname__} on {st.session_state.get(_SCREEN)}"
        return st.fragment(watch, run_every=every_seconds)

    return decorate


def begin_run() -> None:
    """End the ticks of the screen before, if this run draws another; first thing in a whole run."""
    if st.session_state.get(_SCREEN) != _page_hash():
        _drop_fragments()


def note_screen() -> None:
    """Remember which screen this run draws; called once the navigation has decided that."""
    st.session_state[_SCREEN] = _page_hash()


def go_to(screen: str, query_params: Mapping[str, str] | None = None) -> NoReturn:
    """Lead on to another screen, as ``st.switch_page``, and end the ticks of this one before."""
    _drop_fragments()
    st.switch_page(screens.link_to(screen), query_params=dict(query_params or {}))


def _page_hash() -> str:
    # Not documented by Streamlit (1.67), as is the storage below: tests/integration/test_polling.py
    # fails when either no longer does what is needed here.
    ctx = get_script_run_ctx()
    return ctx.page_script_hash if ctx is not None else ""


def _drop_fragments() -> None:
    ctx = get_script_run_ctx()
    if ctx is not None:
        ctx.fragment_storage.clear()
