"""Post figures: computes the lifetime figures of a post at any moment.

Views grow fast at first and level off: ``total * (1 - exp(-age / pace))``. Those of a few posts
fall again later, as when the platform takes back what it counted.
"""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from fb.sandbox.world.posts import ALBUM, LINK, PHOTO, REEL, SHARE, VIDEO, Post

_DAY = timedelta(days=1)
_REACTION_SHARES = {
    "like": 0.78,
    "love": 0.14,
    "wow": 0.03,
    "haha": 0.03,
    "sorry": 0.012,
    "anger": 0.008,
}
_TAKEN_BACK = 0.06  # the share of its figures that a falling post loses
_FALLS_FROM_DAYS = 8


class PostFigures(NamedTuple):
    """Figures at one moment; reshares are included. Kinds without a count are left out."""

    views_unpaid: int
    views_paid: int
    viewers: int
    clicks_by_type: dict[str, int]
    reactions_by_type: dict[str, int]
    comments: int
    shares: int
    video_views: int
    watch_ms: int

    @property
    def views(self) -> int:
        """All views."""
        return self.views_unpaid + self.views_paid

    @property
    def reactions(self) -> int:
        """All reactions."""
        return sum(self.reactions_by_type.values())


def count_figures(post: Post, moment: datetime) -> PostFigures:
    """Return the figures at ``moment``; all are 0 before the post is published."""
    age_days = (moment - post.published_at) / _DAY
    unpaid = post.views_unpaid * _grow(age_days, post.pace_days) * _take_back(post, age_days)
    paid = post.views_paid * _grow(age_days - 1, 2.0)  # boosted on its second day
    views = int(unpaid) + int(paid)
    is_video = post.kind in (VIDEO, REEL)
    video_views = int(views * 0.55) if is_video else 0
    reactions = unpaid * _spread(post, 1, 0.012, 0.04) + paid * 0.004
    counts = {name: int(reactions * share) for name, share in _REACTION_SHARES.items()}
    return PostFigures(
        views_unpaid=int(unpaid),
        views_paid=int(paid),
        viewers=int(views * _spread(post, 2, 0.6, 0.85)),
        clicks_by_type=_without_zeros(_count_clicks(post, views)),
        reactions_by_type=_without_zeros(counts),
        comments=int(unpaid * _spread(post, 3, 0.0005, 0.006)),
        shares=int(unpaid * _spread(post, 4, 0.0003, 0.004)) if post.kind != SHARE else 0,
        video_views=video_views,
        watch_ms=video_views * int(_spread(post, 5, 3_000, 14_000)),
    )


def count_on_post_itself(post: Post, figures: PostFigures) -> tuple[int, int]:
    """Return reactions and comments without those on reshares, as the post's own node has them."""
    share = 0.82 if figures.shares else 1.0
    return int(figures.reactions * share), int(figures.comments * share)


def _grow(age_days: float, pace_days: float) -> float:
    return 1 - math.exp(-age_days / pace_days) if age_days > 0 else 0.0


def _take_back(post: Post, age_days: float) -> float:
    if post.seed % 23:
        return 1.0
    return 1 - _TAKEN_BACK * _grow(age_days - _FALLS_FROM_DAYS, 2.0)


def _count_clicks(post: Post, views: int) -> dict[str, int]:
    clicks = {"other clicks": int(views * _spread(post, 6, 0.004, 0.015))}
    share = _spread(post, 7, 0.015, 0.05)
    if post.kind in (PHOTO, ALBUM):
        clicks["photo view"] = int(views * share)
    elif post.kind in (VIDEO, REEL):
        clicks["video play"] = int(views * share * 0.5)
    elif post.kind == LINK:
        clicks["link clicks"] = int(views * share)
    return clicks


def _without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _spread(post: Post, salt: int, low: float, high: float) -> float:
    """Return a number between the two that is always the same for this post and ``salt``."""
    mixed = (post.seed * 2_654_435_761 + salt * 40_503_001) % 2**32
    mixed = (mixed ^ mixed >> 15) * 2_246_822_519 % 2**32
    return low + (high - low) * (mixed ^ mixed >> 13) / 2**32
