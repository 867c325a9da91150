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

from fb.accounts.check import INDISPENSABLE_PERMISSION
from fb.login.preview import Preview, PreviewPage
from pages.charts import arrow
from pages.text import permissions, phrases
from pages.text.formats import clock, count, counted, cut, one_line, plain
from pages.ui import connection_text, links, message_page
from pages.ui.links import initial_tile, picture_path

PAGE_ROWS = 25
SEARCH_WIDTH = 240
PHONE_NAME_WIDTH = 260  # ends on a phone's screen: a wider one hides names in Arabic or Hebrew
MAX_NAME_LENGTH = 60  # in a sentence; a table cuts by itself
MAX_REASON_ROWS = 10
MAX_SEEN_NAMES = 8
ROW_HEIGHT = 40

_VIEWS = {"all": "All", "new": "New", "kept": "Kept"}
_TICK = "Save"


def render(
    preview: Preview,
    *,
    attempt_id: str,
    until: datetime | None,
    renews: int | None,
    leave_out: Callable[[frozenset[str]], None],
) -> frozenset[str]:
    """Draw the preview and return the ids of the ticked Pages.

    ``renews``: the id of the grant that the trip was begun to renew.
    ``leave_out`` is called with the ids of the unticked Pages when they have changed.
    """
    st.session_state.setdefault(f"unticked-{attempt_id}", set(preview.left_out))
    st.title("Check before saving", anchor=False)
    _question(preview, attempt_id, renews)
    kept_until = f" This list is kept until {clock(until)}." if until else ""
    st.markdown(
        f"**{plain(preview.account_name)}** gives this dashboard access to "
        f"**{counted(len(preview.usable), 'Page')}**. Nothing is saved yet.{kept_until}"
    )
    difference = st.empty()
    _tiles(preview)
    _notices(preview)
    _not_fully_usable(preview)
    _will_be_saved(preview, attempt_id)
    missing_hint(preview)
    unticked = frozenset(_unticked(attempt_id))
    if preview.is_known_account:
        difference.markdown(_describe_difference(preview, unticked))
    if unticked != preview.left_out:
        leave_out(unticked)
    return frozenset(page.id for page in preview.usable if page.id not in unticked)


def missing_hint(preview: Preview) -> None:
    """Draw what Facebook named without listing it, and the link to the search for any Page."""
    for kind, (label, sentence) in connection_text.SEEN.items():
        names = [page.name for page in preview.seen if page.kind == kind]
        if names:
            which = phrases.named(names[:MAX_SEEN_NAMES], len(names))
            why = sentence.format(name=plain(preview.account_name))
            st.markdown(f"**{label} ({count(len(names))})** – {which}. {why}")
    links.draw("connections", "A Page is missing? See where it is", ":material/search:")


def is_agreed(preview: Preview, attempt_id: str) -> bool:
    """Whether it may be saved: the account is the expected one, or the operator wants it."""
    is_expected = preview.expected_account is None
    return is_expected or bool(st.session_state.get(f"other-account-{attempt_id}"))


