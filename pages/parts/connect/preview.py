"""Preview of a login: what Save would change, with a tick for each usable Page.

No control of it is bound to the URL. Every usable Page is ticked at first. The set of unticked
Pages is kept in the session, to survive paging and filtering, and in the attempt's row, to survive
a reload.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.login.preview import Preview, PreviewPage
from pages.text import permissions, phrases
from pages.text.formats import clock, counted, one_line, plain
from pages.ui import message_page
from pages.ui.links import initial_tile

PAGE_ROWS = 25
MAX_REASON_ROWS = 10
ROW_HEIGHT = 40

_VIEWS = {"all": "All", "new": "New", "kept": "Kept"}
_TICK = "Save"


def render(
    preview: Preview,
    *,
    attempt_id: str,
    until: datetime | None,
    leave_out: Callable[[frozenset[str]], None],
) -> frozenset[str]:
    """Draw the preview and return the ids of the ticked Pages.

    ``leave_out`` is called with the ids of the unticked Pages when they have changed.
    """
    st.session_state.setdefault(f"unticked-{attempt_id}", set(preview.left_out))
    st.title("Check before saving", anchor=False)
    kept_until = f" This list is kept until {clock(until)}." if until else ""
    st.markdown(
        f"**{plain(preview.account_name)}** gives this dashboard access to "
        f"**{counted(len(preview.usable), 'Page')}**. Nothing is saved yet.{kept_until}"
    )
    _tiles(preview)
    _notices(preview)
    _not_fully_usable(preview)
    _will_be_saved(preview, attempt_id)
    unticked = frozenset(_unticked(attempt_id))
    if unticked != preview.left_out:
        leave_out(unticked)
    return frozenset(page.id for page in preview.usable if page.id not in unticked)


def _tiles(preview: Preview) -> None:
    with st.grid(4, min_column_width=150):
        st.metric("New", f"{preview.new_count:,d}", border=True)
        kept = "Kept, access renewed" if preview.is_known_account else "Connected already"
        st.metric(kept, f"{preview.kept_count:,d}", border=True)
        st.metric("Missing now", f"{len(preview.missing):,d}", border=True)
        st.metric("Can't be used", f"{preview.cannot_count:,d}", border=True)


def _notices(preview: Preview) -> None:
    if preview.other_accounts and not preview.is_known_account:
        words = phrases.other_person(preview.account_name, preview.other_accounts)
        st.info(words.sentence, title=words.title, icon=":material/group:")
        if words.step is not None:
            message_page.next_step(words.step, filled=False)
    missing_notice(preview)
    if preview.declined:
        words = permissions.declined(preview.declined)
        st.warning(words.sentence, title=words.title, icon=":material/lock:")
    if preview.basic_only:
        words = permissions.ONLY_NAMES
        st.warning(words.sentence, title=words.title, icon=":material/lock:")


def missing_notice(preview: Preview) -> None:
    """Draw the notice on connected Pages that are missing in the new answer, if any."""
    if preview.missing:
        words = phrases.missing_pages([page.name for page in preview.missing])
        st.warning(words.sentence, title=words.title, icon=":material/link_off:")


def _not_fully_usable(preview: Preview) -> None:
    # Where Facebook gave names only, every Page has that reason: one notice above is enough.
    everywhere = {"needs_pages_read_engagement"} if preview.basic_only else set()
    rows = [
        (page, reasons)
        for page in preview.pages
        if (reasons := [reason for reason in page.reasons if reason not in everywhere])
    ]
    if not rows:
        return
    rows.sort(key=lambda row: (row[0].usability != "cannot_be_used", row[0].name.casefold()))
    st.header(f"Not fully usable ({len(rows):,d})", anchor=False)
    rows_with_texts = [
        (page, [permissions.page_reason(reason) for reason in reasons]) for page, reasons in rows
    ]
    if len(rows) > MAX_REASON_ROWS:
        _table_of_reasons(rows_with_texts)
        return
    # As text: on a phone a cell would cut the sentence.
    with st.container(border=True, key="not-fully-usable"):
        for page, words in rows_with_texts:
            with st.container(horizontal=True, vertical_alignment="center"):
                is_lost = page.usability == "cannot_be_used"
                st.badge(words[0].label, color="red" if is_lost else "orange")
                why = " ".join(reason.sentence for reason in words)
                st.markdown(f"**{plain(page.name)}** – {why}", width="stretch")


def _table_of_reasons(rows_with_texts: Sequence[tuple[PreviewPage, Sequence[Any]]]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "page": [one_line(page.name) for page, _ in rows_with_texts],
                "state": [[words[0].label] for _, words in rows_with_texts],
                "why": [
                    " ".join(reason.sentence for reason in words) for _, words in rows_with_texts
                ],
            }
        ),
        column_config={
            "page": st.column_config.TextColumn("Page", width=240),
            "state": _badge_column(
                {"Can't be used": phrases.TABLE_RED, "Works in part": phrases.TABLE_ORANGE}, 120
            ),
            "why": st.column_config.TextColumn("Why, and what to do", width=640),
        },
        hide_index=True,
        height=ROW_HEIGHT * (MAX_REASON_ROWS + 1),
        row_height=ROW_HEIGHT,
        alt=f"{counted(len(rows_with_texts), 'Page')} not fully usable, with the reason for each",
    )


def _will_be_saved(preview: Preview, attempt_id: str) -> None:
    if not preview.usable:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        heading = st.empty()
        view, pages = _choose_view(preview, attempt_id)
    table = st.container()
    number = 1
    if len(pages) > PAGE_ROWS:
        number = st.pagination(-(-len(pages) // PAGE_ROWS), key=f"preview-page-{view}-{attempt_id}")
    first = (number - 1) * PAGE_ROWS
    shown = pages[first : first + PAGE_ROWS]
    with table:
        st.caption(
            f"{first + 1:,d}–{first + len(shown):,d} of {counted(len(pages), 'Page')}. "
            "A Page you untick is not refreshed through this account; figures it already has stay."
        )
        _take_ticks(attempt_id, shown, _editor(shown, attempt_id, f"{view}-{number}"))
    # The heading is above the table, but its number follows from the table.
    unticked = sum(page.id in _unticked(attempt_id) for page in preview.usable)
    title = f"Will be saved ({len(preview.usable) - unticked:,d})"
    heading.header(title, anchor=False, width="content")


def _choose_view(preview: Preview, attempt_id: str) -> tuple[str, list[PreviewPage]]:
    by_view = {
        view: sorted(
            (page for page in preview.usable if view in ("all", page.state)),
            key=lambda page: (page.state != "new", -(page.fans or 0), page.name.casefold()),
        )
        for view in _VIEWS
    }
    view = "all"
    if by_view["new"] and by_view["kept"]:
        view = st.segmented_control(
            "Which Pages to list",
            list(_VIEWS),
            default="all",
            required=True,
            format_func=lambda key: f"{_VIEWS[key]} {len(by_view[key]):,d}",
            label_visibility="collapsed",
            key=f"preview-view-{attempt_id}",
        )
    ids = tuple(page.id for page in by_view[view])
    if st.button("Tick all", type="tertiary", key="tick-all"):
        _tick_all(attempt_id, ids, True)
    if st.button("Untick all", type="tertiary", key="untick-all"):
        _tick_all(attempt_id, ids, False)
    return view, by_view[view]


def _editor(shown: Sequence[PreviewPage], attempt_id: str, view_and_number: str) -> list[bool]:
    """Draw up to PAGE_ROWS Pages and return their ticks, in order."""
    key = f"ticks-{view_and_number}-{_generation(attempt_id)}-{attempt_id}"
    # The editor applies its edits to the data of its first run, so that data must not change.
    base = f"unticked-at-first-{attempt_id}"
    if key not in st.session_state:
        st.session_state[base] = frozenset(_unticked(attempt_id))
    unticked = st.session_state[base]
    edited = st.data_editor(
        pd.DataFrame(
            {
                "tick": [page.id not in unticked for page in shown],
                "picture": [initial_tile(page.id, page.name) for page in shown],
                "page": [one_line(page.name) for page in shown],
                "category": [page.category for page in shown],
                "fans": pd.array([page.fans for page in shown], dtype="Int64"),
                "state": [["New" if page.state == "new" else "Kept"] for page in shown],
            }
        ),
        column_config={
            "tick": st.column_config.CheckboxColumn(_TICK, width=60),
            "picture": st.column_config.ImageColumn("", width=44),
            "page": st.column_config.TextColumn("Page", width=280),
            "category": st.column_config.TextColumn("Category", width=170),
            "fans": st.column_config.NumberColumn("Fans", width=100, format="%,d"),
            "state": _badge_column({"New": "#1D5FB4", "Kept": "gray"}, 90),
        },
        disabled=["picture", "page", "category", "fans", "state"],
        hide_index=True,
        width="content",
        height="content",
        row_height=ROW_HEIGHT,
        placeholder="–",
        key=key,
        alt="Pages that will be saved; untick those that should not be",
    )
    return [bool(tick) for tick in edited["tick"]]


def _badge_column(colours: dict[str, str], width: int) -> Any:
    return st.column_config.MultiselectColumn(
        "", options=list(colours), color=list(colours.values()), width=width
    )


def _unticked(attempt_id: str) -> set[str]:
    ids: set[str] = st.session_state[f"unticked-{attempt_id}"]
    return ids


def _generation(attempt_id: str) -> int:
    # An editor keeps its edits while its key is the same: "Tick all" needs a new key.
    generation: int = st.session_state.setdefault(f"generation-{attempt_id}", 0)
    return generation


def _take_ticks(attempt_id: str, shown: Sequence[PreviewPage], ticks: Sequence[bool]) -> None:
    unticked = _unticked(attempt_id)
    for page, tick in zip(shown, ticks, strict=True):
        (unticked.discard if tick else unticked.add)(page.id)


def _tick_all(attempt_id: str, page_ids: tuple[str, ...], tick: bool) -> None:
    unticked = _unticked(attempt_id)
    (unticked.difference_update if tick else unticked.update)(page_ids)
    st.session_state[f"generation-{attempt_id}"] = _generation(attempt_id) + 1
