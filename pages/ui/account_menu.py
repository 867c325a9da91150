"""Account menu: who is signed in, where else, and the way out; on every screen with a sign-in.

Signing out ends the session's row. The gate leads each tab of the session away, this one too.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.text import people_text
from pages.text.formats import number
from pages.ui import popovers, session_text, signed_in, viewer
from storage.sign_in.people import sign_out_everywhere
from storage.sign_in.sessions import list_sessions, sign_out

KEY = "own-account"
MAX_SESSIONS = 5
WIDTH = 340


def render(installation: Installation) -> None:
    """Draw the menu; nothing where nobody signs in."""
    if not installation.settings.has_sign_in:
        return
    with st.container(key="account-menu"):
        _menu(installation)


@viewer.fragment
def _menu(installation: Installation) -> None:
    person = signed_in.me()
    box = st.popover(
        "Your account",
        icon=":material/account_circle:",
        type="tertiary",
        key=KEY,
        on_change="rerun",
    )
    if not popovers.is_drawn(box, KEY):
        return
    with box, st.container(width=WIDTH, key=f"{KEY}-open"):
        st.markdown(people_text.full_name(person.name, person.address))
        st.caption(f"{people_text.ROLES[person.role]}. {people_text.MAY[person.role]}")
        assert person.id is not None  # somebody is signed in
        person_id = person.id
        _sessions(installation, person_id, person.session_id)
        with st.container(horizontal=True):
            if st.button("Sign out", icon=":material/logout:", type="primary", key="sign-out"):
                _leave(installation, lambda s: sign_out(s, person, installation.now()))
            if st.button("Sign out everywhere", key="sign-out-everywhere"):
                _leave(
                    installation,
                    lambda s: sign_out_everywhere(s, person_id, installation.now(), by=person),
                )


def _sessions(installation: Installation, person_id: int, own_id: str | None) -> None:
    with installation.database.reading() as session:
        sessions = list_sessions(session, person_id)
    lines = [f"- {session_text.line(each, own_id)}" for each in sessions[:MAX_SESSIONS]]
    if len(sessions) > MAX_SESSIONS:
        lines.append(f"- and {number(len(sessions) - MAX_SESSIONS)} more")
    st.markdown("\n".join(["Signed in:", "", *lines]))


def _leave(installation: Installation, act: Callable[[Session], object]) -> None:
    with installation.database.writing() as session:
        act(session)
    st.rerun()
