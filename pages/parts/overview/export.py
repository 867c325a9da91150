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
from pages.parts.overview import cards, overview_text
from pages.parts.overview.tables import Sort
from pages.queries import (
    count_filtered,
    find_period_posts,
    find_rhythms,
    find_tag_name,
    load_overview,
)
from pages.records import Listing, Overview
from pages.text import periods
from pages.text.formats import count, counted, cut, day, signed, signed_percent
from pages.text.insights_text import SUM_LABELS, sums_caption
from pages.text.phrases import NOUNS
from pages.ui import growth_chart, period_posts, week_text
from pages.ui.export import menu
from pages.ui.export.chart_image import titled
from pages.ui.export.heading_form import HeadingScope
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import (
    Report,
    Section,
    Table,
    chart_sections,
    default_title,
    describe_filter,
    headed,
    note_sections,
)
from pages.ui.notes import popover, unusual_text
from storage.export.csv_xlsx import Format
from storage.export.tables import ExportQuery, export_page_table
from storage.figures.filters import Filter, find_only_tag
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
        return _make_table(installation, overview, query, format, sort)

    def make_report() -> Report:
        return _build_report(installation, overview, hides_notes=hides_notes)

    def make_chart() -> Spec | None:
        return chart(installation, overview, chart_view, colours, hides_notes=hides_notes)

    def find_scope() -> HeadingScope:
        tag_id = find_only_tag(view.filter)
        with database.reading() as session:
            name = None if tag_id is None else find_tag_name(session, tag_id)
            return HeadingScope(tag_id, name, default_title(session, view.filter))

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
                [
                    menu.chart_offer(installation, make_chart, name, colours),
                    menu.report_offer(make_report, name),
                ],
                menu.PRINTING,
            ),
        ]

    menu.render(installation, list_groups, find_scope=find_scope)


def _make_table(
    installation: Installation, overview: Overview, query: ExportQuery, format: Format, sort: Sort
) -> bytes:
    """The file of the table; posts are those up to the requested end, as on the screen."""
    zone = installation.settings.display_time_zone
    with installation.database.reading() as session:
        return export_page_table(
            session,
            query,
            format,
            sort=sort.key,
            descending=sort.descending,
            rhythms=find_rhythms(session, query.filter, overview.requested.until, zone),
        )


def render_ticked(
    installation: Installation, overview: Overview, page_ids: tuple[str, ...], sort: Sort
) -> None:
    """Draw the popover with the table of some Pages."""
    period = overview.view.period
    query = ExportQuery(
        period.since, period.until, overview.view.metric, Filter(page_ids=page_ids, archived=None)
    )

    def make_table(format: Format) -> bytes:
        return _make_table(installation, overview, query, format, sort)

    def list_groups() -> list[OfferGroup]:
        heading = f"Table of {counted(len(page_ids), 'Page')}"
        return [OfferGroup(heading, menu.table_offers("pages", query, make_table))]

    menu.render(installation, list_groups, label="Export these", key="export-ticked")


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
    spec, drawn = growth_chart.build(points, noun, view, colours, notes, cards.before_of(overview))
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
        filter = overview.view.filter
        title = default_title(session, filter)
        posts = find_period_posts(
            session,
            filter,
            overview.requested.since,
            overview.requested.until,
            installation.settings.display_time_zone,
            now,
            overview.requested.previous,
        )
    notes = [] if hides_notes else cards.notes_of(overview)
    pages = counted(overview.totals.pages_count, "Page")
    report = Report(
        title=title,
        lines=(f"{pages} · {periods.describe(overview.view.period)}",),
        produced_at=now,
        tiles=overview_text.tiles(overview),
        sections=[
            *_week(overview),
            *_charts(overview, notes),
            *note_sections(notes),
            _movers(overview),
            *period_posts.sections(posts, has_page_names=True),
            _pages(overview),
        ],
        is_sandbox=installation.settings.is_sandbox,
    )
    with installation.database.reading() as session:
        return headed(session, report, find_only_tag(filter))


def _week(overview: Overview) -> list[Section]:
    """The last week, as on the screen."""
    if overview.week is None:
        return []
    week = overview.week
    return [Section(week_text.title(week), paragraphs=week_text.write(week))]


def _charts(overview: Overview, notes: Sequence[Note]) -> list[Section]:
    points, noun = cards.points_of(overview), NOUNS[overview.view.metric]
    if not points:
        caption = "No Page has figures at the start and the end."
        return [Section(f"{noun} over time", caption=caption)]
    whose = counted(overview.counted.pages, "Page")
    unusual = unusual_text.sentence(overview.unusual, overview.view.period.until)
    captions = {growth_chart.TOTAL: f"{cards.caption(overview, points)} {unusual}".strip()}
    return chart_sections(points, noun, whose, notes, captions, cards.before_of(overview))


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
    header = ["Page", "Fans", f"New {noun}", "Growth", "Followers", "As of"]
    caption = "A dash: no figure at the start or the end of the period, or below 100 for a growth."
    # Without their changes, which a sheet of paper has no room for.
    header += [SUM_LABELS[key] for key in overview.sum_totals]
    if overview.sums is not None and overview.sum_totals:
        caption += f" {sums_caption(overview.sums.until)}"
    if page.rows_count > len(page.rows):
        most = f"The {count(len(page.rows))} Pages with most fans, of {count(page.rows_count)}."
        caption = f"{most} {caption}"
    return Section(
        counted(page.rows_count, "Page"),
        tables=[Table(header, [(*_row(row), *_sum_cells(overview, row)) for row in page.rows])],
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


def _sum_cells(overview: Overview, row: TableRow) -> list[str]:
    if overview.sums is None:
        return []
    return [count(overview.sums.figures(key, row.page_id)[0]) for key in overview.sum_totals]
