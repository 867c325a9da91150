"""Post details: what the table shows beside the figures, and everything about one post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.db.upsert import table_of
from storage.metrics.posts import USUAL_DAYS, quartiles_of
from storage.models import Page, Picture, Post, PostCheckpoint
from storage.posts.rows import PostFigures, PostKind

FIGURES = tuple(each.name for each in fields(PostFigures))
# Databases limit the parameters of one statement (SQLite: 32,766).
POSTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class PostDetail:
    """One post as it is stored. ``figures`` are the newest, as of ``read_at``."""

    id: str
    page_id: str
    page_name: str
    picture_etag: str | None
    published_at: datetime
    kind: PostKind
    message: str | None
    permalink: str | None
    figures: PostFigures
    views_paid: int | None
    views_unpaid: int | None
    paid_age_days: int | None
    read_at: datetime | None
    first_seen_at: datetime
    missed_at: datetime | None
    gone_at: datetime | None


def list_details(session: Session, ids: Sequence[str]) -> dict[str, PostDetail]:
    """Return stored posts by id; ids that are not stored are left out."""
    post = table_of(Post).c
    statement = select(table_of(Post), table_of(Page).c.name, table_of(Picture).c.etag).select_from(
        table_of(Post)
        .join(table_of(Page), table_of(Page).c.id == post.page_id)
        .outerjoin(table_of(Picture), table_of(Picture).c.page_id == post.page_id)
    )
    asked = [storable(id) for id in ids]
    details = {}
    for start in range(0, len(asked), POSTS_AT_ONCE):
        some = statement.where(post.id.in_(asked[start : start + POSTS_AT_ONCE]))
        for row in session.connection().execute(some):
            details[row.id] = _detail(row)
    return details


@dataclass(frozen=True)
class Reading:
    """A checkpoint of a post; its ``figures`` lack link clicks and watch time."""

    age_days: int
    read_at: datetime
    figures: PostFigures


@dataclass(frozen=True)
class Band:
    """The Page's usual views at an age: quartiles of ``posts_count`` (8 or more) earlier posts."""

    age_days: int
    lower: float
    median: float
    upper: float
    posts_count: int


@dataclass(frozen=True)
class PostHistory:
    """One post, its readings by age, and the Page's usual band where there is one."""

    detail: PostDetail
    readings: tuple[Reading, ...]
    bands: tuple[Band, ...]
    bands_of_kind: bool  # the bands are of posts of the same kind; else of all of the Page's


def find_post(session: Session, post_id: str) -> PostHistory | None:
    """Return everything about one post; None when it is not stored.

    The bands are of the posts that the Page published in the 180 days before this one: of the same
    kind, if there are 8 with a reading at any age, else of all kinds.
    """
    detail = list_details(session, [post_id]).get(storable(post_id))
    if detail is None:
        return None
    table = table_of(PostCheckpoint)
    rows = session.connection().execute(
        select(table).where(table.c.post_id == detail.id).order_by(table.c.age_days)
    )
    bands_of_kind = _list_bands(session, detail, of_kind=True)
    return PostHistory(
        detail=detail,
        readings=tuple(Reading(row.age_days, row.read_at, _figures(row)) for row in rows),
        bands=bands_of_kind or _list_bands(session, detail, of_kind=False),
        bands_of_kind=bool(bands_of_kind),
    )


def _list_bands(session: Session, detail: PostDetail, *, of_kind: bool) -> tuple[Band, ...]:
    post, checkpoint = table_of(Post).c, table_of(PostCheckpoint).c
    statement = (
        select(checkpoint.age_days, checkpoint.views)
        .join_from(table_of(Post), table_of(PostCheckpoint), checkpoint.post_id == post.id)
        .where(
            post.page_id == detail.page_id,
            post.published_at >= detail.published_at - timedelta(days=USUAL_DAYS),
            post.published_at < detail.published_at,
            checkpoint.views.is_not(None),
        )
    )
    if of_kind:
        statement = statement.where(post.kind == detail.kind)
    views: dict[int, list[int]] = {}
    for age_days, value in session.connection().execute(statement):
        views.setdefault(age_days, []).append(value)
    quartiles = {age_days: quartiles_of(values) for age_days, values in views.items()}
    return tuple(
        Band(age_days, *band, posts_count=len(views[age_days]))
        for age_days, band in sorted(quartiles.items())
        if band is not None
    )


def _detail(row: Any) -> PostDetail:
    return PostDetail(
        id=row.id,
        page_id=row.page_id,
        page_name=row.name,
        picture_etag=row.etag,
        published_at=row.published_at,
        kind=row.kind,
        message=row.message,
        permalink=row.permalink,
        figures=_figures(row),
        views_paid=row.views_paid,
        views_unpaid=row.views_unpaid,
        paid_age_days=row.paid_age_days,
        read_at=row.read_at,
        first_seen_at=row.first_seen_at,
        missed_at=row.missed_at,
        gone_at=row.gone_at,
    )


def _figures(row: Any) -> PostFigures:
    """Return the figures of a row that has all of them or, as a checkpoint, some."""
    return PostFigures(**{name: getattr(row, name, None) for name in FIGURES})
