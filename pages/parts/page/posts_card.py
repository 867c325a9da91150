"""Posts card of a Page: how often it publishes, what is usual for it, and its newest posts."""

from __future__ import annotations

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.queries import find_period_posts
from pages.records import PeriodPosts
from pages.text.formats import day, plain
from pages.text.periods import Period
from pages.text.post_figures import views_of
from pages.text.posts_text import KINDS
from pages.ui import links, period_posts, post_links, tiles
from storage.accounts.page_profile import PageProfile
from storage.figures.filters import Filter
from storage.posts.analysis import AgedPost

MAX_TEXT = 70
# The figures at the right edge, as in the lists of movers: what has no room is the name's.
STYLE = """<style>
.st-key-newest-posts [data-testid="stPageLink"] a > * { flex-grow: 1; }
.st-key-newest-posts [data-testid="stPageLink"] p {
  display: flex; justify-content: space-between; gap: 0.75rem; }
.st-key-newest-posts [data-testid="stPageLink"] p > :first-child {
  font-size: inherit !important; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.st-key-newest-posts [data-testid="stPageLink"] p > :last-child { flex-shrink: 0; }
</style>"""


def filter_of(page_id: str) -> Filter:
    """The filter of one Page, archived or not."""
    return Filter(page_ids=(page_id,), archived=None)


def render(
    installation: Installation, session: Session, profile: PageProfile, period: Period
) -> None:
    """Draw the card for the posts published in ``period``; nothing before any post is read."""
    posts = find_period_posts(
        session,
        filter_of(profile.id),
        period.since,
        period.until,
        installation.settings.display_time_zone,
        installation.now(),
        period.previous,
    )
    if posts is None:
        return
    with st.container(border=True, key="posts-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Posts", anchor=False, width="content")
            links.draw(
                "posts",
                "All posts of this Page",
                ":material/arrow_forward:",
                query_params=post_links.query_of_page(profile),
            )
        if posts.summary.posts_count:
            tiles.render(period_posts.tiles(posts), "tiles-of-posts")
            st.html(" ".join(STYLE.split()))
            with st.container(gap="xsmall", key="newest-posts"):
                for post in posts.newest:
                    _draw(posts, post)
        else:
            st.markdown("No post is known of this period.")
        st.caption(plain(period_posts.remarks(posts)))


def _draw(posts: PeriodPosts, post: AgedPost) -> None:
    """Draw a link to a post: its day, kind and text, and its views at the right edge."""
    detail = posts.details[post.id]
    on = day(post.published_at.astimezone(posts.zone).date(), year=False)
    name = post_links.name_of(detail, posts.zone, MAX_TEXT)
    figures = views_of(post.views, detail.figures.views, post.times_usual)
    label = f":small[{plain(f'{on} · {KINDS[post.kind]} · {name}')}] :gray[{plain(figures)}]"
    post_links.draw(detail, label, width="stretch")
