"""Refresh now, and the progress that every open tab shows while anybody's refresh runs.

A fragment looks at the database: often while a refresh runs, now and then otherwise, so that a tab
which stands open notices another's refresh and the daily one. It starts nothing by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.jobs import runner, sandbox_history, snapshots
from pages.queries import find_freshness, find_newest_run, get_version
from pages.text.formats import at_about, clock, when
from pages.ui.polling import poll
from storage.figures.health import Freshness
from storage.jobs import runs
from storage.jobs.runs import SNAPSHOTS, RunRecord

WATCHING_SECONDS = 1.0
IDLE_SECONDS = 15.0
# How long a press may take to show up as a run before the button comes back.
PATIENCE_SECONDS = 10.0
_ASKED = "refresh-asked"


def render(installation: Installation, session: Session, *, is_making_history: bool) -> None:
    """Draw when the figures were refreshed, and the button or the progress.

    ``is_making_history``: whether the sandbox makes days, as this run has seen it.
    """
    version = get_version(session)
    at_first = _look(installation, session, is_making_history=is_making_history)
    fresh = [at_first]  # the first drawing is part of this run: no need to look twice

    @poll(WATCHING_SECONDS if at_first.is_running else IDLE_SECONDS)
    def watch() -> None:
        with installation.database.reading() as session:
            now = fresh.pop() if fresh else _look_again(installation, session)
            if now.progress is not None:
                st.session_state.pop(_ASKED, None)
            is_pressed = False
            if now.progress is not None and not now.is_making_history:
                _draw_progress(now.progress)
            else:
                is_busy = now.is_running or now.is_making_history
                is_pressed = _draw_button(installation, session, is_busy=is_busy)
        # Before anything else: a screen that is out of date would swallow the press.
        if is_pressed and runner.start(installation, snapshots.JOB, runner.MANUAL):
            st.session_state[_ASKED] = (time.monotonic(), now.version)
            st.rerun()
        is_idle = now.progress is None and not now.is_making_history
        is_stale = is_idle and now.version != version
        if is_stale or now.is_running != at_first.is_running:
            if not now.is_running:
                st.session_state.pop(_ASKED, None)
            st.rerun()

    # A fragment takes the whole width for itself; within this it stays at the right.
    with st.container(width="content"):
        watch()


def describe_progress(progress: RunRecord) -> str:
    """ "Refreshing… 1,200 of 6,000, started 14:02 UTC"."""
    done = progress.pages_done + progress.pages_failed
    return (
        f"Refreshing… {done:,d} of {progress.pages_total:,d}, started {clock(progress.started_at)}"
    )


def describe_freshness(freshness: Freshness, now: datetime) -> str:
    """ "Refreshed today 06:05 UTC"."""
    if freshness.last_refreshed_at is None:
        return "Not refreshed yet"
    return f"Refreshed {when(freshness.last_refreshed_at, now)}"


def why_not(installation: Installation, session: Session) -> str | None:
    """Why Refresh now is off, in a sentence; None when it is on."""
    now = installation.now()
    if not installation.can_open_tokens:
        return "The stored access can't be opened: see Setup."
    if not find_freshness(session, now.date()).has_readable:
        return "No Page can be read at present: see Connections."
    run = find_newest_run(session)
    if run is not None and run.limited_until is not None and run.limited_until > now:
        return f"Facebook allows the next refresh from about {at_about(run.limited_until, now)}."
    return None


@dataclass(frozen=True)
class _Sight:
    """What one look at the database has seen. Running also means: asked for a moment ago."""

    version: str
    progress: RunRecord | None
    is_running: bool
    is_making_history: bool


def _look_again(installation: Installation, session: Session) -> _Sight:
    is_sandbox = installation.sandbox is not None
    is_making_history = is_sandbox and sandbox_history.find_unfinished(session) is not None
    return _look(installation, session, is_making_history=is_making_history)


def _look(installation: Installation, session: Session, *, is_making_history: bool) -> _Sight:
    version = get_version(session)
    progress = runs.find_active_run(session, SNAPSHOTS)
    asked_at, asked_of = st.session_state.get(_ASKED, (0.0, None))
    # A short refresh may be over before anybody has looked: then the data is another already.
    is_asked = asked_of == version and time.monotonic() - asked_at < PATIENCE_SECONDS
    return _Sight(version, progress, progress is not None or is_asked, is_making_history)


def _draw_progress(progress: RunRecord) -> None:
    done = progress.pages_done + progress.pages_failed
    st.progress(
        min(done / max(progress.pages_total, 1), 1.0), text=describe_progress(progress), width=300
    )


def _draw_button(installation: Installation, session: Session, *, is_busy: bool) -> bool:
    """True when it was pressed."""
    now = installation.now()
    reason = why_not(installation, session)
    with st.container(horizontal_alignment="right", width="content", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(
                describe_freshness(find_freshness(session, now.date()), now),
                width="content",
            )
            is_pressed = st.button(
                "Refresh now",
                icon=":material/refresh:",
                key="refresh-now",
                disabled=is_busy or reason is not None,
            )
        # Not as the button's help: what is off shows it to a mouse only.
        if reason is not None:
            st.caption(reason, width="content")
    return is_pressed
