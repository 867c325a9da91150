"""The figures' names and formulas, in one place: no Streamlit, no SQL, no clock.

A figure is a whole number of people at the end of a day; None is a figure that is not known, and
whatever is made of it is not known either. 0 is a figure like any other. Percentages are numbers
from 0 to 100 and beyond, not ratios; "pp" are percentage points. "Net" is the difference of two
figures; "gained" and "lost" are gross, as Facebook counts them, and never mixed with it.

    ends        a period's two ends, and what is made of them: net, growth, difference to before
    groups      many Pages together: the median
    ratios      two figures of the same Page: index, fans to followers
    changes     from day to day: booked after a gap, best and worst
    unusual     days beyond a Page's own noise, and days on which many fell together
    forecast    where a figure is going, as a band
    milestones  round figures, reached and to come
    goals       what a target needs a day, against what the Page gains
"""

from storage.metrics.changes import DailyChange, find_best_day, find_worst_day, list_daily_changes
from storage.metrics.ends import (
    MIN_BASE,
    average_weekly_growth_percent,
    delta,
    delta_points,
    ends_of_period,
    growth_per_day,
    growth_percent,
    net,
)
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
from storage.metrics.goals import GoalPace, goal_pace
from storage.metrics.groups import median
from storage.metrics.milestones import Milestone, list_milestones_reached, next_milestone
from storage.metrics.ratios import (
    fan_follower_ratio,
    index,
)
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
