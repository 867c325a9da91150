"""Tiles of Posts: each with the change against the period before at the same age. Pure."""

from __future__ import annotations

from collections.abc import Callable

from pages.post_queries import Posts
from pages.text.formats import count, counted, number
from pages.text.glossary import meaning
from pages.text.posts_text import age_text, percent, rounded
from pages.ui.tiles import Tile, change_delta, points_delta
from storage.metrics import formulas
from storage.metrics.posts import MIN_MEDIAN_POSTS
from storage.posts.analysis import PostSummary


def tiles(posts: Posts) -> list[Tile]:
    """Posts a week, median views, engagement rate by views, and interactions per post."""
    summary, before = posts.summary, posts.before
    at = age_text(posts.view.age)
    return [
        Tile(
            "Posts per week",
            number(summary.per_week, 1),
            _difference(
                summary.per_week,
                before.per_week if before and posts.is_whole and posts.is_whole_before else None,
            ),
            _who(posts),
            meaning("posts_per_week"),
            is_neutral=True,
        ),
        Tile(
            "Median views",
            None if summary.median_views is None else rounded(summary.median_views),
            _views_delta(summary, before),
            _of(summary.with_views_count, summary, at),
            f"{meaning('median_views')} {_compared(before)}",
        ),
        Tile(
            "Engagement rate by views",
            None if summary.rate_percent is None else percent(summary.rate_percent),
            None
            if before is None or not _are_enough(summary, before, lambda each: each.rate_count)
            else points_delta(formulas.delta_points(summary.rate_percent, before.rate_percent)),
            _of(summary.rate_count, summary, at),
            f"{meaning('post_rate')} {_compared(before)}",
        ),
        Tile(
            "Interactions per post",
            None
            if summary.interactions_per_post is None
            else number(summary.interactions_per_post, 1),
            None
            if before is None
            or not _are_enough(summary, before, lambda each: each.interactions_count)
            else _difference(summary.interactions_per_post, before.interactions_per_post),
            _of(summary.interactions_count, summary, at),
            f"{meaning('post_interactions')} {_compared(before)}",
        ),
    ]


def _who(posts: Posts) -> str:
    summary = posts.summary
    text = f"{counted(summary.posts_count, 'post')} by {counted(summary.pages_count, 'Page')}"
    return text if posts.is_whole or not summary.posts_count else f"at least: {text}"


def _of(posts_count: int, summary: PostSummary, at: str) -> str:
    if posts_count and posts_count == summary.posts_count:
        return at
    return f"{at}, {count(posts_count)} of {counted(summary.posts_count, 'post')}"


def _compared(before: PostSummary | None) -> str:
    if before is None:
        return "Nothing is compared."
    return (
        f"The change is against the period before, at the same age; there is none with fewer than "
        f"{count(MIN_MEDIAN_POSTS)} posts in either."
    )


def _are_enough(
    summary: PostSummary, before: PostSummary, count_of: Callable[[PostSummary], int]
) -> bool:
    return min(count_of(summary), count_of(before)) >= MIN_MEDIAN_POSTS


def _views_delta(summary: PostSummary, before: PostSummary | None) -> str | int | None:
    if before is None or summary.median_views is None or before.median_views is None:
        return None
    now, then = round(summary.median_views), round(before.median_views)
    return change_delta(formulas.net(then, now), formulas.growth_percent(then, now))


def _difference(now: float | None, before: float | None) -> str | int | None:
    """A difference with one decimal as a delta; 0 stays a number."""
    if now is None or before is None:
        return None
    change = round(now, 1) - round(before, 1)
    return number(change, 1, sign=True) if round(change, 1) else 0
