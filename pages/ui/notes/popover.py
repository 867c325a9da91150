"""The popover "Notes" of a chart's card: what befell its days, and a form for what operators know.

What is in it is drawn only while it is open, in a fragment: a closed one costs a screen nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from fb.installation import Installation
from pages import resources
from pages.charts.timeline import Note
from pages.text.formats import counted, plain, weekday
from pages.text.periods import A_DAY, Period
from pages.ui import flash
from pages.ui.notes import form as note_form
from pages.ui.notes import note_text as note_words
from pages.ui.notes import queries
from storage.filtering import Filter
from storage.notes.notes import NoteRow, delete_note

# The address carries this word while notes are not drawn.
PARAMETER, HIDDEN = "notes", "hidden"
MOST_ROWS = 10
WIDTH = 400
_HIDDEN_HERE = "notes-hidden"
_EDITED, _DELETED, _SWITCHED = "note-edited", "note-deleted", "notes-switched"


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


def find_notes(
    version: str,
    *,
    since: date,
    until: date,
    page_id: str | None = None,
    tag_id: int | None = None,
) -> list[Note]:
    """The notes on a chart of all Pages, of a tag's or of one Page: oldest first, own ones first
    on their day. ``until`` is at most today."""
    own = queries.find_own(version, since, until, page_id, tag_id)
    automatic = queries.find_automatic(version, since, until, page_id, tag_id)
    return sorted([*map(note_words.own, own), *automatic], key=lambda note: note.day)


def render(version: str, chart: Chart) -> list[Note]:
    """Draw the popover and return what is to be drawn on the chart: nothing while notes are off."""
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    _popover(installation, version, chart)
    return list(find_shown(version, chart) or ())


def keep_hidden() -> None:
    """Have the address say on every screen that notes are off: a navigation drops the word."""
    if st.query_params.get(PARAMETER) == HIDDEN:
        st.session_state[_HIDDEN_HERE] = True
    elif st.session_state.get(_HIDDEN_HERE):
        st.query_params[PARAMETER] = HIDDEN


def find_shown(version: str, chart: Chart) -> tuple[Note, ...] | None:
    """The notes that are drawn on a chart, oldest first; None while notes are off."""
    if st.query_params.get(PARAMETER) == HIDDEN:
        return None
    found = find_notes(
        version,
        since=chart.since,
        until=chart.until,
        page_id=chart.page_id,
        tag_id=chart.tag_id,
    )
    return tuple(found)


def chart_of_pages(period: Period, filter: Filter, today: date) -> Chart:
    """The chart of Overview: every Page's, or that of a filter's tag. It begins a day earlier."""
    until = min(period.until, today)
    return Chart("overview", period.since - A_DAY, until, tag_id=filter.tag_id)


def chart_of_page(period: Period, page_id: str, today: date) -> Chart:
    """The chart of one Page's screen, which begins a day earlier than the period."""
    return Chart("page", period.since - A_DAY, min(period.until, today), page_id=page_id)


def together(notes: Sequence[Note], unusual: Sequence[Note]) -> list[Note]:
    """Notes with those of unusual days that a chart finds itself; none while notes are off."""
    if st.query_params.get(PARAMETER) == HIDDEN:
        return []
    return note_words.together(notes, unusual)


@st.fragment
def _popover(installation: Installation, version: str, chart: Chart) -> None:
    popover = st.popover(
        "Notes", icon=":material/sticky_note_2:", key=f"notes-{chart.name}", on_change="rerun"
    )
    if not popover.open:
        return
    with popover, st.container(width=WIDTH, key="notes-open"):
        _switch(chart)
        found = queries.find_own(version, chart.since, chart.until, chart.page_id, chart.tag_id)
        automatic = queries.find_automatic(
            version, chart.since, chart.until, chart.page_id, chart.tag_id
        )
        _list(installation, chart, found, automatic)
        edited = next((row for row in found if row.id == st.session_state.get(_EDITED)), None)
        target = note_form.Target(chart.name, chart.page_id, chart.tag_id, chart.until)
        if note_form.render(installation, version, target, edited):
            st.session_state.pop(_EDITED, None)
            flash.leave("Note changed." if edited else "Note added.")
            st.rerun()


def _switch(chart: Chart) -> None:
    key = f"notes-on-{chart.name}"
    st.session_state[key] = st.query_params.get(PARAMETER) != HIDDEN
    st.toggle("Show notes on charts", key=key, on_change=_switched, args=(key,))
    if st.session_state.pop(_SWITCHED, False):
        st.rerun()  # the chart stands outside of this fragment


def _switched(key: str) -> None:
    if st.session_state[key]:
        st.query_params.pop(PARAMETER, None)
        st.session_state.pop(_HIDDEN_HERE, None)
    else:
        st.query_params[PARAMETER] = HIDDEN
    st.session_state[_SWITCHED] = True


def _list(
    installation: Installation, chart: Chart, own: list[NoteRow], automatic: list[Note]
) -> None:
    if not own and not automatic:
        st.caption("No notes in this period.")
        return
    rows: list[NoteRow | Note] = sorted([*own, *automatic], key=lambda row: row.day, reverse=True)
    for row in rows[:MOST_ROWS]:
        if isinstance(row, Note):
            st.markdown(f"{_day(row.day)} {plain(row.text)}")
        else:
            _own_row(installation, chart, row)
    if len(rows) > MOST_ROWS:
        more = counted(len(rows) - MOST_ROWS, "older note")
        st.caption(f"And {more}: choose a shorter period to see them here.")
    kinds = {note.kind for note in automatic}
    if kinds:
        st.caption(" ".join(text for kind, text in note_words.MEANINGS.items() if kind in kinds))


def _own_row(installation: Installation, chart: Chart, row: NoteRow) -> None:
    whom = plain(note_words.whom(row, chart.page_id))
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
                st.button(
                    label,
                    icon=icon,
                    type="tertiary",
                    key=f"{name}-{row.id}",
                    on_click=st.session_state.update,
                    args=({name: row.id},),
                )


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
        st.button("Keep", type="tertiary", key=f"keep-{row.id}", on_click=_forget, args=(_DELETED,))


def _forget(name: str) -> None:
    st.session_state.pop(name, None)
