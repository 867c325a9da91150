"""Sandbox strip, above every screen in sandbox mode: a badge, the sandbox's clock, its controls."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.jobs import runner, sandbox_history
from pages.queries import find_freshness, find_unfinished_history, is_empty
from pages.text.formats import count, counted, day, moment
from pages.text.progress_text import with_time_left
from pages.ui import flash, links, polling, popovers, viewer
from pages.ui.polling import poll
from pages.ui.signed_in import may, me
from storage.jobs.runs import SNAPSHOTS, RunRecord

EVERY_SECONDS = 1.0
CONTROLS, CONTROLS_WIDTH = "sandbox-controls", 340
_CONFIRMING = "start-over-asked"
_CONFIRMING_DAYS = "fast-forward-asked"
_WHAT = {"history": "Making history", "fast_forward": "Fast-forward"}


def render(installation: Installation, session: Session) -> bool:
    """Draw the strip; nothing in live mode. True while the sandbox makes days."""
    if installation.sandbox is None:
        return False
    progress = find_unfinished_history(session)
    is_busy = progress is not None
    with st.container(horizontal=True, vertical_alignment="center", key="sandbox-strip"):
        st.badge("Sandbox", icon=":material/science:", color="orange")
        with st.container(width="content"):
            if progress is None:
                today = day(installation.now().date())
                st.caption(f"Made-up figures · {today}", width="content")
            else:
                _watch_progress(installation)
        if may("operator"):
            with st.container(width="content"):  # a fragment takes the whole width of a row
                _controls(installation, is_busy=is_busy)
    return is_busy


def _watch_progress(installation: Installation) -> None:
    @poll(EVERY_SECONDS)
    def watch() -> None:
        progress = sandbox_history.find_progress(installation)
        if progress is None:
            st.rerun()
        st.caption(progress_text(progress), width="content")

    # A fragment takes the whole width and would push Controls to the right edge.
    with st.container(width="content"):
        watch()


def progress_text(progress: RunRecord) -> str:
    """ "Making history… 40 of 90 days, about 12 s left": short enough for one line on a phone."""
    days = counted(progress.steps_total, "day")
    done, run = progress.steps_done, (progress.id, progress.started_at)
    left = polling.describe_left(run, done, progress.steps_total)
    return with_time_left(f"{_WHAT[progress.started_by]}… {count(done)} of {days}", left)


@viewer.fragment
def _controls(installation: Installation, *, is_busy: bool) -> None:
    popover = st.popover("Controls", type="tertiary", key=CONTROLS, on_change="rerun")
    if not popovers.is_drawn(popover, CONTROLS):
        return
    with popover, st.container(width=CONTROLS_WIDTH):
        st.caption(
            "Everything here is a stand-in that runs on this computer. Nothing is sent to "
            f"Facebook. Its clock shows {moment(installation.now())}."
        )
        with installation.database.reading() as session:
            _offer_fast_forward(installation, session, is_busy=is_busy)
        _trouble(installation)
        if may("admin"):
            _offer_start_over(installation, is_busy=is_busy)
            links.draw("setup", "Use my own Facebook app", ":material/tune:")


def _offer_fast_forward(installation: Installation, session: Session, *, is_busy: bool) -> None:
    st.markdown("**Fast-forward**")
    st.caption("Runs the real daily refresh for the coming days.")
    pressed = None
    with st.container(horizontal=True):
        for days in (30, 90):
            is_pressed = st.button(
                f"{days} days",
                icon=":material/fast_forward:",
                key=f"fast-forward-{days}",
                disabled=is_busy or not installation.can_open_tokens,
            )
            pressed = days if is_pressed else pressed
    if pressed is not None and not _would_stay_empty(installation, session):
        _fast_forward(installation, pressed)
    if pressed is not None:
        st.session_state[_CONFIRMING_DAYS] = pressed
    if _CONFIRMING_DAYS in st.session_state:
        _confirm_fast_forward(installation, st.session_state[_CONFIRMING_DAYS])


def _would_stay_empty(installation: Installation, session: Session) -> bool:
    """Whether no connected Page can be read, so that every day to come would have no figures."""
    if is_empty(session):
        return False
    freshness = find_freshness(session, installation.now().date())
    # A refresh has yet to notice what a trouble has ended since the last one.
    return not (freshness.has_readable and installation.sandbox.gives_figures)


def _confirm_fast_forward(installation: Installation, days: int) -> None:
    st.warning(
        f"At present no Page can be read, so these {days} days would stay empty. End the "
        "trouble first, and renew the accounts whose access it has ended.",
        title="No Page can be read",
    )
    with st.container(horizontal=True):
        keeps = st.button("Don't run", key="fast-forward-no")
        runs = st.button("Run anyway", key="fast-forward-yes")
    if keeps or runs:
        del st.session_state[_CONFIRMING_DAYS]
        if runs:
            _fast_forward(installation, days)
        st.rerun()


def _fast_forward(installation: Installation, days: int) -> NoReturn:
    with st.spinner(f"Starting {days} days…"):
        # False when another tab was faster.
        sandbox_history.fast_forward(installation, days, by=me())
    st.rerun()


def _trouble(installation: Installation) -> None:
    # Imported here, because live mode never loads the sandbox's package.
    from fb.sandbox import TROUBLES

    key, drawn = "sandbox-trouble", "sandbox-trouble-drawn"
    current = installation.sandbox.trouble
    # Another tab or starting over may have changed it since the box was drawn.
    if key not in st.session_state or st.session_state.get(drawn) != current:
        st.session_state[key] = st.session_state[drawn] = current
    selected = st.selectbox(
        "**Make trouble**",
        list(TROUBLES),
        format_func=lambda name: name[:1].upper() + name[1:],
        key=key,
    )
    if selected != current:
        sandbox_history.set_trouble(installation, selected, by=me())
        st.session_state[drawn] = selected
        st.rerun()
    st.caption(TROUBLES[current])


def _offer_start_over(installation: Installation, *, is_busy: bool) -> None:
    # Not a dialog: it would open beneath the popover.
    if not st.session_state.get(_CONFIRMING):
        is_pressed = st.button(
            "Start over with an empty sandbox…",
            icon=":material/restart_alt:",
            type="tertiary",
            key="start-over",
            disabled=is_busy,
        )
        if is_pressed:
            st.session_state[_CONFIRMING] = True
            st.rerun()
        return
    st.warning(
        "All made-up Pages, figures and connections are erased, and the sandbox's clock goes back "
        "to today.",
        title="Start over?",
    )
    with st.container(horizontal=True):
        keeps = st.button("Keep it", key="start-over-no")
        erases = st.button("Erase and start over", type="primary", key="start-over-yes")
    if keeps or erases:
        st.session_state[_CONFIRMING] = False
        if erases:
            with st.spinner("Erasing…"):
                _start_over(installation)
        st.rerun()


def _start_over(installation: Installation) -> None:
    busy = sandbox_history.find_progress(installation) or runner.find_active(
        installation, SNAPSHOTS
    )
    if busy is not None:
        flash.leave("A refresh is running. Try again when it is done.", ":material/hourglass_top:")
        return
    sandbox_history.start_over(installation, by=me())
    flash.leave("The sandbox is empty. Connect again to fill it.", ":material/restart_alt:")
