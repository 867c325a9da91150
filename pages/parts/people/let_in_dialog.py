"""Let-in dialog: asks for an address and a role, and lets somebody in."""

from __future__ import annotations

import streamlit as st

from fb.installation import Installation
from pages.text import people_text
from pages.text.formats import plain
from pages.ui import flash, signed_in, viewer
from storage.people.person import ROLES
from storage.sign_in.people import MAX_ADDRESS, PersonRefused, let_in


@viewer.dialog("Let somebody in", icon=":material/person_add:")
def ask(installation: Installation) -> None:
    """Draw the dialog."""
    with st.form("let-in-form", border=False, enter_to_submit=True):
        address = st.text_input(
            "E-mail address at the sign-in service", max_chars=MAX_ADDRESS, key="let-in-address"
        )
        role = st.radio(
            "Role",
            ROLES,
            format_func=lambda role: people_text.ROLES[role],
            captions=[people_text.MAY[role] for role in ROLES],
            key="let-in-role",
        )
        is_pressed = st.form_submit_button(
            "Let in", type="primary", icon=":material/person_add:", key="let-in-yes"
        )
    st.caption("Nobody is written to: tell them the address of this dashboard yourself.")
    if not is_pressed:
        return
    try:
        with installation.database.writing() as session:
            let_in(session, address, role, installation.now(), by=signed_in.me())
    except PersonRefused as refused:
        st.error(people_text.REFUSALS[refused.reason])
        return
    flash.leave(f"{plain(address)} may come in as {people_text.role(role)}.")
    st.rerun()
