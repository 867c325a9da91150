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

from pages import lookups, resources
from pages.charts.chart_parts import Spec, palette
from pages.parts.overview import overview_report as report_overview
from pages.parts.overview.overview_report import OverviewAsked
from pages.parts.overview.sorting import Sort
from pages.parts.page import page_report as report_page
from pages.parts.page.page_report import PageAsked
from pages.text.formats import counted
from pages.text.periods import Period
from pages.ui.export import downloads, rendering, report
from pages.ui.export.downloads import Offer, Shelf
from pages.ui.export.export_text import describe_period
from pages.ui.export.export_theme import titled
from pages.ui.notes import popover
from storage.engine import Database
from storage.export.csv_xlsx import (
    MAX_XLSX_ROWS,
    MIN_ZIP_ROWS,
    Cell,
    Column,
    Format,
    choose_csv_format,
    make_file,
    make_file_name,
)
from storage.export.tables import (
    ExportQuery,
    count_daily_figures,
    export_daily_figures,
    export_page_table,
)
from storage.filtering import Filter, Metric
from storage.series import PageProfile


def render_overview(
    version: str, period: Period, metric: Metric, filter: Filter, table_filter: Filter, sort: Sort
) -> None:
    """Draw the popover of Overview.

    Chart and report are of the Pages of ``filter``, the screen's. Table and daily figures are of
    all rows of ``table_filter``, which search and "Needs attention" may have narrowed.
    """
    colours = palette(st.context.theme.type)

    def find_shelves() -> list[Shelf]:
        query = ExportQuery(period.since, period.until, metric, table_filter)
        notes = popover.find_shown(version, popover.chart_of_pages(period, filter, _today()))
        screen = OverviewAsked(version, period, metric, filter, notes)
        view = str(st.session_state.get("view") or "Total")
        name = _days_of("overview", period)
        totals = lookups.find_totals(version, period.since, period.until, table_filter)
        count = totals.pages_count
        chart = _png(lambda: report_overview.find_chart(screen, view, colours), name)
        return [
            Shelf(f"Table of {counted(count, 'Page')}", _table_offers(query, sort)),
            _series_shelf(version, query, count * period.days_count),
            Shelf("Chart and report", [chart, _html(lambda: _overview_report(screen), name)]),
        ]

    downloads.render(find_shelves)


def render_page(version: str, period: Period, profile: PageProfile, metric: str, view: str) -> None:
    """Draw the popover of a Page. ``metric`` is "fans" or "followers"."""
    chosen: Metric = "followers" if metric == "followers" else "fans"
    colours = palette(st.context.theme.type)

    def find_shelves() -> list[Shelf]:
        query = ExportQuery(period.since, period.until, chosen, page_ids=(profile.page_id,))
        noted = popover.chart_of_page(period, profile.page_id, _today())
        notes = popover.find_shown(version, noted) or ()
        screen = PageAsked(version, period, profile, notes)
        name = _days_of(profile.name, period)
        chart = _png(lambda: report_page.find_chart(screen, chosen, view, colours), name)
        return [
            _series_shelf(version, query, period.days_count),
            Shelf("Chart and report", [chart, _html(lambda: _page_report(screen), name)]),
        ]

    downloads.render(find_shelves)


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
        query = ExportQuery(period.since, period.until, metric, page_ids=tuple(page_ids))
        made = None if chart is None else titled(chart, *about, describe_period(period))
        return [
            Shelf("Figures side by side", _compared_offers(query, *table)),
            _series_shelf(version, query, len(page_ids) * period.days_count),
            Shelf("Chart", [_png(lambda: made, _days_of("compare", period))]),
        ]

    downloads.render(find_shelves)


def _table_offers(query: ExportQuery, sort: Sort) -> list[Offer]:
    database = _database()

    def make(format: Format) -> Callable[[], bytes]:
        def make_table() -> bytes:
            with database.reading() as session:
                return export_page_table(
                    session, query, format, sort=sort.key, descending=sort.descending
                )

        return make_table

    return [
        Offer("CSV", "table-csv", query.file_name("pages", "csv"), make("csv")),
        Offer("Excel", "table-xlsx", query.file_name("pages", "xlsx"), make("xlsx")),
    ]


def _compared_offers(
    query: ExportQuery, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> list[Offer]:
    def make(format: Format) -> Callable[[], bytes]:
        return lambda: make_file(columns, rows, format)

    return [
        Offer("CSV", "table-csv", query.file_name("compare", "csv"), make("csv")),
        Offer("Excel", "table-xlsx", query.file_name("compare", "xlsx"), make("xlsx")),
    ]


def _series_shelf(version: str, query: ExportQuery, most_rows: int) -> Shelf:
    """Daily figures. Rows are counted only where their number can matter."""
    database = _database()
    rows_count = most_rows
    if most_rows >= MIN_ZIP_ROWS:
        rows_count = find_rows_count(version, query)

    def make(format: Format) -> Callable[[], bytes]:
        def make_figures() -> bytes:
            with database.reading() as session:
                return export_daily_figures(session, query, format)

        return make_figures

    def name(ending: str) -> str:
        return query.file_name("daily-figures", ending)

    packed = choose_csv_format(rows_count)
    label = "CSV" if packed == "csv" else "CSV (packed)"
    offers = [Offer(label, "series-csv", name(packed), make(packed))]
    remark = None
    if rows_count > MAX_XLSX_ROWS:
        remark = (
            f"{rows_count:,d} rows don't fit in an Excel sheet, which holds {MAX_XLSX_ROWS:,d}. "
            "Take the CSV file, or fewer days."
        )
    else:
        offers.append(Offer("Excel", "series-xlsx", name("xlsx"), make("xlsx")))
    return Shelf("Daily figures, days in UTC", offers, remark)


@lru_cache(32)
def find_rows_count(version: str, query: ExportQuery) -> int:
    """How many rows the daily figures have."""
    with _database().reading() as session:
        return count_daily_figures(session, query)


def _png(chart: Callable[[], Spec | None], name: str) -> Offer:
    colours = palette(st.context.theme.type)

    def make() -> bytes:
        found = chart()
        # Without figures there is no chart on the screen either: an empty picture says so.
        empty: Spec = {"data": {"values": []}, "mark": "point", "title": "No figures to draw"}
        return rendering.to_png(empty if found is None else found, colours)

    return Offer("Chart (PNG)", "chart", make_file_name("pagekeeper", name, ending="png"), make)


def _html(make: Callable[[], report.Report], name: str) -> Offer:
    return Offer(
        "Report",
        "report",
        make_file_name("pagekeeper", name, ending="html"),
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