def _question(preview: Preview, attempt_id: str, renews: int | None) -> None:
    """Ask whether another account is wanted than the one whose Renew was pressed."""
    if preview.expected_account is None:
        return
    name, is_known = preview.account_name, preview.is_known_account
    words = phrases.another_than_expected(name, preview.expected_account, is_known=is_known)
    st.warning(words.sentence, title=words.title, icon=":material/switch_account:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if words.step is not None:
            message_page.next_step(words.step, filled=False, renew=renews)
        st.checkbox(
            phrases.agree_to_another(name, is_known=is_known), key=f"other-account-{attempt_id}"
        )


def _describe_difference(preview: Preview, unticked: frozenset[str]) -> str:
    saved = [page for page in preview.usable if page.id not in unticked]
    added = [page.name for page in saved if page.state == "new"]
    return phrases.difference(len(saved) - len(added), added, preview.list_dropped(unticked))


def _tiles(preview: Preview) -> None:
    with st.grid(4, min_column_width=150):
        st.metric("New", count(preview.new_count), border=True)
        kept = "Kept, access renewed" if preview.is_known_account else "Connected already"
        st.metric(kept, count(preview.kept_count), border=True)
        st.metric("Missing now", count(len(preview.missing)), border=True)
        st.metric("Can't be used", count(preview.cannot_count), border=True)


def _notices(preview: Preview) -> None:
    is_asked = preview.expected_account is not None  # of the same, above
    if preview.other_accounts and not preview.is_known_account and not is_asked:
        words = phrases.other_person(preview.account_name, preview.other_accounts)
        st.info(words.sentence, title=words.title, icon=":material/group:")
        if words.step is not None:
            message_page.next_step(words.step, filled=False)
    missing_notice(preview)
    if preview.archived:
        words = phrases.archived_pages([page.name for page in preview.archived])
        st.info(words.sentence, title=words.title, icon=":material/archive:")
    if preview.declined:
        words = permissions.declined(preview.declined)
        st.warning(words.sentence, title=words.title, icon=":material/lock:")
    if preview.basic_only and INDISPENSABLE_PERMISSION not in preview.declined:
        words = permissions.ONLY_NAMES
        st.warning(words.sentence, title=words.title, icon=":material/lock:")


def missing_notice(preview: Preview) -> None:
    """Draw the notice on connected Pages that are missing in the new answer, if any."""
    if preview.missing:
        words = phrases.missing_pages([page.name for page in preview.missing])
        st.warning(words.sentence, title=words.title, icon=":material/link_off:")


def _not_fully_usable(preview: Preview) -> None:
    """Draw the Pages with their reasons. A reason of every Page stands once."""
    everywhere: list[str] = []
    if len(preview.pages) > 1:
        first, *others = (page.reasons for page in preview.pages)
        everywhere = [reason for reason in first if all(reason in each for each in others)]
    rows = [
        (page, permissions.page_reason(page.reasons[0]).label, _why(reasons))
        for page in preview.pages
        if (reasons := [reason for reason in page.reasons if reason not in everywhere])
    ]
    # A notice above says why there are only names.
    of_all = [each for each in everywhere if each != "needs_pages_read_engagement"]
    if not rows and not of_all:
        return
    rows.sort(key=lambda row: (row[0].usability != "cannot_be_used", row[0].name.casefold()))
    rows_count = len(preview.pages) if of_all else len(rows)
    st.header(f"Not fully usable ({count(rows_count)})", anchor=False)
    if of_all:
        st.markdown(f"**Every Page** – {_why(of_all)}")
    if len(rows) > MAX_REASON_ROWS:
        _table_of_reasons(rows)
    elif rows:
        # As text: on a phone a cell would cut the sentence.
        with st.container(border=True, key="not-fully-usable"):
            for page, label, why in rows:
                with st.container(horizontal=True, vertical_alignment="center"):
                    is_lost = page.usability == "cannot_be_used"
                    st.badge(label, color="red" if is_lost else "orange")
                    name = plain(cut(page.name, MAX_NAME_LENGTH))
                    st.markdown(f"**{name}** – {why}", width="stretch")


def _why(reasons: Sequence[str]) -> str:
    return " ".join(permissions.page_reason(reason).sentence for reason in reasons)


def _table_of_reasons(rows: Sequence[tuple[PreviewPage, str, str]]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "page": [one_line(page.name) for page, _, _ in rows],
                "state": [[label] for _, label, _ in rows],
                "why": [why for _, _, why in rows],
            }
        ),
        column_config={
            "page": st.column_config.TextColumn("Page"),
            "state": _badge_column(
                {
                    "Can't be used": phrases.TABLE_RED,
                    "Names only": phrases.TABLE_ORANGE,
                    "Works in part": phrases.TABLE_ORANGE,
                },
                120,
            ),
            "why": st.column_config.TextColumn("Why, and what to do", width=640),
        },
        hide_index=True,
        height=ROW_HEIGHT * (MAX_REASON_ROWS + 1),
        row_height=ROW_HEIGHT,
        alt=f"{counted(len(rows), 'Page')} not fully usable, with the reason for each",
    )


