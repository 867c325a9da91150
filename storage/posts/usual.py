"""Usual views: what is usual for the Page of each post, by the posts that it published before.

Two measures. At an age: the views that the earlier posts had at that age. Settled: the newest views
of those that were read when they were older than 28 days. Posts from before the dashboard knew
their Page have the second one only. Posts of the same kind count where they are enough, else all.
A post that was gone before the age, or before 28 days, has neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.metrics.posts import CHECKPOINTS, SETTLED_DAYS, USUAL_DAYS, earlier_medians
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


class Usual(NamedTuple):
    """The usual views for each of several posts, of how many posts, and by what; None for too few.

    ``own_views``: the post's own views that compare with them; None, too, where it has none.
    """

    views: Sequence[float | None]
    posts_counts: Sequence[int | None]
    bases: Sequence[Basis | None]
    own_views: Sequence[float | None]


class _Measures(NamedTuple):
    """Posts as arrays. Times are Unix time; unknown views are NaN."""

    pages: NDArray[np.int64]
    kinds: NDArray[np.int64]
    seconds: NDArray[np.int64]
    views: NDArray[np.float64]


def find_usual(
    session: Session,
    condition: ColumnElement[bool],
    since: datetime,
    columns: Sequence[Sequence[Any]],
    is_asked: Sequence[bool],
    age: Age,
) -> Usual:
    """Return what is usual for those posts of a period for which it is asked, in their order.

    ``columns``: those of `measure_columns` of all posts since ``since`` that fit the ``condition``
    on their Page. Settled figures are used where too few posts have a reading at ``age``, and only
    for a post that is itself older than 28 days; with ``age`` None there are no others.
    """
    settled, page_ids, kinds, seconds, views = columns
    page_numbers: dict[str, int] = defaultdict(count().__next__)
    period = _Measures(
        np.array([page_numbers[each] for each in page_ids], np.int64),
        np.array([_KIND_NUMBERS[each] for each in kinds], np.int64),
        np.array(seconds, np.int64),
        np.array(views, np.float64),
    )
    of_settled = period._replace(views=np.array(settled, np.float64))
    tiers: list[tuple[Age, _Measures, tuple[Basis, Basis]]] = [
        (None, of_settled, ("settled_kind", "settled_page"))
    ]
    if age is not None:
        tiers.insert(0, (age, period, ("kind", "page")))
    medians, counts, bases, own_views = np.full((4, len(page_ids)), None, object)
    is_left = np.array(is_asked, bool)
    for tier_age, measures, tier_bases in tiers:
        if tier_age is None:
            is_left &= np.isfinite(measures.views)
        pages = {page_ids[number] for number in np.flatnonzero(is_left).tolist()}
        if not pages:
            continue
        # Naming most Pages takes longer than reading those of all.
        if len(pages) <= min(PAGES_AT_ONCE, len(page_numbers) // 2):
            condition = table_of(Post).c.page_id.in_(pages)
        earlier = _list_earlier(session, condition, since, tier_age, page_numbers)
        known = _known(earlier, measures)
        for basis in tier_bases:
            left = np.flatnonzero(is_left)
            their_medians, their_counts = _find_medians(basis, known, measures, left)
            is_found = np.isfinite(their_medians)
            found = left[is_found]
            medians[found], counts[found] = their_medians[is_found], their_counts[is_found]
            bases[found], is_left[found] = basis, False
            found = found[np.isfinite(measures.views[found])]
            own_views[found] = measures.views[found]
    return Usual(*(each[is_asked].tolist() for each in (medians, counts, bases, own_views)))


def _find_medians(
    basis: Basis, known: _Measures, posts: _Measures, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what is usual for the posts with these numbers, NaN for too few before, and counts."""
    of_kind = int(basis.endswith("kind"))
    return earlier_medians(
        known.pages * _KINDS + of_kind * known.kinds,
        known.seconds,
        known.views,
        posts.pages[numbers] * _KINDS + of_kind * posts.kinds[numbers],
        posts.seconds[numbers],
    )


