"""Measures how often the forecast's band holds: ``python -m tests.bench.forecast``.

Of each kind COUNT made-up Pages are drawn, always the same ones. The forecast sees HISTORY_DAYS
days, and the figure HORIZON_DAYS later is held against its band. The table stands in
docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
from numpy.random import Generator

from storage.metrics.forecast import WINDOW_DAYS, Refusal, find_forecast

COUNT = 200
HISTORY_DAYS, HORIZON_DAYS = 112, 30
FIRST_DAY = date(2026, 1, 1)

Changes = np.ndarray
_NUMBERS = np.arange(HISTORY_DAYS + HORIZON_DAYS)


def flat(random: Generator) -> Changes:
    """Daily changes around 0, with a standard deviation of 5 to 40 people."""
    return random.normal(0, random.uniform(5, 40), len(_NUMBERS))


def drifting(random: Generator) -> Changes:
    """The same around a pace of -15 to 30 people a day."""
    return flat(random) + random.uniform(-15, 30)


def burst(random: Generator) -> Changes:
    """Eight days of the window with 200 to 600 people more."""
    changes, first = drifting(random), _day_in_window(random)
    changes[first : first + 8] += random.uniform(200, 600)
    return changes


def step(random: Generator) -> Changes:
    """From a day of the window on the pace is 30 to 90 people a day higher, or lower."""
    changes = drifting(random)
    changes[_day_in_window(random) :] += random.choice([-1, 1]) * random.uniform(30, 90)
    return changes


def clean_up(random: Generator) -> Changes:
    """On one day of the window 1,000 to 4,000 people are gone."""
    changes = drifting(random)
    changes[_day_in_window(random)] -= random.uniform(1_000, 4_000)
    return changes


def weekly(random: Generator) -> Changes:
    """The pace swings by 30 to 90 people within a week."""
    return drifting(random) + random.uniform(30, 90) * _wave(random, 7)


def yearly(random: Generator) -> Changes:
    """The pace swings by 20 to 60 people within a year."""
    return drifting(random) + random.uniform(20, 60) * _wave(random, 365)


def small(random: Generator) -> Changes:
    """A Page of 1,000 people, to which 3 to 30 come in a month and up to 9 go."""
    come, go = (random.poisson(rate, len(_NUMBERS)) for rate in random.uniform((0.1, 0), (1, 0.3)))
    return (come - go).astype(float)


KINDS: Mapping[str, Callable[[Generator], Changes]] = {
    "random walk": flat,
    "random walk with a drift": drifting,
    "burst of eight days": burst,
    "step to another pace": step,
    "clean-up": clean_up,
    "weekly season": weekly,
    "yearly season": yearly,
    "small Page": small,
}


def main() -> None:
    """Print the table."""
    print("\n".join(make_table()))


def make_table(count: int = COUNT) -> list[str]:
    """The lines of the table in Markdown, from ``count`` Pages of each kind."""
    lines = ["| figures | refused | the band holds |", "|---|---|---|"]
    for name in KINDS:
        held, refused = measure(name, count)
        lines.append(f"| {name} | {10 * refused:.1f} of 10 | {10 * held:.1f} of 10 |")
    return lines


def measure(name: str, count: int = COUNT) -> tuple[float, float]:
    """The share of the forecasts whose band holds, and the share of Pages without a forecast."""
    held = refused = 0
    for number in range(count):
        random = np.random.default_rng([number, list(KINDS).index(name)])
        base = 1_000 if name == "small Page" else 50_000
        figures = (base + np.rint(np.cumsum(KINDS[name](random)))).astype(int).tolist()
        by_day: dict[date, int | None] = {
            FIRST_DAY + timedelta(days=index): figure for index, figure in enumerate(figures)
        }
        forecast = find_forecast(by_day, FIRST_DAY + timedelta(days=HISTORY_DAYS - 1))
        if isinstance(forecast, Refusal):
            refused += 1
            continue
        then = forecast.days[HORIZON_DAYS - 1]
        held += then.low <= figures[HISTORY_DAYS - 1 + HORIZON_DAYS] <= then.high
    return held / (count - refused), refused / count


def _day_in_window(random: Generator) -> int:
    return HISTORY_DAYS - 1 - int(random.integers(3, WINDOW_DAYS))


def _wave(random: Generator, days: int) -> Changes:
    return np.sin(2 * np.pi * (_NUMBERS + random.integers(days)) / days)


if __name__ == "__main__":
    main()
