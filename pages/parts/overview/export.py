"""Export of Overview: the table and daily figures of its rows, its chart, its report."""

from __future__ import annotations

import streamlit as st

from fb import exporting
from fb.exporting import Asked
from fb.installation import Installation
from pages.charts.chart_parts import Palette, Spec, palette
from pages.parts.overview import growth_card, overview_report
from pages.parts.overview.sorting import Sort
from pages.queries import Listing, Overview, find_totals
from pages.text.formats import counted
from pages.text.phrases import NOUNS
from pages.ui import growth_chart
from pages.ui.export import menu
from pages.ui.export.export_text import describe_filter, describe_period
from pages.ui.export.export_theme import titled
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import Report
from pages.ui.notes import popover


def render(installation: Installation, overview: Overview, listing: Listing, sort: Sort) -> None:
    """Draw the popover.

    Chart and report are of the Pages of the screen's filter. Table and daily figures are of all
    rows that search and "Needs attention" leave.
    """
    colours, view = palette(st.context.theme.type), overview.view
    period, database = view.period, installation.database
    asked = Asked(period.since, period.until, view.metric, listing.narrow(view.filter))

    def make_table(format: exporting.Format) -> bytes:
        return exporting.export_table(
            database, asked, format, sort=sort.key, descending=sort.descending
        )

    def make_report() -> Report:
        return overview_report.build(installation, overview, hides_notes=hides_notes)

    def make_chart() -> Spec | None:
        return chart(installation, overview, chart_view, colours, hides_notes=hides_notes)

    hides_notes = popover.is_hidden()
    chart_view = str(st.session_state.get("view") or growth_chart.TOTAL)

    def list_groups() -> list[OfferGroup]:
        name = menu.name_of_days("overview", period)
        with database.reading() as session:
            count = find_totals(session, period.since, period.until, asked.filter).pages_count
        return [
            OfferGroup(
                f"Table of {counted(count, 'Page')}", menu.table_offers("pages", asked, make_table)
            ),
            menu.series_group(database, asked, count * period.days_count),
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
    """The chart of the screen under a title of its own; None when there is nothing to draw."""
    points = growth_card.points_of(overview)
    if not points:
        return None
    noun = NOUNS[overview.view.metric]
    notes = [] if hides_notes else growth_card.notes_of(overview)
    spec, drawn = growth_chart.build(points, noun, view, colours, notes)
    what = {growth_chart.TOTAL: " over time", growth_chart.DAILY_CHANGE: ", daily change"}
    with installation.database.reading() as session:
        filter_text = describe_filter(session, overview.view.filter)
    return titled(
        spec,
        f"{noun}{what.get(drawn, ', change since the start')}",
        describe_period(overview.view.period),
        growth_card.caption(overview, points),
        filter_text,
    )
