"""One post: its text, how it grew beside what is usual for its Page, its readings, what is missing.

Its text is hostile: it is escaped, and shown in its own direction of reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st

from pages.charts import arrow
from pages.charts.chart_parts import on_screen, palette
from pages.charts.post_charts import (
    CURVE_HEIGHT,
    GrowthPoint,
    UsualBar,
    describe_growth,
    growth_chart,
)
from pages.post_queries import OnePost
from pages.text.formats import (
    UNKNOWN,
    cell_day,
    count,
    counted,
    cut,
    day,
    number,
    plain,
    when,
    zones_of,
)
from pages.text.glossary import meaning
from pages.text.posts_text import (
    KINDS,
    SOURCES,
    age_of,
    list_untold,
    message_html,
    percent,
    published,
    reasons_of,
    rounded,
    safe_permalink,
    times,
    title_of,
    zone_name,
)
from pages.ui import links, polling, tiles
from pages.ui.tiles import Tile
from storage.metrics.posts import (
    CHECKPOINTS,
    engagement_rate_percent,
    engagements,
    interactions,
    paid_share_percent,
    times_usual,
)
from storage.posts.details import PostDetail
from storage.posts.rows import PostFigures

MAX_NAME = 60
NOT_HERE = (
    "No post with this id is stored here. It may be of a Page that was erased, or the address was "
    "cut off."
)
NO_TEXT_HERE = "This post has no text, or its text is not kept here."
LAST_AGE, USUAL_AGE = max(CHECKPOINTS), 7
FIGURE_LABELS: Mapping[str, str] = {
    "views": "Views",
    "viewers": "Viewers",
    "reactions": "Reactions",
    "comments": "Comments",
    "shares": "Shares",
    "clicks": "Clicks",
    "video_views": "Video views",
}


def render_unknown(way_back: Mapping[str, Any]) -> None:
    """Draw the screen for an unknown id."""
    _back_link(way_back)
    st.title("Post not found", anchor=False)
    st.markdown(NOT_HERE)


def render(one: OnePost, zone: ZoneInfo, now: datetime, way_back: Mapping[str, Any]) -> None:
    """Draw a post. ``way_back``: the parameters of the list that led here."""
    detail = one.history.detail
    _back_link(way_back)
    _header(detail, zone)
    tiles.render(_tiles(one, now))
    left, right = st.columns([1.6, 1])
    with left, st.container(border=True, height="stretch", key="post-growth"):
        _growth(one, now)
    with right, st.container(border=True, height="stretch", key="post-text"):
        st.header("Text", anchor=False)
        if detail.message:
            st.html(message_html(detail.message))
        else:
            st.caption(NO_TEXT_HERE)
    with st.container(border=True, key="post-readings"):
        _readings(one, now)
    sentences = _untold(one, now)
    if sentences:
        with st.container(border=True, key="post-untold"):
            st.header("What Facebook did not tell", anchor=False)
            st.markdown("\n".join(f"- {each}" for each in sentences))


def _back_link(way_back: Mapping[str, Any]) -> None:
    # Not as a link: the browser would keep the address of the post, as both are one screen.
    if st.button("All posts", icon=":material/arrow_back:", type="tertiary", key="all-posts"):
        polling.go_to("posts", way_back)


def _header(detail: PostDetail, zone: ZoneInfo) -> None:
    st.title(plain(cut(title_of(detail.page_name, detail.kind), MAX_NAME)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", key="post-facts"):
        st.caption(f"{published(detail.published_at, zone)} {zone_name(zone)}", width="content")
        st.badge(KINDS.get(detail.kind, detail.kind), color="gray")
        if _paid(detail):
            st.badge("Boosted", color="orange", help=meaning("post_paid"))
        if detail.gone_at is not None:
            st.badge("Gone", color="gray")
        links.draw(
            "page",
            plain(cut(detail.page_name, MAX_NAME)),
            ":material/flag:",
            query_params={"id": detail.page_id},
        )
        url = safe_permalink(detail.permalink)
        if url is not None:
            st.link_button("Open on Facebook", url, icon=":material/open_in_new:", type="tertiary")
    if detail.gone_at is not None:
        st.caption(
            f"Facebook no longer answers for this post, as of {day(detail.gone_at.date())}: it was "
            "deleted, or can't be seen by this account any more. Its figures stay as they were."
        )


def _paid(detail: PostDetail) -> float | None:
    return paid_share_percent(detail.views_paid, detail.views_unpaid)


def _tiles(one: OnePost, now: datetime) -> list[Tile]:
    detail = one.history.detail
    figures = detail.figures
    as_of = None if detail.read_at is None else f"as of {when(detail.read_at, now)}"
    acts = interactions(figures.reactions, figures.comments, figures.shares)
    rate = engagement_rate_percent(engagements(acts, figures.clicks), figures.views)
    paid = _paid(detail)
    return [
        Tile("Views", tiles.value_of(figures.views), note=as_of, help=meaning("post_views")),
        _times_usual(one),
        Tile(
            "Interactions",
            tiles.value_of(acts),
            note=_parts(figures),
            help=meaning("post_interactions"),
        ),
        Tile(
            "Engagement rate by views",
            None if rate is None else percent(rate),
            help=meaning("post_rate"),
        ),
        Tile(
            "Paid views",
            None if paid is None else percent(paid),
            note=None
            if paid is None or detail.paid_age_days is None
            else f"at {counted(detail.paid_age_days, 'day')}",
            help=meaning("post_paid"),
        ),
    ]


def _times_usual(one: OnePost) -> Tile:
    """Views by the usual ones at 7 days, or else at the highest age with both."""
    readings = {each.age_days: each.figures.views for each in one.history.readings}
    bands = {each.age_days: each for each in one.history.bands if readings.get(each.age_days)}
    if not bands:
        return Tile("Times usual", None, help=meaning("times_usual"))
    band = bands.get(USUAL_AGE) or bands[max(bands)]
    value = times_usual(readings[band.age_days], band.median)
    return Tile(
        "Times usual",
        None if value is None else times(value),
        note=f"at {counted(band.age_days, 'day')}, of {counted(band.posts_count, 'earlier post')}",
        help=meaning("times_usual"),
    )


def _parts(figures: PostFigures) -> str | None:
    parts = [
        counted(value, noun)
        for value, noun in (
            (figures.reactions, "reaction"),
            (figures.comments, "comment"),
            (figures.shares, "share"),
        )
        if value is not None
    ]
    return ", ".join(parts) or None


def _growth(one: OnePost, now: datetime) -> None:
    st.header("How it grew", anchor=False)
    history = one.history
    points, bars = growth_points(one), usual_bars(one)
    if not points:
        st.caption("No views have been read yet, so there is no curve.")
        return
    colours = palette(st.context.theme.type)
    st.vega_lite_chart(
        on_screen(growth_chart(points, bars, colours), colours),
        height=CURVE_HEIGHT,
        alt=describe_growth(points, bars),
        key="growth-curve",
    )
    sentences = []
    if bars:
        whose = "of the same kind" if history.bands_of_kind else "of every kind"
        sentences.append(
            f"Grey: the usual views of the Page at that age, the middle half of its earlier posts "
            f"{whose}, with the median."
        )
    else:
        sentences.append(
            "What is usual for the Page is shown once 8 of its earlier posts have a reading at the "
            "same age."
        )
    if history.detail.first_seen_at - history.detail.published_at > timedelta(days=2):
        sentences.append(
            f"Pagekeeper knows this post since {day(history.detail.first_seen_at.date())}; how it "
            "grew before can't be read back."
        )
    st.caption(" ".join(sentences))


def growth_points(one: OnePost) -> list[GrowthPoint]:
    """The readings with views, and the newest figures where they are later; oldest first."""
    detail = one.history.detail
    points = [
        _point(detail, each.read_at, each.figures.views)
        for each in one.history.readings
        if each.figures.views is not None
    ]
    newest = detail.figures.views
    if newest is not None and detail.read_at is not None:
        point = _point(detail, detail.read_at, newest)
        if not points or point.age_days > points[-1].age_days:
            points.append(point)
    return points


def _point(detail: PostDetail, read_at: datetime, views: int | None) -> GrowthPoint:
    age = read_at - detail.published_at
    # The axis ends at the last age that is read; later figures are those of a settled post.
    return GrowthPoint(min(age / timedelta(days=1), LAST_AGE + 10.0), views or 0, age_of(age))


def usual_bars(one: OnePost) -> list[UsualBar]:
    """The Page's usual views at each age."""
    return [
        UsualBar(each.age_days, each.lower, each.median, each.upper, each.posts_count)
        for each in one.history.bands
    ]


