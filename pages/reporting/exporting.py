"""The Export popover of Overview, Page and Compare: tables, daily figures, chart and report.

A file is made when it is asked for, and not before: the buttons carry a recipe, no file. Streamlit
runs it on its own, outside a screen, so everything in it is an argument. The buttons themselves are
drawn only while the popover is open, in a fragment: a closed one costs a screen next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

import streamlit as st

from fb import exporting
from fb.exporting import Asked
from fb.exporting_cells import file_name
from fb.exporting_files import MOST_XLSX_ROWS, PACKED_FROM_ROWS, Cell, Column
from pages import lookups, resources
from pages.chart_parts import Spec, palette
from pages.formats import counted
from pages.noting import annotating
from pages.periods import Period
from pages.portfolio.sorting import Sort
from pages.reporting import of_overview as report_overview
from pages.reporting import of_page as report_page
from pages.reporting import rendering, report, shelves
from pages.reporting.of_overview import OverviewAsked
from pages.reporting.of_page import PageAsked
from pages.reporting.shelves import Offer, Shelf
from pages.reporting.themed import titled
from pages.reporting.words import describe_period
from storage.accounts.page_profile import PageProfile
from storage.engine import Database
from storage.filtering import Filter, Metric


def render_overview(
    version: str, period: Period, metric: Metric, filter: Filter, table_filter: Filter, sort: Sort
) -> None:
    """Draw the popover of Overview.

    Chart and report are of the Pages of ``filter``, the screen's. Table and daily figures are of
    all rows of ``table_filter``, which search and "Needs attention" may have narrowed.
    """
    colours = palette(st.context.theme.type)

    def find_shelves() -> list[Shelf]:
        asked = Asked(period.since, period.until, metric, table_filter)
        notes = annotating.find_shown(version, annotating.chart_of_pages(period, filter, _today()))
        screen = OverviewAsked(version, period, metric, filter, notes)
        view = str(st.session_state.get("view") or "Total")
        name = _days_of("overview", period)
        totals = lookups.find_totals(version, period.since, period.until, table_filter)
        count = totals.pages_count
        chart = _png(lambda: report_overview.find_chart(screen, view, colours), name)
        return [
            Shelf(f"Table of {counted(count, 'Page')}", _table_offers(asked, sort)),
            _series_shelf(version, asked, count * period.days_count),
            Shelf("Chart and report", [chart, _html(lambda: _overview_report(screen), name)]),
        ]

    shelves.render(find_shelves)


def render_page(version: str, period: Period, profile: PageProfile, metric: str, view: str) -> None:
    """Draw the popover of a Page. ``metric`` is "fans" or "followers"."""
    chosen: Metric = "followers" if metric == "followers" else "fans"
    colours = palette(st.context.theme.type)

    def find_shelves() -> list[Shelf]:
        asked = Asked(period.since, period.until, chosen, page_ids=(profile.id,))
        noted = annotating.chart_of_page(period, profile.id, _today())
        notes = annotating.find_shown(version, noted) or ()
        screen = PageAsked(version, period, profile, notes)
        name = _days_of(profile.name, period)
        chart = _png(lambda: report_page.find_chart(screen, chosen, view, colours), name)
        return [
            _series_shelf(version, asked, period.days_count),
            Shelf("Chart and report", [chart, _html(lambda: _page_report(screen), name)]),
        ]

    shelves.render(find_shelves)


def render_compare(
    version: str,
    period: Period,
    metric: Metric,
    page_ids: Sequence[str],
    chart: Spec | None,
    about: tuple[str, str],
    table: tuple[Sequence[Column], Sequence[Sequence[Cell]]],
) -> None:
    """Draw the popover of Compare.

    ``chart`` is what the screen shows, None for nothing, ``about`` its title and whose figures it
    has; ``table`` are the figures side by side, as columns and rows.
    """

    def find_shelves() -> list[Shelf]:
        asked = Asked(period.since, period.until, metric, page_ids=tuple(page_ids))
        made = None if chart is None else titled(chart, *about, describe_period(period))
        return [
            Shelf("Figures side by side", _compared_offers(asked, *table)),
            _series_shelf(version, asked, len(page_ids) * period.days_count),
            Shelf("Chart", [_png(lambda: made, _days_of("compare", period))]),
        ]

    shelves.render(find_shelves)


def _table_offers(asked: Asked, sort: Sort) -> list[Offer]:
    database = _database()

    def make(format: exporting.Format) -> Callable[[], bytes]:
        return lambda: exporting.export_table(
            database, asked, format, sort=sort.key, descending=sort.descending
        )

    return [
        Offer("CSV", "table-csv", exporting.name_of("pages", asked, "csv"), make("csv")),
        Offer("Excel", "table-xlsx", exporting.name_of("pages", asked, "xlsx"), make("xlsx")),
    ]


def _compared_offers(
    asked: Asked, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> list[Offer]:
    def make(format: exporting.Format) -> Callable[[], bytes]:
        return lambda: exporting.make_file(columns, rows, format)

    return [
        Offer("CSV", "table-csv", exporting.name_of("compare", asked, "csv"), make("csv")),
        Offer("Excel", "table-xlsx", exporting.name_of("compare", asked, "xlsx"), make("xlsx")),
    ]


def _series_shelf(version: str, asked: Asked, most_rows: int) -> Shelf:
    """Daily figures. Rows are counted only where their number can matter."""
    database = _database()
    rows_count = most_rows
    if most_rows >= PACKED_FROM_ROWS:
        rows_count = find_rows_count(version, asked)

    def make(format: exporting.Format) -> Callable[[], bytes]:
        return lambda: exporting.export_series(database, asked, format)

    def name(format: str) -> str:
        return exporting.name_of("daily-figures", asked, format)

    packed = exporting.csv_format(rows_count)
    label = "CSV" if packed == "csv" else "CSV (packed)"
    offers = [Offer(label, "series-csv", name(packed), make(packed))]
    remark = None
    if rows_count > MOST_XLSX_ROWS:
        remark = (
            f"{rows_count:,d} rows don't fit in an Excel sheet, which holds {MOST_XLSX_ROWS:,d}. "
            "Take the CSV file, or fewer days."
        )
    else:
        offers.append(Offer("Excel", "series-xlsx", name("xlsx"), make("xlsx")))
    return Shelf("Daily figures, days in UTC", offers, remark)


@lru_cache(32)
def find_rows_count(version: str, asked: Asked) -> int:
    """How many rows the daily figures have."""
    return exporting.count_rows(_database(), asked)


def _png(chart: Callable[[], Spec | None], name: str) -> Offer:
    colours = palette(st.context.theme.type)

    def make() -> bytes:
        found = chart()
        # Without figures there is no chart on the screen either: an empty picture says so.
        empty: Spec = {"data": {"values": []}, "mark": "point", "title": "No figures to draw"}
        return rendering.to_png(empty if found is None else found, colours)

    return Offer("Chart (PNG)", "chart", file_name("pagekeeper", name, ending="png"), make)


def _html(make: Callable[[], report.Report], name: str) -> Offer:
    return Offer(
        "Report",
        "report",
        file_name("pagekeeper", name, ending="html"),
        lambda: report.to_html(make()).encode(),
    )


def _overview_report(screen: OverviewAsked) -> report.Report:
    installation = resources.get_startup().installation
    assert installation is not None
    is_sandbox = installation.settings.is_sandbox
    return report_overview.build(screen, installation.now(), is_sandbox=is_sandbox)


def _page_report(screen: PageAsked) -> report.Report:
    installation = resources.get_startup().installation
    assert installation is not None
    is_sandbox = installation.settings.is_sandbox
    return report_page.build(screen, installation.now(), is_sandbox=is_sandbox)


def _days_of(name: str, period: Period) -> str:
    return f"{name[:40]}-{period.since.isoformat()}-{period.until.isoformat()}"


def _today() -> date:
    installation = resources.get_startup().installation
    assert installation is not None
    return installation.now().date()


def _database() -> Database:
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    return installation.database
