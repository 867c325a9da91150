"""Export of a Page: its daily figures, its chart, its report."""

from __future__ import annotations

import streamlit as st

from fb.exporting import Asked
from fb.installation import Installation
from pages.charts.chart_parts import Spec, palette
from pages.parts.page import growth_card, page_report
from pages.queries import PageFigures
from pages.ui.export import menu
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import Report
from pages.ui.notes import popover


def render(installation: Installation, figures: PageFigures, view: str) -> None:
    """Draw the popover. ``view``: of the chart, one of `growth_chart.VIEWS`."""
    colours, period, page_id = (
        palette(st.context.theme.type),
        figures.view.period,
        figures.profile.page_id,
    )
    hides_notes = popover.is_hidden()

    def make_chart() -> Spec | None:
        notes = [] if hides_notes else growth_card.notes_of(figures)
        return page_report.find_chart(figures, view, colours, notes)

    def make_report() -> Report:
        return page_report.build(installation, figures, hides_notes=hides_notes)

    def list_groups() -> list[OfferGroup]:
        asked = Asked(period.since, period.until, figures.view.metric, page_ids=(page_id,))
        name = menu.name_of_days(figures.profile.name, period)
        return [
            menu.series_group(installation.database, asked, period.days_count),
            OfferGroup(
                "Chart and report",
                [menu.chart_offer(make_chart, name, colours), menu.report_offer(make_report, name)],
            ),
        ]

    menu.render(list_groups)
