"""Import plan: the effect of a file in four counts, a text, and the rows that are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from pages.charts import arrow
from pages.text.formats import UNKNOWN, count, counted, cut, day, plain, span
from storage.csv_import.mapping import ColumnMapping
from storage.csv_import.page_index import PageIndex
from storage.csv_import.plan import ConflictingRow, ImportPlan
from storage.csv_import.sheet import Sheet
from storage.export.csv_xlsx import Cell, Column, make_file, make_file_name

MAX_ROWS = 100
MAX_NAMED = 6  # columns, lines or Pages in a list
MAX_NAME = 60  # characters
_LABELS = ["Line", "Page id", "Page", "Day", "Fans in the file", "Fans stored"]
_LABELS += ["Followers in the file", "Followers stored"]


def render_counts(plan: ImportPlan) -> None:
    """Draw the four counts; rows without any figure are in none of them."""
    counts = plan.counts
    with st.grid(4, min_column_width=140):
        for label, number, help in (
            (
                "New",
                counts.new,
                "Days with a figure that is not stored yet: these would be imported.",
            ),
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
    elif plan.zone.upper() not in ("UTC", "GMT"):
        sentences.append(f"Its days are days in {plain(plan.zone)}, taken as they are written.")
    sentences += [plain(remark) for remark in plan.remarks]
    if not plan.counts.new:
        is_stored = plan.counts.equal > 0
        nothing = "Every day of it is stored already" if is_stored else "No row can be taken in"
        sentences.append(f"**{nothing}, so there is nothing to import.**")
    return " ".join(sentences)


def render_columns(sheet: Sheet, mapping: ColumnMapping, pages: PageIndex) -> None:
    """Draw what was taken from which column, each with a sample, and what was passed over."""
    lines = []
    used: tuple[tuple[str, Sequence[int | None]], ...] = (
        ("Day", [mapping.day]),
        ("Page", mapping.pages),
        ("Fans", [mapping.fans]),
        ("Followers", [mapping.followers]),
        ("Time of day", [mapping.time]),
        ("Network", [mapping.network]),
    )
    for label, columns in used:
        names = [_name_column(sheet, column) for column in columns if column is not None]
        if names:
            lines.append(f"**{label}**: {', else '.join(names)}")
    if mapping.only_page is not None:
        lines.append(f"**Page** of all rows: {plain(pages.names[mapping.only_page])}")
    if mapping.by_page:
        names = [_name_column(sheet, column) for column, _ in mapping.by_page[:MAX_NAMED]]
        more = _and_more(len(mapping.by_page))
        lines.append(f"**{mapping.metric.capitalize()}** of a Page each: {', '.join(names)}{more}")
    over = [index for index in range(len(sheet.header)) if index not in mapping.columns]
    if over:
        names = [f"“{plain(cut(sheet.get_name(index), MAX_NAME))}”" for index in over[:MAX_NAMED]]
        lines.append(f"Columns passed over: {', '.join(names)}{_and_more(len(over))}")
    if len(sheet.names) > 1:
        names = [f"“{plain(cut(name, MAX_NAME))}”" for name in sheet.names[: MAX_NAMED + 1]]
        more = _and_more(len(sheet.names) - 1)
        lines.append(f"Sheet read: {names[0]}; sheets passed over: {', '.join(names[1:])}{more}")
    for line, text in sheet.passed_over[:MAX_NAMED]:
        lines.append(f"Line {count(line)} passed over: “{plain(cut(text, MAX_NAME))}”")
    st.markdown("\n".join(f"- {line}" for line in lines))


def _name_column(sheet: Sheet, column: int) -> str:
    """A column with its first cell that is not empty: “Total Fans” (11,840)."""
    cells = (row.cells[column] for row in sheet.samples if column < len(row.cells))
    sample = next((cell for cell in cells if cell.strip()), None)
    name = f"“{plain(cut(sheet.get_name(column), MAX_NAME))}”"
    return name if sample is None else f"{name} ({plain(cut(sample, MAX_NAME))})"


def _and_more(columns_count: int) -> str:
    more = columns_count - MAX_NAMED
    return f" and {count(more)} more" if more > 0 else ""


def confirm_doubtful(plan: ImportPlan, key: str) -> bool:
    """Draw a warning where figures don't fit the stored ones; return whether all is confirmed."""
    if not plan.doubtful:
        return True
    lines = [
        f"- {plain(cut(each.page_name, MAX_NAME))}: **{count(each.figure)}** {each.metric} on "
        f"{day(each.day)} in the file, **{count(each.stored_figure)}** stored on "
        f"{day(each.stored_day)}"
        for each in plan.doubtful[:MAX_NAMED]
    ]
    st.warning(
        "Pagekeeper keeps how many fans or followers a Page has in all, and these don't fit what "
        "is stored. Are they the new ones of a day, or of another Page?\n\n"
        + "\n".join(lines)
        + (f"\n-{_and_more(len(plan.doubtful))}" if len(plan.doubtful) > MAX_NAMED else ""),
        title="These figures don't look like totals",
    )
    return st.checkbox("They are totals of these Pages: import them", key=f"confirm-{key}")


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
    if not plan.refused.count:
        return
    st.subheader("Refused", anchor=False)
    frame = pd.DataFrame(plan.refused.rows[:MAX_ROWS], columns=pd.Index(["Line", "Reason"]))
    if plan.refused.count > len(plan.refused.rows):
        st.caption(
            f"Of {count(plan.refused.count)} rows the first {count(len(plan.refused.rows))} are "
            "kept."
        )
    _table(frame, "refused", "Rows that can't be imported, with the reason for each")
    _download("refused", len(plan.refused.rows), lambda: _make_refused_csv(plan))


def _table(frame: pd.DataFrame, key: str, alt: str) -> None:
    config = {
        "Line": st.column_config.NumberColumn(width=80),
        "Reason": st.column_config.TextColumn(width=760),
    }
    numbers = [name for name in frame if str(name).startswith(("Line", "Fans", "Followers"))]
    st.dataframe(
        arrow.styled(frame, key, dict.fromkeys(numbers, count)),
        hide_index=True,
        width="content",
        column_config=config,
        placeholder=UNKNOWN,
        key=f"{key}-rows",
        alt=alt,
    )


def _download(what: str, rows_count: int, make: Callable[[], bytes]) -> None:
    if rows_count > MAX_ROWS:
        st.caption(f"The first {count(MAX_ROWS)} of {count(rows_count)}; the file has all of them.")
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
    return make_file(columns, plan.refused.rows, "csv")


def _make_conflicting_csv(plan: ImportPlan) -> bytes:
    names = ("fans", "fans_stored", "followers", "followers_stored")
    columns = (
        Column("line", "number"),
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("date_utc", "day"),
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
