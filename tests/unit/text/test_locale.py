"""Numbers, days and times as readers of several countries write them."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pages.charts.chart_parts import localized
from pages.text import formats
from pages.text.locale import BRITISH, get_locale, read_locale, set_locale, use_locale

AT = datetime(2026, 11, 28, 14, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 14, 5, tzinfo=UTC)
DAY, NEXT = date(2026, 11, 7), date(2026, 12, 3)
PAGES = Path(__file__).parents[3] / "pages"


@pytest.mark.parametrize(
    ("name", "figure", "percent", "day", "short", "weekday"),
    [
        ("de-DE", "1.234.567", "−2,35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("fr-FR", "1\u202f234\u202f567", "−2,35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("sv-SE", "1\xa0234\xa0567", "−2,35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("pt-BR", "1.234.567", "−2,35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("en-IN", "12,34,567", "−2.35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("en-US", "1,234,567", "−2.35%", "Nov 7, 2026", "Nov 7", "Sat, Nov 7, 2026"),
        ("ja-JP", "1,234,567", "−2.35%", "2026 Nov 7", "Nov 7", "Sat 2026 Nov 7"),
        ("ar-EG", "1,234,567", "−2.35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
        ("en-GB", "1,234,567", "−2.35%", "7 Nov 2026", "7 Nov", "Sat 7 Nov 2026"),
    ],
)
def test_numbers_and_days_of_a_country(
    name: str, figure: str, percent: str, day: str, short: str, weekday: str
) -> None:
    with use_locale(read_locale(name, None)):
        assert formats.count(1_234_567) == figure
        assert formats.signed_percent(-2.345) == percent
        assert formats.day(DAY) == day
        assert formats.day(DAY, year=False) == short
        assert formats.weekday(DAY) == weekday


@pytest.mark.parametrize(
    ("name", "days", "week", "axis", "month", "cell"),
    [
        ("de-DE", "7 Nov – 3 Dec 2026", "1 – 7 Nov 2026", "%-d %b", "%b %Y", "D MMM YYYY, HH:mm"),
        (
            "en-US",
            "Nov 7 – Dec 3, 2026",
            "Nov 1 – 7, 2026",
            "%b %-d",
            "%b %Y",
            "MMM D, YYYY, HH:mm",
        ),
        ("zh-CN", "2026 Nov 7 – Dec 3", "2026 Nov 1 – 7", "%b %-d", "%Y %b", "YYYY MMM D, HH:mm"),
    ],
)
def test_days_in_other_forms(
    name: str, days: str, week: str, axis: str, month: str, cell: str
) -> None:
    with use_locale(read_locale(name, None)):
        assert formats.span(DAY, NEXT) == days
        assert formats.days_of_month(date(2026, 11, 1), DAY, " – ") == week
        assert formats.axis_day() == axis
        assert formats.axis_month() == month
        assert formats.cell_day(clock=True) == cell


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("Europe/Berlin", "15:05 CET"),
        ("Europe/London", "14:05 GMT"),
        ("America/New_York", "09:05 EST"),
        ("Asia/Kolkata", "19:35 IST"),
        ("Asia/Tehran", "17:35 UTC+3:30"),
        ("America/Sao_Paulo", "11:05 UTC−3"),
        ("Etc/UTC", "14:05 UTC"),
        *((name, "14:05 UTC") for name in ("", "Mars/Olympus", "../../etc/passwd", "Europe", "\0")),
    ],
)
def test_a_clock_shows_its_own_zone_and_an_unknown_one_is_utc(zone: str, clock: str) -> None:
    with use_locale(read_locale("en-GB", zone)):
        assert formats.clock(AT) == clock


def test_days_of_times_turn_at_the_readers_midnight() -> None:
    late = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    with use_locale(read_locale("de-DE", "Europe/Berlin")):
        assert formats.moment(late) == "28 Nov 2026, 00:30 CET"
        assert formats.when(late, AT) == "today 00:30 CET"
        assert formats.zones_of([None, AT, SUMMER, AT]) == "CET/CEST"
    assert formats.when(late, AT) == "yesterday 23:30 UTC"


@pytest.mark.parametrize(
    "name",
    ["", "x-klingon", "klingon", "C", "i", "*", "'; DROP TABLE x", "\0", "💥"],
)
def test_what_is_no_language_is_british(name: str) -> None:
    assert read_locale(name, None) == BRITISH
    assert read_locale(None, None) == BRITISH


@pytest.mark.parametrize(
    "name", ["de", "de-DE", "de_DE.UTF-8", "DE-de", "de-Latn-DE", "de-XX", "de-DE-u-nu-arab"]
)
def test_a_language_is_read_from_every_form_of_its_name(name: str) -> None:
    locale = read_locale(name, None)
    assert (locale.decimal, locale.group, locale.day_order) == (",", ".", "dmy")


@given(st.text(max_size=30), st.text(max_size=30))
@example("de-DE" * 1000, "Europe/" * 1000)
def test_every_text_is_a_locale_that_can_write(name: str, zone: str) -> None:
    with use_locale(read_locale(name, zone)):
        assert formats.count(1_234_567).replace(get_locale().group, "") == "1234567"
        assert "28" in formats.moment(AT) or "29" in formats.moment(AT)


@given(st.from_regex(r"[a-z]{2}-[A-Z]{2}", fullmatch=True))
def test_every_country_can_write(name: str) -> None:
    with use_locale(read_locale(name, None)):
        assert "2026" in formats.day(DAY)
        assert "Nov" in formats.day(DAY)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(26.5, 0, "27"), (27.5, 0, "28"), (-26.5, 0, "−27"), (2.345, 2, "2.35"), (-0.4, 0, "0")],
)
def test_halves_are_rounded_away_from_zero(value: float, digits: int, text: str) -> None:
    assert formats.number(value, digits) == text


@pytest.mark.parametrize(
    ("people", "text"),
    [(589.1, "+589"), (-32.9, "−33"), (9.96, "+10"), (9.5, "+9.5"), (-0.26, "−0.3"), (0.04, "0")],
)
def test_people_a_day_are_whole_from_ten_on(people: float, text: str) -> None:
    assert formats.per_day(people, sign=True) == text


@given(st.integers(-(10**12), 10**12))
def test_grouping_changes_no_digit(value: int) -> None:
    for name in ("de-DE", "fr-FR", "en-IN", "hi-IN", "de-CH"):
        with use_locale(read_locale(name, None)):
            text = formats.count(value).replace(get_locale().group, "")
            assert int(text.replace("−", "-")) == value


def test_charts_get_the_signs_of_the_reader_and_the_british_none() -> None:
    assert localized({"mark": "line"}) == {"mark": "line"}
    with use_locale(read_locale("hi-IN", None)):
        number = localized({"config": {"font": "x"}})["config"]["locale"]["number"]
    assert number["grouping"][:3] == [3, 2, 2]
    assert number["minus"] == "−"
    with use_locale(read_locale("de-DE", None)):
        config = localized({"config": {"font": "x"}})["config"]
    assert config["font"] == "x"
    assert (config["locale"]["number"]["decimal"], config["locale"]["number"]["thousands"]) == (
        ",",
        ".",
    )


def test_one_reader_is_not_another_in_the_next_thread() -> None:
    """Streamlit runs each tab, and each fragment, in a thread of its own."""
    texts: dict[str, str] = {}
    ready = threading.Barrier(2)

    def write(name: str) -> None:
        set_locale(read_locale(name, None))
        ready.wait(10)  # both are set before either writes
        texts[name] = formats.count(1234)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("de-DE", "en-US")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {"de-DE": "1.234", "en-US": "1,234"}
    assert get_locale() == BRITISH


def _iterate_calls() -> Iterator[tuple[str, ast.Attribute]]:
    for file in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield file.relative_to(PAGES).as_posix(), node


def test_every_fragment_and_dialog_begins_with_its_viewer() -> None:
    """A plain one would rerun in a new thread and write British for everybody."""
    plain = {
        name
        for name, node in _iterate_calls()
        if isinstance(node.value, ast.Name)
        and node.value.id == "st"
        and node.attr in ("fragment", "dialog")
    }
    assert plain == {"ui/viewer.py"}


def test_no_number_is_written_past_the_formats() -> None:
    """Python's own grouping, a format of a column, and d3's order of a day know no locale."""
    texts = ('",d"', ":,d}", ":+,", ":,.", '"%,d', '"%+', '"D MMM', "%-d %b", '"localized"')
    allowed = {"text/formats.py"}
    offenders = [
        (file.name, text)
        for file in PAGES.rglob("*.py")
        if file.relative_to(PAGES).as_posix() not in allowed
        for text in texts
        if text in file.read_text().replace('return ",d"', "").replace('else ",d"', "")
    ]
    assert offenders == []


def test_every_chart_on_a_screen_is_localized() -> None:
    for file in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "vega_lite_chart"
            ):
                (chart,) = node.args
                assert isinstance(chart, ast.Call), file.name
                assert isinstance(chart.func, ast.Name), file.name
                assert chart.func.id == "on_screen", file.name
