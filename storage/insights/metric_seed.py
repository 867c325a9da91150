"""Metric seed: the first rows of the ledger, in the order of the screens.

Later the stored rows change with Facebook's answers; the seed does not. Sources: Meta's list of
Page metrics and of the deprecated ones.
https://developers.facebook.com/docs/graph-api/reference/insights
https://developers.facebook.com/documentation/pages-api/platforminsights/page/deprecated-metrics
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["level", "count", "unique"]
Status = Literal["live", "retired", "unconfirmed"]

AUTUMN_2025 = date(2025, 11, 15)
SUMMER_2026 = date(2026, 6, 15)
SPRING_2024 = date(2024, 3, 14)


@dataclass(frozen=True)
class SeedMetric:
    """One seed row; columns as of `storage.models.InsightMetric`.

    ``label`` is part of URLs, so a published one must not change.
    """

    name: str
    label: str
    unit: str
    kind: Kind
    meaning: str
    status: Status = "live"
    retired_on: date | None = None
    replaced_by: str | None = None


def _retired(
    name: str, label: str, unit: str, kind: Kind, on: date, replaced_by: str | None, meaning: str
) -> SeedMetric:
    return SeedMetric(name, label, unit, kind, meaning, "retired", on, replaced_by)


SEED: tuple[SeedMetric, ...] = (
    SeedMetric(
        "page_media_view",
        "Views",
        "views",
        "count",
        "How often anything of the Page was shown or played: posts, stories, videos, ads.",
    ),
    SeedMetric(
        "page_total_media_view_unique",
        "Viewers",
        "viewers",
        "unique",
        "How many different people saw anything of the Page on the day.",
    ),
    SeedMetric(
        "page_post_engagements",
        "Engagements",
        "engagements",
        "count",
        "Reactions, comments, shares and clicks on the Page's posts.",
    ),
    SeedMetric(
        "page_views_total",
        "Page visits",
        "visits",
        "count",
        "How often the Page's own profile was opened.",
    ),
    SeedMetric(
        "page_video_views",
        "Video views",
        "video views",
        "count",
        "How often a video of the Page was played for at least three seconds.",
    ),
    SeedMetric(
        "page_follows",
        "Followers by Facebook's day",
        "followers",
        "level",
        "How many people followed the Page when Facebook's day ended.",
    ),
    SeedMetric(
        "page_daily_follows_unique",
        "New follows",
        "people",
        "unique",
        "How many people began to follow the Page on the day.",
    ),
    SeedMetric(
        "page_daily_unfollows_unique",
        "Unfollows",
        "people",
        "unique",
        "How many people stopped following the Page on the day.",
        "unconfirmed",
    ),
    _retired(
        "page_fans",
        "Fans by Facebook's day",
        "fans",
        "level",
        AUTUMN_2025,
        "page_follows",
        "How many people liked the Page when Facebook's day ended.",
    ),
    _retired(
        "page_fan_adds",
        "New likes",
        "likes",
        "count",
        AUTUMN_2025,
        "page_daily_follows_unique",
        "How many likes the Page got on the day.",
    ),
    _retired(
        "page_fan_adds_unique",
        "People who liked",
        "people",
        "unique",
        AUTUMN_2025,
        "page_daily_follows_unique",
        "How many people began to like the Page on the day.",
    ),
    _retired(
        "page_fan_removes",
        "Unlikes",
        "unlikes",
        "count",
        AUTUMN_2025,
        "page_daily_unfollows_unique",
        "How many likes of the Page were taken back on the day.",
    ),
    _retired(
        "page_fan_removes_unique",
        "People who unliked",
        "people",
        "unique",
        AUTUMN_2025,
        "page_daily_unfollows_unique",
        "How many people stopped liking the Page on the day.",
    ),
    _retired(
        "page_impressions",
        "Impressions",
        "impressions",
        "count",
        AUTUMN_2025,
        "page_media_view",
        "How often anything of the Page entered a screen, as Facebook counted before views.",
    ),
    _retired(
        "page_impressions_unique",
        "Reach",
        "people",
        "unique",
        SUMMER_2026,
        "page_total_media_view_unique",
        "How many different people had anything of the Page on their screen on the day.",
    ),
    _retired(
        "page_posts_impressions",
        "Post impressions",
        "impressions",
        "count",
        SUMMER_2026,
        "page_media_view",
        "How often the Page's posts entered a screen.",
    ),
    _retired(
        "page_posts_impressions_unique",
        "Post reach",
        "people",
        "unique",
        SUMMER_2026,
        "page_total_media_view_unique",
        "How many different people had a post of the Page on their screen on the day.",
    ),
    _retired(
        "page_video_views_unique",
        "Video viewers",
        "people",
        "unique",
        SUMMER_2026,
        None,
        "How many different people played a video of the Page on the day.",
    ),
    _retired(
        "page_engaged_users",
        "Engaged people",
        "people",
        "unique",
        SPRING_2024,
        "page_post_engagements",
        "How many different people clicked anywhere on the Page's posts on the day.",
    ),
)
