"""Export of Overview: its table, the daily figures of its rows, its chart, and a report.

The report uses the same record as the screen, with up to MAX_ROWS rows of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from fb.installation import Installation
from pages.charts.chart_parts import Palette, Spec, palette
from pages.charts.timeline import Note
from pages.parts.overview import cards, overview_text, unusual_text
from pages.parts.overview.tables import Sort
from pages.queries import count_filtered, load_overview
from pages.records import Listing, Overview
from pages.text import periods
from pages.text.formats import count, counted, cut, day, signed, signed_percent
from pages.text.phrases import NOUNS
from pages.ui import growth_chart
from pages.ui.export import menu
from pages.ui.export.chart_image import titled
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import (
    Report,
    Section,
    Table,
    chart_sections,
    describe_filter,
    note_sections,
)
from pages.ui.notes import popover
from storage.export.csv_xlsx import Format
from storage.export.tables import ExportQuery, export_page_table
from storage.figures.table import TableRow
from storage.figures.totals import Mover

MAX_ROWS = 500
MAX_NAME = 60


def render(installation: Installation, overview: Overview, listing: Listing, sort: Sort) -> None:
    """Draw the popover.

    Chart and report have the Pages of the screen's filter. Table and daily figures have all rows
    of the table, narrowed by search and "Needs attention".
    """
    colours, view = palette(st.context.theme.type), overview.view
    period, database = view.period, installation.database
    query = ExportQuery(period.since, period.until, view.metric, listing.narrow(view.filter))

    def make_table(format: Format) -> bytes:
        with database.reading() as session:
            return export_page_table(
                session, query, format, sort=sort.key, descending=sort.descending
            )

    def make_report() -> Report:
        return _build_report(installation, overview, hides_notes=hides_notes)

    def make_chart() -> Spec | None:
        return chart(installation, overview, chart_view, colours, hides_notes=hides_notes)

    hides_notes = popover.is_hidden()
    chart_view = str(st.session_state.get("view") or growth_chart.TOTAL)

    def list_groups() -> list[OfferGroup]:
        name = menu.name_of_days("overview", period)
        with database.reading() as session:
            count = count_filtered(session, query.filter, period.until, None)
        return [
            OfferGroup(
                f"Table of {counted(count, 'Page')}", menu.table_offers("pages", query, make_table)
            ),
            menu.series_group(database, query, count * period.days_count),
            OfferGroup(
                "Chart and report",
                [menu.chart_offer(make_chart, name, colours), menu.report_offer(make_report, name)],
            ),
        ]

    menu.render(list_groups)


def chart(
    installation: Installation,
    overview: Overview,
    view: str,
    colours: Palette,
    *,
    hides_notes: bool,
) -> Spec | None:
    """The chart of the screen with a title; None without figures."""
    points = cards.points_of(overview)
    if not points:
        return None
    noun = NOUNS[overview.view.metric]
    notes = [] if hides_notes else cards.notes_of(overview)
    spec, drawn = growth_chart.build(points, noun, view, colours, notes)
    what = {growth_chart.TOTAL: " over time", growth_chart.DAILY_CHANGE: ", daily change"}
    with installation.database.reading() as session:
        filter_text = describe_filter(session, overview.view.filter)
    return titled(
        spec,
        f"{noun}{what.get(drawn, ', change since the start')}",
        periods.describe(overview.view.period),
        cards.caption(overview, points),
        filter_text,
    )


def _build_report(installation: Installation, drawn: Overview, *, hides_notes: bool) -> Report:
    """The report of the screen's view, with the present figures."""
    now = installation.now()
    with installation.database.reading() as session:
        overview = load_overview(
            session,
            replace(drawn.view, period=drawn.requested),
            Listing(rows_count=MAX_ROWS),
            "number",
            now.date(),
        )
        filter_text = describe_filter(session, overview.view.filter)
    notes = [] if hides_notes else cards.notes_of(overview)
    pages = counted(overview.totals.pages_count, "Page")
    return Report(
        title="Facebook Pages",
        lines=(f"{pages} · {periods.describe(overview.view.period)}", filter_text),
        produced_at=now,
        tiles=overview_text.tiles(
            overview.totals, overview.previous, overview.view.metric, overview.view.period
        ),
        sections=[
            *_charts(overview, notes),
            *note_sections(notes),
            _movers(overview),
            _pages(overview),
        ],
        is_sandbox=installation.settings.is_sandbox,
    )


def _charts(overview: Overview, notes: Sequence[Note]) -> list[Section]:
    points, noun = cards.points_of(overview), NOUNS[overview.view.metric]
    if not points:
        return [Section(f"{noun} over time", caption="No Page has figures on both ends.")]
    whose = counted(overview.totals.of(overview.view.metric).pages, "Page")
    unusual = unusual_text.sentence(overview.unusual, overview.view.period.until)
    captions = {growth_chart.TOTAL: f"{cards.caption(overview, points)} {unusual}".strip()}
    return chart_sections(points, noun, whose, notes, captions)


def _movers(overview: Overview) -> Section:
    return Section(
        "Movers",
        tables=[
            _mover_table("Gained most", overview.movers.up),
            _mover_table("Lost most", overview.movers.down),
        ],
    )


def _mover_table(title: str, movers: Sequence[Mover]) -> Table:
    rows = [
        (cut(each.name, MAX_NAME), signed(each.net), signed_percent(each.rate_percent))
        for each in movers
    ]
    return Table((title, "Number", "Rate"), rows or [("No Page", "", "")])


def _pages(overview: Overview) -> Section:
    page = overview.table.page
    noun = NOUNS[overview.view.metric].lower()
    header = ("Page", "Fans", f"New {noun}", "Growth", "Followers", "As of (UTC)")
    caption = "A dash: no figure on both ends of the period, or below 100 for a growth."
    if page.rows_count > len(page.rows):
        most = f"The {len(page.rows):,d} Pages with most fans, of {page.rows_count:,d}."
        caption = f"{most} {caption}"
    return Section(
        counted(page.rows_count, "Page"),
        tables=[Table(header, [_row(row) for row in page.rows])],
        caption=caption,
    )


def _row(row: TableRow) -> Sequence[str]:
    return (
        cut(row.name, MAX_NAME),
        count(row.fans),
        signed(row.net),
        signed_percent(row.growth_percent),
        count(row.followers),
        day(row.figure_day) if row.figure_day else "–",
    )
