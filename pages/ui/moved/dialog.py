"""Moved Page: what its screens say, and the dialog that takes its history along to the new id.

`storage.figures.moved_history` has the writes.
"""

from __future__ import annotations

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.ui import flash, links, viewer
from pages.ui.moved import moved_text
from pages.ui.polling import go_to
from pages.ui.signed_in import may, me
from storage.accounts.page_moves import MovedPage, list_moves_around
from storage.db.errors import StorageError
from storage.figures.moved_history import plan_move, take_along, undo_move

ICON = ":material/move_down:"
TAKE_ALONG = "Take along…"


@viewer.dialog("Take its history along?", icon=ICON)
def confirm(installation: Installation, old_id: str) -> None:
    """Draw the dialog for a Page by its old id; afterwards the Page of the new id is shown."""
    with installation.database.reading() as session:
        plan = plan_move(session, old_id)
    if plan is None:
        st.markdown(moved_text.GONE)
        if st.button("Close", key="moved-close"):
            st.rerun()
        return
    st.markdown(moved_text.goes(plan))
    for line in (moved_text.stays(plan), moved_text.STAYS, moved_text.UNDO):
        if line:
            st.caption(line)
    with st.container(horizontal=True):
        is_pressed = st.button("Take along", type="primary", icon=ICON, key="moved-yes")
        if st.button("Cancel", key="moved-no"):
            st.rerun()
    if is_pressed:
        try:
            with installation.database.writing() as session:
                days_count = take_along(session, old_id, installation.now(), by=me())
        except StorageError:
            st.error(moved_text.BUSY)
            return
        flash.leave(moved_text.GONE if days_count is None else moved_text.taken(days_count), ICON)
        go_to("page", {"id": plan.page.new_id})


def render(installation: Installation, session: Session, page_id: str) -> bool:
    """Draw what is known of a Page's other ids; True for one whose history went along.

    Such a Page is archived, and an archived Page's own line would offer to bring it back.
    """
    moves = list_moves_around(session, page_id)
    for move in moves:
        with st.container(
            border=True,
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            key=f"moved-{move.old_id}",
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
                st.badge("Moved", icon=ICON, color="orange" if move.taken_at is None else "gray")
                is_old = move.old_id == page_id
                describe = moved_text.describe_old if is_old else moved_text.describe_new
                st.markdown(describe(move), width="content")
            _actions(installation, move, page_id)
    return any(move.old_id == page_id and move.taken_at is not None for move in moves)


def _actions(installation: Installation, move: MovedPage, page_id: str) -> None:
    if move.taken_at is not None:
        if move.old_id == page_id and st.button("Open the new one", key=f"moved-open-{page_id}"):
            go_to("page", {"id": move.new_id})
        is_offered = may("operator")
        if is_offered and st.button(
            "Undo", icon=":material/undo:", key=f"moved-undo-{move.old_id}"
        ):
            _undo(installation, move.old_id)
    elif not may("operator"):
        return
    elif move.new_name is not None:
        if st.button(TAKE_ALONG, icon=ICON, key=f"moved-take-{move.old_id}"):
            confirm(installation, move.old_id)
    elif installation.can_open_tokens:
        st.html(links.connect_link("Connect again", filled=False), width="content")


def _undo(installation: Installation, old_id: str) -> None:
    try:
        with installation.database.writing() as session:
            days_count = undo_move(session, old_id, installation.now(), by=me())
    except StorageError:
        flash.leave(moved_text.BUSY, ":material/hourglass_top:")
    else:
        text = moved_text.GONE if days_count is None else moved_text.undone(days_count)
        flash.leave(text, ":material/undo:")
    st.rerun()
