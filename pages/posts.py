"""Posts: what Pages published in a period, which of it worked, and one post in depth."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.parts.posts import controls, export, one_post, post_table, reading, summaries
from pages.parts.posts.post_tiles import tiles as list_tiles
from pages.post_queries import (
    Posts,
    PostView,
    are_remembered,
    find_one_post,
    find_posts_coverage,
    has_any_posts,
    load_posts,
)
from pages.records import PageFilter
from pages.text import periods
from pages.text.formats import counted, cut, plain
from pages.text.periods import ALL_TIME, COMPARISONS, CUSTOM, DEFAULT_LABEL, LONGER_LABEL
from pages.text.posts_text import (
    AGES,
    DEFAULT_AGE,
    NOW,
    coverage_text,
    first_day,
    with_figures,
    zone_name,
)
from pages.ui import filter_box, links, period_bar, return_url, tiles, url_controls
from pages.ui.period_bar import Bar
from pages.ui.signed_in import may
from storage.posts.page_posts import Coverage

PARAMETER = "post"  # the id of the one post that is shown
MAX_ID = 100
# The values of the bound widgets without URL parameters.
DEFAULTS = {
    "age": DEFAULT_AGE,
    "order": post_table.DEFAULT_SORT.label,
    "page": 1,
    "gone": False,
    "period": DEFAULT_LABEL,
    period_bar.COMPARISON: COMPARISONS[0],
}
MAX_SHOWN = 40  # characters of a search
SKELETON_HEIGHT = 600  # about that of the tiles and the first rows
NARROWS = (
    "Filter, period, kind, text and age narrow everything on this screen: tiles, table and what is "
    "below it."
)


def read_address() -> str:
    """The id of the post in the URL; empty for the list."""
    return st.query_params.get(PARAMETER, "")


def render_empty() -> None:
    """Draw the screen of an installation without Pages."""
    st.title("Posts", anchor=False)
    who = "" if may("operator") else " An operator connects the first ones."
    st.markdown(f"No Page is connected yet, so there are no posts.{who}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if may("operator"):
            st.html(links.connect_link("Connect Facebook Pages"), width="content")
        links.draw("overview", "Overview", ":material/arrow_back:")


def render_one(installation: Installation, session: Session) -> None:
    """Draw the post of the URL."""
    zone = installation.settings.display_time_zone
    post_id = read_address()
    way_back = return_url.unpack(st.query_params.get(return_url.PARAMETER), return_url.POSTS_NAMES)
    one = find_one_post(session, post_id, zone) if len(post_id) <= MAX_ID else None
    if one is None:
        one_post.render_unknown(way_back)
    else:
        one_post.render(one, zone, installation.now(), way_back)


def render(installation: Installation, session: Session, header: Any, bar: Bar) -> None:
    """Draw the screen. ``header`` is a container above the period bar."""
    zone, now = installation.settings.display_time_zone, installation.now()
    with header:
        st.title("Posts", anchor=False)
    current = filter_box.read(session)
    filter_box.render(session, bar.beside, current, NARROWS)
    reading.render(installation, session)
    if not has_any_posts(session):
        bar.days.caption(f"Days and hours in {zone_name(zone)}.")
        _render_unread(session, current, bar)
        return
    controls_row, waiting = st.container(), st.empty()
    if "age" not in st.session_state and "age" not in st.query_params:
        _begin(session, PostView(bar.period, current.filter), zone, now, waiting)
    with controls_row:
        view = controls.choose(bar.period, current.filter)
    top, coverage = st.container(), st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="posts-list-row"):
        heading = st.empty()
        listing = post_table.choose(view)
        beside_order = st.container(width="content")
    with _skeleton(session, view, zone, now, waiting):
        posts = load_posts(session, view, listing, zone, now)
    _describe_days(bar, posts)
    heading.header(counted(posts.rows_count, "post"), anchor=False, width="content")
    with coverage:
        _describe_figures(session, posts, now)
    with top:
        filter_box.describe(current, posts.coverage.pages_count)
    if not posts.rows_count:
        _render_nothing(posts, current)
        return
    with top:
        tiles.render(list_tiles(posts))
    with beside_order:
        export.render(installation, posts, listing)
    post_table.render(posts, listing, way_back())
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="kinds-card"):
        summaries.render_kinds(posts)
    with right, st.container(border=True, height="stretch", key="when-card"):
        summaries.render_when(posts)
    if posts.hashtags:
        with st.container(border=True, key="hashtags-card"):
            summaries.render_hashtags(posts)


def _skeleton(
    session: Session, view: PostView, zone: ZoneInfo, now: datetime, waiting: Any
) -> AbstractContextManager[Any]:
    """A skeleton in ``waiting`` while a view is loaded: thousands of Pages take a moment."""
    if are_remembered(session, view, zone, now):
        return nullcontext()
    skeleton: AbstractContextManager[Any] = waiting.skeleton(height=SKELETON_HEIGHT)
    return skeleton


def _begin(session: Session, view: PostView, zone: ZoneInfo, now: datetime, waiting: Any) -> None:
    """Begin with the newest figures while most posts have no reading: a screen full of dashes."""
    with _skeleton(session, view, zone, now, waiting):
        posts = load_posts(session, view, post_table.FIRST_ROWS, zone, now)
    if posts.rows_count and (posts.lacks_most or not posts.has_readings):
        st.session_state["age"] = NOW


def way_back() -> dict[str, str]:
    """The screen's state, for links to a post."""
    state: dict[str, object] = {
        name: st.session_state.get(name, st.query_params.get(name))
        for name in return_url.POSTS_NAMES
    }
    state["gone"] = "true" if st.session_state.get("gone") else None
    if state["period"] != CUSTOM:
        state |= {period_bar.SINCE: None, period_bar.UNTIL: None}
    return return_url.pack(state | filter_box.kept(), DEFAULTS, return_url.POSTS_NAMES)


