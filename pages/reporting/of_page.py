"""Gathers what a report of one Page says: its figures, its charts, and its days in a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pages import charts, lookups, timeline
from pages.chart_parts import DARK, LIGHT, Palette, Spec
from pages.formats import count, cut, day, moment, signed
from pages.one_page.points import points_of
from pages.periods import A_DAY, Period
from pages.portfolio.tables import CONNECTIONS
from pages.portfolio.words import NOUNS
from pages.reporting import noted
from pages.reporting.rendering import to_svg
from pages.reporting.report import Picture, Report, Section, Table
from pages.reporting.themed import titled
from pages.reporting.words import describe_period, unbroken
from pages.tiles import Tile, percent_delta, signed_value, value_of
from pages.timeline import Note, Point
from storage import metrics
from storage.accounts.page_profile import PageProfile
from storage.filtering import METRICS, Metric
from storage.series import DayFigure

NEW_EXPERIENCE = (
    "On a Page of the New Pages Experience Facebook reports the followers as fans: "
    "both are the same number."
)
_LONGEST_NAME = 60


@dataclass(frozen=True)
class PageAsked:
    """Which Page, which days of it, and the notes on its chart, oldest first."""

    version: str
    period: Period
    profile: PageProfile
    notes: tuple[Note, ...] = ()


def find_chart(asked: PageAsked, metric: Metric, view: str, palette: Palette) -> Spec | None:
    """One chart of the Page under a title of its own; None when there is nothing to draw."""
    noun, points = NOUNS[metric], _points(asked, metric)
    if not points:
        return None
    is_change = view == "Daily change"
    draw = charts.change_chart if is_change else charts.total_chart
    what = ", daily change" if is_change else " over time"
    title = f"{cut(asked.profile.name, _LONGEST_NAME)}: {noun.lower()}{what}"
    return titled(
        draw(points, noun, palette, asked.notes),
        title,
        describe_period(asked.period),
        _remark(asked),
    )


def build(asked: PageAsked, produced_at: datetime, *, is_sandbox: bool) -> Report:
    """The whole report."""
    profile = asked.profile
    about = [profile.category, CONNECTIONS[profile.connection], f"Page id {profile.id}"]
    return Report(
        title=profile.name,
        lines=(" · ".join(each for each in about if each), describe_period(asked.period)),
        produced_at=produced_at,
        tiles=[tile for metric in METRICS for tile in _tiles(asked, metric)],
        sections=[
            *(section for metric in METRICS for section in _charts(asked, metric)),
            *noted.sections(asked.notes),
            _days(asked),
        ],
        is_sandbox=is_sandbox,
    )


def _series(asked: PageAsked) -> list[DayFigure]:
    period = asked.period
    first = period.since - 2 * A_DAY
    return lookups.find_series(asked.version, asked.profile.id, first, period.until)


def _figures(asked: PageAsked, metric: Metric) -> dict[date, int | None]:
    return {row.day: row.fans if metric == "fans" else row.followers for row in _series(asked)}


def _points(asked: PageAsked, metric: Metric) -> list[Point]:
    period = asked.period
    return timeline.trim(points_of(_figures(asked, metric), period.since, period.until))


def _remark(asked: PageAsked) -> str:
    return NEW_EXPERIENCE if asked.profile.is_new_page_experience else ""


def _tiles(asked: PageAsked, metric: Metric) -> list[Tile]:
    period, noun = asked.period, NOUNS[metric]
    start, end = metrics.ends_of_period(_figures(asked, metric), period.since, period.until)
    net = metrics.net(start, end)
    growth = metrics.growth_percent(start, end)
    why = None if net is not None else "no figures on both ends"
    return [
        Tile(noun, value_of(end), note="at the end of the period"),
        Tile(f"Net new {noun.lower()}", signed_value(net), percent_delta(growth), why),
    ]


def _charts(asked: PageAsked, metric: Metric) -> list[Section]:
    noun, name = NOUNS[metric], cut(asked.profile.name, _LONGEST_NAME)
    points = _points(asked, metric)
    if not points:
        return [Section(f"{noun} over time", caption=f"No {noun.lower()} in this period.")]
    missing = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    gap = "Grey: days without a snapshot; they can't be fetched later." if missing else ""
    found = []
    for heading, builder, alt in (
        (f"{noun} over time", charts.total_chart, timeline.describe),
        (f"{noun}, daily change", charts.change_chart, timeline.describe_changes),
    ):
        pictures = [
            to_svg(builder(points, noun, colours, asked.notes), colours)
            for colours in (LIGHT, DARK)
        ]
        picture = Picture(pictures[0], pictures[1], alt(points, noun, name))
        caption = " ".join(each for each in (gap, _remark(asked)) if each)
        found.append(Section(heading, picture, caption=caption))
    return found


def _days(asked: PageAsked) -> Section:
    changes = {
        metric: {
            change.day: change for change in metrics.list_daily_changes(_figures(asked, metric))
        }
        for metric in METRICS
    }
    rows = [
        (
            unbroken(day(row.day)),
            _source(row.source),
            count(row.fans),
            _change(changes["fans"].get(row.day)),
            count(row.followers),
            _change(changes["followers"].get(row.day)),
            moment(row.fetched_at),
        )
        for row in reversed(_series(asked))
        if row.day >= asked.period.since
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


def _source(source: str) -> str:
    return "Imported" if source.startswith("import:") else "Facebook"


def _change(change: metrics.DailyChange | None) -> str:
    return signed(change.change) if change is not None else "–"
