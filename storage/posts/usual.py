"""Usual views: what is usual for the Page of each post, by the posts that it published before.

Two measures. At an age: the views that the earlier posts had at that age. Settled: the newest views
of those that were read when they were older than 28 days. Posts from before the dashboard knew
their Page have the second one only. Posts of the same kind count where they are enough, else all.
A post that was gone before the age, or before 28 days, has neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from math import isfinite, isnan
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.metrics.posts import SETTLED_DAYS, USUAL_DAYS, earlier_medians
from storage.models import Post, PostCheckpoint
from storage.posts.rows import PostKind

# Days; None is the newest figures, whatever the age.
Age = Literal[1, 3, 7, 28, 90] | None
# What "usual" rests on: the Page's posts of the same kind, or all of them; "settled": the newest
# figures of posts older than 28 days, while too few have a reading at the age.
Basis = Literal["kind", "page", "settled_kind", "settled_page"]

# Databases limit the parameters of one statement (SQLite: 32,766).
PAGES_AT_ONCE = 1_000

_KIND_NUMBERS: dict[str, int] = {kind: number for number, kind in enumerate(get_args(PostKind))}
_KINDS = len(_KIND_NUMBERS)
_SETTLED_SECONDS = SETTLED_DAYS * 86_400


class Usual(NamedTuple):
    """The usual views for one post, of how many posts, and the post's own that compare with them.

    All are None where the posts are too few.
    """

    views: float | None
    posts_count: int | None
    basis: Basis | None
    own_views: int | None


NO_USUAL = Usual(None, None, None, None)


class _Measures(NamedTuple):
    """Posts as arrays. Times are Unix time; unknown views are NaN."""

    pages: NDArray[np.int64]
    kinds: NDArray[np.int64]
    seconds: NDArray[np.int64]
    views: NDArray[np.float64]


def measure_columns(session: Session, figures: FromClause) -> list[ColumnElement[Any]]:
    """Return the columns with which rows begin for `find_usual`; ``figures`` are of the age."""
    post = table_of(Post).c
    return [
        post.page_id,
        post.kind,
        _seconds(session, post.published_at),
        figures.c.views,
        post.views.label("newest_views"),
        _seconds(session, post.read_at),
    ]


def find_usual(
    session: Session,
    condition: ColumnElement[bool],
    since: datetime,
    rows: Sequence[Sequence[Any]],
    numbers: Sequence[int],
    age: Age,
) -> Iterable[Usual]:
    """Return what is usual for each of the posts with these numbers among ``rows``, in order.

    ``rows``: all posts since ``since`` that fit the ``condition`` on their Page, as
    `measure_columns`. Settled figures are used where too few posts have a reading at ``age``, and
    only for a post that is itself older than 28 days; with ``age`` None there are no others.
    """
    if not numbers:
        return ()
    page_ids, kinds, seconds, views, newest, read_seconds = zip(
        *(row[:6] for row in rows), strict=True
    )
    page_numbers: dict[str, int] = defaultdict(count().__next__)
    period = _measures(page_numbers, page_ids, kinds, seconds, views)
    is_settled = np.array(read_seconds, np.float64) - period.seconds >= _SETTLED_SECONDS
    settled = period._replace(views=np.where(is_settled, np.array(newest, np.float64), np.nan))
    tiers: list[tuple[Age, _Measures, tuple[Basis, Basis]]] = [
        (None, settled, ("settled_kind", "settled_page"))
    ]
    if age is not None:
        tiers.insert(0, (age, period, ("kind", "page")))
    found: dict[int, Usual] = {}
    for tier_age, measures, bases in tiers:
        left = [number for number in numbers if number not in found]
        if tier_age is None:
            left = [number for number in left if isfinite(measures.views[number])]
        if not left:
            continue
        pages = {page_ids[number] for number in left}
        if len(pages) <= PAGES_AT_ONCE:
            condition = table_of(Post).c.page_id.in_(pages)
        earlier = _list_earlier(session, condition, since, tier_age)
        known = _known(_measures(page_numbers, *earlier), measures)
        for basis in bases:
            found |= _find_by(basis, known, measures, np.array(left, np.int64))
            left = [number for number in left if number not in found]
    return (found.get(number, NO_USUAL) for number in numbers)


def _find_by(
    basis: Basis, known: _Measures, posts: _Measures, numbers: NDArray[np.int64]
) -> dict[int, Usual]:
    """Return what is usual for those of the posts with these numbers that have enough before."""
    of_kind = int(basis.endswith("kind"))
    medians, counts = earlier_medians(
        known.pages * _KINDS + of_kind * known.kinds,
        known.seconds,
        known.views,
        posts.pages[numbers] * _KINDS + of_kind * posts.kinds[numbers],
        posts.seconds[numbers],
    )
    is_found = np.isfinite(medians)
    columns = (numbers, medians, counts, posts.views[numbers])
    return {
        number: Usual(median, posts_count, basis, None if isnan(views) else int(views))
        for number, median, posts_count, views in zip(
            *(column[is_found].tolist() for column in columns), strict=True
        )
    }


def _seconds(session: Session, column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a time as Unix time in whole seconds: reading it is cheaper than a datetime."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.strftime("%s", column), BigInteger)
    return cast(func.floor(func.extract("epoch", column)), BigInteger)


_Columns = tuple[Sequence[str], Sequence[str], Sequence[int], Sequence[int | None]]


def _list_earlier(
    session: Session, condition: ColumnElement[bool], since: datetime, age: Age
) -> _Columns:
    """Return the posts of the 180 days before ``since`` that have views at ``age``, or settled.

    The database gives one text for each Page: a row for each of tens of thousands of posts takes
    longer to fetch than to find.
    """
    post, checkpoint = table_of(Post).c, table_of(PostCheckpoint).c
    seconds = _seconds(session, post.published_at)
    begin = since - timedelta(days=USUAL_DAYS)
    where = [post.published_at >= begin, post.published_at < since, condition]
    source: FromClause = table_of(Post)
    figures = post.views
    if age is None:
        where.append(_seconds(session, post.read_at) - seconds >= _SETTLED_SECONDS)
    else:
        is_of_age = (checkpoint.post_id == post.id) & (checkpoint.age_days == age)
        source, figures = source.join(table_of(PostCheckpoint), is_of_age), checkpoint.views
    # NULL, where views are unknown, makes the whole part NULL, which is left out.
    part = post.kind + " " + cast(seconds, Text) + " " + cast(figures, Text)
    statement: Select[Any] = (
        select(post.page_id, func.aggregate_strings(part, " "))
        .select_from(source)
        .where(*where)
        .group_by(post.page_id)
    )
    page_ids: list[str] = []
    parts: list[str] = []
    for page_id, text in session.connection().execute(statement):
        if text is not None:
            own = text.split(" ")
            parts += own
            page_ids += [page_id] * (len(own) // 3)
    return page_ids, parts[0::3], [*map(int, parts[1::3])], [*map(int, parts[2::3])]


def _measures(
    page_numbers: Mapping[str, int],
    page_ids: Sequence[str],
    kinds: Sequence[str],
    seconds: Sequence[int],
    views: Sequence[int | None],
) -> _Measures:
    return _Measures(
        np.array([page_numbers[each] for each in page_ids], np.int64),
        np.array([_KIND_NUMBERS[each] for each in kinds], np.int64),
        np.array(seconds, np.int64),
        np.array(views, np.float64),
    )


def _known(*parts: _Measures) -> _Measures:
    """Return the posts of all parts whose views are known."""
    pages, kinds, seconds, views = (np.concatenate(each) for each in zip(*parts, strict=True))
    is_known = np.isfinite(views)
    return _Measures(pages[is_known], kinds[is_known], seconds[is_known], views[is_known])
