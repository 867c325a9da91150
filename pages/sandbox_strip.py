"""Says "Sandbox" on every screen, shows its clock, and holds its controls."""

from __future__ import annotations

import streamlit as st

from fb.installation import Installation
from fb.jobs import runner, sandbox_history
from pages import lookups, notes, screens
from pages.formats import counted, day, moment
from storage.jobs.runs import SNAPSHOTS, RunRecord

EVERY_SECONDS = 1.0
CONTROLS_WIDTH = 340
_ASKED = "start-over-asked"
_WHAT = {"history": "Making history", "fast_forward": "Fast-forward"}


def render(installation: Installation, *, is_watching: bool = True) -> bool:
    """Draw the strip; nothing in live mode. True while days pass in the sandbox.

    A screen that leads to another one when the days are over does the watching itself: a second
    fragment may ask once more in the moment of the change, for the screen that was left, and the
    browser then empties the new one (Streamlit 1.67).
    """
    if installation.sandbox is None:
        return False
    with lookups.reading() as session:
        progress = sandbox_history.find_unfinished(session)
    is_busy = progress is not None
    with st.container(horizontal=True, vertical_alignment="center", key="sandbox-strip"):
        st.badge("Sandbox", icon=":material/science:", color="orange")
        with st.container(width="content"):
            if progress is None:
                _clock(installation)
            elif is_watching:
                _watch_progress(installation)
            else:
                st.caption(f"{_WHAT[progress.started_by]}…", width="content")
        with st.popover("Controls", type="tertiary"), st.container(width=CONTROLS_WIDTH):
            _controls(installation, is_busy=is_busy)
    return is_busy


def _clock(installation: Installation) -> None:
    today = installation.now().date()
    st.caption(f"Made-up figures · {day(today)}", width="content")


def _watch_progress(installation: Installation) -> None:
    @st.fragment(run_every=EVERY_SECONDS)
    def watch() -> None:
        progress = sandbox_history.find_progress(installation)
        if progress is None:
            st.rerun()
        st.caption(progress_text(progress), width="content")

    # A fragment takes the whole width, and would push Controls to the right edge.
    with st.container(width="content"):
        watch()


def progress_text(progress: RunRecord) -> str:
    """ "Making history… 40 of 90 days", in a few words: it stands in one line on a phone."""
    days = counted(progress.steps_total, "day")
    return f"{_WHAT[progress.started_by]}… {progress.steps_done:,d} of {days}"


def _controls(installation: Installation, *, is_busy: bool) -> None:
    st.caption(
        "Everything here is a stand-in that runs on this computer. Nothing is sent to Facebook. "
        f"Its clock shows {moment(installation.now())}."
    )
    st.markdown("**Fast-forward**")
    st.caption("Runs the real daily refresh for the coming days.")
    with st.container(horizontal=True):
        for days in (30, 90):
            st.button(
                f"{days} days",
                icon=":material/fast_forward:",
                key=f"fast-forward-{days}",
                disabled=is_busy or not installation.can_open_tokens,
                on_click=_fast_forward,
                args=(installation, days),
            )
    _trouble(installation)
    _offer_start_over(installation, is_busy=is_busy)
    st.page_link(screens.link_to("setup"), label="Use my own Facebook app", icon=":material/tune:")


def _fast_forward(installation: Installation, days: int) -> None:
    sandbox_history.fast_forward(installation, days)  # False when another tab was faster: it shows


def _trouble(installation: Installation) -> None:
    # Not imported above: in live mode the sandbox's package is never loaded.
    from fb.sandbox.troubles import OFFERED_TROUBLES, TROUBLES

    key = "sandbox-trouble"
    at = installation.sandbox.trouble
    names = list(OFFERED_TROUBLES) if at in OFFERED_TROUBLES else [*OFFERED_TROUBLES, at]
    st.session_state[key] = at  # another tab, or starting over, may have changed it
    st.selectbox(
        "**Make trouble**",
        names,
        format_func=_sentence_case,
        key=key,
        on_change=lambda: setattr(installation.sandbox, "trouble", st.session_state[key]),
    )
    st.caption(TROUBLES[at].sentence)


def _sentence_case(name: str) -> str:
    return name[:1].upper() + name[1:]


def _offer_start_over(installation: Installation, *, is_busy: bool) -> None:
    # Asks in place: a dialog would open beneath the popover.
    if not st.session_state.get(_ASKED):
        st.button(
            "Start over with an empty sandbox…",
            icon=":material/restart_alt:",
            type="tertiary",
            key="start-over",
            disabled=is_busy,
            on_click=_ask,
            args=(True,),
        )
        return
    st.warning(
        "All made-up Pages, figures and connections are erased, and the sandbox's clock goes back "
        "to today.",
        title="Start over?",
    )
    with st.container(horizontal=True):
        st.button("Keep it", key="start-over-no", on_click=_ask, args=(False,))
        st.button(
            "Erase and start over",
            type="primary",
            key="start-over-yes",
            on_click=_start_over,
            args=(installation,),
        )


def _ask(asked: bool) -> None:
    st.session_state[_ASKED] = asked


def _start_over(installation: Installation) -> None:
    _ask(False)
    busy = sandbox_history.find_progress(installation) or runner.find_active(
        installation, SNAPSHOTS
    )
    if busy is not None:
        notes.leave("A refresh is running. Try again when it is done.", ":material/hourglass_top:")
        return
    sandbox_history.start_over(installation)
    notes.leave("The sandbox is empty. Connect again to fill it.", ":material/restart_alt:")
