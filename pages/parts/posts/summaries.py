"""Summaries of posts: kinds compared, when posts did well, and hashtags."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import on_screen, palette
from pages.charts.post_charts import (
    GRID_HEIGHT,
    STRIP_HEIGHT,
    Cell,
    describe_when,
    when_chart,
)
from pages.post_queries import Posts
from pages.text.formats import UNKNOWN, count, counted, cut, plain_cell
from pages.text.glossary import meaning
from pages.text.posts_text import KINDS, age_text, percent, rounded, times, zone_name
from storage.metrics.posts import MIN_GRID_POSTS, MIN_MEDIAN_POSTS
from storage.posts.analysis import WhenCell

MAX_HASHTAG = 40
ROW_HEIGHT = 35
MAX_ROWS_SHOWN = 10
MEDIANS = f"No median of fewer than {MIN_MEDIAN_POSTS} posts."


def render_kinds(posts: Posts) -> None:
    """Draw the table of kinds."""
    st.header("Kinds compared", anchor=False)
    at, config, kinds = age_text(posts.view.age), st.column_config, posts.kinds
    table = pa.table(
        {
            "kind": [KINDS.get(each.kind, each.kind) for each in kinds],
            "posts": arrow.whole([each.posts_count for each in kinds]),
            "share": pa.array([each.share_percent for each in kinds], pa.float64()),
            "views": pa.array([each.median_views for each in kinds], pa.float64()),
            "times": pa.array([each.median_times_usual for each in kinds], pa.float64()),
            "rate": pa.array([each.rate_percent for each in kinds], pa.float64()),
        }
    )
    formats = {"posts": count, "share": percent, "views": rounded, "times": times, "rate": percent}
    st.dataframe(
        arrow.styled(table, "kinds", formats),
        hide_index=True,
        height="content",
        row_height=ROW_HEIGHT,
        placeholder=UNKNOWN,
        column_config={
            "kind": config.TextColumn("Kind", width=96),
            "posts": config.NumberColumn("Posts", width=62),
            "share": config.NumberColumn("Share", width=66, help="Of all these posts."),
            "views": config.NumberColumn(
                "Median views", width=106, help=f"{meaning('median_views')} Figures {at}."
            ),
            "times": config.NumberColumn(
                "Times usual", width=98, help=f"The median of: {meaning('times_usual')}"
            ),
            "rate": config.NumberColumn("Rate", width=66, help=meaning("post_rate")),
        },
        key="kinds-table",
        alt="Kinds of posts with their medians",
    )
    st.caption(f"Figures {at}. {MEDIANS}")


def render_when(posts: Posts) -> None:
    """Draw the grid of weekdays and hours, or both strips where the grid would be too thin."""
    st.header("When posts did well", anchor=False)
    when, zone = posts.when, zone_name(posts.zone)
    cells = (*when.grid, *when.weekdays, *when.blocks)
    if all(each.median_times_usual is None for each in cells):
        st.caption(
            "No post can be held against what is usual for its Page yet."
            if not when.posts_count
            else f"{counted(when.posts_count, 'post')} can be held against what is usual for "
            f"{'its Page' if when.posts_count == 1 else 'their Pages'}, and no day and no hours "
            f"have {MIN_MEDIAN_POSTS} of them: too few to say anything. A longer period may do."
        )
        return
    if when.grid:
        _draw(when.grid, zone, GRID_HEIGHT, "when-grid")
    else:
        _draw(when.weekdays, zone, STRIP_HEIGHT, "when-weekdays")
        _draw(when.blocks, zone, STRIP_HEIGHT, "when-hours")
    text = (
        "Median of times usual, and the number of posts below it. Of "
        f"{counted(when.posts_count, 'post')}, each against what is usual for its own Page, so "
        "that large and small Pages count alike. "
        f"Nothing is said of fewer than {MIN_MEDIAN_POSTS} posts."
    )
    if not when.grid:
        text += f" From {MIN_GRID_POSTS} posts on, days and hours are shown together."
    st.caption(text)


def _draw(cells: Sequence[WhenCell], zone: str, height: int, key: str) -> None:
    drawn = [
        Cell(each.weekday, each.block, each.posts_count, each.median_times_usual) for each in cells
    ]
    colours = palette(st.context.theme.type)
    st.vega_lite_chart(
        on_screen(when_chart(drawn, zone, colours), colours),
        height=height,
        alt=describe_when(drawn, zone),
        key=key,
    )


def render_hashtags(posts: Posts) -> None:
    """Draw the table of hashtags."""
    rows = posts.hashtags
    st.header("Hashtags", anchor=False)
    table = pa.table(
        {
            "hashtag": [plain_cell(cut(each.hashtag, MAX_HASHTAG)) for each in rows],
            "posts": arrow.whole([each.posts_count for each in rows]),
            "times": pa.array([each.median_times_usual for each in rows], pa.float64()),
        }
    )
    config = st.column_config
    st.dataframe(
        arrow.styled(table, "hashtags", {"posts": count, "times": times}),
        hide_index=True,
        height=(min(len(rows), MAX_ROWS_SHOWN) + 1) * ROW_HEIGHT + 3,
        row_height=ROW_HEIGHT,
        width=520,
        placeholder=UNKNOWN,
        column_config={
            "hashtag": config.TextColumn("Hashtag", width=220),
            "posts": config.NumberColumn("Posts", width=70),
            "times": config.NumberColumn(
                "Times usual", width=110, help=f"The median of: {meaning('times_usual')}"
            ),
        },
        key="hashtags-table",
        alt="Hashtags with their posts",
    )
    st.caption(f"Hashtags of {MIN_MEDIAN_POSTS} posts or more, each counted once a post.")
