"""Progress of a login's fetch and of the sandbox's history.

Fragments poll the database and rerun the whole script at the end. The work goes on in another
thread, also when the tab is closed.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fb.login.preview import AttemptView
from pages.text.formats import counted, day, plain
from pages.ui.polling import poll
from storage.jobs.runs import RunRecord

EVERY_SECONDS = 1.0
_DONE, _NOW, _LATER = ":material/check:", ":material/progress_activity:", ":material/more_horiz:"


def render(look: Callable[[], AttemptView]) -> None:
    """Draw the progress of a fetch; ``look`` returns its present state."""
    st.title("Reading your Pages from Facebook", anchor=False)

    @poll(EVERY_SECONDS)
    def watch() -> None:
        now = look()
        if now.status != "reading":
            st.rerun()
        _progress(now)

    watch()


def _progress(view: AttemptView) -> None:
    who = f"Signed in to Facebook as {plain(view.account_name)}. " if view.account_name else ""
    st.caption(f"{who}You can leave this screen; the work goes on.")
    read, total = view.pages_read or 0, view.pages_total
    if total:
        st.progress(min(read / total, 1.0), text=f"{read:,d} of {counted(total, 'Page')} read")
    else:
        st.markdown(f"{counted(read, 'Page')} read so far" if read else "Waiting for Facebook…")
    with st.container(border=True):
        for icon, text in steps(view):
            st.markdown(f"{icon} {text}")


def render_history(look: Callable[[], RunRecord | None]) -> None:
    """Draw the progress of the sandbox's history; ``look`` returns None at its end."""
    st.title("Making the sandbox's history", anchor=False)

    @poll(EVERY_SECONDS)
    def watch() -> None:
        now = look()
        if now is None:
            st.rerun()
        st.caption("The real daily refresh runs once for each day. You can leave this screen.")
        st.progress(min(now.steps_done / max(now.steps_total, 1), 1.0), text=history_text(now))

    watch()


def history_text(progress: RunRecord) -> str:
    """ "Making 90 days of history… 40 of 90"."""
    days = counted(progress.steps_total, "day")
    return f"Making {days} of history… {progress.steps_done:,d} of {progress.steps_total:,d}"


def steps(view: AttemptView) -> list[tuple[str, str]]:
    """The three steps of a fetch, each with the icon of its state and its text."""
    order = ("exchange", "identity", "listing")
    at = order.index(view.step) if view.step in order else 0
    until = f", valid until {day(view.access_until.date())}" if view.access_until else ""
    texts = (
        "Facebook confirmed the sign-in" if at > 0 else "Asking Facebook to confirm the sign-in",
        f"Long-lived access received{until}" if at > 1 else "Asking for long-lived access",
        "Reading Pages",
    )
    icons = [_DONE if index < at else _NOW if index == at else _LATER for index in range(3)]
    return list(zip(icons, texts, strict=True))
