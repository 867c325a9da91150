"""The imports made so far, each with its counts and the button that undoes it."""

from __future__ import annotations

import streamlit as st

from fb import past_figures
from fb.installation import Installation
from pages.text.formats import counted, cut, moment, plain
from pages.ui import flash
from storage.errors import StorageError
from storage.importing import list_imports
from storage.models import Import

ROWS = 25
_LONGEST_NAME = 60


def render(installation: Installation) -> None:
    """Draw the section."""
    st.header("Imports", anchor=False)
    with installation.database.reading() as session:
        imports = list_imports(session, limit=ROWS)
    if not imports:
        st.caption("None yet.")
    for each in imports:
        _row(installation, each)


def _row(installation: Installation, each: Import) -> None:
    with (
        st.container(border=True, key=f"import-{each.id}"),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(cut(each.file_name, _LONGEST_NAME))}**")
            st.caption(_describe(each))
        if each.undone_at is None and st.button(
            "Undo…", icon=":material/undo:", key=f"undo-{each.id}"
        ):
            _confirm(installation, each)


def _describe(each: Import) -> str:
    parts = [
        f"{counted(each.new_count, 'day')} imported on {moment(each.imported_at)}",
        f"{each.equal_count:,d} equal",
        f"{each.conflicting_count:,d} conflicting",
        f"{each.refused_count:,d} refused",
    ]
    if each.undone_at is not None:
        parts.append(f"undone on {moment(each.undone_at)}")
    return " · ".join(parts)


@st.dialog("Undo this import?", icon=":material/undo:")
def _confirm(installation: Installation, each: Import) -> None:
    st.markdown(
        f"{counted(each.new_count, 'day')} of **{plain(cut(each.file_name, _LONGEST_NAME))}** "
        "leave charts and tables again. Everything else stays, also what Facebook has reported "
        "itself for one of these days since."
    )
    with st.container(horizontal=True):
        pressed = st.button(
            "Undo the import",
            type="primary",
            key="undo-yes",
        )
        if pressed:
            _undo(installation, each)
        if st.button("Keep it", key="undo-no") or pressed:
            st.rerun()


def _undo(installation: Installation, each: Import) -> None:
    try:
        removed = past_figures.undo(installation.database, each.id, installation.now())
    except StorageError:
        flash.leave(
            "The database was busy or out of reach. Nothing was undone; try again.",
            ":material/error:",
        )
        return
    flash.leave(f"The import is undone: {counted(removed, 'day')} removed.", ":material/undo:")