def _describe_days(bar: Bar, posts: Posts) -> None:
    period = posts.view.period
    if posts.before is None:
        period = replace(period, previous_since=None, previous_until=None)
    sentences = (
        period.remark,
        f"Published {periods.describe(period)}.",
        f"Days and hours in {zone_name(posts.zone)}.",
    )
    bar.days.caption(" ".join(filter(None, sentences)))


def _coverage_text(coverage: Coverage) -> str:
    missing = asdict(coverage)
    del missing["pages_count"]
    return coverage_text(**missing)


def _describe_figures(session: Session, posts: Posts, now: datetime) -> None:
    """Draw how many posts have figures, what is not included, and what can't be read back."""
    summary, view = posts.summary, posts.view
    if not summary.posts_count:
        return
    text = with_figures(
        summary.posts_count,
        summary.with_views_count,
        summary.too_young_count,
        summary.missed_count,
        view.age,
    )
    if view.age is None:
        at_default = replace(view, age=AGES[DEFAULT_AGE])
        grown = load_posts(session, at_default, post_table.FIRST_ROWS, posts.zone, now)
        if grown.lacks_most:
            text = first_day(summary.with_views_count)
    elif posts.lacks_most or not posts.has_readings:
        text += f" “{NOW}” has the newest figures."
    text = f"{text} {_coverage_text(posts.coverage)}".strip()
    if text:
        st.caption(text)


def _render_unread(session: Session, current: PageFilter, bar: Bar) -> None:
    """Draw the screen before any post is stored."""
    period = bar.period
    coverage = find_posts_coverage(session, current.filter, period.since, period.until)
    with st.container(border=True, key="no-posts"):
        if coverage.unread:
            st.markdown("**No posts have been read yet.**")
            st.caption(
                "They follow after the day's fans and followers: those of the last 90 days first, "
                "those of two years on the days after."
            )
        else:
            st.markdown("**Facebook lists no posts of these Pages.**")
            st.caption("Stories are not posts. A new post is here on the day after it was made.")
        text = _coverage_text(replace(coverage, unread=0))
        if text:
            st.caption(text)
        if may("operator"):  # Activity shows runs to nobody else
            links.draw("activity", "See what was read", ":material/history:")


def _render_nothing(posts: Posts, current: PageFilter) -> None:
    """Draw why there is no post, with the one press that shows some."""
    view = posts.view
    if not posts.coverage.pages_count:  # `filter_box.describe` has the reason and the button
        return
    with st.container(border=True, horizontal_alignment="center", key="no-result"):
        if posts.all_count:
            st.markdown("**No post matches**", width="content")
            whose = counted(posts.all_count, "post")
            verb = "was" if posts.all_count == 1 else "were"
            text = f"{whose} {verb} published in this period"
            if view.search:
                text += f"; none of them fits “{plain(cut(view.search, MAX_SHOWN))}”"
            st.caption(f"{text}.", width="content")
            if st.button("Show every post", key="clear"):
                controls.clear()
            return
        st.markdown("**No posts in this period**", width="content")
        st.caption("Stories are not posts, and can't be read.", width="content")
        if view.period.label not in (LONGER_LABEL, ALL_TIME) and st.button(
            f"Show {LONGER_LABEL}", key="show-longest"
        ):
            url_controls.change(period=LONGER_LABEL)
