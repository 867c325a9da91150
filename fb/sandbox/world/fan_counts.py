"""Fan counts: compute fans and followers of a Page on any day, from its seed and the day alone.

The formula must not change, since databases contain figures of past days.
"""

import math
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from fb.sandbox.world.world import Page

_ORIGIN = date(2026, 1, 5).toordinal()  # a Monday
# The share of a week's change before each weekday: most of it falls on weekends.
_WEEK_SO_FAR = (0.0, 0.11, 0.22, 0.34, 0.47, 0.63, 0.83)
_WAVES = ((371.0, 0.05), (143.0, 0.018), (61.0, 0.007), (29.0, 0.0025), (11.3, 0.0006))
_SATURATION_DAYS = 700.0  # growth levels off, so that counts of later years stay plausible
# On a purge the platform removes fake accounts: three of four Pages lose followers that day.
_PURGE_EVERY_DAYS = 91
_PURGE_FIRST = date(2026, 11, 10).toordinal()
_SPIKE_EVERY_DAYS = 240


class FanCounts(NamedTuple):
    """Both counts; None for a Page that has none."""

    fans_count: int | None
    followers_count: int | None


@lru_cache(maxsize=200_000)
def count_fans(page: Page, day: date) -> FanCounts:
    """Return the counts at the end of ``day`` (UTC), which may be any day, also before 2026."""
    if not page.has_counts:
        return FanCounts(None, None)
    ordinal = day.toordinal()
    followers = round(page.base_count * math.exp(_level(page, ordinal)))
    if page.base_count:
        followers += round(_noise(page.seed, ordinal) * (0.6 + page.base_count * 0.00012))
    followers = max(followers, 0)
    if page.is_new_experience:
        return FanCounts(followers, followers)
    # On a classic Page, a few fans are no followers, and a few followers are no fans.
    return FanCounts(round(followers * (0.94 + 0.1 * _share(page.seed, 1))), followers)


def _level(page: Page, ordinal: int) -> float:
    """Return the natural logarithm of followers / base_count: drift, waves, campaign, purges."""
    days = ordinal - _ORIGIN
    rhythm = days - days % 7 + 7 * _WEEK_SO_FAR[days % 7]
    level = page.yearly_growth / 365 * _SATURATION_DAYS * math.tanh(rhythm / _SATURATION_DAYS)
    for number, (period, height) in enumerate(_WAVES):
        phase = math.tau * _share(page.seed, 10 + number)
        level += page.restlessness * height * math.sin(math.tau * rhythm / period + phase)
    since_purge = (ordinal - _PURGE_FIRST) % _PURGE_EVERY_DAYS
    level += page.purge_ratio * since_purge / _PURGE_EVERY_DAYS
    return level + (_campaigns(page.seed, ordinal) if page.seed % 8 == 0 else 0.0)


def _campaigns(seed: int, ordinal: int) -> float:
    """Return the effect of campaigns: a steep rise within a week that fades over months."""
    total = 0.0
    current = ordinal // _SPIKE_EVERY_DAYS
    for number in range(current - 2, current + 1):
        start = number * _SPIKE_EVERY_DAYS + 200 * _share(seed, number)
        age = ordinal - start
        if age > 0:
            total += 0.18 * (1 - math.exp(-age / 3)) * math.exp(-age / 80)
    return total


def _share(seed: int, salt: int) -> float:
    """Return a reproducible pseudo-random number in [0, 1) (the finisher of splitmix64)."""
    mixed = (seed + salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ (mixed >> 31)) / 2**64


def _noise(seed: int, ordinal: int) -> float:
    return 2 * _share(seed, ordinal) - 1
