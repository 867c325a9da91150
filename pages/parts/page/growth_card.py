"""Growth card of a Page: the chart of one metric, with unusual days, forecast and notes.

Forecast and unusual days are layers added to the Vega-Lite dicts of `pages.charts.line_charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages.charts import timeline
from pages.charts.chart_parts import (
    AXIS_INK,
    DAY,
    ISO,
    Palette,
    Spec,
    inline,
    moment_of,
    palette,
    range_of,
    spread_ticks,
    stretch,
    x_axis,
)
from pages.charts.line_charts import END_LABEL, end_label
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Before, Note, Point
from pages.parts.page import daily_table, outlook_text
from pages.records import PageFigures
from pages.text.formats import count, counted, day, per_day, plain, signed, tooltip_day
from pages.text.periods import A_DAY, charted, reaches_back, week_of_yesterday
from pages.text.posts_text import zone_name
from pages.ui import day_panel, growth_chart, return_url, viewer
from pages.ui.growth_chart import DAILY_CHANGE, SINCE_START, TOTAL
from pages.ui.notes import note_text, popover
from pages.ui.notes.popover import Chart
from storage.figures.filters import Metric
from storage.figures.unusual import Direction
from storage.metrics import formulas
from storage.metrics.changes import list_daily_changes
from storage.metrics.forecast import Forecast

NAME = "page"  # of the chart
CHART_HEIGHT = 320
# A year is drawn day by day; a chart has about as many pixels.
MAX_POINTS = 370
_A_WEEK = 7
# The band is smooth: twelve points look like ninety.
MAX_FORECAST_POINTS = 12


@dataclass(frozen=True)
class Switches:
    """The values of the switches, and the container of their row."""

    metric: Metric
    view: str
    wants_forecast: bool
    wants_posts: bool
    row: Any


def choose(packed: str | None, *, has_posts: bool) -> Switches:
    """Draw the switches. ``packed``: Overview's state, whose metric is the default.

    ``has_posts``: some post has been read, so that days with posts can be marked.
    """
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        st.header("Audience over time", anchor=False, width="content")
        metric = growth_chart.choose_metric("figure", return_url.unpack(packed).get("metric"))
        view = growth_chart.choose_view("chart")
        wants_forecast = view == TOTAL and st.toggle(
            "Forecast", key="forecast", bind="query-params"
        )
        wants_posts = (
            has_posts
            and view != SINCE_START
            and st.toggle("Days with posts", key="post-days", bind="query-params")
        )
    return Switches(metric, view, wants_forecast, wants_posts, row)


def render(
    installation: Installation,
    figures: PageFigures,
    switches: Switches,
    today: date,
    post_days: Mapping[date, int] | None,
) -> None:
    """Draw the chart, the notes beside its switches, and its caption.

    ``post_days``: the number of posts by day, to be marked; None for no marks.
    """
    view, metric, period = switches.view, figures.view.metric, figures.view.period
    # Up to the requested end: days without a snapshot are grey.
    by_day = figures.history.of(metric)
    drawn_period = charted(period)
    points = timeline.trim(points_of(by_day, drawn_period.since, figures.requested.until))
    if not points:
        st.caption(_why_no_chart(figures))
        return
    with switches.row:
        days = (drawn_period.since, figures.requested.until)
        chart = popover.chart_of(NAME, *days, today, page_id=figures.profile.id)
        popover.render(installation, chart)
    drawn = points[-MAX_POINTS:] if view == DAILY_CHANGE else thin(points)
    outlook = figures.outlook if switches.wants_forecast else None
    forecast = None
    if isinstance(outlook, Forecast) and outlook.last_day in {point.day for point in drawn}:
        forecast = outlook
    _render_chart(installation, figures, chart, view, drawn, forecast, post_days)
    sentences = [
        week_of_yesterday(period),
        *_beginning(by_day),
        *_averages(figures),
        *_limits(figures, view, points, drawn),
        *_unusual(figures, view, drawn),
        *_posts(installation, post_days),
    ]
    if forecast is not None:
        sentences.append(outlook_text.forecast(forecast, metric))
    elif isinstance(outlook, Forecast):
        sentences.append(outlook_text.NOT_HERE)
    elif outlook is not None:
        sentences.append(outlook_text.why_no_forecast(outlook, metric))
    if sentences:
        st.caption(" ".join(each for each in sentences if each))


def before_of(figures: PageFigures, metric: Metric) -> Before | None:
    """The period before as a second line of the chart; None for none, or without its figures."""
    period = figures.view.period
    days = figures.figure_days
    has_figures = reaches_back(period, None if days is None else days.first_day)
    if period.previous is None or not has_figures or charted(period) != period:
        return None
    since, until = period.previous
    points = points_of(figures.history.of(metric), since, until)
    if all(point.value is None for point in points):
        return None
    return Before(since, until, period.since - since, tuple(points))


def notes_of(figures: PageFigures) -> list[Note]:
    """The notes on the chart, oldest first."""
    return note_text.merge(figures.notes)


@viewer.fragment
def _render_chart(
    installation: Installation,
    figures: PageFigures,
    chart: Chart,
    view: str,
    points: list[Point],
    forecast: Forecast | None,
    post_days: Mapping[date, int] | None,
) -> None:
    """Draw the chart, and what happened on the chosen day.

    A fragment: a click on a day draws nothing else anew.
    """
    notes = [] if popover.is_hidden() else notes_of(figures)
    point = day_panel.find_chosen(NAME, points)
    _draw(figures, view, points, forecast, notes, post_days or {})
    with st.container(horizontal=True, key="days-and-notes"):
        day_panel.render_list(NAME, points)
        day_panel.render_notes(notes, points[0].day, points[-1].day)
    if point is None:
        return
    with st.container(key="day-panel", gap="small"):
        noun, since_and_until = figures.view.metric, day_panel.days_of(points, point)
        sentences = [
            _usual(figures, *since_and_until) if point.value is not None else "",
            _source(figures, point.day),
            _posts_on(post_days, *since_and_until),
        ]
        text = " ".join(each for each in sentences if each)
        figure = day_panel.figure_of(point.value, point.change, noun)
        day_panel.render_day(points, point, [figure, text], notes_of(figures))
        day_panel.render_form(installation, chart, point.day)


def _usual(figures: PageFigures, since: date, until: date) -> str:
    """Whether a day, or days of a week, were unusual for the Page."""
    marks = [mark for each, mark in figures.marks.items() if since <= each <= until]
    if not marks:
        return "Nothing out of the ordinary for this Page."
    return f"Unusual: the Page {marks[-1]} much more than it usually does."


def _source(figures: PageFigures, on: date) -> str:
    row = next((each for each in figures.days if each.day == on), None)
    if row is None:
        return ""
    return f"Source: {plain(daily_table.source_of(row, figures.view.metric, figures.imports))}."


def _posts_on(post_days: Mapping[date, int] | None, since: date, until: date) -> str:
    """ "2 posts on this day."; empty where they are not marked."""
    if post_days is None:
        return ""
    number = sum(posts for on, posts in post_days.items() if since <= on <= until)
    when = "on this day" if since == until else "in this week"
    return f"{counted(number, 'post') if number else 'No post'} {when}."


def _posts(installation: Installation, post_days: Mapping[date, int] | None) -> list[str]:
    if post_days is None:
        return []
    if not post_days:
        return ["No posts on these days."]
    zone = zone_name(installation.settings.display_time_zone)
    return [f"Dots on the time axis: days with posts ({zone})."]


def _draw(
    figures: PageFigures,
    view: str,
    points: list[Point],
    forecast: Forecast | None,
    notes: Sequence[Note],
    post_days: Mapping[date, int],
) -> None:
    metric = figures.view.metric
    noun, whose = metric.capitalize(), plain(figures.profile.name)
    before = before_of(figures, metric)
    if view == SINCE_START:
        growth_chart.render(
            points, noun, view, whose, height=CHART_HEIGHT, name=NAME, notes=notes, before=before
        )
        return
    if all(point.value is None for point in points):  # possible where only the last days are drawn
        st.caption(f"No {metric} in the last days of this period.")
        return
    colours = palette(st.context.theme.type)
    drawn_notes = notes if forecast is None else []  # a forecast moves them: see `add_forecast`
    spec, _ = growth_chart.build(points, noun, view, colours, drawn_notes, before)
    spec = add_unusual(spec, points, figures.marks, colours, by_change=view == DAILY_CHANGE)
    spec = add_posts(spec, points, post_days)
    takeaway = growth_chart.describe(points, noun, view, whose, before)
    if post_days:
        takeaway += f" Posts on {counted(len(post_days), 'day')}."
    if forecast is not None:
        marks = note_marks(notes, points, noun, until=forecast.days[-1].day)
        spec = add_forecast(spec, points, forecast, marks)
        takeaway += f" {outlook_text.forecast(forecast, metric)}"
    growth_chart.draw(spec, colours, NAME, height=CHART_HEIGHT, alt=takeaway)


def _beginning(by_day: Mapping[date, int | None]) -> list[str]:
    """The sentence under a chart of a single figure."""
    known = [on for on, value in by_day.items() if value is not None]
    if len(known) != 1:
        return []
    return [f"The chart begins on {day(known[0])}; the first change shows with the next day's."]


def _averages(figures: PageFigures) -> list[str]:
    period = figures.view.period
    by_day = figures.history.of(figures.view.metric)
    ends = formulas.ends_of_period(by_day, period.since, period.until)
    people = formulas.growth_per_day(*ends, period.days_count)
    if people is None:
        return []
    average = f"{per_day(people, sign=True)} a day on average"
    return [f"{average} over {counted(period.days_count, 'day')}."]


def _limits(figures: PageFigures, view: str, points: list[Point], drawn: list[Point]) -> list[str]:
    """Sentences on missing days, and on days of a long period that are not drawn."""
    sentences = []
    missing = timeline.count_missing(points)
    if missing:
        verb = "has" if missing == 1 else "have"
        why = note_text.why_missing(figures.notes.outages, points[0].day, points[-1].day)
        reason = f": {why}" if why else ""
        sentences.append(
            f"{counted(missing, 'day')} {verb} no figures (grey){reason}. "
            f"{'It' if missing == 1 else 'They'} can't be fetched later."
        )
    if len(drawn) < len(points):
        sentences.append(
            f"The last {len(drawn)} days of the period."
            if view == DAILY_CHANGE
            else "So many days are drawn week by week, each with its last figure."
        )
    return sentences


def _unusual(figures: PageFigures, view: str, drawn: list[Point]) -> list[str]:
    count = 0 if view == SINCE_START else len(figures.marks.keys() & {p.day for p in drawn})
    if not count:
        return []
    return [
        f"{counted(count, 'unusual day')} (triangle): a change beyond what is usual for this Page."
    ]


def _why_no_chart(figures: PageFigures) -> str:
    profile, metric = figures.profile, figures.view.metric
    since, until = figures.view.period.since, figures.requested.until
    assert profile.last_day is not None  # without any figure there is no card
    if any(since - A_DAY <= each <= until for each in figures.history.of(metric)):
        return f"Facebook gives no count of {metric} for this Page in this period."
    first, last = day(since, year=since.year != until.year), day(until)
    if profile.first_day is not None and profile.first_day > until:
        oldest = day(profile.first_day)
        return f"No figures between {first} and {last}: figures begin on {oldest}."
    newest = day(profile.last_day, year=profile.last_day.year != until.year)
    return f"No figures between {first} and {last}; the newest are of {newest}."


def points_of(by_day: Mapping[date, int | None], since: date, until: date) -> list[Point]:
    """One point for every day from the day before ``since`` to ``until``."""
    changes = {change.day: change.change for change in list_daily_changes(by_day)}
    days = ((until - since).days + 2) if until >= since else 0
    first = since - A_DAY
    return [
        Point(each, by_day.get(each), changes.get(each) if each >= since else None)
        for each in (first + timedelta(days=number) for number in range(days))
    ]


def thin(points: Sequence[Point]) -> list[Point]:
    """The points, or, of more than MAX_POINTS, one for each week.

    Its value is the last figure of the week, on the day of that figure; a week without figures is a
    gap on its last day. Weeks are counted back from the last day. They have no change. From seven
    years on a point stands for two weeks, and so on.
    """
    if len(points) <= MAX_POINTS:
        return list(points)
    step = _A_WEEK * -(-len(points) // (_A_WEEK * MAX_POINTS))
    kept: list[Point] = []
    for end in range(len(points), 0, -step):
        week = points[max(0, end - step) : end]
        last = next((each for each in reversed(week) if each.value is not None), week[-1])
        kept.append(Point(last.day, last.value, None))
    return kept[::-1]


def add_forecast(
    spec: Spec, points: Sequence[Point], forecast: Forecast, notes: Sequence[Spec] = ()
) -> Spec:
    """The chart of totals with the forecast after its last figure, and the layers of ``notes``."""
    rows = _rows(forecast)
    x = x_axis(points, "day")
    band = {"field": "low", "type": "quantitative", "title": None}
    middle = {**band, "field": "middle"}
    row = {"type": "nominal"}
    tooltip = [
        {
            "field": "day",
            "type": "temporal",
            "format": tooltip_day(),
            "title": "Forecast for",
        },
        {**row, "field": "middle_text", "title": "Most likely"},
        {**row, "field": "range_text", "title": "In 8 of 10 cases"},
    ]
    layer = {
        "data": inline(rows, "day"),
        "transform": [
            {"calculate": "format(datum.middle, ',d')", "as": "middle_text"},
            {
                "calculate": "format(datum.low, ',d') + ' – ' + format(datum.high, ',d')",
                "as": "range_text",
            },
        ],
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.16, "line": False},
                "encoding": {"x": x, "y": band, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2, "strokeDash": [5, 4]},
                "encoding": {"x": x, "y": middle},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 12, "opacity": 0.001},
                "encoding": {"x": x, "tooltip": tooltip},
            },
        ],
    }
    # In the margin the forecast's last figure takes the place of today's, which the tile has.
    end = next(each for each in spec["layer"] if each.get("name") == END_LABEL)
    y, ends = end["encoding"]["y"], [figure for row in rows for figure in (row["low"], row["high"])]
    end = end_label(rows[-1]["middle"], f"~{count(rows[-1]['middle'])}", y, AXIS_INK)
    layers = [each for each in spec["layer"] if each.get("name") != END_LABEL]
    layers = spread_ticks([*layers, layer, end, *notes], points[0].day, forecast.days[-1].day)
    domain = range_of([*y["scale"]["domain"], *ends], zero=False)
    return {**spec, "layer": stretch(layers, "quantitative", list(domain))}


def _rows(forecast: Forecast) -> list[Spec]:
    step = -(-len(forecast.days) // MAX_FORECAST_POINTS)
    # Counted from the last day, so that the end of the forecast is exact.
    days = forecast.days[::-1][::step][::-1]
    last = forecast.last_figure
    begin: Spec = {"day": moment_of(forecast.last_day), "low": last, "middle": last, "high": last}
    rows = [
        {"day": moment_of(each.day), "low": each.low, "middle": each.middle, "high": each.high}
        for each in days
    ]
    return [begin, *rows]


def add_posts(spec: Spec, points: Sequence[Point], post_days: Mapping[date, int]) -> Spec:
    """The chart with a dot on the time axis for each day with posts, whose number it tells.

    It says nothing of why a figure moved. Days outside of ``points`` are left out.
    """
    first, last = points[0].day, points[-1].day
    rows = [
        {DAY: moment_of(on), ISO: f"{on}", "posts": count(number)}
        for on, number in sorted(post_days.items())
        if first <= on <= last
    ]
    if not rows:
        return spec
    layer = {
        "data": inline(rows, DAY),
        "mark": {
            **{"type": "point", "filled": True, "size": 34, "opacity": 1},
            **{"color": AXIS_INK, "yOffset": -5},
        },
        "encoding": {
            "x": x_axis(points),
            "y": {"value": "height"},
            "tooltip": [
                {"field": DAY, "type": "temporal", "format": tooltip_day(), "title": DAY},
                {"field": "posts", "type": "nominal", "title": "Posts on this day"},
            ],
        },
    }
    return {**spec, "layer": [*spec["layer"], layer]}


def add_unusual(
    spec: Spec,
    points: Sequence[Point],
    marks: Mapping[date, Direction],
    colours: Palette,
    *,
    by_change: bool,
) -> Spec:
    """The chart with a triangle on each unusual day: up for a rise, down for a fall.

    ``by_change``: the chart is of daily changes, else of totals. Days outside of ``points`` are
    left out.
    """
    rows = []
    for each in points:
        mark, height = marks.get(each.day), each.change if by_change else each.value
        if mark is not None and height is not None:
            text = signed(each.change)
            moment = {DAY: moment_of(each.day), ISO: f"{each.day}"}
            rows.append({**moment, "height": height, "mark": mark, "said": text})
    if not rows:
        return spec
    fell = {"test": "datum.mark == 'fell'", "value": colours.down}
    turned = {"test": "datum.mark == 'fell'", "value": "triangle-down"}
    layer = {
        "data": inline(rows, DAY),
        "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
        "encoding": {
            "x": x_axis(points),
            "y": {"field": "height", "type": "quantitative", "title": None},
            "color": {"condition": fell, "value": colours.up},
            "shape": {"condition": turned, "value": "triangle-up"},
            "tooltip": [
                {"field": DAY, "type": "temporal", "format": tooltip_day(), "title": DAY},
                {"field": "said", "type": "nominal", "title": "Unusual for this Page"},
            ],
        },
    }
    return {**spec, "layer": [*spec["layer"], layer]}
