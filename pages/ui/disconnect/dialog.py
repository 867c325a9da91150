"""Disconnect dialog: shows what ending an account's access hits, ends it, and erases if asked to.

It is reached from the card of an account, and for one Page from that Page's card of access.
"""

from __future__ import annotations

import streamlit as st

from fb.accounts import disconnect, erase
from fb.accounts.disconnect import Cost
from fb.installation import Installation
from pages.text import wording
from pages.text.formats import cut, one_line
from pages.ui import flash, viewer
from pages.ui.disconnect import disconnect_text
from pages.ui.disconnect.disconnect_text import HISTORY, WHAT, WHAT_CAPTIONS, History, What
from pages.ui.erase import erase_text
from pages.ui.erase.dialog import erase_shown
from pages.ui.polling import go_to
from pages.ui.signed_in import may, me
from storage.accounts.erasure import Erasure
from storage.db.errors import GrantNotFound
from storage.people.person import require

ICON = ":material/link_off:"


@viewer.dialog("Disconnect?", icon=ICON)
def confirm(installation: Installation, grant_id: int, page_id: str | None = None) -> None:
    """Draw the dialog for an account; with ``page_id`` only for its access to that Page."""
    try:
        cost = disconnect.load_cost(installation, grant_id)
    except GrantNotFound:
        st.markdown(disconnect_text.GONE)
        if st.button("Close", key="disconnect-close"):
            st.rerun()
        return
    what, of_page = ("page", page_id) if page_id is not None else _choose(installation, cost)
    if what == "page" and of_page is None:
        st.caption(disconnect_text.CHOOSE_A_PAGE)
    else:
        st.markdown(disconnect_text.cost(cost, what, of_page))
    if what == "page":
        st.caption(disconnect_text.OFFERED_AGAIN)
    erasure = _choose_erasure(installation, cost, what, of_page)
    label = disconnect_text.button(what, "keep" if erasure is None else "erase")
    is_off = (what == "page" and of_page is None) or (erasure is not None and cost.is_running)
    with st.container(horizontal=True):
        is_pressed = st.button(label, type="primary", key="disconnect-yes", disabled=is_off)
        if st.button("Cancel", key="disconnect-no"):
            st.rerun()
    if is_pressed and _end(installation, cost, what, of_page, erasure):
        if page_id is not None and erasure is not None:
            go_to("overview")
        st.rerun()


def _choose(installation: Installation, cost: Cost) -> tuple[What, str | None]:
    options: list[What] = [
        name
        for name in ("account", "app", "page")
        if (name != "app" or installation.can_open_tokens) and (name != "page" or cost.held)
    ]
    what: What = st.radio(
        "What to do with this account",
        options,
        format_func=lambda name: WHAT[name],
        captions=[WHAT_CAPTIONS[name] for name in options],
        key="disconnect-what",
    )
    if what != "page":
        return what, None
    page_id = st.selectbox(
        "Page",
        list(cost.held),
        index=None,
        format_func=lambda id: one_line(cut(cost.held[id], disconnect_text.MAX_NAME)),
        placeholder="Choose a Page",
        key="disconnect-page",
    )
    return what, page_id


def _choose_erasure(
    installation: Installation, cost: Cost, what: What, page_id: str | None
) -> Erasure | None:
    """Draw the choice between keeping and erasing the history; return what is to be erased.

    The history of a Page that another account gives access to stays, and all of it for whoever is
    no administrator.
    """
    if not may("admin") or (what == "page" and page_id not in cost.only_held):
        return None
    history: History = st.radio(
        "History",
        list(HISTORY),
        format_func=lambda name: HISTORY[name],
        horizontal=True,
        key="disconnect-history",
    )
    if history == "keep":
        return None
    erasure = (
        erase.load_erasure(installation, "account", cost.account_id)
        if what != "page"
        else erase.load_erasure(installation, "page", page_id or "")
    )
    if erasure is not None:
        st.markdown(erase_text.goes(erasure))
        is_sqlite = installation.database.is_sqlite
        for line in erase_text.stays(erasure, has_access=False, is_sqlite=is_sqlite):
            st.caption(line)
    if cost.is_running:
        st.warning(erase_text.RUNNING)
    return erasure


def _end(
    installation: Installation,
    cost: Cost,
    what: What,
    page_id: str | None,
    erasure: Erasure | None,
) -> bool:
    """End the access and erase; False where Facebook did not confirm it, which is drawn.

    What happened is left as a message for the next run.
    """
    if erasure is not None:
        # Before the access ends: it would have ended by the time that erasing is refused.
        with installation.database.reading() as session:
            require(session, me(), "admin")
    try:
        with st.spinner("Disconnecting…"):
            if page_id is not None:
                disconnect.forget_page(installation, cost.grant_id, page_id, by=me())
            else:
                is_app = what == "app"
                disconnect.disconnect(installation, cost.grant_id, revoke=is_app, by=me())
    except disconnect.NotRevoked:
        st.error(wording.NOT_REVOKED.sentence, title=wording.NOT_REVOKED.title)
        return False
    except GrantNotFound:
        flash.leave(disconnect_text.GONE, ":material/info:")
        return True
    done = disconnect_text.done(cost, what, page_id)
    if erasure is None:
        flash.leave(f"{done} The history stays.", ICON)
    elif problem := erase_shown(installation, erasure):
        flash.leave(f"{done} {problem}", ":material/warning:")
    return True
