"""Card of one person: where they are signed in, and what can be done about them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.text import people_text
from pages.text.formats import moment, number, plain
from pages.ui import flash, session_text, signed_in, viewer
from storage.people.person import ROLES
from storage.sign_in import people
from storage.sign_in.people import ListedPerson, PersonRefused
from storage.sign_in.sessions import list_sessions

SIGN_OUT, FREE, REMOVE = "Sign out everywhere", "Free the sign-in…", "Remove…"
MAX_SESSIONS = 10


def render(installation: Installation, person: ListedPerson) -> None:
    """Draw the card."""
    with st.container(border=True, key=f"person-{person.id}"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                name = people_text.short_name(person.name, person.address)
                st.header(name, anchor=False, width="content")
                st.badge(people_text.ROLES[person.role], color="gray")
            _more(installation, person)
        st.markdown(_describe(person))
        _sessions(installation, person)
        _role(installation, person)


def _describe(person: ListedPerson) -> str:
    text = f"{plain(person.address)}, let in on {moment(person.added_at)}."
    if not person.has_signed_in:
        return f"{text} Has not signed in yet."
    if person.seen_at is None:
        return f"{text} Was not seen for over a month."
    return f"{text} Last seen {moment(person.seen_at)}."


def _sessions(installation: Installation, person: ListedPerson) -> None:
    if not person.sessions_count:
        return
    with installation.database.reading() as session:
        sessions = list_sessions(session, person.id)
    lines = [f"- {session_text.line(each)}" for each in sessions[:MAX_SESSIONS]]
    if len(sessions) > MAX_SESSIONS:
        lines.append(f"- and {number(len(sessions) - MAX_SESSIONS)} more")
    st.markdown("\n".join(["Signed in now:", "", *lines]))


def _role(installation: Installation, person: ListedPerson) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = st.selectbox(
            "Role",
            ROLES,
            index=ROLES.index(person.role),
            format_func=lambda role: people_text.ROLES[role],
            width=220,
            # With the role: where somebody else has changed it, the box begins anew.
            key=f"role-{person.id}-{person.role}",
        )
        if role == person.role:
            return
        label = f"Make {people_text.role(role)}"
        is_pressed = st.button(label, type="primary", key=f"change-role-{person.id}")
    st.caption(people_text.MAY[role])
    name = people_text.short_name(person.name, person.address)
    if is_pressed:
        _do(
            installation,
            lambda session: people.change_role(
                session, person.id, role, installation.now(), by=signed_in.me()
            ),
            f"{name} is {people_text.role(role)} now, also where they are signed in.",
        )


def _more(installation: Installation, person: ListedPerson) -> None:
    options = [REMOVE]
    if person.has_signed_in:
        options.insert(0, FREE)
    if person.sessions_count:
        options.insert(0, SIGN_OUT)
    action = st.menu_button("More", options, key=f"person-more-{person.id}")
    name = people_text.short_name(person.name, person.address)
    if action == REMOVE:
        _confirm_removal(installation, person)
    elif action == FREE:
        _confirm_freeing(installation, person)
    elif action == SIGN_OUT:
        _do(
            installation,
            lambda session: people.sign_out_everywhere(
                session, person.id, installation.now(), by=signed_in.me()
            ),
            f"{name} is signed out everywhere.",
        )


@viewer.dialog("Remove this person?", icon=":material/person_remove:")
def _confirm_removal(installation: Installation, person: ListedPerson) -> None:
    name = people_text.short_name(person.name, person.address)
    st.markdown(people_text.removed(f"**{name}**"))
    domain = person.address.rpartition("@")[2]
    if domain in installation.settings.sign_in_domains:
        st.caption(f"That holds although addresses at {plain(domain)} come in by themselves.")
    if _is_confirmed("Remove", "remove"):
        _do(
            installation,
            lambda session: people.remove(
                session, person.id, installation.now(), by=signed_in.me()
            ),
            f"{name} was removed.",
        )


@viewer.dialog("Free the sign-in?", icon=":material/link_off:")
def _confirm_freeing(installation: Installation, person: ListedPerson) -> None:
    st.markdown(people_text.freed(person.address, person.sessions_count))
    if _is_confirmed("Free it", "free"):
        name = people_text.short_name(person.name, person.address)
        _do(
            installation,
            lambda session: people.free_binding(
                session, person.id, installation.now(), by=signed_in.me()
            ),
            f"The sign-in of {name} is free.",
        )


def _is_confirmed(label: str, key: str) -> bool:
    with st.container(horizontal=True):
        is_pressed = st.button(label, type="primary", key=f"{key}-yes")
        if st.button("Cancel", key=f"{key}-no"):
            st.rerun()
    return is_pressed


def _do(installation: Installation, act: Callable[[Session], object], done: str) -> None:
    """Do it, and say so in the next run; say here why not."""
    try:
        with installation.database.writing() as session:
            act(session)
    except PersonRefused as refused:
        st.error(people_text.REFUSALS[refused.reason])
        return
    flash.leave(done)
    st.rerun()
