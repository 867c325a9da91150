"""Posts for the screens that show them beside other figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import insert

from storage.db.installation import bump_data_version
from storage.models import PostState
from storage.posts.posts import store_posts
from storage.posts.rows import PostFigures, PostKind, ReadPost
from tests.screens.conftest import NOW, Stage

A_WEEK = timedelta(days=7)


def give_posts(
    stage: Stage,
    page_id: str,
    views_by_age: Mapping[float, int],
    *,
    kind: PostKind = "photo",
    text: str | None = "Post of {} days ago",
    covered_days: int = 400,
) -> None:
    """A Page whose posts of so many days ago had these views 7 days later, or have them now.

    A tenth of the views are reactions, and there is nothing else.
    """
    with stage.installation.database.writing() as session:
        for age, views in views_by_age.items():
            published_at = NOW - timedelta(days=age)
            read_at = min(NOW, published_at + A_WEEK + timedelta(hours=1))
            post = ReadPost(
                id=f"{page_id}_{round(age * 100)}",
                page_id=page_id,
                published_at=published_at,
                kind=kind,
                message=None if text is None else text.format(f"{age:g}"),
                permalink=None,
                figures=PostFigures(
                    views=views, reactions=views // 10, comments=0, shares=0, clicks=0
                ),
            )
            store_posts(session, [post], now=read_at, keeps_text=True)
        session.execute(
            insert(PostState).values(
                page_id=page_id,
                state="ok",
                asked_at=NOW,
                answered_at=NOW,
                covered_since=NOW - timedelta(days=covered_days),
                covered_until=NOW,
                is_complete=covered_days > 300,
                rows_limit=25,
                left_out=[],
            )
        )
        bump_data_version(session)
