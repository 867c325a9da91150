"""Signed in: who a run draws for, and what they may do.

What is drawn follows the role as it was when the run began. The use cases ask the database again.
"""

from __future__ import annotations

import streamlit as st
from sqlalchemy.orm import Session

from fb.settings import Settings
from storage.people.person import THIS_COMPUTER, NotAllowed, Person, Role, find_person

# What Streamlit takes from the header that the gate adds, the session's id and the role: see
# `fb.web.gate`.
SESSION = "session"
_PERSON = "signed-in-person"


def begin(settings: Settings, session: Session) -> Person:
    """Find out who this run draws for. Raises NotAllowed when their session has ended."""
    person: Person | None = THIS_COMPUTER
    if settings.has_sign_in:
        session_id, _, _ = str(st.user.get(SESSION, "")).partition(" ")
        person = find_person(session, session_id)
    st.session_state.pop(_PERSON, None)
    if person is None:
        raise NotAllowed(None)
    st.session_state[_PERSON] = person
    return person


def me() -> Person:
    """Who this run draws for. Raises NotAllowed where `begin` found nobody."""
    person: Person | None = st.session_state.get(_PERSON)
    if person is None:
        raise NotAllowed(None)
    return person


def may(role: Role) -> bool:
    """Whether this person has the role, or a higher one."""
    return me().may(role)
