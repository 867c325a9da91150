"""The popover "Notes" of a chart's card: what befell its days, and a form for what operators know.

What is in it is drawn only while it is open, in a fragment: a closed one costs a screen nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from fb.installation import Installation
from pages.charts.timeline import Note
from pages.queries import Notes, View, load_notes
from pages.text.formats import counted, plain, weekday
from pages.text.periods import A_DAY, Period
from pages.ui import flash
from pages.ui.notes import form, note_text
from storage.notes.notes import NoteRow, delete_note

# The address carries this word while notes are not drawn.
PARAMETER, HIDDEN = "notes", "hidden"
MAX_ROWS = 10
WIDTH = 400
_HIDDEN_HERE = "notes-hidden"
_EDITED, _DELETED = "note-edited", "note-deleted"


@dataclass(frozen=True)
class Chart:
    """Whose chart it is (everybody's, a tag's, one Page's), and which of its days are shown.

    ``name`` tells the popovers of one screen apart; ``until`` is at most today.
    """

    name: str
    since: date
    until: date
    page_id: str | None = None
    tag_id: int | None = None


def render(installation: Installation, chart: Chart) -> None:
    """Draw the popover."""
    _popover(installation, chart)


def is_hidden() -> bool:
    """Whether the operator has switched notes off."""
    return bool(st.query_params.get(PARAMETER) == HIDDEN)


def merge(notes: Notes, unusual: Sequence[Note]) -> list[Note]:
    """The notes of a chart with those of unusual days that it finds itself, oldest first."""
    return note_text.together(note_text.to_notes(notes), unusual)


def keep_hidden() -> None:
    """Have the address say on every screen that notes are off: a navigation drops the word."""
    if st.query_params.get(PARAMETER) == HIDDEN:
        st.session_state[_HIDDEN_HERE] = True
    elif st.session_state.get(_HIDDEN_HERE):
        st.query_params[PARAMETER] = HIDDEN


def chart_of_pages(view: View, today: date) -> Chart:
    """The chart of Overview: every Page's, or that of a filter's tag. It begins a day earlier."""
    period = view.period
    until = min(period.until, today)
    return Chart("overview", period.since - A_DAY, until, tag_id=view.filter.tag_id)


def chart_of_page(period: Period, page_id: str, today: date) -> Chart:
    """The chart of one Page's screen, which begins a day earlier than the period."""
    return Chart("page", period.since - A_DAY, min(period.until, today), page_id=page_id)


@st.fragment
def _popover(installation: Installation, chart: Chart) -> None:
    popover = st.popover(
        "Notes", icon=":material/sticky_note_2:", key=f"notes-{chart.name}", on_change="rerun"
    )
    if not popover.open:
        return
    with (
        installation.database.reading() as session,
        popover,
        st.container(width=WIDTH, key="notes-open"),
    ):
        _switch(chart)
        notes = load_notes(
            session, chart.since, chart.until, page_id=chart.page_id, tag_id=chart.tag_id
        )
        _list(installation, chart, notes)
        edited = next((row for row in notes.own if row.id == st.session_state.get(_EDITED)), None)
        target = form.Target(chart.name, chart.page_id, chart.tag_id, chart.until)
        is_kept = form.render(installation, session, target, edited)
    if is_kept:
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
        st.session_state.pop(_HIDDEN_HERE, None)
    else:
        st.query_params[PARAMETER] = HIDDEN
    st.rerun()  # the chart stands outside of this fragment


def _list(installation: Installation, chart: Chart, notes: Notes) -> None:
    automatic = note_text.automatic(notes)
    rows: list[NoteRow | Note] = sorted(
        [*notes.own, *automatic], key=lambda row: row.day, reverse=True
    )
    if not rows:
        st.caption("No notes in this period.")
        return
    for row in rows[:MAX_ROWS]:
        if isinstance(row, Note):
            st.markdown(f"{_day(row.day)} {plain(row.text)}")
        else:
            _own_row(installation, chart, row)
    if len(rows) > MAX_ROWS:
        more = counted(len(rows) - MAX_ROWS, "older note")
        st.caption(f"And {more}: choose a shorter period to see them here.")
    kinds = {note.kind for note in automatic}
    if kinds:
        st.caption(" ".join(text for kind, text in note_text.MEANINGS.items() if kind in kinds))


def _own_row(installation: Installation, chart: Chart, row: NoteRow) -> None:
    whom = plain(note_text.whom(row, chart.page_id))
    with st.container(key=f"note-{row.id}", gap="xxsmall"):
        st.markdown(f"{_day(row.day)} {plain(row.text)}")
        if st.session_state.get(_DELETED) == row.id:
            _confirm(installation, row)
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"For {whom}", width="content")
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
                delete_note(session, row.id, installation.now())
            st.session_state.pop(_DELETED, None)
            flash.leave("Note deleted.")
            st.rerun()
        if st.button("Keep", type="tertiary", key=f"keep-{row.id}"):
            st.session_state.pop(_DELETED, None)
            st.rerun()
