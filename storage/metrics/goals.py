"""Goal pace: compares the gain a day that a target needs with the actual gain."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GoalPace:
    """The state of a goal. Both paces are in people a day; None when unknown.

    ``needed_per_day`` is 0 once the target is reached, and None when it was missed: no day is left.
    ``actual_per_day`` may be negative. ``ratio`` is actual divided by needed.
    """

    is_reached: bool
    days_left: int
    needed_per_day: float | None
    actual_per_day: float | None
    ratio: float | None

    @property
    def is_on_track(self) -> bool:
        """Return whether the target is reached, or will be in time at the actual pace."""
        return self.is_reached or (self.ratio is not None and self.ratio >= 1)


def goal_pace(
    *, target: int, figure: int | None, days_left: int, actual_per_day: float | None
) -> GoalPace | None:
    """Return the state of a goal at ``figure`` people; None when the figure is unknown.

    ``days_left``: days from the figure to the due day, 0 on that day and negative after it.
    """
    if figure is None:
        return None
    if figure >= target:
        return GoalPace(True, days_left, 0.0, actual_per_day, None)
    if days_left < 1:
        return GoalPace(False, days_left, None, actual_per_day, None)
    needed = (target - figure) / days_left
    ratio = None if actual_per_day is None else actual_per_day / needed
    return GoalPace(False, days_left, needed, actual_per_day, ratio)
