"""Message page: one `Wording` as a whole screen, with title, sentence and next step."""

from __future__ import annotations

import streamlit as st

from fb.installation import Startup
from pages.text import wording
from pages.text.wording import Step, Wording
from pages.ui import links, polling
from storage.db.errors import DatabaseBusy, DatabaseFull, DatabaseUnreachable, NewerSchema
from storage.people.person import NotAllowed

READING_WIDTH = 660


def render(words: Wording, *, renew: int | None = None) -> None:
    """Draw the message and its next step; ``renew`` as in `pages.ui.links.connect_link`."""
    with st.container(horizontal_alignment="center"), st.container(width=READING_WIDTH):
        st.space("large")
        st.title(words.title, anchor=False)
        st.markdown(words.sentence)
        if words.step is not None:
            next_step(words.step, renew=renew)


def render_startup_error(startup: Startup) -> None:
    """Draw why the installation could not be opened."""
    if startup.report.problems:
        render(wording.settings_missing(len(startup.report.problems)))
    elif startup.error is not None:
        render(wording.for_startup_error(startup.error.kind, startup.error.details))


def for_database_error(error: DatabaseBusy | DatabaseUnreachable | NewerSchema) -> Wording:
    """The message for a database that is held by another program, gone, full, or upgraded."""
    if isinstance(error, NewerSchema):
        return wording.for_startup_error("newer_schema")
    if isinstance(error, DatabaseFull):
        return wording.for_startup_error("database_full")
    is_held = isinstance(error, DatabaseBusy)
    return wording.for_startup_error("database_held" if is_held else "database_unreachable")


def for_refusal(refused: NotAllowed) -> Wording:
    """The message for somebody who may not do what they tried, or is not signed in any more."""
    return wording.SIGNED_OUT if refused.needed is None else wording.needs_role(refused.needed)


def next_step(step: Step, *, filled: bool = True, renew: int | None = None) -> None:
    """Draw the next step: a link to Facebook, or a button that opens another screen."""
    if step.target == "start":
        st.html(links.connect_link(step.label, filled=filled, renew=renew), width="content")
    elif st.button(step.label, type="primary" if filled else "secondary", key="next-step"):
        polling.go_to(step.target)
