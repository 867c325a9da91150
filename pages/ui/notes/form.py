"""The form for a note: which day, what happened, and whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.queries import find_tags
from pages.text.formats import cut
from pages.ui.notes import note_text
from storage.db.errors import NoteRefused
from storage.notes.notes import (
    FIRST_DAY,
    MAX_AHEAD,
    MAX_TEXT,
    NoteDraft,
    NoteRow,
    add_note,
    change_note,
)

_TURN = "note-form-turn"
_ALL, _PAGE, _TAG = "all", "page", "tag"


@dataclass(frozen=True)
class Target:
    """The chart a note is written at: the Page or tag it is likely for, and its last day."""

    name: str
    page_id: str | None
    tag_id: int | None
    day: date


def render(
    installation: Installation, session: Session, target: Target, edited: NoteRow | None
) -> bool:
    """Draw the form, empty or with the note that is being changed; True once it was kept."""
    turn = st.session_state.get(_TURN, 0)
    key = f"{target.name}-{target.page_id}-{edited.id if edited else 'new'}-{turn}"
    today = installation.now().date()
    search = _search(session, key)
    with st.form(f"note-form-{key}", border=False, enter_to_submit=True):
        st.markdown("**Change the note**" if edited else "**Add a note**")
        text = st.text_input(
            "What happened",
            value=edited.text if edited else "",
            max_chars=MAX_TEXT,
            placeholder="Autumn campaign begins",
            key=f"note-text-{key}",
        )
        day = st.date_input(
            "Day (UTC)",
            value=edited.day if edited else target.day,
            min_value=FIRST_DAY,
            max_value=today + MAX_AHEAD,
            format="YYYY-MM-DD",
            key=f"note-day-{key}",
        )
        whom = _choose_whom(session, target, edited, key, search)
        with st.container(horizontal=True):
            is_sent = st.form_submit_button("Save note" if edited else "Add note")
            if edited and st.form_submit_button("Cancel", type="tertiary"):
                st.session_state.pop("note-edited", None)
                st.rerun()
    if not is_sent:
        return False
    refusal = _keep(installation, edited, day, text or "", whom)
    if refusal:
        st.error(refusal)
        return False
    st.session_state[_TURN] = turn + 1  # the next form begins empty
    return True


def _search(session: Session, key: str) -> str:
    """What tags to list where there are too many for a list."""
    if not find_tags(session, "").is_searched:
        return ""
    return st.text_input("Find a tag for the note", live="300ms", key=f"note-tag-{key}") or ""


def _choose_whom(
    session: Session, target: Target, edited: NoteRow | None, key: str, search: str
) -> tuple[str | None, int | None]:
    """The Page, or the tag, or neither: all Pages."""
    names = {_ALL: note_text.ALL_PAGES}
    page_id = target.page_id
    if edited is not None and edited.page_id is not None:
        page_id = edited.page_id
    if page_id is not None:
        names = {_PAGE: note_text.THIS_PAGE, **names}
    tags = {tag.id: tag.name for tag in find_tags(session, search).listed}
    if edited is not None and edited.tag_id is not None:
        tags.setdefault(edited.tag_id, edited.tag_name or "")
    names |= {f"{_TAG} {id}": f"Tag: {cut(name, 40)}" for id, name in tags.items()}
    chosen = st.selectbox(
        "For",
        list(names),
        index=list(names).index(_begin_with(target, edited, names)),
        format_func=lambda option: names.get(option, option),
        key=f"note-whom-{key}",
    )
    if chosen == _PAGE:
        return page_id, None
    if chosen is not None and chosen.startswith(_TAG):
        return None, int(chosen.removeprefix(_TAG))
    return None, None


def _begin_with(target: Target, edited: NoteRow | None, names: dict[str, str]) -> str:
    if edited is not None:
        if edited.tag_id is not None:
            return f"{_TAG} {edited.tag_id}"
        return _PAGE if edited.page_id is not None else _ALL
    if target.tag_id is not None and f"{_TAG} {target.tag_id}" in names:
        return f"{_TAG} {target.tag_id}"
    return next(iter(names))


def _keep(
    installation: Installation,
    edited: NoteRow | None,
    day: date,
    text: str,
    whom: tuple[str | None, int | None],
) -> str | None:
    """Keep what was written; a sentence when it can't be kept."""
    draft, now = NoteDraft(day, text, *whom), installation.now()
    try:
        with installation.database.writing() as session:
            if edited is None:
                add_note(session, draft, now)
            elif not change_note(session, edited.id, draft, now):
                return note_text.refusal("deleted")
    except NoteRefused as refused:
        return note_text.refusal(refused.reason)
    return None
