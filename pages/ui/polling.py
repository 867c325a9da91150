"""Polling: fragments that rerun at an interval, until their screen is left.

In Streamlit 1.67 the browser sends a tick with the screen that it shows at that moment. A tick that
arrives while another screen is drawn would run after it, under the old screen; the browser takes
that for a change of screens and empties the new one. Streamlit drops a tick only when the session
no longer has its fragment. So every change of screens drops the fragments, and no two screens share
one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui import links

_SCREEN = "screen-on-view"


def poll(every_seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Decorator for a fragment that reruns every so many seconds, on this screen only."""

    def decorate(watch: Callable[[], None]) -> Callable[[], None]:
        # Streamlit identifies a fragment by its function's name and its position on the screen.
        watch.__qualname__ = f"{watch.__qualname__} on {st.session_state.get(_SCREEN)}"
        return st.fragment(watch, run_every=every_seconds)

    return decorate


def begin_run() -> None:
    """Drop the fragments of the last screen if this run draws another. Call it first in a run."""
    if st.session_state.get(_SCREEN) != _page_hash():
        _drop_fragments()


def note_screen() -> None:
    """Remember the screen of this run. Call it after ``st.navigation``."""
    st.session_state[_SCREEN] = _page_hash()


def go_to(screen: str, query_params: Mapping[str, str] | None = None) -> NoReturn:
    """Switch to another screen, as ``st.switch_page``, after dropping this one's fragments."""
    _drop_fragments()
    st.switch_page(links.link_to(screen), query_params=dict(query_params or {}))


def _page_hash() -> str:
    # This and the fragment storage below are undocumented in Streamlit 1.67;
    # tests/integration/test_polling.py fails when they change.
    ctx = get_script_run_ctx()
    return ctx.page_script_hash if ctx is not None else ""


def _drop_fragments() -> None:
    ctx = get_script_run_ctx()
    if ctx is not None:
        ctx.fragment_storage.clear()
