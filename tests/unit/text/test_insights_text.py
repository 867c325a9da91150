"""What is said of Facebook's daily metrics, and the chart they are drawn in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pages.charts.chart_parts import LIGHT
from pages.charts.insights_chart import DAY, insight_chart, points_of
from pages.text import insights_text
from pages.text.insights_text import Answer
from pages.text.periods import A_DAY

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 10)


def answer(state: str, code: int | None = None, trace_id: str | None = None) -> Answer:
    return Answer(state, code, trace_id, NOW)


@pytest.mark.parametrize("access", list(insights_text.NO_ACCESS))
def test_what_is_missing_here_is_said_before_what_facebook_said(access: str) -> None:
    sentence = insights_text.NO_ACCESS[access]
    assert insights_text.why_nothing(access, None, None) == sentence
    assert insights_text.why_nothing(access, answer("refused", 100), None) == sentence


@pytest.mark.parametrize("state", list(insights_text.STATES))
def test_every_state_has_a_sentence_that_is_filled_in(state: str) -> None:
    said = insights_text.why_nothing("ok", answer(state, 1234, "A_b*C"), None)
    assert "{" not in said
    assert "A_b" not in said, "a trace is hostile text, too"
    assert said.endswith((".", "dashboard."))


def test_a_limit_names_its_end() -> None:
    until = datetime(2026, 11, 22, 14, 25, tzinfo=UTC)
    said = insights_text.why_nothing("ok", answer("limited", 80001), until)
    assert (
        said == "Facebook asked to slow down (code 80001); it allows the rest from about 14:25 UTC."
    )


def test_people_of_a_day_are_never_added_up() -> None:
    values = [(date(2026, 11, 1), 100), (date(2026, 11, 2), 201)]
    said = insights_text.summary(values, "viewers", "unique", SINCE, UNTIL)
    assert said.startswith("On average 151 viewers a day on 2 days (1 Nov – 2 Nov 2026).")
    assert "301" not in said
    assert insights_text.summary(values, "views", "count", SINCE, UNTIL).startswith("301 views")
    level = insights_text.summary(values, "followers", "level", SINCE, UNTIL)
    assert level == "From 100 to 201 followers, 1 Nov – 2 Nov 2026."


def test_a_period_without_figures_says_so() -> None:
    said = insights_text.summary([], "views", "count", SINCE, UNTIL)
    assert said == "Facebook gave no figures for 1 Nov – 10 Nov 2026."


def test_progress_is_never_whole_before_the_end() -> None:
    assert insights_text.progress(0, 0).endswith("…")
    assert insights_text.progress(504, 504).endswith(" 99%")


@pytest.mark.parametrize(
    ("kind", "mark"), [("count", "rect"), ("unique", "rect"), ("level", "line")]
)
def test_bars_for_what_happened_and_a_line_for_what_stands(kind: str, mark: str) -> None:
    points = points_of({SINCE: 5, UNTIL: 0}, SINCE, UNTIL)
    assert {point.change for point in points} == {None}, "days apart have no change"
    assert points_of({SINCE: 5, SINCE + A_DAY: 3}, SINCE, UNTIL)[1].change == -2
    spec = insight_chart(points, "Views", kind, None, LIGHT)
    assert spec["layer"][0]["mark"]["type"] == mark
    frame = spec["data"]
    assert frame.column_names == [DAY, "Views"]
    assert frame["Views"].to_pylist() == [5, *[None] * 8, 0], "a missing day is missing, and 0 is 0"


@pytest.mark.parametrize(
    ("on", "marks"), [(date(2026, 11, 5), 1), (date(2026, 10, 31), 0), (date(2026, 11, 11), 0)]
)
def test_the_mark_stands_on_its_day_or_nowhere(on: date, marks: int) -> None:
    points = points_of({SINCE: 5}, SINCE, UNTIL)
    spec = insight_chart(points, "Views", "count", on, LIGHT)
    assert len(spec["layer"]) == 2 + marks
