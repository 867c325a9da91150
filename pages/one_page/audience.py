"""A Page's card "Audience over time": its switches, its chart, and what the chart does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from pages import charts, switches, timeline, way_back
from pages.chart_parts import lean, palette
from pages.formats import counted, day, plain
from pages.noting import annotating
from pages.one_page import forecast_chart, outlook_words
from pages.one_page import lookups as page_lookups
from pages.one_page import words as page_words
from pages.one_page.points import MOST_POINTS, points_of, thin
from pages.periods import A_DAY, Period
from pages.portfolio import growth
from pages.timeline import Note, Point
from storage import metrics
from storage.accounts.page_profile import PageProfile
from storage.filtering import Metric
from storage.metrics import Forecast, Refusal

CHART_HEIGHT = 320
TOTAL, DAILY_CHANGE, SINCE_START = growth.VIEWS


@dataclass(frozen=True)
class Audience:
    """What the card is drawn from. ``period`` is the part with snapshots of what was ``asked``."""

    version: str
    profile: PageProfile
    metric: Metric
    by_day: Mapping[date, int | None]
    period: Period
    asked: Period
    today: date


@dataclass(frozen=True)
class Switched:
    """How the switches stand, and the row they stand in, where there is room for more."""

    metric: Metric
    view: str
    wants_forecast: bool
    row: Any


def choose(packed: str | None) -> Switched:
    """Draw the switches. ``packed``: Overview's state, whose figure a Page is first shown with."""
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        st.header("Audience over time", anchor=False, width="content")
        came_by = way_back.unpack(packed).get("metric")
        metric = switches.choose("Figure", list(growth.METRICS), key="figure", default=came_by)
        view = switches.choose("View", growth.VIEWS, key="chart")
        wants_forecast = view == TOTAL and st.toggle(
            "Forecast", key="forecast", bind="query-params"
        )
    return Switched(growth.METRICS[metric], view, wants_forecast, row)


def render(card: Audience, switched: Switched, found: Forecast | Refusal) -> None:
    """Draw the chart and its caption. What was ``found`` of the future is drawn when wanted."""
    outlook, view = (found if switched.wants_forecast else None), switched.view
    # Up to the end that was asked for: days without a snapshot are grey.
    points = timeline.trim(points_of(card.by_day, card.period.since, card.asked.until))
    if not points:
        st.caption(_why_no_chart(card))
        return
    with switched.row:
        chart = annotating.chart_of_page(card.period, card.profile.id, card.today)
        notes = annotating.render(card.version, chart)
    drawn = points[-MOST_POINTS:] if view == DAILY_CHANGE else thin(points)
    is_drawn = isinstance(outlook, Forecast) and outlook.last_day in {p.day for p in drawn}
    shown = outlook if isinstance(outlook, Forecast) and is_drawn else None
    _draw(card, view, drawn, shown, notes)
    said = [*_averages(card), *_limits(view, points, drawn), *_marked(card, view, drawn)]
    if isinstance(outlook, Forecast):
        noun = card.metric
        said.append(outlook_words.forecast(outlook, noun) if is_drawn else outlook_words.NOT_HERE)
    elif outlook is not None:
        said.append(outlook_words.why_no_forecast(outlook, card.metric))
    if card.profile.is_new_page_experience:
        said.append(page_words.NEW_EXPERIENCE)
    if said:
        st.caption(" ".join(said))


def _draw(
    card: Audience,
    view: str,
    points: list[Point],
    outlook: Forecast | None,
    notes: Sequence[Note],
) -> None:
    noun, whose = card.metric.capitalize(), plain(card.profile.name)
    start = next((point.value for point in points if point.value is not None), None)
    if view == SINCE_START:
        growth.draw(points, noun, view, whose, height=CHART_HEIGHT, notes=notes)
        return
    if start is None:  # the days that are drawn are a part of all
        st.caption(f"No {card.metric} in the last days of this period.")
        return
    colours = palette(st.context.theme.type)
    by_change = view == DAILY_CHANGE
    build = charts.change_chart if by_change else charts.total_chart
    spec = build(points, noun, colours, notes)
    marks = page_lookups.find_marks(
        card.version, card.profile.id, points[0].day, points[-1].day, card.metric
    )
    spec = forecast_chart.add_unusual(spec, points, marks, colours, by_change=by_change)
    if outlook is not None:
        spec = forecast_chart.add_forecast(spec, points, outlook)
    describe = timeline.describe_changes if by_change else timeline.describe
    alt = describe(points, noun, whose)
    if outlook is not None:
        alt += f" {outlook_words.forecast(outlook, card.metric)}"
    st.vega_lite_chart(lean(spec), height=CHART_HEIGHT, alt=alt)


def _averages(card: Audience) -> list[str]:
    ends = metrics.ends_of_period(card.by_day, card.period.since, card.period.until)
    per_day = metrics.growth_per_day(*ends, card.period.days_count)
    if per_day is None:
        return []
    number = f"{per_day:+,.1f}" if round(per_day, 1) else "0"
    return [f"{number} a day on average over {counted(card.period.days_count, 'day')}."]


def _limits(view: str, points: list[Point], drawn: list[Point]) -> list[str]:
    """What the chart leaves out: missing days, and days of a long period."""
    said = []
    missing = sum((gap.until - gap.since).days + 1 for gap in timeline.find_gaps(points))
    if missing:
        verb = "has" if missing == 1 else "have"
        said.append(
            f"{counted(missing, 'day')} {verb} no snapshot (grey): the dashboard was not running, "
            "or Facebook refused. They can't be fetched later."
        )
    if len(drawn) < len(points):
        said.append(
            f"The last {len(drawn)} days of the period."
            if view == DAILY_CHANGE
            else "So many days are drawn week by week, each with its last figure."
        )
    return said


def _marked(card: Audience, view: str, drawn: list[Point]) -> list[str]:
    marks = page_lookups.find_marks(
        card.version, card.profile.id, drawn[0].day, drawn[-1].day, card.metric
    )
    count = 0 if view == SINCE_START else len(marks.keys() & {p.day for p in drawn})
    if not count:
        return []
    return [
        f"{counted(count, 'unusual day')} (triangle): a change beyond what is usual for this Page."
    ]


def _why_no_chart(card: Audience) -> str:
    since, until, newest = card.period.since, card.asked.until, card.profile.last_day
    if newest is None:
        return "The first figures come with the next refresh."
    if any(since - A_DAY <= each <= until for each in card.by_day):
        return f"Facebook gives no count of {card.metric} for this Page in this period."
    first, last = day(since, year=since.year != until.year), day(until)
    oldest = card.profile.first_day
    if oldest is not None and oldest > until:
        return f"No figures between {first} and {last}: the first snapshot is of {day(oldest)}."
    newest_day = day(newest, year=newest.year != until.year)
    return f"No snapshot between {first} and {last}; the newest is of {newest_day}."
