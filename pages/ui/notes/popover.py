"""Notes popover of a chart: the list of its notes, and the form by which operators write them.

It is a fragment and draws its content only while it is open, so a closed one costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.charts.timeline import Note
from pages.queries import find_authors, find_tags, load_notes
from pages.records import Notes
from pages.text.formats import counted, cut, plain, weekday
from pages.text.periods import A_DAY
from pages.ui import flash, popovers, viewer
from pages.ui.notes import note_text
from pages.ui.signed_in import may, me
from storage.db.errors import NoteRefused
from storage.notes.notes import (
    FIRST_DAY,
    MAX_AHEAD,
    MAX_TEXT,
    NoteDraft,
    NoteRow,
    add_note,
    change_note,
    delete_note,
)

# The URL has this parameter while charts are drawn without notes.
PARAMETER, HIDDEN = "notes", "hidden"
MAX_ROWS = 10
WIDTH = 400
_IS_HIDDEN = "notes-hidden"
_EDITED, _DELETED = "note-edited", "note-deleted"
TURN = "note-form-turn"
_ALL, _PAGE, _TAG = "all", "page", "tag"


@dataclass(frozen=True)
class Chart:
    """A chart with notes: its days, and its Page, its tags, or neither for all Pages.

    ``name`` is part of the widgets' keys; ``until`` is at most today.
    """

    name: str
    since: date
    until: date
    page_id: str | None = None
    tag_ids: tuple[int, ...] = ()


def is_hidden() -> bool:
    """Whether the operator has switched notes off."""
    return bool(st.query_params.get(PARAMETER) == HIDDEN)


def keep_hidden() -> None:
    """Set the URL parameter again on every screen, because a navigation drops it."""
    if st.query_params.get(PARAMETER) == HIDDEN:
        st.session_state[_IS_HIDDEN] = True
    elif st.session_state.get(_IS_HIDDEN):
        st.query_params[PARAMETER] = HIDDEN


def chart_of(
    name: str,
    since: date,
    until: date,
    today: date,
    *,
    page_id: str | None = None,
    tag_ids: tuple[int, ...] = (),
) -> Chart:
    """The chart of a period, from the day before it up to today at most."""
    return Chart(name, since - A_DAY, min(until, today), page_id, tag_ids)


@viewer.fragment
def render(installation: Installation, chart: Chart) -> None:
    """Draw the popover."""
    key = f"notes-{chart.name}"
    popover = st.popover("Notes", icon=":material/sticky_note_2:", key=key, on_change="rerun")
    if not popovers.is_drawn(popover, key):
        return
    with (
        installation.database.reading() as session,
        popover,
        st.container(width=WIDTH, key="notes-open"),
    ):
        _switch(chart)
        notes = load_notes(
            session, chart.since, chart.until, page_id=chart.page_id, tag_ids=chart.tag_ids
        )
        edited = next((row for row in notes.own if row.id == st.session_state.get(_EDITED)), None)
        # Above the list, which may be longer than the window.
        is_saved = may("operator") and render_form(
            installation, session, chart, edited, chart.until
        )
        authors = find_authors(session, me(), (row.by for row in notes.own))
        _list(installation, chart, notes, authors)
    if is_saved:
        st.session_state.pop(_EDITED, None)
        flash.leave("Note changed." if edited else "Note added.")
        st.rerun()


def _switch(chart: Chart) -> None:
    key = f"notes-on-{chart.name}"
    if key not in st.session_state:
        st.session_state[key] = not is_hidden()
    is_on = st.toggle("Show notes on charts", key=key)
    if is_on != is_hidden():
        return
    if is_on:
        st.query_params.pop(PARAMETER, None)
        st.session_state.pop(_IS_HIDDEN, None)
    else:
        st.query_params[PARAMETER] = HIDDEN
    st.rerun()  # the chart is outside of this fragment


def _list(
    installation: Installation, chart: Chart, notes: Notes, authors: Mapping[str, str]
) -> None:
    """Draw the notes, newest first; ``authors``: names by key, of those that people wrote."""
    automatic = note_text.automatic(notes)
    # Operators' notes first: they are what is changed here, and a new one is seen at once.
    rows: list[NoteRow | Note] = [*notes.own, *automatic]
    rows.sort(key=lambda row: (isinstance(row, NoteRow), row.day), reverse=True)
    if not rows:
        st.caption("No notes in this period.")
        return
    for row in rows[:MAX_ROWS]:
        if isinstance(row, Note):
            st.markdown(f"{_day(row.day)} {plain(row.text)}")
        else:
            _own_row(installation, chart, row, authors.get(row.by or ""))
    if len(rows) > MAX_ROWS:
        more = counted(len(rows) - MAX_ROWS, "older note")
        st.caption(f"And {more}: choose a shorter period to see them here.")
    kinds = {note.kind for note in automatic}
    if kinds:
        st.caption(" ".join(text for kind, text in note_text.MEANINGS.items() if kind in kinds))


def _own_row(installation: Installation, chart: Chart, row: NoteRow, author: str | None) -> None:
    whom = plain(note_text.whom(row, chart.page_id))
    written = f", written by {plain(cut(author, note_text.MAX_NAME))}" if author else ""
    with st.container(key=f"note-{row.id}", gap="xxsmall"):
        st.markdown(f"{_day(row.day)} {plain(row.text)}")
        if st.session_state.get(_DELETED) == row.id and may("operator"):
            _confirm(installation, row)
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"For {whom}{written}", width="content")
            if not may("operator"):
                return
            for label, icon, name in (
                ("Change", ":material/edit:", _EDITED),
                ("Delete", ":material/delete:", _DELETED),
            ):
                if st.button(label, icon=icon, type="tertiary", key=f"{name}-{row.id}"):
                    st.session_state[name] = row.id
                    st.rerun()


def _day(day: date) -> str:
    return f"**{weekday(day)}**"


def _confirm(installation: Installation, row: NoteRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Delete this note for good?", width="content")
        if st.button("Delete", key=f"really-delete-{row.id}"):
            with installation.database.writing() as session:
                delete_note(session, row.id, installation.now(), by=me())
            st.session_state.pop(_DELETED, None)
            flash.leave("Note deleted.")
            st.rerun()
        if st.button("Keep", type="tertiary", key=f"keep-{row.id}"):
            st.session_state.pop(_DELETED, None)
            st.rerun()


def render_form(
    installation: Installation, session: Session, chart: Chart, edited: NoteRow | None, day: date
) -> bool:
    """Draw the form, empty for ``day`` or for the note ``edited``; True once it was saved."""
    turn = st.session_state.get(TURN, 0)
    of_note = edited.id if edited else f"new-{day}"
    key = f"{chart.name}-{chart.page_id}-{of_note}-{turn}"
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
        day_of_note = st.date_input(
            "Day",
            value=edited.day if edited else day,
            min_value=FIRST_DAY,
            max_value=today + MAX_AHEAD,
            format="YYYY-MM-DD",
            key=f"note-day-{key}",
        )
        whom = _choose_whom(session, chart, edited, key, search)
        with st.container(horizontal=True):
            is_sent = st.form_submit_button("Save note" if edited else "Add note")
            if edited and st.form_submit_button("Cancel", type="tertiary"):
                st.session_state.pop(_EDITED, None)
                st.rerun()
    if not is_sent:
        return False
    refusal = _save(installation, edited, day_of_note, text or "", whom)
    if refusal:
        st.error(refusal)
        return False
    st.session_state[TURN] = turn + 1  # the next form begins empty
    return True


def _search(session: Session, key: str) -> str:
    """The search for a tag; empty where all tags fit into a list."""
    if not find_tags(session, "").is_searched:
        return ""
    return st.text_input("Find a tag for the note", live="300ms", key=f"note-tag-{key}") or ""


def _choose_whom(
    session: Session, chart: Chart, edited: NoteRow | None, key: str, search: str
) -> tuple[str | None, int | None]:
    """Choose whom the note is for: Page id and tag id, at most one; neither means all Pages."""
    names = {_ALL: note_text.ALL_PAGES}
    page_id = chart.page_id
    if edited is not None and edited.page_id is not None:
        page_id = edited.page_id
    if page_id is not None:
        names = {_PAGE: note_text.THIS_PAGE, **names}
    tags = {tag.id: tag.name for tag in find_tags(session, search).listed}
    if edited is not None and edited.tag_id is not None:
        tags.setdefault(edited.tag_id, edited.tag_name or "")
    names |= {f"{_TAG} {id}": f"Tag: {cut(name, 40)}" for id, name in tags.items()}
    selected = st.selectbox(
        "For",
        list(names),
        index=list(names).index(_preselected(chart, edited, names)),
        format_func=lambda option: names.get(option, option),
        key=f"note-whom-{key}",
    )
    if selected == _PAGE:
        return page_id, None
    if selected is not None and selected.startswith(_TAG):
        return None, int(selected.removeprefix(_TAG))
    return None, None


def _preselected(chart: Chart, edited: NoteRow | None, names: dict[str, str]) -> str:
    if edited is not None:
        if edited.tag_id is not None:
            return f"{_TAG} {edited.tag_id}"
        return _PAGE if edited.page_id is not None else _ALL
    if len(chart.tag_ids) == 1 and f"{_TAG} {chart.tag_ids[0]}" in names:
        return f"{_TAG} {chart.tag_ids[0]}"
    return next(iter(names))


def _save(
    installation: Installation,
    edited: NoteRow | None,
    day: date,
    text: str,
    whom: tuple[str | None, int | None],
) -> str | None:
    """Save the note; return the reason as a sentence when it can't be saved."""
    draft, now = NoteDraft(day, text, *whom), installation.now()
    try:
        with installation.database.writing() as session:
            if edited is None:
                add_note(session, draft, now, by=me())
            elif not change_note(session, edited.id, draft, now, by=me()):
                return note_text.refusal("deleted")
    except NoteRefused as refused:
        return note_text.refusal(refused.reason)
    return None
