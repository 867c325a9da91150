"""Export of Compare: its table with full names and ids, its daily figures, its chart.

The table has columns for the first and last day, but none named "date", so that it can't be
imported as figures of a day.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fb.installation import Installation
from pages.charts.chart_parts import Spec, palette
from pages.parts.compare.compare_text import Row
from pages.records import Comparison
from pages.text import periods
from pages.ui.export import menu
from pages.ui.export.chart_image import titled
from pages.ui.export.menu import OfferGroup
from storage.export.csv_xlsx import Cell, Column, Format, make_file
from storage.export.tables import SUM_COLUMNS, ExportQuery, list_sums, page_url
from storage.figures.filters import Metric


def render(
    installation: Installation,
    comparison: Comparison,
    rows: Sequence[Row],
    chart: Spec | None,
    about: tuple[str, str],
) -> None:
    """Draw the popover. ``chart``: that of the screen; ``about``: its title and subtitle."""
    period, metric = comparison.view.period, comparison.view.metric
    ids = tuple(page.page_id for page in comparison.pages)
    colours = palette(st.context.theme.type)

    def make_table(format: Format) -> bytes:
        table, listed = columns(metric), list_rows(comparison, rows)
        if comparison.sums is not None:
            sums, lines = comparison.sums, comparison.list_page_ids()
            table = (*table, *SUM_COLUMNS)
            listed = [
                (*row, *list_sums(sums, page_ids))
                for row, page_ids in zip(listed, lines, strict=True)
            ]
        return make_file(table, listed, format)

    def list_groups() -> list[OfferGroup]:
        query = ExportQuery(period.since, period.until, metric, page_ids=ids)
        made = None if chart is None else titled(chart, *about, periods.describe(period))
        name = menu.name_of_days("compare", period)
        groups = [
            OfferGroup("Figures side by side", menu.table_offers("compare", query, make_table)),
            OfferGroup("Chart", [menu.chart_offer(installation, lambda: made, name, colours)]),
        ]
        if ids:  # of the Pages; those of a tag are exported on Overview, filtered by it
            days = menu.series_group(installation.database, query, len(ids) * period.days_count)
            groups.insert(1, days)
        return groups

    menu.render(installation, list_groups)


def columns(metric: Metric) -> tuple[Column, ...]:
    """The columns; ``metric`` is that of net, growth and best day."""
    return (
        Column("page_id", "text"),
        Column("page_url", "text"),
        Column("page_name", "text"),
        Column("tag_name", "text"),
        Column("pages_counted", "number"),
        Column("pages", "number"),
        Column("since_utc", "day"),
        Column("until_utc", "day"),
        Column("fans", "number"),
        Column("followers", "number"),
        Column(f"net_new_{metric}", "number"),
        Column("net_new_vs_previous", "number"),
        Column(f"growth_percent_{metric}", "percent"),
        Column("growth_vs_previous_points", "percent"),
        Column("average_weekly_growth_percent", "percent"),
        Column("net_new_per_day", "percent"),
        Column("best_day_net_new", "number"),
        Column("best_day_utc", "day"),
        Column("fan_follower_ratio", "percent"),
        Column("days_with_snapshot", "number"),
        Column("days", "number"),
    )


def list_rows(comparison: Comparison, rows: Sequence[Row]) -> list[tuple[Cell, ...]]:
    """One row a Page, then a tag, in the order of the screen; unknown figures are empty cells."""
    period = comparison.view.period
    names: list[tuple[Cell, ...]] = [
        (page.page_id, page_url(page.page_id), page.name, None) for page in comparison.pages
    ]
    names += [(None, None, None, each.tag.name) for each in comparison.tags]
    return [
        (
            *name,
            row.counted,
            row.pages_count,
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
        for name, row in zip(names, rows, strict=True)
    ]
