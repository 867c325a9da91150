"""Polling: fragments that rerun at an interval, until their screen is left.

In Streamlit 1.67 the browser sends a tick with the screen that it shows at that moment. A tick that
arrives while another screen is drawn would run after it, under the old screen; the browser takes
that for a change of screens and empties the new one. Streamlit drops a tick only when the session
no longer has its fragment. So every change of screens drops the fragments, and no two screens share
one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.text import progress_text
from pages.ui import links, viewer

_SCREEN = "screen-on-view"
_SOON_SECONDS = 0.05
# A browser that changes from light to dark does not say so before its next run.
SCHEME_SECONDS = 10.0


def poll(every_seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Decorator for a fragment that reruns every so many seconds, on this screen only."""

    def decorate(watch: Callable[[], None]) -> Callable[[], None]:
        # Streamlit identifies a fragment by its function's name and its position on the screen.
        watch.__qualname__ = f"{watch.__qualname__} on {st.session_state.get(_SCREEN)}"
        return viewer.fragment(watch, run_every=every_seconds)

    return decorate


def is_drawn(key: str) -> bool:
    """Whether an earlier run has drawn this screen; if not, another run follows at once.

    Elements of the last screen leave the browser when a run ends. So a screen that announces slow
    work ends its run first, and does the work in the run after.
    """
    if st.session_state.pop(key, False):
        return True
    st.session_state[key] = True
    runs: list[None] = []

    @poll(_SOON_SECONDS)
    def go_on() -> None:
        if runs:
            st.rerun()
        runs.append(None)

    go_on()
    return False


def describe_left(run: object, done: int, total: int) -> str:
    """The time that a run still takes, from the pace that this session has seen; "" if unknown.

    ``run`` identifies the run: any value that no other run has.
    """
    key, now = f"pace-{run}", time.monotonic()
    seen_at, done_at_first = st.session_state.setdefault(key, (now, done))
    return progress_text.time_left(done, total, steps=done - done_at_first, seconds=now - seen_at)


def watch_browser() -> None:
    """Have the whole script run when the browser reconnects, or changes from light to dark.

    After a restart of the server a press comes to a new session that has run nothing. It knows no
    fragment, no dialog and no key of a widget, and Streamlit 1.67 drops a press in an unknown
    fragment without a word. A browser whose screen has a fragment with a timer asks for a run as
    soon as it is connected again, before it sends a press.

    Tables and charts have inks for the scheme of their run. No ink has 4.5 : 1 on white and on
    #0D1117: the most that one can have on both is 4.35 : 1.
    """
    drawn_for = st.context.theme.type

    @poll(SCHEME_SECONDS)
    def watch() -> None:
        if st.context.theme.type != drawn_for:
            st.rerun()

    watch()


def is_reconnected() -> bool:
    """Whether this is a new session's first run under a screen that an earlier session has drawn.

    The browser names the earlier session in the handshake of its websocket: "streamlit, <XSRF
    token>, <session id>".
    """
    is_first_run = _SCREEN not in st.session_state
    protocols = st.context.headers.get("Sec-WebSocket-Protocol") or ""
    return is_first_run and len(protocols.split(",")) > 2


def begin_run() -> bool:
    """Drop the fragments of the last screen if this run draws another. Call it first in a run.

    True if it does; also in the first run of a session.
    """
    is_other_screen = st.session_state.get(_SCREEN) != _page_hash()
    if is_other_screen:
        _drop_fragments()
    return is_other_screen


def note_screen() -> None:
    """Remember the screen of this run. Call it after ``st.navigation``."""
    st.session_state[_SCREEN] = _page_hash()


def go_to(screen: str, query_params: Mapping[str, str | list[str]] | None = None) -> NoReturn:
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
