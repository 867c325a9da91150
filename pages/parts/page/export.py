"""Export of a Page: its daily figures, its chart, and a report.

The report uses the same record as the screen, with both metrics, the last week, views and
engagement, and a table of all days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.charts import timeline
from pages.charts.chart_parts import Palette, Spec, palette
from pages.charts.timeline import Note, Point
from pages.parts.page import growth_card, insights_card
from pages.queries import (
    find_insight_status,
    find_insight_sums,
    find_period_posts,
    find_tags_of,
    find_week,
    list_attention,
    list_insight_metrics,
    load_page,
)
from pages.records import PageFigures
from pages.text import insights_text, periods
from pages.text.formats import count, cut, day, moment, signed, unmarked
from pages.text.phrases import CONNECTIONS, NOUNS
from pages.ui import growth_chart, period_posts, week_text
from pages.ui.connection_text import why_attention
from pages.ui.export import menu
from pages.ui.export.chart_image import titled
from pages.ui.export.heading_form import HeadingScope
from pages.ui.export.menu import OfferGroup
from pages.ui.export.report import (
    Report,
    Section,
    Table,
    chart_sections,
    headed,
    note_sections,
)
from pages.ui.notes import popover
from pages.ui.sum_tiles import sum_tiles_of_page
from pages.ui.tiles import Tile, percent_delta, signed_value, value_of
from storage.accounts.page_profile import PageProfile
from storage.export.tables import ExportQuery
from storage.figures.filters import METRICS, Filter, Metric
from storage.metrics import formulas
from storage.metrics.changes import DailyChange, list_daily_changes
from storage.notes.tags import TagCount

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
                [
                    menu.chart_offer(installation, make_chart, name, colours),
                    menu.report_offer(make_report, name),
                ],
                menu.PRINTING,
            ),
        ]

    def find_scope() -> HeadingScope:
        with installation.database.reading() as session:
            client = _find_client(session, page_id)
        if client is None:
            return HeadingScope(None, None, figures.profile.name)
        return HeadingScope(client.id, client.name, figures.profile.name)

    menu.render(installation, list_groups, page_id, find_scope=find_scope)


def _find_client(session: Session, page_id: str) -> TagCount | None:
    """The tag whose title and logo a Page's report has: the only one that the Page has."""
    tags = find_tags_of(session, page_id)
    return tags[0] if len(tags) == 1 else None


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
    before = growth_card.before_of(figures, metric)
    spec, _ = growth_chart.build(points, noun, view, colours, notes, before)
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
        client = _find_client(session, profile.id)
        week = _week(session, profile, view.metric, now.date())
        posts = find_period_posts(
            session,
            Filter(page_ids=(profile.id,), archived=None),
            figures.requested.since,
            figures.requested.until,
            installation.settings.display_time_zone,
            now,
            figures.requested.previous,
        )
        sums = find_insight_sums(session, figures.view.period.until)
        sum_tiles = sum_tiles_of_page(sums, profile.id, now.date())
        if sums is not None and sum_tiles:
            about_sums = insights_text.sums_caption(sums.until)
        else:
            about_sums = _why_no_sums(installation, session, profile.id)
    about = [profile.category, CONNECTIONS[profile.connection], f"Page id {profile.id}"]
    notes = [] if hides_notes else growth_card.notes_of(figures)
    report = Report(
        title=profile.name,
        lines=(
            " · ".join(each for each in about if each),
            periods.describe(figures.view.period),
        ),
        produced_at=now,
        tiles=[*(tile for metric in METRICS for tile in _tiles(figures, metric)), *sum_tiles],
        sections=[
            *week,
            *(section for metric in METRICS for section in _charts(figures, metric, notes)),
            Section("Views and engagement", paragraphs=[about_sums]),
            *period_posts.sections(posts, has_page_names=False),
            *note_sections(notes),
            _days(figures),
        ],
        is_sandbox=installation.settings.is_sandbox,
    )
    with installation.database.reading() as session:
        return headed(session, report, None if client is None else client.id)


def _week(session: Session, profile: PageProfile, metric: Metric, today: date) -> list[Section]:
    """The last week, as on Overview; whether the Page needs attention is judged today."""
    is_archived = profile.archived_at is not None
    filter = Filter(page_ids=(profile.id,), archived=is_archived)
    week = find_week(session, filter, metric, today)
    if week is None:
        return []
    table = list_attention(session, periods.get_period("7 days", today), filter, 1)
    holders = (table.holders or {}).get(profile.id, ())
    reasons = [why_attention(row, holders, today) for row in table.page.rows]
    sentences = week_text.write_of_page(week, " ".join(reasons), is_archived=is_archived)
    return [Section(week_text.title(week), paragraphs=sentences)]


def _why_no_sums(installation: Installation, session: Session, page_id: str) -> str:
    """Why the Page has no views and engagement of 28 days, in the words of its screen."""
    status = find_insight_status(session, page_id)
    limited_until = insights_card.find_limited_until(installation)
    if not list_insight_metrics(session, page_id, status.asked_at):
        return unmarked(insights_text.why_nothing(status.access, status.answer, limited_until))
    stale = insights_text.stale(status.access, status.answer, limited_until) or ""
    return unmarked(f"{insights_text.NO_SUM} {stale}".rstrip())


def _points(figures: PageFigures, metric: Metric) -> list[Point]:
    since, until = periods.charted(figures.view.period).since, figures.requested.until
    return timeline.trim(growth_card.points_of(figures.history.of(metric), since, until))


def _remark(figures: PageFigures) -> str:
    week = periods.week_of_yesterday(figures.view.period)
    remark = NEW_EXPERIENCE if figures.profile.is_new_page_experience else ""
    return f"{week} {remark}".strip()


def _tiles(figures: PageFigures, metric: Metric) -> list[Tile]:
    period, noun = figures.view.period, NOUNS[metric]
    start, end = formulas.ends_of_period(figures.history.of(metric), period.since, period.until)
    net = formulas.net(start, end)
    growth = formulas.growth_percent(start, end)
    why = None if net is not None else "no figures to compare"
    return [
        Tile(noun, value_of(end), note=f"on {day(period.until)}"),
        Tile(f"Net new {noun.lower()}", signed_value(net), percent_delta(growth), why),
    ]


def _charts(figures: PageFigures, metric: Metric, notes: Sequence[Note]) -> list[Section]:
    noun, name = NOUNS[metric], cut(figures.profile.name, MAX_NAME)
    points = _points(figures, metric)
    if not points:
        return [Section(f"{noun} over time", caption=f"No {noun.lower()} in this period.")]
    has_gaps = timeline.find_gaps(points)
    gap = "Grey: days without figures; they can't be fetched later." if has_gaps else ""
    caption = f"{gap} {_remark(figures)}".strip()
    captions = dict.fromkeys(growth_chart.VIEWS, caption)
    before = growth_card.before_of(figures, metric)
    return chart_sections(points, noun, name, notes, captions, before)


def _days(figures: PageFigures) -> Section:
    changes = {
        metric: {change.day: change for change in list_daily_changes(figures.history.of(metric))}
        for metric in METRICS
    }
    rows = [
        (
            day(row.day),
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
    header = ("Day", "Source", "Fans", "Change", "Followers", "Change", "Fetched")
    return Section(
        "Daily figures",
        tables=[Table(header, rows, numbers_from=2, has_days=True)] if rows else (),
        caption=(
            "A change after missed days is of all of them together."
            if rows
            else "No figures in this period."
        ),
    )


def _change(change: DailyChange | None) -> str:
    return signed(change.change) if change is not None else "–"
