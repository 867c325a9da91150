"""Message page: one `Wording` as a whole screen, with title, sentence and next step."""

from __future__ import annotations

import streamlit as st

from fb.installation import Startup
from pages.text import wording
from pages.text.wording import Step, Wording
from pages.ui import links, polling

READING_WIDTH = 660


def render(words: Wording) -> None:
    """Draw the message and its next step."""
    with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH):
        st.space("large")
        st.title(words.title, anchor=False)
        st.markdown(words.sentence)
        if words.step is not None:
            next_step(words.step)


def render_startup_error(startup: Startup) -> None:
    """Draw why the installation could not be opened."""
    if startup.report.problems:
        render(wording.settings_missing(len(startup.report.problems)))
    elif startup.error is not None:
        render(wording.for_startup_error(startup.error.kind, startup.error.details))


def next_step(step: Step, *, filled: bool = True) -> None:
    """Draw the next step: a link to Facebook, or a button that opens another screen."""
    if step.target == "start":
        st.html(links.connect_link(step.label, filled=filled), width="content")
    elif st.button(step.label, type="primary" if filled else "secondary", key="next-step"):
        polling.go_to(step.target)
