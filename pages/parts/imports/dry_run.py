"""What a file of past figures would do: four counts, and the rows that would not be taken in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pandas as pd
import streamlit as st

from fb.exporting_cells import file_name
from fb.exporting_files import Column, make_csv
from fb.past_figures import DryRun
from pages.text.formats import UNKNOWN, count, counted

SHOWN_ROWS = 100


def render_counts(dry: DryRun) -> None:
    """Draw the four counts, which together are every row but the header."""
    counts = dry.counts
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


def render_rows(dry: DryRun) -> None:
    """Draw the rows that would not be taken in, each heap with all of it to download."""
    _conflicting(dry)
    _refused(dry)


def _conflicting(dry: DryRun) -> None:
    if not dry.counts.conflicting:
        return
    st.subheader("Conflicting: what is stored stays", anchor=False)
    names = dry.page_names
    rows = [
        (
            row.line,
            names[row.page_id],
            row.day,
            row.fans,
            row.stored_fans,
            row.followers,
            row.stored_followers,
            row.page_id,
        )
        for row in islice(dry.iterate_conflicting(), SHOWN_ROWS)
    ]
    labels = ["Line", "Page", "Day", "Fans in the file", "Fans stored"]
    labels += ["Followers in the file", "Followers stored", "Page id"]
    frame = pd.DataFrame(rows, columns=pd.Index(labels))
    for label in labels[3:-1]:
        frame[label] = frame[label].astype("Int64")
    _table(frame, "conflicting", "Rows whose day is stored with other figures")
    _download("conflicting", dry.counts.conflicting, lambda: _conflicting_csv(dry))


def _refused(dry: DryRun) -> None:
    if not dry.refused:
        return
    st.subheader("Refused", anchor=False)
    frame = pd.DataFrame(dry.refused[:SHOWN_ROWS], columns=pd.Index(["Line", "Reason"]))
    _table(frame, "refused", "Rows that can't be imported, with the reason for each")
    _download("refused", len(dry.refused), lambda: _refused_csv(dry))


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
    if rows_count > SHOWN_ROWS:
        st.caption(f"The first {SHOWN_ROWS:,d} of {rows_count:,d}; the file has all of them.")
    st.download_button(
        f"Download {counted(rows_count, 'row')}",
        make,
        file_name=file_name("pagekeeper", what, "rows", ending="csv"),
        mime="text/csv",
        icon=":material/download:",
        key=f"{what}-download",
        on_click="ignore",
    )


def _refused_csv(dry: DryRun) -> bytes:
    columns = (Column("line", "number"), Column("reason", "text"))
    return make_csv(columns, dry.refused)


def _conflicting_csv(dry: DryRun) -> bytes:
    names = ("fans", "fans_stored", "followers", "followers_stored")
    columns = (
        Column("line", "number"),
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("date (UTC)", "day"),
        *(Column(name, "number") for name in names),
    )
    rows = (
        (
            row.line,
            row.page_id,
            dry.page_names[row.page_id],
            row.day,
            row.fans,
            row.stored_fans,
            row.followers,
            row.stored_followers,
        )
        for row in dry.iterate_conflicting()
    )
    return make_csv(columns, rows)
