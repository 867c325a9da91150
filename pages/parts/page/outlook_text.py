"""Sentences about the forecast, milestones and goals of a Page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pages.text.formats import count, counted, day, per_day, span
from storage.metrics import formulas
from storage.metrics.changes import DailyChange
from storage.metrics.forecast import MIN_FIGURES, Forecast, Refusal, find_arrival
from storage.metrics.goals import GoalPace
from storage.metrics.milestones import Milestone
from storage.notes.goals import GoalRow

NOT_HERE = (
    "The forecast begins after the newest figure, where this period does not reach: choose one "
    "that ends today."
)
MAX_TARGET = 10_000_000_000  # more than all people
PACE_DAYS = 28  # of the average in "gains 95 a day"
MAX_YEARS_AHEAD = 20


def arrival_in_short(outlook: Forecast | Refusal, target: int) -> str:
    """The dates between which a target is reached; for a tile."""
    if isinstance(outlook, Refusal):
        few = f"needs {MIN_FIGURES} days with figures"
        return {
            "few": few,
            "none": few,
            "old": "figures are too old",
            "nobody": "the figure is 0",
            "wide": "the pace changes too much",
        }.get(outlook.reason, "the pace has just changed")
    if outlook.slope <= 0:
        return "not at the present pace"
    arrival = find_arrival(outlook, target)
    if arrival.earliest is None:
        return f"not within {counted(len(outlook.days), 'day')}"
    if arrival.latest is None:
        return f"not before {day(arrival.earliest)}"
    if arrival.earliest == arrival.latest:
        return f"about {day(arrival.earliest)}"
    return span(arrival.earliest, arrival.latest)


def why_no_forecast(refusal: Refusal, noun: str) -> str:
    """Why there is no forecast of ``noun`` ("fans")."""
    if refusal.reason == "old" and refusal.last_day is not None:
        return (
            f"No forecast: the newest figure is of {day(refusal.last_day)}, too long ago to look "
            "ahead from."
        )
    if refusal.reason == "nobody":
        return f"No forecast: the newest figure is 0 {noun}, and nobody can tell what follows."
    if refusal.reason == "wide":
        return (
            "No forecast: the pace of this Page has changed so much that the range of what may "
            f"follow is larger than its number of {noun}."
        )
    if refusal.reason in ("turned", "uneven"):
        return _why_contradicted(refusal, noun)
    have = f"this Page has {refusal.figures_count} in the last 8 weeks"
    return f"No forecast yet: it needs {MIN_FIGURES} days with a count of {noun}, and {have}."


def forecast(outlook: Forecast, noun: str) -> str:
    """ "Forecast: most likely 8,750 fans on 20 Feb 2027, in 8 of 10 cases from 8,600 to 8,900." """
    last = outlook.days[-1]
    return (
        f"Forecast: most likely {count(last.middle)} {noun} on {day(last.day)}, in 8 of 10 cases "
        f"from {count(last.low)} to {count(last.high)}, going by the last "
        f"{counted(outlook.slope_days, 'day')}."
    )


def _why_contradicted(refusal: Refusal, noun: str) -> str:
    change, days = refusal.pace_change, counted(refusal.pace_days, "day")
    moved = f"{count(abs(change))} {noun if abs(change) != 1 else noun[:-1]}"
    verb, trend = ("gained", "falls") if change > 0 else ("lost", "rises")
    what = f"{verb} {moved}" if change else f"neither gained nor lost {noun}"
    against = (
        f"but its longer trend {trend}"
        if refusal.reason == "turned"
        else ("which is far from its longer trend")
    )
    return (
        f"No forecast: in the last {days} this Page {what}, {against}. Nobody can tell which of "
        "the two goes on."
    )


def milestone(reached: Milestone) -> str:
    """ "on 3 Sep 2026"; after missing days the exact day is unknown, and the text says so."""
    if reached.days_count > 1:
        return f"seen on {day(reached.day)}, after {counted(reached.days_count - 1, 'day')} without"
    return f"on {day(reached.day)}"


def why_not(
    target: int | None, due_day: date | None, figure: int | None, today: date
) -> str | None:
    """Why a goal can't be saved; None when it can."""
    if target is None or due_day is None:
        return "Fill in both the number and the day. Nothing was saved."
    if not 0 < target <= MAX_TARGET:
        return f"Choose a number from 1 to {count(MAX_TARGET)}. Nothing was saved."
    if figure is not None and target <= figure:
        return f"The Page has {count(figure)} already: choose a higher number. Nothing was saved."
    if due_day <= today:
        return f"Choose a day after today, {day(today)}. Nothing was saved."
    if (due_day - today).days > 366 * MAX_YEARS_AHEAD:
        return f"Choose a day within {MAX_YEARS_AHEAD} years. Nothing was saved."
    return None


def goal(row: GoalRow, pace: GoalPace | None) -> str:
    """ "100,000 by 31 Dec 2026: needs 120 a day, gains 95 a day." """
    what = f"{count(row.target)} by {day(row.due_day)}"
    if pace is None:
        return f"{what}: Facebook gives no count to measure it by."
    if pace.is_reached:
        return f"{what}: reached."
    if pace.needed_per_day is None:
        return f"{what}: the day has come, and it was not reached."
    gains = (
        "how many it gains a day is not known yet"
        if pace.actual_per_day is None
        else f"{_gains(pace.actual_per_day)} a day"
    )
    return f"{what}: needs {per_day(pace.needed_per_day)} a day, {gains}."


def goal_state(pace: GoalPace) -> tuple[str, str]:
    """Label and Streamlit colour of a goal's badge."""
    if pace.is_reached:
        return "Reached", "green"
    if pace.needed_per_day is None:
        return "Missed", "red"
    if pace.ratio is None:
        return "Too early to tell", "gray"
    return ("On track", "green") if pace.is_on_track else ("Behind", "orange")


def pace_per_day(changes: Sequence[DailyChange]) -> float | None:
    """The average gain per day of the last PACE_DAYS days, or of fewer; None without two figures.

    ``changes``: all of `storage.metrics.changes.list_daily_changes`.
    """
    if len(changes) < 2:
        return None
    newest = changes[-1]
    first = next(each for each in changes if (newest.day - each.day).days <= PACE_DAYS)
    days_count = (newest.day - first.day).days
    return formulas.growth_per_day(first.figure, newest.figure, days_count) if days_count else None


def _gains(people: float) -> str:
    return f"{'loses' if round(people, 1) < 0 else 'gains'} {per_day(abs(people))}"
