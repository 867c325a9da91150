"""Past figures: import of a file with fans and followers, the imports so far, and their undo.

Nothing is stored before the operator has seen the plan of the import. Where the file does not say
what its columns hold, the operator does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fb.installation import Installation
from pages.cache import get_version
from pages.parts.imports import import_plan, mapping_step
from pages.text import wording
from pages.text.formats import count, counted, cut, moment, plain
from pages.ui import flash, links, viewer
from pages.ui.signed_in import me
from storage.csv_import.cells import UnreadableFile
from storage.csv_import.dates import DateForms
from storage.csv_import.importer import (
    ImportRecord,
    SheetColumns,
    find_mapping,
    import_figures,
    list_imports,
    load_page_index,
    plan_import,
    undo_import,
)
from storage.csv_import.mapping import ColumnMapping, Guess, examine_column, guess_mapping
from storage.csv_import.page_index import PageIndex
from storage.csv_import.plan import ImportPlan
from storage.csv_import.reader import PastFigures, read_figures
from storage.csv_import.sheet import Sheet, open_sheet
from storage.db.errors import DatabaseFull, StorageError

UPLOAD_MB = 200  # as `server.maxUploadSize` in .streamlit/config.toml
_TURN, _UPLOAD = "imports-turn", "imports-upload"

WHAT_THIS_IS = (
    "Facebook no longer gives out past fan counts, to anyone. Figures that you have kept elsewhere "
    "can be taken in here. An import only adds figures that are not stored yet: what is stored is "
    "never changed. Every import can be undone."
)
COLUMNS = (
    "Upload what you have: an old export of Facebook Insights, of another tool, of Pagekeeper, or "
    "a sheet of your own, as CSV or XLSX. It needs the **total** of fans or followers on each day. "
    "Where it is not clear what a column holds, you are asked."
)
EXAMPLE = """page_id,page_name,date_utc,fans,followers
100000000000001,Café Lindenhof,2025-12-31,12345,12401
100000000000001,Café Lindenhof,2026-01-01,12352,12409"""
FORMS = (
    "- CSV with commas, semicolons or tabs, in UTF-8 or UTF-16; or the first visible sheet of an "
    "XLSX file. Up to 200 MB and a million rows.\n"
    "- The Page by its id, its address at Facebook, or its name where no other Page has the same. "
    "Or a column for each Page.\n"
    "- Dates as 2025-12-31. Others are read where the file leaves no doubt, or you say how: "
    "31.12.2025, 31 Dec 2025, 12/31/25.\n"
    "- Figures as 1234, 1,234, 1.234, 1 234 or 1'234, one way in the whole file. An empty cell or "
    "N/A is a figure that is not known.\n"
    "- Known without a question: Facebook Insights' own export, Graph API names such as "
    "page_fans, Sprout's Facebook Pages report, CrowdTangle's history.\n"
    "- Days are taken as the file names them."
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
        st.header("Import a file", anchor=False)
        _describe_columns()
        # Random: in a new session under an open screen the box must not name a file that the
        # restarted server no longer has.
        turn = st.session_state.setdefault(_TURN, secrets.token_hex(4))
        file = st.file_uploader(
            "File of past figures",
            type=["csv", "txt", "tsv", "xlsx"],
            label_visibility="collapsed",
            max_upload_size=UPLOAD_MB,
            key=f"past-figures-{turn}",
        )
        if file is not None:
            _render_file(installation, version, file)
        else:
            st.session_state.pop(_UPLOAD, None)
    _render_history(installation)


def _describe_columns() -> None:
    st.markdown(COLUMNS)
    with st.expander("What the file may look like", type="compact"):
        st.code(EXAMPLE, language=None)
        st.markdown(FORMS)


@dataclass
class _Upload:
    """A file and what was read of it. Held by the session: it is dropped with it."""

    id: str  # Streamlit's
    sheet: Sheet
    pages: PageIndex
    guess: Guess
    # None until the operator has answered what the file leaves open.
    mapping: ColumnMapping | None
    forms: dict[int | None, DateForms]  # of each column that was chosen for the day
    figures: PastFigures | None = None
    plan: tuple[str, ImportPlan] | None = None  # with the version of the data it was made for

    def examine(self, column: int | None) -> DateForms:
        """What the dates of a column have in common."""
        if column not in self.forms:
            self.forms[column] = examine_column(self.sheet, column)
        return self.forms[column]


def _render_file(installation: Installation, version: str, content: UploadedFile) -> None:
    try:
        with st.spinner("Reading the file…"):
            upload = _open(installation, content)
            if upload.mapping is not None:
                figures, plan = _read(installation, version, upload)
    except UnreadableFile as error:
        st.error(plain(str(error)), title="This file can't be imported")
        return
    if upload.mapping is None:
        mapping = mapping_step.render(
            upload.sheet, upload.guess, upload.pages, upload.examine, upload.id
        )
        if mapping is not None:
            upload.mapping = mapping
            st.rerun()
        return
    st.subheader(plain(f"Check before importing {content.name}"), anchor=False)
    import_plan.render_counts(plan)
    st.markdown(import_plan.describe(plan))
    import_plan.render_columns(upload.sheet, upload.mapping, upload.pages)
    is_confirmed = import_plan.confirm_doubtful(plan, upload.id)
    label = f"Import {counted(plan.counts.new, 'day')}" if plan.counts.new else "Nothing to import"
    with st.container(horizontal=True):
        is_disabled = not (plan.counts.new and is_confirmed)
        if st.button(label, type="primary", key="import", disabled=is_disabled):
            columns = SheetColumns(upload.sheet.header, upload.mapping)
            _import(installation, figures, content.name, columns)
        if st.button("Change the columns…", key="change-columns"):
            upload.guess = replace(upload.guess, mapping=upload.mapping, questions=())
            upload.mapping = upload.figures = upload.plan = None
            st.rerun()
    import_plan.render_rows(plan)


def _open(installation: Installation, content: UploadedFile) -> _Upload:
    upload = st.session_state.get(_UPLOAD)
    if isinstance(upload, _Upload) and upload.id == content.file_id:
        return upload
    sheet = open_sheet(content)
    with installation.database.reading() as session:
        pages, remembered = load_page_index(session), find_mapping(session, sheet.header)
    guess = guess_mapping(sheet, pages, content.name, remembered)
    mapping = None if guess.questions else guess.mapping
    upload = _Upload(content.file_id, sheet, pages, guess, mapping, {})
    upload.forms[guess.mapping.day] = guess.dates
    st.session_state[_UPLOAD] = upload
    return upload


def _read(
    installation: Installation, version: str, upload: _Upload
) -> tuple[PastFigures, ImportPlan]:
    if upload.figures is None:
        assert upload.mapping is not None
        today = installation.now().date()
        upload.figures = read_figures(upload.sheet, upload.mapping, today)
    if upload.plan is None or upload.plan[0] != version:
        with installation.database.reading() as session:
            upload.plan = version, plan_import(session, upload.figures)
    return upload.figures, upload.plan[1]


def _import(
    installation: Installation, figures: PastFigures, name: str, columns: SheetColumns
) -> None:
    with st.spinner("Importing…"):
        try:
            with installation.database.writing() as session:
                import_id = import_figures(
                    session, figures, name, installation.now(), columns, by=me()
                )
        except DatabaseFull:
            st.error(wording.STARTUP_ERRORS["database_full"].sentence, title="Not imported")
            return
        except StorageError:
            st.error(
                "The database was busy or out of reach. Nothing was imported; try again.",
                title="Not imported",
            )
            return
    if import_id is not None:
        flash.leave("The past figures are imported. Charts and tables show them now.")
    del st.session_state[_TURN]  # the next box is empty
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
        f"{count(counts.equal)} equal",
        f"{count(counts.conflicting)} conflicting",
        f"{count(counts.refused)} refused",
    ]
    if record.undone_at is not None:
        parts.append(f"undone on {moment(record.undone_at)}")
    return " · ".join(parts)


@viewer.dialog("Undo this import?", icon=":material/undo:")
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
            days_count = undo_import(session, record.id, installation.now(), by=me())
    except StorageError:
        flash.leave(
            "The database was busy or out of reach. Nothing was undone; try again.",
            ":material/error:",
        )
        return
    flash.leave(f"The import is undone: {counted(days_count, 'day')} removed.", ":material/undo:")