def _readings(one: OnePost, now: datetime) -> None:
    st.header("Readings", anchor=False)
    config = st.column_config
    table, read_at = readings_table(one, now)
    numbers = {
        name: config.NumberColumn(label, width=92, help=f"Facebook's {SOURCES[name]}.")
        for name, label in FIGURE_LABELS.items()
    }
    formats: dict[str, Any] = dict.fromkeys(FIGURE_LABELS, count)
    st.dataframe(
        arrow.styled(table, "readings", {**formats, "usual": rounded}),
        hide_index=True,
        height="content",
        row_height=35,
        placeholder=UNKNOWN,
        column_config={
            "age": config.TextColumn("Age", width=96),
            "read": config.DatetimeColumn(
                f"Read at ({zones_of(read_at)})", format=cell_day(clock=True), width=160
            ),
            "remark": config.TextColumn("Reading", width=220),
            "usual": config.NumberColumn("Usual views", width=100, help=meaning("usual")),
            **numbers,
        },
        key="readings-table",
        alt="Readings of this post, youngest age first",
    )
    st.caption(
        "Each is the first reading at its age, and never changes. A value can be lower than one "
        "before: Facebook corrects its figures, and people take reactions back."
    )


def readings_table(one: OnePost, now: datetime) -> tuple[pa.Table, Sequence[datetime | None]]:
    """A row for each fixed age and one for the newest figures; and when each was read.

    Times are naive, in the reader's zone.
    """
    detail = one.history.detail
    readings = {each.age_days: each for each in one.history.readings}
    usual = {each.age_days: each.median for each in one.history.bands}
    rows: list[tuple[str, datetime | None, str, float | None, PostFigures]] = []
    for age_days in CHECKPOINTS:
        reading = readings.get(age_days)
        rows.append(
            (
                counted(age_days, "day"),
                None if reading is None else reading.read_at,
                "in time" if reading else why_not_read(detail, age_days, now),
                usual.get(age_days),
                PostFigures() if reading is None else reading.figures,
            )
        )
    remark = "newest" if detail.read_at else "no figures yet"
    age = "Now" if detail.read_at is None else age_of(detail.read_at - detail.published_at)
    rows.append((age, detail.read_at, remark, None, detail.figures))
    columns: dict[str, Any] = {
        "age": [row[0] for row in rows],
        "read": arrow.moments([row[1] for row in rows]),
        "remark": [row[2] for row in rows],
        "usual": pa.array([row[3] for row in rows], pa.float64()),
    }
    for name in FIGURE_LABELS:
        values = [getattr(row[4], name) for row in rows]
        if any(each is not None for each in values) or name in ("views", "reactions"):
            columns[name] = arrow.whole(values)
    return pa.table(columns), [row[1] for row in rows]


