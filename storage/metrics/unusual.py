"""Unusual days: finds changes beyond a Page's usual noise, and days on which many Pages fell.

A day's change x is unusual when its modified z-score 0.6745 (x - median) / MAD is 3.5 or more, or
-3.5 or less, and x is at least 5 people and 0.1 % of the figure (Iglewicz and Hoaglin). MAD is the
median absolute deviation. Median and MAD are of the days before, so the day itself does not widen
its own limits.
https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAILING_DAYS = 28  # days before whose changes are the usual noise
MIN_CHANGES = 14  # with fewer known changes a day is not judged

MIN_Z = 3.5
MIN_CHANGE = 5
MIN_SHARE = 0.001

NOT_JUDGED, USUAL, ROSE, FELL = 0, 1, 2, 3

_MAD_OF_A_DEVIATION = 0.6745  # MAD divided by the standard deviation, for normal noise
_MEAN_DISTANCE_TO_A_DEVIATION = 1.253314  # standard deviation divided by the mean distance

_MIN_FALLEN = 5
_MIN_FALLEN_PERCENT = 30
# Below this share of the Pages a day is not named. Among many Pages some are unusual on any day, so
# they need a larger share.
_MIN_WIDE_RATIO, _MIN_WIDE_RATIO_OF_MANY, _MANY = 0.05, 0.15, 20


def find_unusual(changes: NDArray[Any], figures: NDArray[Any]) -> NDArray[np.int8]:
    """Judge the last day of many Pages at once, each by its own days before.

    ``changes``: one row per Page, one column per day, oldest first; the last column is the judged
    day. NaN where a day has no figure, or where the change is over several days. ``figures``: each
    Page's figure on the judged day, or NaN. Of the days before only the last TRAILING_DAYS count.

    Returns for each Page NOT_JUDGED (the change is unknown, or fewer than MIN_CHANGES before it
    are known), USUAL, ROSE or FELL. A Page that gained is never FELL: +20 where +100 is usual is
    USUAL. When more than half of the days before are equal, the MAD is 0 and the mean distance from
    the median is used instead. When all are equal, any other change is unusual.
    """
    changed = np.asarray(changes, dtype=np.float64)
    before, judged = changed[:, -1 - TRAILING_DAYS : -1], changed[:, -1]
    known_count = np.isfinite(before).sum(axis=1)
    middle = _median_of_rows(before, known_count)
    distances = np.abs(before - middle[:, np.newaxis])
    deviation = _median_of_rows(distances, known_count) / _MAD_OF_A_DEVIATION
    still = deviation == 0
    if still.any():
        mean = np.nansum(distances[still], axis=1) / np.maximum(known_count[still], 1)
        deviation[still] = _MEAN_DISTANCE_TO_A_DEVIATION * mean
    is_judged = np.isfinite(judged) & (known_count >= MIN_CHANGES)
    shift = judged - middle
    least = np.fmax(MIN_CHANGE, MIN_SHARE * np.asarray(figures, dtype=np.float64))
    is_far = (np.abs(shift) >= MIN_Z * deviation) & (np.abs(judged) >= least) & is_judged
    marks = np.where(is_judged, USUAL, NOT_JUDGED).astype(np.int8)
    marks[is_far & (shift > 0) & (judged > 0)] = ROSE
    marks[is_far & (shift < 0) & (judged < 0)] = FELL
    return marks


def is_platform_wide(judged_count: int, fell_count: int) -> bool:
    """Return whether so many Pages fell on one day that Facebook is the likely cause.

    At least 5 Pages and at least 30 % of those judged: most likely a clean-up of accounts.
    """
    return fell_count >= _MIN_FALLEN and 100 * fell_count >= _MIN_FALLEN_PERCENT * judged_count


def moved_ratio(judged_count: int, moved_count: int) -> float:
    """Return moved Pages divided by judged Pages, from 0 to 1; 0 when none was judged."""
    return moved_count / judged_count if judged_count else 0.0


def is_of_most(judged_count: int, counted_count: int) -> bool:
    """Return whether at least half of the Pages with a figure on a day could be judged."""
    return 2 * judged_count >= counted_count


def is_wide(judged_count: int, rose_count: int, fell_count: int) -> bool:
    """Return whether so many Pages rose or fell on one day that a screen should name the day.

    If it is False, it is also False for any larger ``judged_count``.
    """
    ratio = _MIN_WIDE_RATIO_OF_MANY if judged_count >= _MANY else _MIN_WIDE_RATIO
    is_many = moved_ratio(judged_count, rose_count + fell_count) >= ratio
    return is_many or is_platform_wide(judged_count, fell_count)


def _median_of_rows(rows: NDArray[np.float64], known_count: NDArray[Any]) -> NDArray[np.float64]:
    """Return the median of each row's numbers; NaN for a row without any.

    Sorting puts NaN last, so the middle is found by counting: 30 times faster than numpy's
    ``nanmedian`` (measured).
    """
    if not rows.shape[1]:
        return np.full(len(rows), np.nan)
    ordered = np.sort(rows, axis=1)
    each = np.arange(len(rows))
    upper = np.minimum(known_count // 2, rows.shape[1] - 1)
    lower = np.maximum(known_count - 1, 0) // 2
    middle: NDArray[np.float64] = (ordered[each, lower] + ordered[each, upper]) / 2
    return middle
