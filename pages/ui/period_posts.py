"""Posts of a period beside other figures: tiles, tables and sentences of one record. Pure."""

from __future__ import annotations

from dataclasses import asdict

from pages.queries import POST_AGE
from pages.records import PeriodPosts
from pages.text.formats import UNKNOWN, count, counted, cut, day, span
from pages.text.glossary import meaning
from pages.text.post_figures import per_week
from pages.text.posts_text import (
    coverage_text,
    percent,
    rounded,
    times,
    with_figures,
    zone_name,
)
from pages.ui.export.report import Section, Table
from pages.ui.post_links import name_of
from pages.ui.tiles import Tile, change_delta
from storage.metrics import formulas
from storage.posts.analysis import AgedPost

MAX_NAME, MAX_TEXT = 60, 60
SAME_AGE = (
    "Views and rate are those of each post 7 days after it was published, so that all of them had "
    "the same time to be seen."
)


def tiles(posts: PeriodPosts) -> list[Tile]:
    """Posts per week, median views at 7 days, and engagement rate by views."""
    summary = posts.summary
    of = counted(summary.posts_count, "post")
    return [
        Tile("Posts per week", per_week_of(posts), note=of, help=meaning("posts_per_week")),
        Tile(
            "Median views at 7 days",
            None if summary.median_views is None else rounded(summary.median_views),
            median_delta(posts),
            f"{count(summary.with_views_count)} of {of}",
            f"{meaning('median_views')} {meaning('checkpoint')}",
        ),
        Tile(
            "Engagement rate by views",
            None if summary.rate_percent is None else percent(summary.rate_percent),
            note=f"{count(summary.rate_count)} of {of}",
            help=meaning("post_rate"),
        ),
    ]


def per_week_of(posts: PeriodPosts) -> str | None:
    """The posts a week; None where no post is known and not all of the days are."""
    if not posts.summary.posts_count and not posts.is_whole:
        return None
    return per_week(posts.summary.per_week, is_whole=posts.is_whole)


def median_delta(posts: PeriodPosts) -> str | int | None:
    """The change of the median views against the period before; None for too few posts."""
    now, before = posts.summary.median_views, posts.median_before
    if now is None or before is None:
        return None
    return change_delta(round(now) - round(before), median_percent(posts))


def median_percent(posts: PeriodPosts) -> float | None:
    """The same in percent; None also for less than 100 views in the period before."""
    now, before = posts.summary.median_views, posts.median_before
    if now is None or before is None:
        return None
    return formulas.growth_percent(round(before), round(now))


def describe_days(posts: PeriodPosts) -> str:
    """ "Published 26 Oct – 22 Nov 2026 (Europe/Berlin)."."""
    return f"Published {span(posts.since, posts.until)} ({zone_name(posts.zone)})."


def describe_missing(posts: PeriodPosts) -> str:
    """The sentence on what the posts do not include; empty where nothing is missing."""
    numbers = asdict(posts.coverage)
    del numbers["pages_count"]
    return coverage_text(**numbers)


def sections(posts: PeriodPosts | None, *, has_page_names: bool) -> list[Section]:
    """The part of a report: the tiles as a table, and the posts furthest above their usual.

    Nothing without a post in the period.
    """
    if posts is None or not posts.summary.posts_count:
        return []
    figures = [(tile.label, tile.value or UNKNOWN, tile.note or "") for tile in tiles(posts)]
    tables = [Table(("All posts", "", "Of"), figures)]
    if posts.best:
        header = ["Post", "Published", "Views at 7 days", "Times usual"]
        rows = [_row(posts, post) for post in posts.best]
        if has_page_names:
            header.insert(1, "Page")
            rows = [
                (row[0], cut(posts.details[post.id].page_name, MAX_NAME), *row[1:])
                for row, post in zip(rows, posts.best, strict=True)
            ]
        tables.append(Table(header, rows, numbers_from=len(header) - 2))
    return [Section("Posts", tables=tables, caption=remarks(posts))]


def _row(posts: PeriodPosts, post: AgedPost) -> tuple[str, ...]:
    return (
        name_of(posts.details[post.id], posts.zone, MAX_TEXT),
        day(post.published_at.astimezone(posts.zone).date()),
        count(post.views),
        times(post.times_usual),
    )


def remarks(posts: PeriodPosts) -> str:
    """The sentences on the days, on what the figures are of, and on what is missing."""
    summary = posts.summary
    sentences = [
        describe_days(posts),
        SAME_AGE if summary.posts_count else "",
        with_figures(
            summary.posts_count,
            summary.with_views_count,
            summary.too_young_count,
            summary.missed_count,
            POST_AGE,
        ),
        describe_missing(posts),
    ]
    return " ".join(each for each in sentences if each)
