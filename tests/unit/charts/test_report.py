"""A report: one file that escapes everything and asks nobody for anything; and its pictures."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from pages.charts import line_charts
from pages.charts.chart_parts import DARK, LIGHT, Palette, Spec
from pages.charts.timeline import Note, Point
from pages.ui.export import chart_image
from pages.ui.export.chart_image import scheme_of, titled
from pages.ui.export.report import Picture, Report, Section, Table, to_html
from pages.ui.tiles import Tile
from storage.export.report_headings import Logo

HOSTILE = "<script>alert(1)</script>\" onload='x' & </title>"
AT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(10)]
POINTS = [
    Point(day, None if place == 4 else 1000 + place, 1 if place else None)
    for place, day in enumerate(DAYS)
]
NOTES = [Note(DAYS[3], HOSTILE, "user")]


class Tags(HTMLParser):
    """The elements of a file, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_report() -> Report:
    """A report in which every text is an attack."""
    return Report(
        title=HOSTILE,
        lines=[HOSTILE],
        produced_at=AT,
        tiles=[Tile(HOSTILE, HOSTILE, "+5", HOSTILE), Tile("Fans", None)],
        sections=[
            Section(
                HOSTILE,
                Picture("<svg/>", "<svg/>", HOSTILE),
                [Table([HOSTILE, "Fans"], [[HOSTILE, "-3"]])],
                HOSTILE,
            )
        ],
        is_sandbox=True,
    )


def test_every_text_is_escaped() -> None:
    found = Tags(to_html(hostile_report()))
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "iframe", "object", "a", "form"})
    assert not [attrs for _, attrs in found.tags if "onload" in attrs]
    assert found.text.count("<script>alert(1)</script>") == 10


def test_nothing_is_asked_of_anybody() -> None:
    html = to_html(hostile_report())
    found = Tags(html)
    for _, attributes in found.tags:
        for name in ("src", "srcset", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (policy,) = [a["content"] for t, a in found.tags if "http-equiv" in a]
    assert str(policy).startswith("default-src 'none'")
    assert "url(" not in html
    assert "@import" not in html


def test_what_stands_in_it() -> None:
    found = Tags(to_html(hostile_report()))
    assert "22 Nov 2026, 14:02 UTC" in found.text
    assert "Days are days in UTC." in found.text
    assert "Sandbox: made-up Pages and figures" in found.text
    classes = {attrs.get("class") for _, attrs in found.tags}
    assert {"delta up", "number down"} <= classes
    assert "–" in found.text


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize(
    "build", [line_charts.total_chart, line_charts.share_chart, line_charts.change_chart]
)
def test_a_chart_is_drawn_in_the_colours_of_a_scheme(
    build: Callable[..., Spec], colours: Palette
) -> None:
    chart = titled(build(POINTS, "Fans", colours, NOTES), "Fans over time", "10 days")
    drawn = chart_image.to_svg(chart, colours)
    assert scheme_of(colours).ground in drawn
    assert "Fans over time" in drawn
    assert "<script" not in drawn
    assert "NaN" not in drawn


def test_a_png_is_twice_as_large_as_its_points() -> None:
    png = chart_image.to_png(line_charts.total_chart(POINTS, "Fans", LIGHT), LIGHT)
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    assert 1800 < width < 2100
    assert 680 < height < 900


def test_logo_and_paragraphs_stand_in_the_file() -> None:
    logo = Logo(b"\x89PNG\r\n", "image/png")
    section = Section("The week", paragraphs=["One.", HOSTILE])
    tags = Tags(to_html(Report(HOSTILE, (), AT, sections=[section], logo=logo)))
    (drawn,) = [attrs for tag, attrs in tags.tags if tag == "img"]
    assert drawn["src"] == "data:image/png;base64,iVBORw0K"
    assert tags.text.count(HOSTILE) == 3  # in the tab, as the title, as a paragraph
    assert "One." in tags.text
    assert "<img" not in to_html(Report("x", (), AT))


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (5, 5), (6, 3), (7, 4)])
def test_no_tile_stands_alone_below_five(count: int, columns: int) -> None:
    tiles = [Tile("Fans", "1")] * count
    assert f'style="--columns:{columns}"' in to_html(Report("x", (), AT, tiles))


def test_a_day_stays_on_one_line() -> None:
    rows = [["7 Nov 2026", "A long note"]]
    days = Table(["Day", "Note"], rows, numbers_from=2, has_days=True)
    html = to_html(Report("x", (), AT, sections=[Section("Notes", tables=[days])]))
    assert '<td class="day">7 Nov 2026</td>' in html
    assert '<td class="text">A long note</td>' in html
    assert ".day{white-space:nowrap}" in html


def test_on_paper_the_report_is_light_and_no_row_is_cut() -> None:
    """The browser test prints it; these rules must be there whatever browser does."""
    text = to_html(hostile_report())
    assert 'media="screen and (prefers-color-scheme: dark)"' in text
    of_print = text[text.index("@media print") :]
    for rule in ("color-scheme:light", "tr,.badge{break-inside:avoid}", "table-header-group"):
        assert rule in of_print


@pytest.mark.parametrize("title", [None, "Fans", {"text": "Fans", "subtitle": ["28 days"]}])
def test_a_mark_is_the_first_line_under_the_title(title: object) -> None:
    chart: Spec = {"data": {"values": []}, "mark": "point"}
    if title is not None:
        chart["title"] = title
    drawn = chart_image.to_svg(chart_image.marked(chart, "Sandbox: made-up"), LIGHT)
    assert drawn.count(">Sandbox: made-up<") == 1
    if title:
        assert "Fans" in drawn
    if isinstance(title, dict):
        assert drawn.index(">Sandbox: made-up<") < drawn.index(">28 days<")
