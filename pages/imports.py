"""Past figures: import of a CSV file with fans and followers, the imports so far, and their undo.

Nothing is stored before the operator has seen the plan of the import.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fb.installation import Installation
from pages import resources
from pages.cache import get_version
from pages.parts.imports import import_plan
from pages.text.formats import counted, cut, moment, plain
from pages.ui import flash, links
from storage.csv_import.cells import UnreadableFile
from storage.csv_import.importer import (
    ImportRecord,
    import_figures,
    list_imports,
    plan_import,
    undo_import,
)
from storage.csv_import.plan import ImportPlan
from storage.csv_import.reader import PastFigures, read_file
from storage.db.errors import StorageError

UPLOAD_MB = 200  # as `server.maxUploadSize` in .streamlit/config.toml
_TURN = "imports-turn"

WHAT_THIS_IS = (
    "Facebook no longer gives out past fan counts, to anyone. Figures that you have kept elsewhere "
    "can be taken in here. An import only adds days that are not stored yet: what is stored is "
    "never changed. Every import can be undone."
)
COLUMNS = (
    "The first line names the columns: `page_id` or `page_name`, `date`, and `fans` or "
    "`followers` or both. Other columns are left out of account. Files that Pagekeeper exported "
    "fit as they are."
)
EXAMPLE = """page_id,page_name,date (UTC),fans,followers
100000000000001,Café Lindenhof,2025-12-31,12345,12401
100000000000001,Café Lindenhof,2026-01-01,12352,12409"""
FORMS = (
    "- CSV with commas, semicolons or tabs, in UTF-8 or UTF-16, up to 200 MB and a million "
    "rows.\n"
    "- The Page by its id, or by its exact name where no other Page has the same.\n"
    "- Dates as 2025-12-31. Others are read where the file leaves no doubt: 31.12.2025, 31 Dec "
    "2025, 12/31/2025.\n"
    "- Figures as 1234, 1,234, 1.234, 1 234 or 1'234, one way in the whole file.\n"
    "- Days are taken as days in UTC."
)
MAX_IMPORTS = 25
MAX_NAME = 60  # characters


def render(installation: Installation) -> None:
    """Draw the screen."""
    links.draw("overview", "Overview", ":material/arrow_back:")
    st.title("Past figures", anchor=False)
    st.markdown(WHAT_THIS_IS)
    with installation.database.reading() as session:
        version = get_version(session)
    with st.container(border=True, key="import-card"):
        st.header("Import a CSV file", anchor=False)
        _describe_columns()
        turn = st.session_state.get(_TURN, 0)
        file = st.file_uploader(
            "CSV file of past figures",
            type=["csv", "txt", "tsv"],
            label_visibility="collapsed",
            max_upload_size=UPLOAD_MB,
            key=f"past-figures-{turn}",
        )
        if file is not None:
            _render_plan(installation, version, file)
    _render_history(installation)


def _describe_columns() -> None:
    st.markdown(COLUMNS)
    with st.expander("What the file may look like", type="compact"):
        st.code(EXAMPLE, language=None)
        st.markdown(FORMS)


@dataclass(frozen=True)
class _File:
    """An uploaded file, identified by Streamlit's id."""

    id: str
    today: date
    content: UploadedFile = field(compare=False, repr=False)


# Reading takes seconds, and about 400 bytes of memory a row: two files are kept.
@lru_cache(2)
def _read(file: _File) -> PastFigures:
    return read_file(file.content, file.today)


@lru_cache(2)
def _plan(version: str, file: _File) -> ImportPlan:
    with resources.get_installation().database.reading() as session:
        return plan_import(session, _read(file))


def _render_plan(installation: Installation, version: str, content: UploadedFile) -> None:
    file = _File(content.file_id, installation.now().date(), content)
    try:
        with st.spinner("Reading the file…"):
            plan = _plan(version, file)
    except UnreadableFile as error:
        st.error(plain(str(error)), title="This file can't be imported")
        return
    st.subheader(plain(f"Check before importing {content.name}"), anchor=False)
    import_plan.render_counts(plan)
    st.markdown(import_plan.describe(plan))
    label = f"Import {counted(plan.counts.new, 'day')}" if plan.counts.new else "Nothing to import"
    if st.button(label, type="primary", key="import", disabled=not plan.counts.new):
        _import(installation, _read(file), content.name)
    import_plan.render_rows(plan)


def _import(installation: Installation, figures: PastFigures, name: str) -> None:
    with st.spinner("Importing…"):
        try:
            with installation.database.writing() as session:
                import_id = import_figures(session, figures, name, installation.now())
        except StorageError:
            st.error(
                "The database was busy or out of reach. Nothing was imported; try again.",
                title="Not imported",
            )
            return
    if import_id is not None:
        flash.leave("The past figures are imported. Charts and tables show them now.")
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.rerun()


def _render_history(installation: Installation) -> None:
    """Draw the section."""
    st.header("Imports", anchor=False)
    with installation.database.reading() as session:
        imports = list_imports(session, limit=MAX_IMPORTS)
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
