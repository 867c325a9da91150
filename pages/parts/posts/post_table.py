"""Table of posts: its order, one page of rows, and the page numbers.

The server sorts and pages it. The labels of the orders are values of a URL parameter, so a
published one is never renamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import DARK, LIGHT, Palette, palette
from pages.post_queries import PostListing, PostRow, Posts
from pages.records import ROWS
from pages.text.formats import UNKNOWN, cell_day, count, cut, plain, plain_cell
from pages.text.glossary import Key, meaning
from pages.text.locale import Locale, get_locale
from pages.text.phrases import TABLE_ORANGE
from pages.text.posts_text import (
    BADGES,
    BOOSTED,
    KINDS,
    SOURCES,
    age_text,
    badges,
    basis_text,
    describe_rows,
    excerpt,
    percent,
    times,
    zone_name,
)
from pages.ui import polling, url_controls
from pages.ui.links import picture_path
from storage.posts.analysis import PostSort

OPEN_KEY, TABLE_KEY = "open-post", "posts-table"
# Up to so many posts are also shown as buttons: a keyboard can't press a button in a table.
MAX_BUTTONS = 8
MAX_NAME, MAX_LABEL = 40, 40
# In pixels, by column, in the order of the screen: all of them fit into a window of 1440.
WIDTHS: Mapping[str, int] = {
    **{"picture": 44, "post": 220, "views": 72, "times_usual": 98, "rate": 62, "state": 104},
    **{"published": 128, "page": 120, "kind": 84, "reactions": 82, "comments": 86, "shares": 62},
    **{"clicks": 60, "paid": 56},
}
LINK_COLOURS: Mapping[Palette, str] = {LIGHT: "#1D5FB4", DARK: "#7DB2F5"}
_TURN, _NARROWED = "posts-table-turn", "posts-narrowed"


@dataclass(frozen=True)
class Sort:
    """One order of the table. ``label``: "Most views first"."""

    label: str
    key: PostSort
    descending: bool


# The first of each pair is the order after the first click on a header.
SORTS = (
    Sort("Most above usual first", "times_usual", True),
    Sort("Most below usual first", "times_usual", False),
    Sort("Newest first", "published", True),
    Sort("Oldest first", "published", False),
    Sort("Most views first", "views", True),
    Sort("Fewest views first", "views", False),
    Sort("Highest rate first", "rate", True),
    Sort("Lowest rate first", "rate", False),
    Sort("Most interactions first", "interactions", True),
    Sort("Fewest interactions first", "interactions", False),
    Sort("Most reactions first", "reactions", True),
    Sort("Fewest reactions first", "reactions", False),
    Sort("Most comments first", "comments", True),
    Sort("Fewest comments first", "comments", False),
    Sort("Most shares first", "shares", True),
    Sort("Fewest shares first", "shares", False),
    Sort("Most clicks first", "clicks", True),
    Sort("Fewest clicks first", "clicks", False),
    Sort("Most paid views first", "paid", True),
    Sort("Fewest paid views first", "paid", False),
)
SORT_LABELS = tuple(sort.label for sort in SORTS)
DEFAULT_SORT = SORTS[0]
FIRST_ROWS = PostListing(DEFAULT_SORT.key, DEFAULT_SORT.descending)


def find_sort(label: str | None) -> Sort:
    """The order of a label; the default for any other text."""
    return next((sort for sort in SORTS if sort.label == label), DEFAULT_SORT)


def clicked(current: Sort, column: str) -> Sort:
    """The order after a click on a header; unchanged for a column without an order."""
    if column == current.key:
        pair = (current.key, not current.descending)
        return next(each for each in SORTS if (each.key, each.descending) == pair)
    return next((sort for sort in SORTS if sort.key == column), current)


def choose(narrowed: object) -> PostListing:
    """Draw the box of the order; another order or other posts begin with the first page.

    ``narrowed``: what chooses the posts.
    """
    label = st.selectbox(
        "Order",
        SORT_LABELS,
        label_visibility="collapsed",
        width=230,
        key="order",
        bind="query-params",
    )
    sort = find_sort(label)
    state = (narrowed, sort.label)
    before, number = st.session_state.get(_NARROWED, (state, None))
    # Not after Back, where the URL sets both; the page numbers are drawn below.
    if before != state and number == _page_number() and "page" in st.session_state:
        st.session_state["page"] = 1
    st.session_state[_NARROWED] = (state, _page_number())
    return PostListing(sort.key, sort.descending, _page_number())


def _page_number() -> int:
    """The page number, read before its widget is drawn below the table."""
    text = str(st.session_state.get("page", st.query_params.get("page", "1")))
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def render(posts: Posts, listing: PostListing, way_back: Mapping[str, str]) -> None:
    """Draw the table of one or more posts. ``way_back``: the state of the list, for links."""
    _open_pressed(posts, way_back)
    sort = next(
        each for each in SORTS if (each.key, each.descending) == (listing.sort, listing.descending)
    )
    pages_count = (posts.rows_count - 1) // ROWS + 1
    first = (min(listing.number, pages_count) - 1) * ROWS + 1
    last = first + len(posts.rows) - 1
    st.caption(
        f"{describe_rows(first, last, posts.rows_count, sort.label)}. {_basis(posts)}".strip()
    )
    if posts.rows_count <= MAX_BUTTONS:
        _buttons(posts, way_back)
    with st.container(key=TABLE_KEY):
        _table(posts, sort)
    if _page_numbers(pages_count) != min(listing.number, pages_count):
        # The URL has changed below the table (Back): draw its page.
        st.rerun()


def _basis(posts: Posts) -> str:
    bases = Counter(row.post.basis for row in posts.rows if row.post.times_usual is not None)
    return basis_text(bases["page"], bases["settled_kind"] + bases["settled_page"], posts.view.age)


def _buttons(posts: Posts, way_back: Mapping[str, str]) -> None:
    with st.container(horizontal=True, gap="small", key="posts-buttons"):
        for row in posts.rows:
            # Not as a link: the browser would keep the address of the list.
            if st.button(
                plain(excerpt(row.detail.message, MAX_LABEL)),
                icon=":material/arrow_forward:",
                type="tertiary",
                key=f"open-{row.post.id}",
            ):
                polling.go_to("posts", {"post": row.post.id, **way_back})


def _table(posts: Posts, sort: Sort) -> None:
    colours = palette(st.context.theme.type)
    ids = [row.post.id for row in posts.rows]
    content = sha256(repr((ids, sort.label, posts.view.age)).encode()).hexdigest()[:16]
    key = f"{TABLE_KEY}-{st.session_state.get(_TURN, 0)}-{content}"
    event: Any = st.dataframe(
        _paint_cached(posts.rows, posts.zone, posts.now, colours, get_locale()),
        height="content",
        row_height=40,
        hide_index=True,
        placeholder=UNKNOWN,
        column_config=_config(posts, sort),
        key=key,
        on_select="rerun",
        selection_mode="single-column",
        alt="Posts with their figures",
    )
    column = next(iter(event["selection"]["columns"]), None)
    if column is None:
        return
    # In a table that is then a new one, without a selected column.
    st.session_state[_TURN] = int(st.session_state.get(_TURN, 0)) + 1
    new_sort = clicked(sort, column)
    if new_sort == sort:
        st.rerun()
    url_controls.change(order=new_sort.label, page=1)


def build_table(rows: Sequence[PostRow], zone: ZoneInfo, now: datetime) -> pa.Table:
    """One row for each post; without the column of badges where no post has one.

    Times are naive, in the zone of posts.
    """
    posts, states = [row.post for row in rows], [_badges(row, now) for row in rows]
    return pa.table(
        {
            "picture": [picture_path(r.post.page_id, r.detail.picture_etag) for r in rows],
            "post": [plain_cell(excerpt(r.detail.message)) for r in rows],
            "views": arrow.whole([post.views for post in posts]),
            "times_usual": pa.array([post.times_usual for post in posts], pa.float64()),
            "rate": pa.array([post.rate_percent for post in posts], pa.float64()),
            **({"state": pa.array(states, pa.list_(pa.string()))} if any(states) else {}),
            "published": pa.array(
                [post.published_at.astimezone(zone).replace(tzinfo=None) for post in posts],
                pa.timestamp("s"),
            ),
            "page": [plain_cell(cut(r.detail.page_name, MAX_NAME)) for r in rows],
            "kind": [KINDS.get(post.kind, post.kind) for post in posts],
            "reactions": arrow.whole([post.reactions for post in posts]),
            "comments": arrow.whole([post.comments for post in posts]),
            "shares": arrow.whole([post.shares for post in posts]),
            "clicks": arrow.whole([post.clicks for post in posts]),
            "paid": pa.array([post.paid_percent for post in posts], pa.float64()),
        }
    )


def _badges(row: PostRow, now: datetime) -> list[str]:
    return badges(
        is_gone=row.post.is_gone,
        paid_percent=row.post.paid_percent,
        has_figures=row.detail.figures.is_told,
        age=now - row.post.published_at,
    )


def _paint(table: pa.Table, colours: Palette) -> Any:
    formats: dict[Any, Any] = {
        "views": count,
        "times_usual": times,
        "rate": percent,
        "paid": percent,
        "reactions": count,
        "comments": count,
        "shares": count,
        "clicks": count,
    }

    def paint_cells(frame: pd.DataFrame) -> pd.DataFrame:
        css = pd.DataFrame("", index=frame.index, columns=frame.columns)
        css["post"] = f"color: {LINK_COLOURS[colours]};"
        css["times_usual"] = [
            f"color: {colours.up};"
            if value >= 2
            else f"color: {colours.down};"
            if value <= 0.5
            else ""
            for value in frame["times_usual"]
        ]
        return css

    return arrow.styled(table, "posts", formats).apply(paint_cells, axis=None)


@lru_cache(64)
def _paint_cached(
    rows: tuple[PostRow, ...], zone: ZoneInfo, now: datetime, colours: Palette, locale: Locale
) -> Any:
    """The painted table, made once for each answer, scheme and ``locale``."""
    return _paint(build_table(rows, zone, now), colours)


def _config(posts: Posts, sort: Sort) -> dict[str, Any]:
    config, at = st.column_config, age_text(posts.view.age)

    def label(name: str, text: str) -> str:
        return f"{text} {'↓' if sort.descending else '↑'}" if name == sort.key else text

    def number(name: str, text: str, key: Key, source: str | None = None) -> Any:
        from_facebook = f" Facebook's {SOURCES[source]}, {at}." if source else f" Figures {at}."
        return config.NumberColumn(
            label(name, text), width=WIDTHS[name], help=f"{meaning(key)}{from_facebook}"
        )

    return {
        "picture": config.ImageColumn("", width=WIDTHS["picture"]),
        "post": config.ButtonColumn(
            "Post", width=WIDTHS["post"], type="tertiary", alignment="left", key=OPEN_KEY
        ),
        "views": number("views", "Views", "post_views", "views"),
        "times_usual": number("times_usual", "Times usual", "times_usual"),
        "rate": number("rate", "Rate", "post_rate"),
        "state": config.MultiselectColumn(
            "State",
            width=WIDTHS["state"],
            options=list(BADGES),
            color=[TABLE_ORANGE if each == BOOSTED else "#66717F" for each in BADGES],
        ),
        "published": config.DatetimeColumn(
            label("published", "Published"),
            format=cell_day(weekday=True, year=False, clock=True),
            width=WIDTHS["published"],
            help=f"Days and hours in {zone_name(posts.zone)}.",
        ),
        "page": config.TextColumn("Page", width=WIDTHS["page"]),
        "kind": config.TextColumn("Kind", width=WIDTHS["kind"]),
        "reactions": number("reactions", "Reactions", "post_interactions", "reactions"),
        "comments": number("comments", "Comments", "post_interactions", "comments"),
        "shares": number("shares", "Shares", "post_interactions", "shares"),
        "clicks": number("clicks", "Clicks", "post_clicks", "clicks"),
        "paid": config.NumberColumn(
            label("paid", "Paid"), width=WIDTHS["paid"], help=meaning("post_paid")
        ),
    }


def _open_pressed(posts: Posts, way_back: Mapping[str, str]) -> None:
    """Open the post whose text was pressed, if it is still in that row."""
    press = st.session_state.get(OPEN_KEY)
    if not press or not 0 <= press["row"] < len(posts.rows):
        return
    row = posts.rows[press["row"]]
    if plain_cell(excerpt(row.detail.message)) == press["label"]:
        polling.go_to("posts", {"post": row.post.id, **way_back})


def _page_numbers(pages_count: int) -> int:
    if pages_count == 1:
        return 1
    with st.container(horizontal_alignment="center"):
        return st.pagination(pages_count, key="page", bind="query-params")
