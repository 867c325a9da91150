"""What a target needs a day from now on, against what a Page gains."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GoalPace:
    """How a goal stands. Both paces are in people a day; None where they can't be told.

    ``needed_per_day`` is 0 once the target is reached, and None when it is not and no day is left.
    ``actual_per_day`` may be negative. ``ratio`` is actual by needed: 1 or more is on track.
    """

    is_reached: bool
    days_left: int
    needed_per_day: float | None
    actual_per_day: float | None
    ratio: float | None

    @property
    def is_on_track(self) -> bool:
        """Whether the target is reached, or will be in time at the actual pace."""
        return self.is_reached or (self.ratio is not None and self.ratio >= 1)


def goal_pace(
    *, target: int, figure: int | None, days_left: int, actual_per_day: float | None
) -> GoalPace | None:
    """How a goal stands with ``figure`` people; None when the figure is not known.

    ``days_left``: from the day of the figure to the day on which the goal is due, 0 on that day and
    negative after it.
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
