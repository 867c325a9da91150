"""Metrics: every formula for figures, without database, screen or clock.

A figure is a number of people at the end of a day. None is an unknown figure, and every result made
of it is None too; 0 is an ordinary figure. Percentages run from 0 to 100 and beyond; "pp" is
percentage points. "Net" is the difference of two figures. "Gained" and "lost" are gross counts from
Facebook and are never combined with net.

    formulas    growth between the ends of a period, ratios, the median of many Pages
    changes     change from day to day, best and worst day
    unusual     days beyond a Page's usual noise, and days on which many Pages fell
    forecast    range in which a figure will lie, and when it reaches a target
    milestones  round figures that were reached, and the next one
    goals       pace that a target needs, and the actual pace
"""

from storage.metrics.changes import DailyChange, find_best_day, find_worst_day, list_daily_changes
from storage.metrics.forecast import (
    MAX_HORIZON_DAYS,
    MIN_FIGURES,
    Arrival,
    Forecast,
    ForecastDay,
    Refusal,
    find_arrival,
    find_forecast,
)
from storage.metrics.formulas import (
    MIN_BASE,
    average_weekly_growth_percent,
    delta,
    delta_points,
    ends_of_period,
    fan_follower_ratio,
    growth_per_day,
    growth_percent,
    index,
    median,
    net,
)
from storage.metrics.goals import GoalPace, goal_pace
from storage.metrics.milestones import Milestone, list_milestones_reached, next_milestone
from storage.metrics.unusual import (
    FELL,
    MIN_CHANGES,
    NOT_JUDGED,
    ROSE,
    TRAILING_DAYS,
    USUAL,
    find_unusual,
    is_platform_wide,
    is_wide,
    moved_ratio,
)

__all__ = [
    "FELL",
    "MAX_HORIZON_DAYS",
    "MIN_BASE",
    "MIN_CHANGES",
    "MIN_FIGURES",
    "NOT_JUDGED",
    "ROSE",
    "TRAILING_DAYS",
    "USUAL",
    "Arrival",
    "DailyChange",
    "Forecast",
    "ForecastDay",
    "GoalPace",
    "Milestone",
    "Refusal",
    "average_weekly_growth_percent",
    "delta",
    "delta_points",
    "ends_of_period",
    "fan_follower_ratio",
    "find_arrival",
    "find_best_day",
    "find_forecast",
    "find_unusual",
    "find_worst_day",
    "goal_pace",
    "growth_per_day",
    "growth_percent",
    "index",
    "is_platform_wide",
    "is_wide",
    "list_daily_changes",
    "list_milestones_reached",
    "median",
    "moved_ratio",
    "net",
    "next_milestone",
]
