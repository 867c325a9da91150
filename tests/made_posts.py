"""Posts as a dashboard has them that has read them for months: every reading was in time."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from storage.db.installation import bump_data_version
from storage.db.upsert import table_of, upsert
from storage.metrics.posts import CHECKPOINTS
from storage.models import Post, PostCheckpoint, PostState
from storage.posts.posts import CHECKPOINT_FIGURES, store_posts
from storage.posts.rows import PostFigures, PostKind, ReadPost

KINDS: tuple[PostKind, ...] = (
    *("photo", "photo", "link", "video", "photo"),
    *("text", "reel", "album", "link", "shared_post"),
)
TEXTS = (
    "New bread on Saturday: rye with walnuts, from eight in the morning. #bakery #saturday",
    "Thank you for 1,000 visitors at our open day! Here are the pictures of the evening.",
    "Who can guess what arrives next week? The first right answer gets a basket. #quiz",
    "Opening hours over the holidays: closed on the 25th and the 26th, open as always otherwise.",
    "Behind the scenes: how the new season's collection is made. #behindthescenes #season",
)
HOSTILE = (
    '=HYPERLINK("https://evil.example","x") <img src=x onerror=alert(1)> **b** :material/delete:',
    "\u202emurder eht fo txet\u202c \u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, "
    "\u05d6\u05d4 \u05e4\u05d5\u05e1\u05d8",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 www.evil.com @x",
    "x" * 1900,
    None,
)


def give_posts(
    session: Session,
    page_ids: Sequence[str],
    now: datetime,
    *,
    days: int = 120,
    per_week: int = 4,
    seed: int = 7,
) -> list[str]:
    """Store posts of the last ``days`` for each Page, with the readings of their lives.

    Views grow towards a number that depends on the Page, the kind and the hour; Reels have none.
    The newest posts of the first Page have hostile texts, and two later ones are boosted and gone.
    Returns the ids of the first Page's posts, newest first.
    """
    dice = random.Random(seed)
    posts: list[ReadPost] = []
    checkpoints: list[dict[str, Any]] = []
    for place, page_id in enumerate(page_ids):
        size = 400 * 1.25 ** (place % 12)
        for number in range(days * per_week // 7):
            hour = dice.choice((8, 9, 12, 15, 18, 18, 20))
            at = now - timedelta(days=number * 7 / per_week, hours=3)
            at = min(at.replace(hour=hour, minute=dice.randrange(60)), at)
            kind = KINDS[(number + place) % len(KINDS)]
            final = size * (1.6 if hour == 18 else 1.0) * (1.4 if kind == "photo" else 0.9)
            final *= dice.lognormvariate(0, 0.5)
            is_told = kind != "reel"
            text = HOSTILE[number] if not place and number < len(HOSTILE) else dice.choice(TEXTS)
            post_id = f"{page_id}_{9_000_000 + number}"
            age = now - at
            newest = figures_at(final, age) if is_told and age > timedelta(hours=20) else None
            url = f"https://www.facebook.com/{page_id}/posts/{9_000_000 + number}"
            posts.append(ReadPost(post_id, page_id, at, kind, text, url, newest))
            if is_told:
                checkpoints += readings_of(post_id, at, final, now)
    store_posts(session, posts, now=now, keeps_text=True)
    table = table_of(Post)
    session.execute(
        update(table)
        .where(table.c.id.in_([post.id for post in posts]))
        .values(first_seen_at=table.c.published_at, views_paid=0, views_unpaid=100)
    )
    session.execute(insert(table_of(PostCheckpoint)).prefix_with("OR REPLACE"), checkpoints)
    first = [post.id for post in posts if post.page_id == page_ids[0]]
    session.execute(
        update(table)
        .where(table.c.id == first[5])
        .values(views_paid=40, views_unpaid=60, paid_age_days=7)
    )
    session.execute(update(table).where(table.c.id == first[6]).values(gone_at=now))
    states = [
        {
            "page_id": page_id,
            "state": "ok",
            "asked_at": now,
            "answered_at": now,
            "covered_since": now - timedelta(days=730),
            "covered_until": now,
            "is_complete": True,
            "rows_limit": 25,
            "left_out": [],
            "reels_state": "ok",
            "reels_asked_at": now,
        }
        for page_id in page_ids
    ]
    upsert(session, PostState, states)
    bump_data_version(session)
    return first


def readings_of(
    post_id: str, published_at: datetime, final: float, now: datetime
) -> list[dict[str, Any]]:
    """The checkpoints of a post that was read three hours after each age."""
    rows = []
    for age_days in CHECKPOINTS:
        age = timedelta(days=age_days, hours=3)
        if published_at + age <= now:
            figures = figures_at(final, age)
            values = {name: getattr(figures, name) for name in CHECKPOINT_FIGURES}
            rows.append(
                {
                    "post_id": post_id,
                    "age_days": age_days,
                    "read_at": published_at + age,
                    **values,
                }
            )
    return rows


def figures_at(final: float, age: timedelta) -> PostFigures:
    """The figures of a post at an age, of ``final`` views in the end."""
    views = round(final * (1 - math.exp(-age / timedelta(days=2.5))))
    reactions = views // 40
    return PostFigures(
        views=views,
        viewers=views * 3 // 4,
        clicks=views // 30,
        link_clicks=views // 90,
        reactions=reactions,
        comments=reactions // 5,
        shares=reactions // 8,
    )
