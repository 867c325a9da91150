"""Posts card of Overview: how many posts, which did best, and how many Pages publish nothing.

Everything is of the 28 days to the end of the period, whatever its length: posts are compared at an
age of 7 days, which none of the last 7 days has. Which did best is asked while its list is open:
what is usual for thousands of Pages takes a moment, and the links are a tenth of a rerun's bytes.
"""

from __future__ import annotations

from datetime import date, datetime

import streamlit as st
from sqlalchemy.orm import Session

from pages.queries import find_period_posts
from pages.records import PeriodPosts
from pages.text.formats import count, counted, cut, plain, recent_day
from pages.text.periods import A_DAY, CUSTOM, DEFAULT_LABEL
from pages.text.phrases import SILENT
from pages.text.posts_text import times
from pages.ui import filter_box, links, popovers, post_links, url_controls
from storage.figures.filters import Filter
from storage.posts.page_posts import RHYTHM_DAYS, SILENT_DAYS, Rhythms

MAX_NAME, MAX_TEXT = 24, 60
WIDTH = 560
# On a phone the texts are cut with "…".
STYLE = """<style>
.st-key-best-list [data-testid="stPageLink"] a > * { min-width: 0; }
.st-key-best-list [data-testid="stPageLink"] p { overflow: hidden; text-overflow: ellipsis; }
</style>"""
BEST = (
    "Furthest above what is usual for their Page: views 7 days after publishing, divided by the "
    "median of the Page's earlier posts at that age."
)
NO_BEST = (
    "No post stands out yet. A post is compared with what is usual for its Page once 8 of the "
    "Page's earlier posts were read 7 days after they were published."
)


def render(
    session: Session, rhythms: Rhythms, filter: Filter, pages_count: int, now: datetime
) -> None:
    """Draw the card. ``filter`` is the screen's, ``pages_count`` the number of its Pages."""
    since, today = rhythms.until - (RHYTHM_DAYS - 1) * A_DAY, now.date()
    silent_count = len(rhythms.silent_ids)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="posts-card"):
        query = _query_of(since, rhythms.until, today)
        links.draw(
            "posts",
            f"**{plain(describe(rhythms, pages_count, today))}**",
            ":material/article:",
            query_params={**query, **filter_box.kept()},
        )
        box = st.popover(
            "Which did best",
            icon=":material/trending_up:",
            type="tertiary",
            key="best-posts",
            on_change="rerun",
        )
        if silent_count and st.button(
            plain(describe_silent(silent_count)), type="tertiary", key="show-silent"
        ):
            url_controls.change(show=SILENT, page=1)
    if popovers.is_drawn(box, "best-posts"):
        posts = find_period_posts(session, filter, since, rhythms.until, rhythms.zone, now)
        with box, st.container(width=WIDTH):
            _list_best(posts)


def _list_best(posts: PeriodPosts | None) -> None:
    if posts is None or not posts.best:
        st.caption(NO_BEST)
        return
    st.caption(BEST)
    st.html(" ".join(STYLE.split()))
    with st.container(gap="xsmall", key="best-list"):
        for post in posts.best:
            detail = posts.details[post.id]
            name = post_links.name_of(detail, posts.zone, MAX_TEXT)
            label = plain(f"{cut(detail.page_name, MAX_NAME)}: {name}")
            post_links.draw(detail, f"**{times(post.times_usual)}** {label}", width="stretch")


def describe(rhythms: Rhythms, pages_count: int, today: date) -> str:
    """ "412 posts by 131 of 140 Pages in 28 days"; "at least" where not all of them are known."""
    rows = rhythms.by_page.values()
    is_whole = all(each.is_covered for each in rows) and len(rhythms.by_page) == pages_count
    posts = f"{'' if is_whole else 'At least '}{counted(rhythms.posts_count, 'post')}"
    pages = f"{count(rhythms.posting_count)} of {counted(pages_count, 'Page')}"
    days = f"{RHYTHM_DAYS} days"
    if rhythms.until < today:
        days = f"the {days} to {recent_day(rhythms.until, today)}"
    return f"{posts} by {pages} in {days}"


def describe_silent(pages_count: int) -> str:
    """ "9 Pages published nothing for 14 days"."""
    return f"{counted(pages_count, 'Page')} published nothing for {SILENT_DAYS} days"


def _query_of(since: date, until: date, today: date) -> dict[str, str]:
    """The URL parameters of these days: "28 days" are those up to today."""
    if until == today:
        return {"period": DEFAULT_LABEL}
    return {"period": CUSTOM, "since": since.isoformat(), "until": until.isoformat()}
