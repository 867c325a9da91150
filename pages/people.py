"""People: who is let in, with what role, and where they are signed in."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from pages.charts import arrow
from pages.parts.people import let_in_dialog, person_card
from pages.text import people_text
from pages.text.formats import cell_day, count, local, one_line, zones_of
from storage.sign_in.people import ListedPerson, fold_address, list_people

ROWS = 25
MAX_SEARCH = 100
_PAGE, _SHOWN = "people-page", "people-shown"


def render(installation: Installation) -> None:
    """Draw the screen."""
    if not installation.settings.has_sign_in:
        st.title("People", anchor=False)
        st.markdown(people_text.NO_SIGN_IN)
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title("People", anchor=False, width="content")
        if st.button("Let somebody in…", icon=":material/person_add:", key="let-in"):
            let_in_dialog.ask(installation)
    with installation.database.reading() as session:
        people = list_people(session)
    domains = people_text.domains(installation.settings.sign_in_domains)
    st.caption(f"{counted_people(len(people))} let in. {domains}".rstrip())
    if not people:
        return
    shown = _find(people, _search() if len(people) > 1 else "")
    if not shown:
        st.markdown("Nobody here has such a name or address.")
        return
    person = _choose(shown)
    if person is not None:
        person_card.render(installation, person)


def counted_people(number: int) -> str:
    """ "Nobody is", "1 person is", "140 people are"."""
    if number == 0:
        return "Nobody is"
    return "1 person is" if number == 1 else f"{count(number)} people are"


def _search() -> str:
    text = st.text_input(
        "Name or address", type="search", live="300ms", width=300, key="q", bind="query-params"
    )
    return (text or "")[:MAX_SEARCH]


def _find(people: list[ListedPerson], search: str) -> list[ListedPerson]:
    """Return those with all these words; first whose address begins so: a keyboard can't choose a
    row, and the first one is chosen already.
    """
    words = search.casefold().split()
    found = [
        each
        for each in people
        if all(word in f"{each.name} {each.address}".casefold() for word in words)
    ]
    return sorted(found, key=lambda each: not each.address.startswith(fold_address(search)))


def _choose(people: list[ListedPerson]) -> ListedPerson | None:
    """Draw the table, and return whom the chosen row is about; at first the first."""
    ids = tuple(each.id for each in people)
    if st.session_state.get(_SHOWN, ids) != ids:
        st.session_state[_PAGE] = 1
    st.session_state[_SHOWN] = ids
    table = st.container()
    number = 1
    if len(people) > ROWS:
        number = st.pagination(-(-len(people) // ROWS), key=_PAGE)
    first = (number - 1) * ROWS
    rows = people[first : first + ROWS]
    with table:
        if len(people) > ROWS:
            last = count(first + len(rows))
            st.caption(f"{count(first + 1)}–{last} of {count(len(people))}, by address.")
        row = _draw_table(rows)
    return rows[row] if row is not None and row < len(rows) else None


def _draw_table(people: list[ListedPerson]) -> int | None:
    """Draw these people; return the chosen row."""
    zone = zones_of(each.seen_at for each in people)
    selection = st.dataframe(
        arrow.styled(
            pd.DataFrame(
                {
                    "name": [one_line(each.name) or None for each in people],
                    "address": [one_line(each.address) for each in people],
                    "role": [people_text.ROLES[each.role] for each in people],
                    "seen": _times(people),
                    "sessions": [each.sessions_count for each in people],
                }
            ),
            "people",
            {"sessions": count},
        ),
        column_config={
            "name": st.column_config.TextColumn("Name", width=220),
            "address": st.column_config.TextColumn("Address", width=280),
            "role": st.column_config.TextColumn("Role", width=120),
            "seen": st.column_config.DatetimeColumn(
                f"Last seen ({zone})", width=170, format=cell_day(clock=True)
            ),
            "sessions": st.column_config.NumberColumn("Open sessions", width=120),
        },
        hide_index=True,
        width="content",
        placeholder="–",
        # Of these rows alone: the same number is somebody else in others.
        key=f"people-{'-'.join(str(each.id) for each in people)}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        alt=f"{counted_people(len(people))} let in, by address; choose a row to change one",
    )
    chosen = selection.selection.rows
    return chosen[0] if chosen else None


def _times(people: list[ListedPerson]) -> pd.Series[Any]:
    # Naive: the browser's own zone is not always the one of the viewer.
    times = [each.seen_at and local(each.seen_at) for each in people]
    return pd.Series(times, dtype="datetime64[s]")
