"""The table of Compare as rows of a file: whole names and ids, and every figure of the period.

Pure. It names the first and last day and has no column of dates, so that nobody takes the figures
at the end of a period for those of one day and imports them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.compare.compare_text import Row
from pages.text.periods import Period
from storage.comparing import ComparedPage
from storage.export.csv_xlsx import Cell, Column
from storage.filtering import Metric


def columns(metric: Metric) -> tuple[Column, ...]:
    """The columns; ``metric`` is what net, growth and best day speak of."""
    return (
        Column("page_id", "text"),
        Column("page_name", "text"),
        Column("since (UTC)", "day"),
        Column("until (UTC)", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new ({metric})", "number"),
        Column("net_new_vs_previous", "number"),
        Column(f"growth_percent ({metric})", "percent"),
        Column("growth_vs_previous (percentage points)", "percent"),
        Column("average_weekly_growth_percent", "percent"),
        Column("net_new_per_day", "percent"),
        Column("best_day_net_new", "number"),
        Column("best_day (UTC)", "day"),
        Column("fan_follower_ratio", "percent"),
        Column("days_with_snapshot", "number"),
        Column("days", "number"),
    )


def list_rows(
    pages: Sequence[ComparedPage], rows: Sequence[Row], period: Period
) -> list[tuple[Cell, ...]]:
    """One row a Page, in the order of the screen; what can't be told is an empty cell."""
    return [
        (
            page.page_id,
            page.name,
            period.since,
            period.until,
            row.fans,
            row.followers,
            row.net,
            row.net_delta,
            row.growth_percent,
            row.growth_delta,
            row.weekly_percent,
            row.per_day,
            row.best_change,
            row.best_day,
            row.fan_follower_ratio,
            row.days_with,
            period.days_count,
        )
        for page, row in zip(pages, rows, strict=True)
    ]
