"""Mapping step: the operator says what the columns of a file hold, where the file doesn't tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from pages.text.formats import cut, day, plain
from storage.csv_import.dates import DateChoices, DateForms, Moment, read_dates
from storage.csv_import.mapping import ColumnMapping, Guess, list_missing
from storage.csv_import.page_index import PageIndex
from storage.csv_import.sheet import Sheet

SAMPLE_ROWS = 3
SAMPLE_COLUMNS = 12
MAX_PAGE_COLUMNS = 30
MAX_PAGES = 200  # in one list; beyond, they are searched
MAX_CELL = 60  # characters
ONE_PAGE, A_COLUMN_EACH = "All rows are of one Page", "Each Page has a column"
NOTHING, PASSED_OVER = "None", "Passed over"
_METRICS = {"fans": "Fans", "followers": "Followers"}


def render(
    sheet: Sheet,
    guess: Guess,
    pages: PageIndex,
    examine: Callable[[int | None], DateForms],
    key: str,
) -> ColumnMapping | None:
    """Draw the step; return the mapping when it is whole and the operator continues.

    ``examine`` tells what the dates of a column have in common. ``key`` names the file.
    """
    st.subheader("What the columns hold", anchor=False)
    if guess.questions:
        st.markdown("\n".join(f"- {plain(question)}" for question in guess.questions))
    st.caption("The first rows of the file. Nothing is stored before you have checked the result.")
    _draw_samples(sheet)
    mapping, page_option = _choose_columns(sheet, guess.mapping, key)
    if page_option == ONE_PAGE:
        mapping = replace(mapping, only_page=_choose_page(pages, guess.mapping.only_page, key))
    elif page_option == A_COLUMN_EACH:
        by_page = _choose_page_of_each(sheet, mapping.day, guess.mapping.by_page, pages, key)
        mapping = replace(mapping, by_page=by_page)
    forms = examine(mapping.day)
    mapping = replace(mapping, dates=_choose_dates(sheet, mapping, forms, key))
    missing = list_missing(mapping, forms)
    if missing:
        st.caption(" ".join(missing))
    if st.button("Continue", type="primary", key=f"map-{key}", disabled=bool(missing)):
        return mapping
    return None


def _draw_samples(sheet: Sheet) -> None:
    columns = range(min(len(sheet.header), SAMPLE_COLUMNS))
    # Two columns of a file may have the same name.
    names = [f"{index + 1} · {cut(sheet.get_name(index), MAX_CELL)}" for index in columns]
    rows = [
        [row.cells[index] if index < len(row.cells) else "" for index in columns]
        for row in sheet.samples[:SAMPLE_ROWS]
    ]
    st.dataframe(
        {name: [row[index] for row in rows] for index, name in enumerate(names)},
        hide_index=True,
        key="mapping-samples",
        alt="The first rows of the file",
    )


def _choose_columns(
    sheet: Sheet, guess: ColumnMapping, key: str
) -> tuple[ColumnMapping, tuple[int, ...] | str]:
    """The mapping as far as columns go, and the choice for the Page."""
    columns = list(range(len(sheet.header)))

    def name(option: int | str | tuple[int, ...]) -> str:
        if isinstance(option, str):
            return option
        indexes = (option,) if isinstance(option, int) else option
        return ", else ".join(cut(sheet.get_name(index), MAX_CELL) for index in indexes)

    with st.grid(4, min_column_width=220):
        day = st.selectbox(
            "Day", columns, guess.day, format_func=name, key=f"day-{key}", placeholder="Choose"
        )
        options: list[tuple[int, ...] | str] = [(index,) for index in columns]
        options = [*({guess.pages} - {(), *options}), *options, ONE_PAGE, A_COLUMN_EACH]
        guessed = guess.pages or (A_COLUMN_EACH if guess.by_page else ONE_PAGE)
        page = st.selectbox(
            "Page", options, options.index(guessed), format_func=name, key=f"page-{key}"
        )
        if page == A_COLUMN_EACH:
            metric = st.selectbox(
                "They hold",
                list(_METRICS),
                list(_METRICS).index(guess.metric),
                format_func=_METRICS.__getitem__,
                key=f"metric-{key}",
            )
            mapping = ColumnMapping(day, metric=metric, time=guess.time, network=guess.network)
            return mapping, page
        fans = _choose_figure("Fans", guess.fans, columns, name, key)
        followers = _choose_figure("Followers", guess.followers, columns, name, key)
    pages = () if isinstance(page, str) else page
    mapping = ColumnMapping(day, pages, fans, followers, time=guess.time, network=guess.network)
    return mapping, page


def _choose_figure(
    label: str,
    guessed: int | None,
    columns: Sequence[int],
    name: Callable[[int | str], str],
    key: str,
) -> int | None:
    options: list[int | str] = [NOTHING, *columns]
    column = st.selectbox(
        label,
        options,
        0 if guessed is None else guessed + 1,
        format_func=name,
        key=f"{label}-{key}",
        help="The total on each day, not the new ones of a day.",
    )
    return None if isinstance(column, str) else column


def _choose_page(pages: PageIndex, guessed: str | None, key: str) -> str | None:
    options = _list_pages(pages, {guessed}, key)
    return st.selectbox(
        "The Page of all rows",
        options,
        options.index(guessed) if guessed in options else None,
        format_func=lambda page_id: cut(pages.names[page_id], MAX_CELL),
        placeholder="Choose a Page",
        key=f"only-page-{key}",
    )


def _choose_page_of_each(
    sheet: Sheet,
    day: int | None,
    guessed: Sequence[tuple[int, str]],
    pages: PageIndex,
    key: str,
) -> tuple[tuple[int, str], ...]:
    page_of = dict(guessed)
    options = [PASSED_OVER, *_list_pages(pages, set(page_of.values()), key)]
    columns = [index for index in range(len(sheet.header)) if index != day]
    with st.grid(4, min_column_width=220):
        for column in columns[:MAX_PAGE_COLUMNS]:
            page_id = st.selectbox(
                plain(cut(sheet.get_name(column), MAX_CELL)),
                options,
                options.index(page_of.get(column, PASSED_OVER)),
                format_func=lambda each: cut(pages.names.get(each, each), MAX_CELL),
                key=f"column-{column}-{key}",
            )
            page_of[column] = page_id
    return tuple(
        (column, page_of[column]) for column in columns if page_of.get(column) in pages.names
    )


def _list_pages(pages: PageIndex, always: Collection[str | None], key: str) -> list[str]:
    """The ids of the Pages to choose from, by name; a search where they are too many."""
    if len(pages.names) <= MAX_PAGES:
        return pages.list_matches("")
    search = st.text_input("Search for Pages", key=f"search-{key}") or ""
    matches = pages.list_matches(search)[:MAX_PAGES] if search.strip() else []
    return [*matches, *(each for each in always if each and each not in matches)]


def _choose_dates(sheet: Sheet, mapping: ColumnMapping, forms: DateForms, key: str) -> DateChoices:
    """What only the operator can tell about the dates; drawn only where the file leaves it open."""
    sample = _get_sample(sheet, mapping.day)
    month_first = day_before = None
    month_end = False
    if forms.order == "unknown":
        month_first = st.radio(
            f"{plain(sample)} is",
            [True, False],
            index=None,
            format_func=lambda first: _describe(
                sample, DateChoices(month_first=first), f"{'month' if first else 'day'} first"
            ),
            horizontal=True,
            key=f"order-{key}",
        )
    if forms.are_months:
        month_end = st.checkbox(
            "Each figure is that of the last day of its month", value=True, key=f"months-{key}"
        )
    if forms.are_day_ends:
        day_before = st.radio(
            f"{plain(sample)} stands for",
            [True, False],
            format_func=lambda before: _describe(
                sample,
                DateChoices(takes_day_before=before),
                "the day that ended then" if before else "as it is written",
            ),
            horizontal=True,
            key=f"ends-{key}",
        )
    return DateChoices(month_first, month_end, day_before)


def _get_sample(sheet: Sheet, column: int | None) -> str:
    """The first cell of a column, best one that differs when read the other way round."""
    cells = (row.cells for row in sheet.samples)
    present = (c[column].strip() for c in cells if column is not None and column < len(c))
    texts = [text for text in present if text]
    unequal = (text for text in texts if len(set(text.replace("-", "/").split("/")[:2])) > 1)
    return next(unequal, texts[0] if texts else "")


def _describe(sample: str, choices: DateChoices, told: str) -> str:
    moment = read_dates([sample], date.max, choices)[sample]
    return f"{day(moment.day)} ({told})" if isinstance(moment, Moment) else told