def why_not_read(detail: PostDetail, age_days: int, now: datetime) -> str:
    """Why a post has no reading at an age."""
    due = detail.published_at + timedelta(days=age_days)
    if detail.gone_at is not None and detail.gone_at <= due + CHECKPOINTS[age_days]:
        return "gone before"
    if now < due + CHECKPOINTS[age_days]:
        return f"due from {day(due.date(), year=False)} on"
    if detail.first_seen_at > due + CHECKPOINTS[age_days]:
        return "not known here then"
    return "no figures" if detail.read_at is None else "not read in time"


def _untold(one: OnePost, now: datetime) -> list[str]:
    detail, coverage = one.history.detail, one.coverage
    reasons = reasons_of(
        too_few_likes=bool(coverage.too_few_likes),
        no_permission=bool(coverage.no_permission),
        no_role=bool(coverage.no_role),
        access_ended=bool(coverage.access_ended),
    )
    sentences = list_untold(
        kind=detail.kind,
        told={name: getattr(detail.figures, name) is not None for name in SOURCES},
        has_paid=_paid(detail) is not None,
        is_read=detail.read_at is not None,
        age=now - detail.published_at,
        is_gone=detail.gone_at is not None,
        reasons=reasons,
    )
    if now - detail.published_at > timedelta(days=LAST_AGE) and detail.read_at is not None:
        sentences.append(
            f"Posts older than {number(LAST_AGE)} days are no longer read: the newest figures are "
            f"those of {day(detail.read_at.date())}."
        )
    return sentences
