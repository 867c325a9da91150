"""Metric ledger: keeps which of Facebook's metrics are live, retired or unconfirmed.

It has the daily metrics of Pages and the lifetime metrics of posts.

A metric that Facebook begins to refuse is retired on that day, and live again once it is answered.
Its history stays. Neither needs a change of code: the seed gives only the first rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, insert_into
from storage.models import InsightMetric

MetricScope = Literal["page", "post"]


@dataclass(frozen=True)
class MetricFacts:
    """One metric; columns as of `storage.models.InsightMetric`.

    ``label`` is part of URLs, so a published one must not change.
    """

    name: str
    label: str
    unit: str
    kind: str
    meaning: str
    status: str
    retired_on: date | None
    replaced_by: str | None


@dataclass(frozen=True)
class LedgerMetric(MetricFacts):
    """One metric of the ledger. ``probed_at``: when Facebook last answered or refused it."""

    probed_at: datetime | None


def seed_ledger(session: Session) -> None:
    """Add the metrics that the ledger lacks; stored ones stay unchanged."""
    rows = [
        {"scope": scope, "position": position, "probed_at": None, **asdict(row)}
        for scope, seed in SEEDS.items()
        for position, row in enumerate(seed)
    ]
    statement = insert_into(session, InsightMetric).on_conflict_do_nothing(index_elements=["name"])
    session.execute(statement, rows)


def list_ledger(session: Session, scope: MetricScope = "page") -> list[LedgerMetric]:
    """Return every metric of Pages or of posts, in the order of the screens."""
    query = (
        select(*columns_of(LedgerMetric))
        .where(InsightMetric.scope == scope)
        .order_by(InsightMetric.position, InsightMetric.name)
    )
    return [LedgerMetric(*row) for row in session.execute(query)]


def columns_of(record: type[MetricFacts]) -> list[InstrumentedAttribute[Any]]:
    """Return the columns of InsightMetric for the fields of a record, in their order."""
    return [getattr(InsightMetric, each.name) for each in fields(record)]


def retire_metrics(
    session: Session, names: Collection[str], *, day: date, now: datetime
) -> list[str]:
    """Retire the live ones of these metrics as of ``day``; return their names, sorted."""
    live = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status == "live"
    )
    retired = sorted(session.scalars(live))
    if retired:
        _change(session, retired, status="retired", retired_on=day, probed_at=now)
        bump_data_version(session)
    return retired


def revive_metrics(session: Session, names: Collection[str], *, now: datetime) -> list[str]:
    """Mark these metrics as live; return the names of those that were not, sorted."""
    other = select(InsightMetric.name).where(
        InsightMetric.name.in_(names), InsightMetric.status != "live"
    )
    revived = sorted(session.scalars(other))
    if revived:
        _change(session, revived, status="live", retired_on=None, probed_at=now)
        bump_data_version(session)
    return revived


def note_probes(session: Session, names: Collection[str], *, now: datetime) -> None:
    """Store when Facebook last answered or refused these metrics; their status stays.

    A refused metric that is unconfirmed stays unconfirmed: it was never seen to work.
    """
    if names:
        _change(session, names, probed_at=now)


def _change(session: Session, names: Collection[str], **values: object) -> None:
    count_changed(
        session, update(InsightMetric).where(InsightMetric.name.in_(names)).values(**values)
    )


# Seed: the first rows of the ledger, in the order of the screens. Later the stored rows change with
# Facebook's answers; the seed does not. Sources: Meta's list of Page metrics and of the deprecated.
# https://developers.facebook.com/docs/graph-api/reference/insights
# https://developers.facebook.com/documentation/pages-api/platforminsights/page/deprecated-metrics

SPRING_2024 = date(2024, 3, 14)
AUTUMN_2025 = date(2025, 11, 15)
SUMMER_2026 = date(2026, 6, 15)


def _live(
    name: str, label: str, unit: str, kind: str, meaning: str, *, status: str = "live"
) -> MetricFacts:
    return MetricFacts(name, label, unit, kind, meaning, status, None, None)


def _retired(
    name: str, label: str, unit: str, kind: str, on: date, replaced_by: str | None, meaning: str
) -> MetricFacts:
    return MetricFacts(name, label, unit, kind, meaning, "retired", on, replaced_by)


SEED: tuple[MetricFacts, ...] = (
    _live(
        "page_media_view",
        "Views",
        "views",
        "count",
        "How often anything of the Page was shown or played: posts, stories, videos, ads.",
    ),
    _live(
        "page_total_media_view_unique",
        "Viewers",
        "viewers",
        "unique",
        "How many different people saw anything of the Page on the day.",
    ),
    _live(
        "page_post_engagements",
        "Engagements",
        "engagements",
        "count",
        "Reactions, comments, shares and clicks on the Page's posts.",
    ),
    _live(
        "page_views_total",
        "Page visits",
        "visits",
        "count",
        "How often the Page's own profile was opened.",
    ),
    _live(
        "page_video_views",
        "Video views",
        "video views",
        "count",
        "How often a video of the Page was played for at least three seconds.",
    ),
    _live(
        "page_follows",
        "Followers by Facebook's day",
        "followers",
        "level",
        "How many people followed the Page when Facebook's day ended.",
    ),
    _live(
        "page_daily_follows_unique",
        "New follows",
        "people",
        "unique",
        "How many people began to follow the Page on the day.",
    ),
    _live(
        "page_daily_unfollows_unique",
        "Unfollows",
        "people",
        "unique",
        "How many people stopped following the Page on the day.",
        status="unconfirmed",
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

# Metrics of posts. Sources as above; which of them answer: see "posts" in docs/figures.md.
POST_SEED: tuple[MetricFacts, ...] = (
    _live(
        "post_media_view",
        "Views of posts",
        "views",
        "count",
        "How often the post was shown or played, ads included.",
    ),
    _live(
        "post_total_media_view_unique",
        "Viewers of posts",
        "viewers",
        "unique",
        "How many different people saw the post.",
    ),
    _live(
        "post_clicks",
        "Clicks on posts",
        "clicks",
        "count",
        "Clicks anywhere on the post.",
    ),
    _live(
        "post_clicks_by_type",
        "Clicks on posts by type",
        "clicks",
        "count",
        "Clicks on links, photos, videos and the rest of the post.",
    ),
    _live(
        "post_reactions_by_type_total",
        "Reactions to posts",
        "reactions",
        "count",
        "Reactions to the post and to its reshares.",
    ),
    _live(
        "post_activity_by_action_type",
        "Comments and shares of posts",
        "actions",
        "count",
        "Comments on the post and its reshares, and how often it was shared.",
    ),
    _live(
        "post_video_views",
        "Video views of posts",
        "video views",
        "count",
        "How often the post's video was played for at least three seconds.",
    ),
    _live(
        "post_video_view_time",
        "Time watched",
        "milliseconds",
        "count",
        "How long the post's video was played, all plays together.",
    ),
    _retired(
        "post_impressions",
        "Impressions of posts",
        "impressions",
        "count",
        AUTUMN_2025,
        "post_media_view",
        "How often the post entered a screen, as Facebook counted before views.",
    ),
    _retired(
        "post_impressions_unique",
        "Reach of posts",
        "people",
        "unique",
        SUMMER_2026,
        "post_total_media_view_unique",
        "How many different people had the post on their screen.",
    ),
    _retired(
        "post_engaged_users",
        "Engaged people of posts",
        "people",
        "unique",
        SPRING_2024,
        "post_clicks",
        "How many different people clicked anywhere on the post.",
    ),
)
SEEDS: Mapping[MetricScope, tuple[MetricFacts, ...]] = {"page": SEED, "post": POST_SEED}
