"""Where a figure is going: a line of the last weeks' slope with a band around it, or no answer.

The slope is Theil and Sen's: the median of the slopes between all pairs of days, which neither a
clean-up nor one viral day can bend. The band is made of residuals: what each day's change was
beyond the slope. Eight of ten of those lie between their 10th and 90th percentile; h days on, as
many steps have added up and the slope's own error, known from n days, has grown with them:
sqrt(h + h²/n) times as wide, as for any walk with a drift.
https://en.wikipedia.org/wiki/Theil%E2%80%93Sen_estimator
https://otexts.com/fpp3/prediction-intervals.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from storage.metrics.changes import DailyChange, list_daily_changes

MIN_FIGURES = 14
WINDOW_DAYS = 56  # what is older says nothing of the present pace
MAX_HORIZON_DAYS = 90  # days
MAX_AGE_DAYS = 7  # days; from an older figure nobody should look ahead

LOW_PERCENT, HIGH_PERCENT = 10, 90


@dataclass(frozen=True)
class ForecastDay:
    """One day to come: in eight of ten cases the figure is from ``low`` to ``high``, in people."""

    day: date
    low: int
    middle: int
    high: int


@dataclass(frozen=True)
class Forecast:
    """What is to be expected after ``last_day``, which had ``last_figure``; ``days`` oldest first.

    ``slope`` is in people a day, found in ``figures_count`` figures.
    """

    last_day: date
    last_figure: int
    slope: float
    figures_count: int
    days: tuple[ForecastDay, ...]


@dataclass(frozen=True)
class Refusal:
    """Why there is no forecast.

    ``reason``: none (no figure at all) · old (the newest, of ``last_day``, is more than
    MAX_AGE_DAYS days old) · few (``figures_count`` in the window) · nobody (it is 0).
    """

    reason: Literal["none", "old", "few", "nobody"]
    figures_count: int = 0
    last_day: date | None = None


@dataclass(frozen=True)
class Arrival:
    """When a target is reached: not before ``earliest``, and by ``latest`` at the latest.

    Each is None where it lies beyond the forecast; ``latest`` is always so when ``earliest`` is.
    """

    earliest: date | None
    latest: date | None


def find_forecast(figures: Mapping[date, int | None], today: date) -> Forecast | Refusal:
    """The days after the newest figure, as many as there is history, at most MAX_HORIZON_DAYS.

    ``figures``: every known day of one Page; none after ``today`` counts. Missing days are no zeros
    and bend nothing. A Refusal where there is too little to go by.
    """
    changes = [each for each in list_daily_changes(figures) if each.day <= today]
    if not changes:
        return Refusal("none")
    newest = changes[-1]
    window = [each for each in changes if (newest.day - each.day).days < WINDOW_DAYS]
    if (today - newest.day).days > MAX_AGE_DAYS:
        return Refusal("old", len(window), newest.day)
    if not newest.figure:
        return Refusal("nobody", len(window), newest.day)
    if len(window) < MIN_FIGURES:
        return Refusal("few", len(window), newest.day)
    slope = _slope(window)
    horizon = min(MAX_HORIZON_DAYS, (newest.day - changes[0].day).days)
    return Forecast(
        last_day=newest.day,
        last_figure=newest.figure,
        slope=slope,
        figures_count=len(window),
        days=_days_ahead(window, slope, horizon),
    )


def find_arrival(forecast: Forecast, target: int) -> Arrival:
    """When a figure above the present one is reached, as a range of days."""
    return Arrival(
        earliest=next((each.day for each in forecast.days if each.high >= target), None),
        latest=next((each.day for each in forecast.days if each.low >= target), None),
    )


def _days_ahead(
    window: Sequence[DailyChange], slope: float, horizon: int
) -> tuple[ForecastDay, ...]:
    newest = window[-1]
    low, high = _residuals(window[1:], slope)
    ahead = np.arange(1, horizon + 1)
    spread = np.sqrt(ahead + ahead**2 / (newest.day - window[0].day).days)
    middle = newest.figure + slope * ahead
    lines = (middle + low * spread, middle, middle + high * spread)
    # Nobody can have fewer than no fans.
    rounded = [np.maximum(np.rint(line), 0).astype(int).tolist() for line in lines]
    return tuple(
        ForecastDay(newest.day + timedelta(days=number), *three)
        for number, three in enumerate(zip(*rounded, strict=True), start=1)
    )


def _slope(window: Sequence[DailyChange]) -> float:
    days = np.array([each.day.toordinal() for each in window], dtype=np.float64)
    values = np.array([each.figure for each in window], dtype=np.float64)
    one, other = np.triu_indices(len(window), k=1)
    return float(np.median((values[other] - values[one]) / (days[other] - days[one])))


def _residuals(steps: Sequence[DailyChange], slope: float) -> tuple[float, float]:
    """The 10th and 90th percentile of a day's change beyond the slope; never above or below 0.

    A change of several days counts as one of its days: their noise adds up with its square root.
    """
    days = np.array([each.days_count for each in steps], dtype=np.float64)
    changes = np.array([each.change for each in steps], dtype=np.float64)
    low, high = np.percentile((changes - slope * days) / np.sqrt(days), [LOW_PERCENT, HIGH_PERCENT])
    return min(float(low), 0.0), max(float(high), 0.0)
