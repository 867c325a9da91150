"""Forecast: continues a figure by the slope of its last four weeks, with a band around it.

The slope is the Theil–Sen estimator, the median of the slopes between all pairs of days: a single
clean-up or viral day hardly changes it. The band is the wider of two. One comes from the residuals,
each day's change of the last eight weeks minus the slope: eight of ten lie between their 10th and
90th percentile, and after h days the band is sqrt(h + h²/n) times as wide, as for a random walk
with a drift estimated from n days. The other lets the slope change as much again as it did since
the four weeks before. ``python -m tests.bench.forecast`` measures how often the band holds.

There is no forecast that the present contradicts: where the last two weeks run against the slope,
or where the figure would leave the band at their pace. There is none either whose band would be
wider than the figure itself.
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
WINDOW_DAYS = 56  # older figures are not used
SLOPE_DAYS = 28  # of the window's end
PACE_DAYS = 14  # of the recent pace
MAX_HORIZON_DAYS = 90
MAX_AGE_DAYS = 7  # an older newest figure gives no forecast

LOW_PERCENT, HIGH_PERCENT = 10, 90
# Eight of ten values of a normal distribution lie within 1.6 times their mean distance from 0.
SLOPE_CHANGES = 1.6


@dataclass(frozen=True)
class ForecastDay:
    """One future day: in eight of ten cases the figure lies from ``low`` to ``high``, in people."""

    day: date
    low: int
    middle: int
    high: int


@dataclass(frozen=True)
class Forecast:
    """The forecast after ``last_day``, which had ``last_figure``; ``days`` are oldest first.

    ``slope`` is in people a day, estimated from the last ``slope_days`` days.
    """

    last_day: date
    last_figure: int
    slope: float
    slope_days: int
    days: tuple[ForecastDay, ...]


@dataclass(frozen=True)
class Refusal:
    """Why there is no forecast.

    ``reason``: none (no figure) · old (the newest, of ``last_day``, is more than MAX_AGE_DAYS days
    old) · few (``figures_count`` in the window is below MIN_FIGURES) · nobody (the newest is 0) ·
    turned (the last ``pace_days`` days, with a change of ``pace_change`` people, run against the
    slope) · uneven (the figure would leave the band at the pace of these days) · wide (the band
    would be wider than the figure).
    """

    reason: Literal["none", "old", "few", "nobody", "turned", "uneven", "wide"]
    figures_count: int = 0
    last_day: date | None = None
    pace_days: int = 0
    pace_change: int = 0


@dataclass(frozen=True)
class Arrival:
    """The range of days in which a target is reached.

    Each end is None when it lies beyond the forecast; if ``earliest`` is None, so is ``latest``.
    """

    earliest: date | None
    latest: date | None


def find_forecast(figures: Mapping[date, int | None], today: date) -> Forecast | Refusal:
    """Return a forecast as long as the history, at most MAX_HORIZON_DAYS; else a Refusal.

    ``figures``: every known day of one Page; days after ``today`` are ignored, missing days have no
    influence.
    """
    changes = [each for each in list_daily_changes(figures) if each.day <= today]
    if not changes:
        return Refusal("none")
    newest = changes[-1]
    window = [each for each in changes if (newest.day - each.day).days <= WINDOW_DAYS]
    if (today - newest.day).days > MAX_AGE_DAYS:
        return Refusal("old", len(window), newest.day)
    if not newest.figure:
        return Refusal("nobody", len(window), newest.day)
    if len(window) < MIN_FIGURES:
        return Refusal("few", len(window), newest.day)
    horizon = min(MAX_HORIZON_DAYS, (newest.day - changes[0].day).days)
    recent = _recent(window)
    forecast = Forecast(
        last_day=newest.day,
        last_figure=newest.figure,
        slope=_slope(recent),
        slope_days=(newest.day - recent[0].day).days,
        days=_days_ahead(window, recent, horizon),
    )
    return _contradiction(window, forecast) or forecast


def find_arrival(forecast: Forecast, target: int) -> Arrival:
    """Return when ``target``, a figure above the present one, is reached."""
    return Arrival(
        earliest=next((each.day for each in forecast.days if each.high >= target), None),
        latest=next((each.day for each in forecast.days if each.low >= target), None),
    )


def _recent(window: Sequence[DailyChange]) -> Sequence[DailyChange]:
    """Return the last SLOPE_DAYS days of the window, with at least MIN_FIGURES figures."""
    newest = window[-1].day
    count = sum((newest - each.day).days <= SLOPE_DAYS for each in window)
    return window[-max(count, MIN_FIGURES) :]


def _contradiction(window: Sequence[DailyChange], forecast: Forecast) -> Refusal | None:
    """Return why the last PACE_DAYS days, or its own band, speak against the forecast."""
    newest = window[-1]
    days = [each for each in window if (newest.day - each.day).days >= PACE_DAYS]
    first = days[-1] if days else window[0]
    pace_days, change = (newest.day - first.day).days, newest.figure - first.figure
    last = forecast.days[-1]
    continued = newest.figure + change / pace_days * len(forecast.days)
    reason: Literal["turned", "uneven", "wide"]
    if change * forecast.slope < 0:
        reason = "turned"
    elif not last.low <= max(round(continued), 0) <= last.high:
        reason = "uneven"
    elif last.high - last.low > newest.figure:
        reason = "wide"
    else:
        return None
    return Refusal(reason, len(window), newest.day, pace_days, change)


def _days_ahead(
    window: Sequence[DailyChange], recent: Sequence[DailyChange], horizon: int
) -> tuple[ForecastDay, ...]:
    newest, slope = window[-1], _slope(recent)
    earlier = window[: 1 - len(recent)]  # up to the first day of the recent ones
    change = abs(slope - _slope(earlier)) if len(earlier) >= MIN_FIGURES else 0.0
    low, high = _residuals(window[1:], slope)
    ahead = np.arange(1, horizon + 1)
    spread = np.sqrt(ahead + ahead**2 / (newest.day - recent[0].day).days)
    other = SLOPE_CHANGES * change * ahead
    middle = newest.figure + slope * ahead
    lines = (
        middle - np.maximum(-low * spread, other),
        middle,
        middle + np.maximum(high * spread, other),
    )
    # A count is never below 0.
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
    """Return the 10th percentile of the residuals, at most 0, and the 90th, at least 0.

    A change over n days is scaled to one day: its noise grows with the square root of n.
    """
    days = np.array([each.days_count for each in steps], dtype=np.float64)
    changes = np.array([each.change for each in steps], dtype=np.float64)
    low, high = np.percentile((changes - slope * days) / np.sqrt(days), [LOW_PERCENT, HIGH_PERCENT])
    return min(float(low), 0.0), max(float(high), 0.0)
