"""Past figures: import of a CSV file with fans and followers, and undo of an import.

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
from pages.parts.imports import import_history, import_plan
from pages.text.formats import counted, plain
from pages.ui import flash, links
from storage.csv_import.importer import import_figures, plan_import
from storage.csv_import.plan import ImportPlan
from storage.csv_import.reader import PastFigures, read_file
from storage.csv_import.refusals import UnreadableFile
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


def render(installation: Installation) -> None:
    """Draw the screen."""
    st.page_link(links.link_to("overview"), label="Overview", icon=":material/arrow_back:")
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
    import_history.render(installation)


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
