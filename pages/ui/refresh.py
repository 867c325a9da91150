"""Refresh button: when the figures were refreshed, "Refresh now", and the progress of a refresh.

The button is for operators; all see the rest.

A fragment polls the database, often while a refresh runs and rarely otherwise, so that every open
tab shows refreshes started elsewhere.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.jobs import runner, sandbox_history, snapshots
from pages.cache import get_version
from pages.queries import find_freshness, find_newest_run
from pages.text.formats import at_about, clock, count, when
from pages.text.progress_text import with_time_left
from pages.ui.polling import describe_left, poll
from pages.ui.signed_in import may, me
from storage.figures.health import Freshness
from storage.jobs import runs
from storage.jobs.rate_limits import find_app_limit
from storage.jobs.runs import SNAPSHOTS, RunRecord

WATCHING_SECONDS = 1.0
IDLE_SECONDS = 15.0
# After a press the button stays off until a run begins, or for this long.
PATIENCE_SECONDS = 10.0
_STARTED = "refresh-asked"


def render(installation: Installation, session: Session, *, is_making_history: bool) -> None:
    """Draw when the figures were refreshed, and the button or the progress.

    ``is_making_history``: the sandbox makes days at present.
    """
    version = get_version(session)
    at_first = _read_status(installation, session, is_making_history=is_making_history)
    # The first drawing is part of this run: it uses the run's session and reads nothing twice.
    first_session: list[Session] = [session]

    @poll(WATCHING_SECONDS if at_first.is_running else IDLE_SECONDS)
    def watch() -> None:
        is_first = bool(first_session)
        with ExitStack() as stack:
            if is_first:
                session, now = first_session.pop(), at_first
            else:
                session = stack.enter_context(installation.database.reading())
                now = _read_status_again(installation, session)
            if now.progress is not None:
                st.session_state.pop(_STARTED, None)
            is_pressed = False
            slot = st.empty()
            if now.progress is not None and not now.is_making_history:
                with slot.container():
                    _draw_progress(now.progress)
            else:
                is_busy = now.is_running or now.is_making_history
                with slot.container():
                    is_pressed = _draw_button(installation, session, is_busy=is_busy)
        if is_pressed:
            slot.progress(0.0, text="Refreshing…", width=300)
        # First of all, since the rerun of a stale screen would lose the press.
        if is_pressed and runner.ask(installation, snapshots.JOB, by=me()):
            st.session_state[_STARTED] = (time.monotonic(), now.version)
            st.rerun()
        is_idle = now.progress is None and not now.is_making_history
        is_stale = is_idle and now.version != version
        if is_stale or now.is_running != at_first.is_running:
            if not now.is_running:
                st.session_state.pop(_STARTED, None)
            st.rerun()

    # A fragment takes the whole width; in this container it stays at the right.
    with st.container(width="content"):
        watch()


def describe_progress(progress: RunRecord) -> str:
    """ "Refreshing… 1,200 of 6,000, started 14:02 UTC"."""
    done = progress.pages_done + progress.pages_failed
    of = f"{count(done)} of {count(progress.pages_total)}"
    return f"Refreshing… {of}, started {clock(progress.started_at)}"


def describe_freshness(freshness: Freshness, now: datetime) -> str:
    """ "Refreshed today 06:05 UTC"."""
    if freshness.last_refreshed_at is None:
        return "Not refreshed yet"
    return f"Refreshed {when(freshness.last_refreshed_at, now)}"


def why_not(installation: Installation, session: Session, now: datetime) -> str | None:
    """Why "Refresh now" is disabled, in a sentence; None when it is enabled."""
    if not installation.can_open_tokens:
        return "The stored access can't be opened: see Setup."
    if not find_freshness(session, now.date()).has_readable:
        return "No Page can be read at present: see Connections."
    run = find_newest_run(session)
    of_run = None if run is None else run.limited_until
    until = max(filter(None, (of_run, find_app_limit(session, now))), default=now)
    if until > now:
        return f"Facebook allows the next refresh from about {at_about(until, now)}."
    return None


@dataclass(frozen=True)
class _Status:
    """The state of refreshing. ``is_running`` also for a moment after a press."""

    version: str
    progress: RunRecord | None
    is_running: bool
    is_making_history: bool


def _read_status_again(installation: Installation, session: Session) -> _Status:
    is_sandbox = installation.sandbox is not None
    is_making_history = is_sandbox and sandbox_history.find_unfinished(session) is not None
    return _read_status(installation, session, is_making_history=is_making_history)


def _read_status(
    installation: Installation, session: Session, *, is_making_history: bool
) -> _Status:
    version = get_version(session)
    progress = runs.find_active_run(session, SNAPSHOTS)
    started_at, started_version = st.session_state.get(_STARTED, (0.0, None))
    # A short refresh may end between two polls: then the version of the data has changed.
    is_starting = started_version == version and time.monotonic() - started_at < PATIENCE_SECONDS
    return _Status(version, progress, progress is not None or is_starting, is_making_history)


def _draw_progress(progress: RunRecord) -> None:
    done, total = progress.pages_done + progress.pages_failed, progress.pages_total
    left = describe_left((progress.id, progress.started_at), done, total)
    text = with_time_left(describe_progress(progress), left)
    st.progress(min(done / max(total, 1), 1.0), text=text, width=300)


def _draw_button(installation: Installation, session: Session, *, is_busy: bool) -> bool:
    """Draw when the figures were refreshed, and the button; True when it was pressed."""
    now = installation.now()
    freshness = describe_freshness(find_freshness(session, now.date()), now)
    if not may("operator"):
        st.caption(freshness)
        return False
    reason = why_not(installation, session, now)
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        # The reason not as the button's help: a disabled button shows it to a mouse only.
        st.caption(" · ".join(filter(None, (freshness, reason))), width="content")
        return st.button(
            "Refresh now",
            icon=":material/refresh:",
            key="refresh-now",
            disabled=is_busy or reason is not None,
        )
