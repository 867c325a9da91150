"""Posts card of Compare: what is published side by side, and the kinds of posts.

Tables and no lines: most Pages publish some posts a week, and a line through so few would be noise.
Pages of different size are compared by the change of the median, each with itself, which is an
index of two points: the period and the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.compare.cards import draw_table
from pages.parts.compare.compare_text import Row
from pages.records import PeriodPosts
from pages.text.formats import count, plain
from pages.text.glossary import meaning
from pages.text.posts_text import KINDS, percent, rounded
from pages.ui import period_posts
from storage.posts.analysis import KindRow

MEDIAN_HELP = (
    "The change of the median against the period before, of posts at the same age. None where "
    "either has fewer than 5 posts that were read."
)
KINDS_CAPTION = (
    "Of each kind the median views 7 days after publishing, and in brackets the number of posts. "
    "A dash: fewer than 5 posts that were read at that age."
)


def render(rows: Sequence[Row], posts: Sequence[PeriodPosts]) -> None:
    """Draw both tables; ``posts`` are those of the Page or tag of each row."""
    st.header("Posts", anchor=False)
    _list_figures(rows, posts)
    st.caption(plain(_remarks(rows, posts)))
    if any(each.kinds for each in posts):
        st.header("Kinds of posts", anchor=False)
        _list_kinds(rows, posts)
        st.caption(KINDS_CAPTION)


def _list_figures(rows: Sequence[Row], posts: Sequence[PeriodPosts]) -> None:
    summaries = [each.summary for each in posts]
    columns: dict[str, Any] = {
        "name": [row.label for row in rows],
        "posts": [count(each.posts_count) for each in summaries],
        "per_week": [period_posts.per_week_of(each) for each in posts],
        "median": [rounded(each.median_views) for each in summaries],
        "median_delta": pd.array(
            [period_posts.median_percent(each) for each in posts], dtype="Float64"
        ),
        "rate": [percent(each.rate_percent) for each in summaries],
        "read": [
            f"{count(each.with_views_count)} of {count(each.posts_count)}" for each in summaries
        ],
    }
    if columns["median_delta"].isna().all():
        del columns["median_delta"]
    figure, text = st.column_config.NumberColumn, st.column_config.TextColumn
    config = {
        "name": text("Page or tag", width=180),
        "posts": text("Posts", width=80, alignment="right"),
        "per_week": text(
            "Posts per week", width=120, help=meaning("posts_per_week"), alignment="right"
        ),
        "median": text(
            "Median views at 7 days", width=160, help=meaning("median_views"), alignment="right"
        ),
        "median_delta": figure("Median vs previous", width=140, help=MEDIAN_HELP),
        "rate": text(
            "Engagement rate by views", width=170, help=meaning("post_rate"), alignment="right"
        ),
        "read": text(
            "Posts read at 7 days", width=150, help=meaning("checkpoint"), alignment="right"
        ),
    }
    draw_table(
        pd.DataFrame(columns), config, "compare-posts-table", "Posts of the compared Pages and tags"
    )


def _list_kinds(rows: Sequence[Row], posts: Sequence[PeriodPosts]) -> None:
    """One row a Page or tag, with the colour of its line, and one column a kind."""
    by_kind: list[dict[str, KindRow]] = [{row.kind: row for row in each.kinds} for each in posts]
    kinds = [kind for kind in KINDS if any(kind in each for each in by_kind)]
    columns: dict[str, Any] = {"name": [row.label for row in rows]}
    for kind in kinds:
        found = [each.get(kind) for each in by_kind]
        columns[kind] = [
            None if row is None else f"{rounded(row.median_views)} ({count(row.posts_count)})"
            for row in found
        ]
    text = st.column_config.TextColumn
    config = {"name": text("Page or tag", width=180)}
    config |= {kind: text(KINDS[kind], width=110, alignment="right") for kind in kinds}
    draw_table(
        pd.DataFrame(columns),
        config,
        "compare-kinds-table",
        "Kinds of posts of the compared Pages and tags",
    )


def _remarks(rows: Sequence[Row], posts: Sequence[PeriodPosts]) -> str:
    """The sentences on days and age, and on what is missing of which Page or tag."""
    first = posts[0]
    missing = [
        f"{row.label}: {text}"
        for row, each in zip(rows, posts, strict=True)
        if (text := period_posts.describe_missing(each))
    ]
    return " ".join([period_posts.describe_days(first), period_posts.SAME_AGE, *missing])