def measure_columns(session: Session, figures: FromClause) -> list[ColumnElement[Any]]:
    """Return the columns that `find_usual` takes; ``figures`` are of the age.

    Settled views, page id, kind, published at as Unix time, and views at the age.
    """
    post = table_of(Post).c
    return [
        case((_is_settled(session), post.views)),
        post.page_id,
        post.kind,
        _seconds(session, post.published_at),
        figures.c.views,
    ]


def is_reading(session: Session, age: int, begin: datetime, end: datetime) -> ColumnElement[bool]:
    """Return the condition on the reading at ``age`` of a post published from begin to before end.

    PostgreSQL finds the readings of some days by an index on the time of reading, else it would
    read those of all years. SQLite finds each by its key.
    """
    post, checkpoint = table_of(Post).c, table_of(PostCheckpoint).c
    is_of_age = and_(checkpoint.post_id == post.id, checkpoint.age_days == age)
    if _is_sqlite(session):
        return is_of_age
    return and_(
        is_of_age,
        checkpoint.read_at >= begin + timedelta(days=age),
        checkpoint.read_at < end + timedelta(days=age) + CHECKPOINTS[age],
    )


def _seconds(session: Session, column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a time as Unix time in whole seconds: reading it is cheaper than a datetime."""
    if _is_sqlite(session):
        return cast(func.strftime("%s", column), BigInteger)
    return cast(func.floor(func.extract("epoch", column)), BigInteger)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _is_settled(session: Session) -> ColumnElement[bool]:
    post = table_of(Post).c
    age_seconds = _seconds(session, post.read_at) - _seconds(session, post.published_at)
    return age_seconds >= SETTLED_DAYS * 86_400


def _list_earlier(
    session: Session,
    condition: ColumnElement[bool],
    since: datetime,
    age: Age,
    page_numbers: Mapping[str, int],
) -> _Measures:
    """Return the posts of the 180 days before ``since`` that have views at ``age``, or settled.

    The database gives texts for each Page: a row for each of tens of thousands of posts takes
    longer to fetch than to find. All texts of a Page have its posts in the same order.
    """
    post, checkpoint = table_of(Post).c, table_of(PostCheckpoint)
    begin = since - timedelta(days=USUAL_DAYS)
    source: FromClause = table_of(Post)
    figures = post.views
    where = [post.published_at >= begin, post.published_at < since, condition]
    if age is None:
        where.append(_is_settled(session))
    else:
        source = source.join(checkpoint, is_reading(session, age, begin, since))
        figures = checkpoint.c.views
    texts = (post.kind, cast(_seconds(session, post.published_at), Text), cast(figures, Text))
    statement: Select[Any] = (
        select(post.page_id, *(func.aggregate_strings(text, " ") for text in texts))
        .select_from(source)
        .where(*where, figures.is_not(None))
        .group_by(post.page_id)
    )
    rows = session.connection().execute(statement).all()
    page_ids, kinds, seconds, views = zip(*rows, strict=True) if rows else [()] * 4
    of_pages = [text.split(" ") for text in kinds]
    return _Measures(
        np.repeat(
            np.array([page_numbers[each] for each in page_ids], np.int64), [*map(len, of_pages)]
        ),
        np.array([_KIND_NUMBERS[each] for some in of_pages for each in some], np.int64),
        np.fromstring(" ".join(seconds), np.int64, sep=" "),
        np.fromstring(" ".join(views), np.float64, sep=" "),
    )


def _known(*parts: _Measures) -> _Measures:
    """Return the posts of all parts whose views are known."""
    pages, kinds, seconds, views = (np.concatenate(each) for each in zip(*parts, strict=True))
    is_known = np.isfinite(views)
    return _Measures(pages[is_known], kinds[is_known], seconds[is_known], views[is_known])
