"""Export of a Page: its daily figures, its chart, and a report.

The report uses the same record as the screen, with both metrics and a table of all days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from fb.installation import Installation
from pages.charts import timeline
from pages.charts.chart_parts import Palette, Spec, palette
from pages.charts.timeline import Note, Point
from pages.parts.page import growth_card
from pages.queries import load_page
from pages.records import PageFigures
from pages.text import periods
from pages.text.formats import count, cut, day, moment, signed
from pages.text.phrases import CONNECTIONS, NOUNS
from pages.ui import growth_chart
from pages.ui.export import menu
from pages.ui.export.chart_image import titled
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import Report, Section, Table, chart_sections, note_sections, unbroken
from pages.ui.notes import popover
from pages.ui.tiles import Tile, percent_delta, signed_value, value_of
from storage.export.tables import ExportQuery
from storage.figures.filters import METRICS, Metric
from storage.metrics import formulas
from storage.metrics.changes import DailyChange, list_daily_changes

NEW_EXPERIENCE = (
    "On a Page of the New Pages Experience Facebook reports the followers as fans: "
    "both are the same number."
)
MAX_NAME = 60


def render(installation: Installation, figures: PageFigures, view: str) -> None:
    """Draw the popover. ``view``: the chart's, one of `growth_chart.VIEWS`."""
    colours, period, page_id = (
        palette(st.context.theme.type),
        figures.view.period,
        figures.profile.id,
    )
    hides_notes = popover.is_hidden()

    def make_chart() -> Spec | None:
        notes = [] if hides_notes else growth_card.notes_of(figures)
        return _find_chart(figures, view, colours, notes)

    def make_report() -> Report:
        return _build_report(installation, figures, hides_notes=hides_notes)

    def list_groups() -> list[OfferGroup]:
        query = ExportQuery(period.since, period.until, figures.view.metric, page_ids=(page_id,))
        name = menu.name_of_days(figures.profile.name, period)
        return [
            menu.series_group(installation.database, query, period.days_count),
            OfferGroup(
                "Chart and report",
                [menu.chart_offer(make_chart, name, colours), menu.report_offer(make_report, name)],
            ),
        ]

    menu.render(list_groups)


def _find_chart(
    figures: PageFigures, view: str, colours: Palette, notes: Sequence[Note]
) -> Spec | None:
    """The chart of the screen with a title; None without figures."""
    metric = figures.view.metric
    noun, points = NOUNS[metric], _points(figures, metric)
    if not points:
        return None
    if view == growth_chart.SINCE_START:
        view = growth_chart.TOTAL
    spec, _ = growth_chart.build(points, noun, view, colours, notes)
    what = ", daily change" if view == growth_chart.DAILY_CHANGE else " over time"
    return titled(
        spec,
        f"{cut(figures.profile.name, MAX_NAME)}: {noun.lower()}{what}",
        periods.describe(figures.view.period),
        _remark(figures),
    )


def _build_report(installation: Installation, drawn: PageFigures, *, hides_notes: bool) -> Report:
    """The report of the screen's view, with the present figures."""
    now, profile = installation.now(), drawn.profile
    with installation.database.reading() as session:
        view = replace(drawn.view, period=drawn.requested)
        figures = load_page(session, profile, view, now.date())
    about = [profile.category, CONNECTIONS[profile.connection], f"Page id {profile.id}"]
    notes = [] if hides_notes else growth_card.notes_of(figures)
    return Report(
        title=profile.name,
        lines=(
            " · ".join(each for each in about if each),
            periods.describe(figures.view.period),
        ),
        produced_at=now,
        tiles=[tile for metric in METRICS for tile in _tiles(figures, metric)],
        sections=[
            *(section for metric in METRICS for section in _charts(figures, metric, notes)),
            *note_sections(notes),
            _days(figures),
        ],
        is_sandbox=installation.settings.is_sandbox,
    )


def _points(figures: PageFigures, metric: Metric) -> list[Point]:
    period = figures.view.period
    return timeline.trim(
        growth_card.points_of(figures.history.of(metric), period.since, period.until)
    )


def _remark(figures: PageFigures) -> str:
    return NEW_EXPERIENCE if figures.profile.is_new_page_experience else ""


def _tiles(figures: PageFigures, metric: Metric) -> list[Tile]:
    period, noun = figures.view.period, NOUNS[metric]
    start, end = formulas.ends_of_period(figures.history.of(metric), period.since, period.until)
    net = formulas.net(start, end)
    growth = formulas.growth_percent(start, end)
    why = None if net is not None else "no figures on both ends"
    return [
        Tile(noun, value_of(end), note="at the end of the period"),
        Tile(f"Net new {noun.lower()}", signed_value(net), percent_delta(growth), why),
    ]


def _charts(figures: PageFigures, metric: Metric, notes: Sequence[Note]) -> list[Section]:
    noun, name = NOUNS[metric], cut(figures.profile.name, MAX_NAME)
    points = _points(figures, metric)
    if not points:
        return [Section(f"{noun} over time", caption=f"No {noun.lower()} in this period.")]
    has_gaps = timeline.find_gaps(points)
    gap = "Grey: days without a snapshot; they can't be fetched later." if has_gaps else ""
    caption = f"{gap} {_remark(figures)}".strip()
    return chart_sections(points, noun, name, notes, dict.fromkeys(growth_chart.VIEWS, caption))


def _days(figures: PageFigures) -> Section:
    changes = {
        metric: {change.day: change for change in list_daily_changes(figures.history.of(metric))}
        for metric in METRICS
    }
    rows = [
        (
            unbroken(day(row.day)),
            "Imported" if row.source.startswith("import:") else "Facebook",
            count(row.fans),
            _change(changes["fans"].get(row.day)),
            count(row.followers),
            _change(changes["followers"].get(row.day)),
            moment(row.fetched_at),
        )
        for row in reversed(figures.days)
        if figures.view.period.since <= row.day <= figures.view.period.until
    ]
    header = ("Day (UTC)", "Source", "Fans", "Change", "Followers", "Change", "Fetched")
    return Section(
        "Daily figures",
        tables=[Table(header, rows, numbers_from=2)] if rows else (),
        caption=(
            "A change after missed days is of all of them together."
            if rows
            else "No snapshot in this period."
        ),
    )


def _change(change: DailyChange | None) -> str:
    return signed(change.change) if change is not None else "–"
