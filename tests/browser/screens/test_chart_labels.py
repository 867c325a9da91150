"""No label of a chart touches another one: boxes of all labels, drawn by Vega in a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import streamlit
from playwright.sync_api import Page

from pages.charts import insights_chart, line_charts
from pages.charts.chart_parts import LIGHT, Spec
from pages.charts.compare_chart import HEIGHT, compare_chart
from pages.charts.compare_series import Series
from pages.charts.note_marks import note_marks
from pages.charts.timeline import Before, Note, Point, trim
from pages.parts.overview import cards
from pages.parts.page import calendar, growth_card, insights_card
from pages.ui.export.chart_image import to_svg
from storage.metrics.changes import list_daily_changes
from storage.metrics.forecast import Forecast, ForecastDay

# The widths of a chart on screens of 390, 768 and 1440 pixels; the goal stands beside the calendar.
CARD_WIDTHS = (330, 690, 836)
CALENDAR_WIDTHS = (330, 449, 819)
HEIGHTS = {
    "forecast": growth_card.CHART_HEIGHT,
    "compare": HEIGHT,
    "calendar": calendar.HEIGHT,
    "level": insights_card.CHART_HEIGHT,
    "count": insights_card.CHART_HEIGHT,
}
PICTURE = 28  # pixels that a picture has more around the chart, above and below
FIRST = date(2026, 3, 1)
# Without those that Vega hides because they would overlap.
LABELS = """(svg) => { document.body.innerHTML = svg; return [...document.querySelectorAll('text')]
    .filter(each => each.textContent.trim() && getComputedStyle(each).opacity !== '0')
    .map(each => [each, each.getBoundingClientRect()])
    .map(([each, box]) => [each.textContent, box.left, box.top, box.right, box.bottom]) }"""
Values = list[int | None]


def points_of(values: Sequence[int | None]) -> list[Point]:
    before: int | None = None
    points = []
    for number, value in enumerate(values):
        change = None if value is None or before is None else value - before
        points.append(Point(FIRST + timedelta(number), value, change))
        before = value if value is not None else before
    return trim(points)


def notes_on(*numbers: int, text: str = "Autumn campaign begins") -> list[Note]:
    return [Note(FIRST + timedelta(n), text, "own") for n in numbers]


def rising(count: int, start: int = 1_000_000, step: int = 850) -> Values:
    return [start + step * number for number in range(count)]


CONNECTED = Note(
    FIRST + timedelta(27), "Connected: Anna Keller, 57 Pages", "connected", "Connected"
)
MONTH = rising(28)
SERIES: dict[str, tuple[Values, list[Note]]] = {
    "last at the top, note on the last day": (MONTH, [CONNECTED]),
    "last at the bottom, note on the last day": (MONTH[::-1], [CONNECTED]),
    "notes on the first and the last day": (MONTH, [*notes_on(0), CONNECTED]),
    "five notes in a row": (MONTH, notes_on(10, 11, 12, 13, 14)),
    "five notes at the end": (MONTH, notes_on(23, 24, 25, 26, 27)),
    "five notes at the start": (MONTH, notes_on(0, 1, 2, 3, 4)),
    "a note on every day": (MONTH, notes_on(*range(28), text="WWWWW MMMMM WWWWW")),
    "wide letters": (MONTH, notes_on(3, 9, 20, 27, text="秋季宣传活动开始了秋季宣传活动开始了")),
    "long words": (MONTH, notes_on(1, 14, 26, text="Donaudampfschifffahrtsgesellschaft")),
    "flat": ([5_000] * 28, notes_on(27)),
    "flat at nothing": ([0] * 28, notes_on(13)),
    "two digits": (rising(28, 10, 1), notes_on(27)),
    "nine digits": (rising(28, 987_000_000, 12_345), notes_on(26, 27)),
    "nine digits falling": (rising(28, 987_000_000, -12_345), notes_on(26, 27)),
    "a gap at the end": ([*MONTH[:20], *[None] * 8], notes_on(5, 19, 27)),
    "gaps and a lone day": ([*MONTH[:9], None, MONTH[10], None, *MONTH[12:]], notes_on(10)),
    "seven days": (rising(7), notes_on(0, 3, 6)),
    "two days": (rising(2), notes_on(0, 1)),
    "90 days": (rising(90), notes_on(0, 20, 21, 60, 88, 89)),
    "12 months": (rising(365), notes_on(0, 100, 105, 250, 360, 364)),
    "a leap on the last day": ([*MONTH[:27], 9_999_999], notes_on(26, 27)),
}


def draw_in_the_dashboards_font(page: Page) -> None:
    """Let text be as wide as on the screens: the browser may lack the font of exported charts."""
    (font,) = (Path(streamlit.__file__).parent / "static").glob("static/media/SourceSansVF-Up*")
    data = base64.b64encode(font.read_bytes()).decode()
    face = f"@font-face {{ font-family: Dashboard; src: url(data:font/woff2;base64,{data}); }}"
    style = f"{face} text {{ font-family: Dashboard !important; }}"
    page.set_content(f"<head><style>{style}</style></head><body><svg><text>1</text></svg></body>")
    page.evaluate("async () => { await document.fonts.load('12px Dashboard') }")


def without_pointer(spec: Spec) -> Spec:
    """The chart without the layers of the day under the pointer, which take half of the time."""
    layers = [layer for layer in spec["layer"] if '"param' not in json.dumps(layer, default=str)]
    return {**spec, "layer": layers}


def overlapping(page: Page, spec: Spec, width: int, height: int) -> list[str]:
    """The pairs of labels whose boxes overlap, in a chart as wide as the card."""
    sized: Spec = {**spec, "width": width, "height": height + PICTURE}
    if "layer" in spec:
        sized = without_pointer(sized)
    sized["autosize"] = {"type": "fit", "contains": "padding"}
    # The renderer has no element around the chart.
    written = json.dumps({name: each for name, each in sized.items() if name != "data"})
    sized |= json.loads(written.replace("containerSize()[0]", str(width)))
    boxes: list[list[Any]] = page.evaluate(LABELS, to_svg(sized, LIGHT))
    assert len(boxes) > 3
    return [
        f"{a[0]!r} and {b[0]!r}"
        for a, b in combinations(boxes, 2)
        # Boxes of letters have a pixel or two of air above and below.
        if min(a[3], b[3]) - max(a[1], b[1]) > 0.5 and min(a[4], b[4]) - max(a[2], b[2]) > 2
    ]


def charts_of(values: Values, notes: list[Note]) -> dict[str, Spec]:
    """Every chart: those of growth with the period before, Compare in numbers or as an index."""
    points = points_of(values)
    apart = timedelta(len(values))
    earlier = [Point(p.day - apart, p.value and p.value // 2, p.change) for p in points]
    before = Before(FIRST - apart, FIRST - timedelta(1), apart, tuple(earlier))
    days = [FIRST + timedelta(number) for number in range(len(values))]
    halves = [None if value is None else value - value // 900 for value in values]
    is_index = bool(values[0] and halves[0]) and len(notes) != 1
    series = [
        Series("Hofladen Apfelgarten", 0, values, values[0] or 100),
        Series("Café am Fluss", 1, halves, halves[0] or 100),
    ]
    charts = {
        "total": line_charts.total_chart(points, "Fans", LIGHT, notes, before),
        "change": line_charts.change_chart(points, "Fans", LIGHT, notes, before),
        "compare": compare_chart(days, series, LIGHT, is_index=is_index, notes=notes),
    }
    if values[0]:  # there is no share of nothing
        charts["share"] = line_charts.share_chart(points, "Fans", LIGHT, notes, before)
    charts["forecast"] = forecast_chart(points, notes, before)
    of_days = {day: value for day, value in zip(days, values, strict=True) if value is not None}
    every_day = insights_chart.points_of(of_days, days[0], days[-1])
    retired_on = notes[0].day
    for kind in ("level", "count"):
        charts[kind] = insights_chart.insight_chart(every_day, "Views", kind, retired_on, LIGHT)
    changes = [each for each in list_daily_changes(dict(of_days)) if each.change is not None]
    charts["calendar"] = calendar.heat_chart(changes, LIGHT)
    return charts


def forecast_chart(points: list[Point], notes: list[Note], before: Before) -> Spec:
    """The total with unusual days and a forecast of 90 days, which goes on as the line did."""
    known = [point for point in points if point.value is not None]
    first, last = known[0].value or 0, known[-1].value or 0
    pace, band = (last - first) / len(known), max(last // 300, 3)
    middles = [(age, max(0, round(last + pace * age))) for age in range(1, 91)]
    days = tuple(
        ForecastDay(known[-1].day + timedelta(age), max(0, at - band), at, at + band)
        for age, at in middles
    )
    forecast = Forecast(known[-1].day, last, pace, len(known), days)
    spec = line_charts.total_chart(points, "Fans", LIGHT, (), before)
    marks = {point.day: "rose" for point in points[1::9]}
    spec = growth_card.add_unusual(spec, points, marks, LIGHT, by_change=False)  # type: ignore[arg-type]
    of_notes = note_marks(notes, points, "Fans", until=days[-1].day)
    return growth_card.add_forecast(spec, points, forecast, of_notes)


def test_no_label_touches_another(page: Page) -> None:
    draw_in_the_dashboards_font(page)
    collisions = [
        f"{title}, {view}, {width}: {pair}"
        for title, (values, notes) in SERIES.items()
        for view, spec in charts_of(values, notes).items()
        for width in (CALENDAR_WIDTHS if view == "calendar" else CARD_WIDTHS)
        for pair in overlapping(page, spec, width, HEIGHTS.get(view, cards.CHART_HEIGHT))
    ]
    assert not collisions, "\n".join(collisions)