def _will_be_saved(preview: Preview, attempt_id: str) -> None:
    if not preview.usable:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        heading = st.empty()
        rows, pages = _choose_rows(preview, attempt_id)
    table = st.container()
    number = 1
    if len(pages) > PAGE_ROWS:
        number = st.pagination(-(-len(pages) // PAGE_ROWS), key=f"preview-page-{rows}-{attempt_id}")
    first = (number - 1) * PAGE_ROWS
    shown = pages[first : first + PAGE_ROWS]
    with table:
        if shown:
            st.caption(
                f"{count(first + 1)}–{count(first + len(shown))} of {counted(len(pages), 'Page')}. "
                "A Page you untick is not refreshed through this account; figures it already has "
                "stay. Pictures of new Pages follow after Save."
            )
            _take_ticks(attempt_id, shown, _editor(shown, attempt_id, f"{rows}-{number}"))
        else:
            st.caption("No Page has a name like that.")
    # The heading is above the table, but its number follows from the table.
    unticked = sum(page.id in _unticked(attempt_id) for page in preview.usable)
    title = f"Will be saved ({count(len(preview.usable) - unticked)})"
    heading.header(title, anchor=False, width="content")


def _choose_rows(preview: Preview, attempt_id: str) -> tuple[str, list[PreviewPage]]:
    """Draw what narrows the list; return a part of a key for these rows, and the Pages in order."""
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
            format_func=lambda key: f"{_VIEWS[key]} {count(len(by_view[key]))}",
            label_visibility="collapsed",
            key=f"preview-view-{attempt_id}",
        )
    search = ""
    if len(preview.usable) > PAGE_ROWS:
        search = st.text_input(
            "Search among these Pages",
            placeholder="Search for a Page",
            icon=":material/search:",
            live="300ms",
            label_visibility="collapsed",
            width=SEARCH_WIDTH,
            key=f"preview-search-{attempt_id}",
        ).strip()
    pages = [page for page in by_view[view] if page.matches(search)]
    which = f"these {count(len(pages))}" if search else "all"
    ids = tuple(page.id for page in pages)
    if st.button(f"Tick {which}", key="tick-all", disabled=not pages):
        _tick_all(attempt_id, ids, True)
    if st.button(f"Untick {which}", key="untick-all", disabled=not pages):
        _tick_all(attempt_id, ids, False)
    return f"{view}-{search}", pages


def _editor(shown: Sequence[PreviewPage], attempt_id: str, rows_and_number: str) -> list[bool]:
    """Draw up to PAGE_ROWS Pages and return their ticks, in order."""
    key = f"ticks-{rows_and_number}-{_generation(attempt_id)}-{attempt_id}"
    # The editor applies its edits to the data of its first run, so that data must not change.
    base = f"unticked-at-first-{attempt_id}"
    if key not in st.session_state:
        st.session_state[base] = frozenset(_unticked(attempt_id))
    unticked = st.session_state[base]
    rows = pd.DataFrame(
        {
            "tick": [page.id not in unticked for page in shown],
            "picture": [_picture(page) for page in shown],
            "page": [one_line(page.name) for page in shown],
            "fans": pd.array([page.fans for page in shown], dtype="Int64"),
            "state": [["New" if page.state == "new" else "Kept"] for page in shown],
            "category": [page.category for page in shown],
        }
    )
    edited = st.data_editor(
        arrow.styled(rows, "ticks", {"fans": count}),
        column_config={
            "tick": st.column_config.CheckboxColumn(_TICK, width=60),
            "picture": st.column_config.ImageColumn("", width=44),
            "page": st.column_config.TextColumn("Page", width=PHONE_NAME_WIDTH),
            "fans": st.column_config.NumberColumn("Fans", width=140),
            "state": _badge_column({"New": "#1D5FB4", "Kept": "gray"}, 130),
            "category": st.column_config.TextColumn("Category", width=460),
        },
        disabled=["picture", "page", "fans", "state", "category"],
        hide_index=True,
        width="content",  # a stretched table would widen the ticks, too
        height="content",
        row_height=ROW_HEIGHT,
        placeholder="–",
        key=key,
        alt="Pages that will be saved; untick those that should not be",
    )
    return [bool(tick) for tick in edited["tick"]]


def _picture(page: PreviewPage) -> str:
    # Facebook's own pictures can't be shown, and are stored after Save. Until then a new Page has
    # the tile that Overview gives it, too.
    is_stored = page.state == "kept"
    return picture_path(page.id, None) if is_stored else initial_tile(page.id, page.name)


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
