"""Past figures: take in a CSV file of fans and followers of days before, and undo it.

Nothing is stored by looking at a file: the screen first says what would become of every row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fb import past_figures
from fb.installation import Installation
from fb.past_csv.header import Unreadable
from fb.past_csv.reading import PastFigures
from fb.past_figures import DryRun
from pages import resources
from pages.parts.imports import dry_run as import_result
from pages.parts.imports import import_history as import_list
from pages.parts.imports import import_text as import_words
from pages.queries import get_version
from pages.text.formats import counted, plain
from pages.ui import flash, screens
from storage.errors import StorageError

UPLOAD_MB = 200  # as `server.maxUploadSize` in .streamlit/config.toml
_TURN = "imports-turn"


def render(installation: Installation) -> None:
    """Draw the screen."""
    st.page_link(screens.link_to("overview"), label="Overview", icon=":material/arrow_back:")
    st.title("Past figures", anchor=False)
    st.markdown(import_words.WHAT_THIS_IS)
    with installation.database.reading() as session:
        version = get_version(session)
    with st.container(border=True, key="import-card"):
        st.header("Import a CSV file", anchor=False)
        _columns()
        turn = st.session_state.get(_TURN, 0)
        file = st.file_uploader(
            "CSV file of past figures",
            type=["csv", "txt", "tsv"],
            label_visibility="collapsed",
            max_upload_size=UPLOAD_MB,
            key=f"past-figures-{turn}",
        )
        if file is not None:
            _look_at(installation, version, file)
    import_list.render(installation)


def _columns() -> None:
    st.markdown(import_words.COLUMNS)
    with st.expander("What the file may look like", type="compact"):
        st.code(import_words.EXAMPLE, language=None)
        st.markdown(import_words.FORMS)


@dataclass(frozen=True)
class _File:
    """An uploaded file, known by the id that Streamlit gave it."""

    id: str
    today: date
    content: UploadedFile = field(compare=False, repr=False)


# A file of a million rows is 30 MB here, and read in seconds: the newest two are kept.
@lru_cache(2)
def _read(file: _File) -> PastFigures:
    return past_figures.read_past_figures(file.content, file.today)


@lru_cache(2)
def _try_out(version: str, file: _File) -> DryRun:
    return past_figures.try_out(resources.get_installation().database, _read(file))


def _look_at(installation: Installation, version: str, content: UploadedFile) -> None:
    file = _File(content.file_id, installation.now().date(), content)
    try:
        with st.spinner("Reading the file…"):
            dry = _try_out(version, file)
    except Unreadable as error:
        st.error(plain(str(error)), title="This file can't be imported")
        return
    st.subheader(plain(f"Check before importing {content.name}"), anchor=False)
    import_result.render_counts(dry)
    st.markdown(import_words.say_what_would_happen(dry))
    label = f"Import {counted(dry.counts.new, 'day')}" if dry.counts.new else "Nothing to import"
    if st.button(label, type="primary", key="import", disabled=not dry.counts.new):
        _import(installation, _read(file), content.name)
    import_result.render_rows(dry)


def _import(installation: Installation, figures: PastFigures, name: str) -> None:
    with st.spinner("Importing…"):
        try:
            import_id = past_figures.take_in(
                installation.database, figures, name, installation.now()
            )
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
