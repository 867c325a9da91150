"""Import plan: the effect of a file in four counts, a text, and the rows that are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from pages.text.formats import UNKNOWN, count, counted, span
from storage.csv_import.plan import ConflictingRow, ImportPlan
from storage.export.csv_xlsx import Cell, Column, make_file, make_file_name

MAX_ROWS = 100
_LABELS = ["Line", "Page id", "Page", "Day", "Fans in the file", "Fans stored"]
_LABELS += ["Followers in the file", "Followers stored"]


def render_counts(plan: ImportPlan) -> None:
    """Draw the four counts; their sum is the number of rows without the header."""
    counts = plan.counts
    with st.grid(4, min_column_width=140):
        for label, number, help in (
            ("New", counts.new, "Days that are not stored yet: these would be imported."),
            ("Equal", counts.equal, "Days that are stored with the same figures."),
            (
                "Conflicting",
                counts.conflicting,
                "Days that are stored with other figures: what is stored stays.",
            ),
            ("Refused", counts.refused, "Rows that can't be read, each with its reason."),
        ):
            st.metric(label, count(number), border=True, help=help)


def describe(plan: ImportPlan) -> str:
    """The effect of the import in two or three sentences, as Markdown."""
    sentences = ["Nothing is stored yet."]
    if plan.span is not None:
        sentences.append(
            f"The file has figures of {counted(plan.pages_count, 'Page')}: {span(*plan.span)}."
        )
    if plan.zone is None:
        sentences.append("It does not name a time zone: its days are taken as days in UTC.")
    if not plan.counts.new:
        is_stored = plan.counts.equal > 0
        nothing = "Every day of it is stored already" if is_stored else "No row can be taken in"
        sentences.append(f"**{nothing}, so there is nothing to import.**")
    return " ".join(sentences)


def render_rows(plan: ImportPlan) -> None:
    """Draw the rows that are not imported: the first MAX_ROWS of each kind, and a file with all."""
    _render_conflicting(plan)
    _render_refused(plan)


def _render_conflicting(plan: ImportPlan) -> None:
    if not plan.conflicting:
        return
    st.subheader("Conflicting: what is stored stays", anchor=False)
    frame = pd.DataFrame(_rows(plan.conflicting[:MAX_ROWS]), columns=pd.Index(_LABELS))
    frame = frame.reindex(columns=[_LABELS[0], *_LABELS[2:], _LABELS[1]])
    for label in _LABELS[4:]:
        frame[label] = frame[label].astype("Int64")
    _table(frame, "conflicting", "Rows whose day is stored with other figures")
    _download("conflicting", len(plan.conflicting), lambda: _make_conflicting_csv(plan))


def _render_refused(plan: ImportPlan) -> None:
    if not plan.refused:
        return
    st.subheader("Refused", anchor=False)
    frame = pd.DataFrame(plan.refused[:MAX_ROWS], columns=pd.Index(["Line", "Reason"]))
    _table(frame, "refused", "Rows that can't be imported, with the reason for each")
    _download("refused", len(plan.refused), lambda: _make_refused_csv(plan))


def _table(frame: pd.DataFrame, key: str, alt: str) -> None:
    config = {"Line": st.column_config.NumberColumn(width=80, format="%,d")}
    config |= {
        str(name): st.column_config.NumberColumn(format="%,d")
        for name in frame
        if str(name).startswith(("Fans", "Followers"))
    }
    config["Reason"] = st.column_config.TextColumn(width=760)
    st.dataframe(
        frame,
        hide_index=True,
        width="content",
        column_config=config,
        placeholder=UNKNOWN,
        key=f"{key}-rows",
        alt=alt,
    )


def _download(what: str, rows_count: int, make: Callable[[], bytes]) -> None:
    if rows_count > MAX_ROWS:
        st.caption(f"The first {MAX_ROWS:,d} of {rows_count:,d}; the file has all of them.")
    st.download_button(
        f"Download {counted(rows_count, 'row')}",
        make,
        file_name=make_file_name("pagekeeper", what, "rows", ending="csv"),
        mime="text/csv",
        icon=":material/download:",
        key=f"{what}-download",
        on_click="ignore",
    )


def _make_refused_csv(plan: ImportPlan) -> bytes:
    columns = (Column("line", "number"), Column("reason", "text"))
    return make_file(columns, plan.refused, "csv")


def _make_conflicting_csv(plan: ImportPlan) -> bytes:
    names = ("fans", "fans_stored", "followers", "followers_stored")
    columns = (
        Column("line", "number"),
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("date (UTC)", "day"),
        *(Column(name, "number") for name in names),
    )
    return make_file(columns, _rows(plan.conflicting), "csv")


def _rows(conflicts: Sequence[ConflictingRow]) -> list[tuple[Cell, ...]]:
    return [
        (
            row.line,
            row.page_id,
            row.page_name,
            row.day,
            row.fans,
            row.stored_fans,
            row.followers,
            row.stored_followers,
        )
        for row in conflicts
    ]
