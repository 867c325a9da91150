"""Posts: the ages at which they are compared, and every figure that is made of their readings.

Comparisons are made at the same age, since Facebook tells lifetime totals only: a post that had a
week to grow and one that had an hour say nothing about each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median, quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The ages of checkpoints in days, and how much later a reading may come.
CHECKPOINTS: dict[int, timedelta] = {
    1: timedelta(hours=36),
    3: timedelta(hours=36),
    7: timedelta(hours=36),
    28: timedelta(days=3),
    90: timedelta(days=10),
}
USUAL_DAYS = 180  # days before a post whose posts are its measure
MIN_USUAL_POSTS = 8
MIN_USUAL_VIEWS = 20
MIN_RATE_VIEWS = 100
MIN_RATE_FOLLOWERS = 100
MIN_MEDIAN_POSTS = 5  # also of a cell of "when posts did well", and of a hashtag
MIN_GRID_POSTS = 200
SETTLED_DAYS = 28  # lifetime figures of older posts hardly change any more
MAX_POSTS_A_YEAR = 600  # of more Facebook may leave some out

_ROWS_AT_ONCE = 10_000  # bounds the memory of medians
# Of keys that order posts by group and time: seconds from the year 0 to 9999 fit in.
_EPOCH, _GROUP = 2**38, 2**39


def find_checkpoint(age: timedelta) -> int | None:
    """Return the age in days of the checkpoint that a reading at ``age`` makes; None for none.

    A reading is in time from the age itself on, until its margin has passed.
    """
    for days, margin in CHECKPOINTS.items():
        if timedelta(days=days) <= age < timedelta(days=days) + margin:
            return days
    return None


def interactions(reactions: int | None, comments: int | None, shares: int | None) -> int | None:
    """Return reactions, comments and shares together; None when one of them is unknown."""
    if reactions is None or comments is None or shares is None:
        return None
    return reactions + comments + shares


def engagements(interactions: int | None, clicks: int | None) -> int | None:
    """Return interactions and clicks together; None when either is unknown."""
    return None if interactions is None or clicks is None else interactions + clicks


def engagement_rate_percent(engagements: int | None, views: int | None) -> float | None:
    """Return engagements as a percentage of views; None when unknown or below MIN_RATE_VIEWS.

    It may exceed 100: reactions on reshares count, their views do not.
    """
    if engagements is None or views is None or views < MIN_RATE_VIEWS:
        return None
    return 100 * engagements / views


def pooled_rate_percent(pairs: Iterable[tuple[int | None, int | None]]) -> float | None:
    """Return the engagement rate of several posts: their sums, not the mean of their rates.

    ``pairs`` are engagements and views; a post that lacks either does not count. None below
    MIN_RATE_VIEWS views.
    """
    known = [(e, v) for e, v in pairs if e is not None and v is not None]
    return engagement_rate_percent(sum(e for e, _ in known), sum(v for _, v in known))


def interaction_rate_percent(interactions: int | None, followers: int | None) -> float | None:
    """Return a post's interactions by the followers on the day it was published: 2.5 is 2.5 %.

    None when either is unknown, or for fewer than MIN_RATE_FOLLOWERS.
    """
    if interactions is None or followers is None or followers < MIN_RATE_FOLLOWERS:
        return None
    return 100 * interactions / followers


def times_usual(value: float | None, usual: float | None) -> float | None:
    """Return a post's views divided by the usual ones: 2.4.

    None when either is unknown, or usual is below MIN_USUAL_VIEWS.
    """
    if value is None or usual is None or usual < MIN_USUAL_VIEWS:
        return None
    return value / usual


def paid_share_percent(paid: int | None, unpaid: int | None) -> float | None:
    """Return paid views as a percentage of all views; None when unknown or without views."""
    if paid is None or unpaid is None or paid + unpaid <= 0:
        return None
    return 100 * paid / (paid + unpaid)


def posts_per_week(posts_count: int, days_count: int) -> float:
    """Return posts per seven days. Raises ValueError unless ``days_count`` is 1 or more."""
    if days_count < 1:
        raise ValueError("a period has at least one day")
    return 7 * posts_count / days_count


def median_of(values: Iterable[float | None]) -> float | None:
    """Return the median of the known values; None below MIN_MEDIAN_POSTS."""
    known = [value for value in values if value is not None]
    return median(known) if len(known) >= MIN_MEDIAN_POSTS else None


def quartiles_of(values: Sequence[int]) -> tuple[float, float, float] | None:
    """Return the lower quartile, the median and the upper one; None below MIN_USUAL_POSTS.

    Between two values they are interpolated, and never beyond the smallest and the largest.
    """
    if len(values) < MIN_USUAL_POSTS:
        return None
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    return lower, middle, upper


def earlier_medians(
    groups: NDArray[np.int64],
    seconds: NDArray[np.int64],
    values: NDArray[Any],
    of_groups: NDArray[np.int64],
    of_seconds: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what was usual before each of many posts, and how many posts that rests on.

    The first three arrays are the posts that measure: a number of their group (a Page, or one kind
    of its posts), when they were published (Unix time) and their views, all known. For each post of
    the other two: the median of those of its group that were published in the USUAL_DAYS before it,
    not at the same second. NaN where they are fewer than MIN_USUAL_POSTS.
    """
    keys = groups * _GROUP + seconds + _EPOCH
    order = np.argsort(keys, kind="stable")
    keys, ordered = keys[order], np.asarray(values, dtype=np.float64)[order]
    ends = of_groups * _GROUP + of_seconds + _EPOCH
    stop = np.searchsorted(keys, ends)
    start = np.searchsorted(keys, ends - USUAL_DAYS * 86_400)
    counts = (stop - start).astype(np.int64)
    medians = np.full(len(counts), np.nan)
    enough = np.flatnonzero(counts >= MIN_USUAL_POSTS)
    # Rows of about the same length together: the shorter ones are filled up at their end.
    enough = enough[np.argsort(counts[enough], kind="stable")]
    for first in range(0, len(enough), _ROWS_AT_ONCE):
        some = enough[first : first + _ROWS_AT_ONCE]
        count = counts[some]
        column = np.arange(count[-1])
        index = np.minimum(start[some][:, np.newaxis] + column, len(ordered) - 1)
        rows = np.where(column < count[:, np.newaxis], ordered[index], np.inf)
        rows.sort(axis=1)
        each = np.arange(len(some))
        medians[some] = (rows[each, (count - 1) // 2] + rows[each, count // 2]) / 2
    return medians, counts
