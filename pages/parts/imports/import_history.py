"""Import history: the newest imports with their counts, each with a button to undo it."""

from __future__ import annotations

import streamlit as st

from fb.installation import Installation
from pages.text.formats import counted, cut, moment, plain
from pages.ui import flash
from storage.csv_import.importer import ImportRecord, list_imports, undo_import
from storage.db.errors import StorageError

MAX_ROWS = 25
MAX_NAME = 60  # characters


def render(installation: Installation) -> None:
    """Draw the section."""
    st.header("Imports", anchor=False)
    with installation.database.reading() as session:
        imports = list_imports(session, limit=MAX_ROWS)
    if not imports:
        st.caption("None yet.")
    for record in imports:
        _render_row(installation, record)


def _render_row(installation: Installation, record: ImportRecord) -> None:
    with (
        st.container(border=True, key=f"import-{record.id}"),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(cut(record.file_name, MAX_NAME))}**")
            st.caption(_describe(record))
        if record.undone_at is None and st.button(
            "Undo…", icon=":material/undo:", key=f"undo-{record.id}"
        ):
            _confirm(installation, record)


def _describe(record: ImportRecord) -> str:
    counts = record.counts
    parts = [
        f"{counted(counts.new, 'day')} imported on {moment(record.imported_at)}",
        f"{counts.equal:,d} equal",
        f"{counts.conflicting:,d} conflicting",
        f"{counts.refused:,d} refused",
    ]
    if record.undone_at is not None:
        parts.append(f"undone on {moment(record.undone_at)}")
    return " · ".join(parts)


@st.dialog("Undo this import?", icon=":material/undo:")
def _confirm(installation: Installation, record: ImportRecord) -> None:
    st.markdown(
        f"{counted(record.counts.new, 'day')} of **{plain(cut(record.file_name, MAX_NAME))}** "
        "leave charts and tables again. Everything else stays, also what Facebook has reported "
        "itself for one of these days since."
    )
    with st.container(horizontal=True):
        is_undone = st.button(
            "Undo the import",
            type="primary",
            key="undo-yes",
        )
        if is_undone:
            _undo(installation, record)
        if st.button("Keep it", key="undo-no") or is_undone:
            st.rerun()


def _undo(installation: Installation, record: ImportRecord) -> None:
    try:
        with installation.database.writing() as session:
            days_count = undo_import(session, record.id, installation.now())
    except StorageError:
        flash.leave(
            "The database was busy or out of reach. Nothing was undone; try again.",
            ":material/error:",
        )
        return
    flash.leave(f"The import is undone: {counted(days_count, 'day')} removed.", ":material/undo:")
