"""Notes on charts: which days they stand on, what is written, and that no text does anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.charts import line_charts
from pages.charts.chart_parts import DAY, LIGHT
from pages.charts.note_marks import (
    MAX_LABEL_LENGTH,
    NARROW,
    WIDE,
    join_notes,
    note_marks,
    place_labels,
)
from pages.charts.timeline import Note, Point

FIRST = date(2026, 11, 1)
POINTS = [
    Point(FIRST + timedelta(n), 100 + n if n != 5 else None, 1 if n not in (0, 5) else None)
    for n in range(11)
]
MONTH = [Point(FIRST + timedelta(n), 1, 0) for n in range(28)]
HOSTILE = "<b>x</b> :material/delete: **y** www.evil.com ![i](http://evil) $z$ 'q' {\"signal\": 1}"


def note(number: int, text: str = "Campaign", kind: str = "own") -> Note:
    return Note(FIRST + timedelta(number), text, kind)


def labels_of(layers: list[dict[str, Any]], width: str = "wide") -> list[str]:
    """The texts drawn above a chart of a width."""
    (group,) = layers
    return [row["label"] for row in group["data"]["values"] if row[width] >= 0]


def test_notes_outside_the_days_drawn_are_left_out() -> None:
    assert join_notes([note(-1), note(11), note(400)], POINTS) == []
    assert [each.day for each in join_notes([note(10), note(0)], POINTS)] == [
        FIRST,
        FIRST + timedelta(10),
    ]


def test_a_chart_of_weeks_has_notes_on_its_days_between() -> None:
    (group,) = note_marks([note(3, "Between")], POINTS[::7], "Fans")
    (row,) = group["data"]["values"]
    assert (row[DAY], row["figure"]) == ("2026-11-04T00:00:00", "–")


def test_several_notes_of_a_day_are_one() -> None:
    (joined,) = join_notes([note(3, "First"), note(3, "Second"), note(3, "Third")], POINTS)
    assert (joined.label, joined.text) == ("First +2", "First · Second · Third")


def test_a_label_has_whole_words_and_the_tooltip_the_rest() -> None:
    text = "Autumn campaign begins in all shops"
    (joined,) = join_notes([note(3, text), note(3, "y" * 200)], POINTS)
    assert joined.label == "Autumn campaign… +1"
    assert joined.text == f"{text} · {'y' * 200}"
    (automatic,) = join_notes([Note(FIRST, "9 of 14 Pages fell", "platform", "Clean-up")], POINTS)
    assert automatic.label == "Clean-up"
    (word,) = join_notes([note(3, "x" * 200)], POINTS)
    assert word.label == "x" * (MAX_LABEL_LENGTH - 1) + "…"
    (many,) = join_notes([note(3, "x" * 200)] * 40, POINTS)
    assert len(many.text) <= 500


def test_a_gap_already_says_that_there_was_no_snapshot() -> None:
    assert join_notes([note(5, "No snapshot", "outage")], POINTS) == []
    assert len(join_notes([note(6, "No snapshot", "outage")], POINTS)) == 1
    assert len(join_notes([note(5, "Server moved", "own")], POINTS)) == 1


def test_the_tooltip_of_a_day_without_a_figure_says_why() -> None:
    day = FIRST + timedelta(5)
    outage = Note(day, "", "outage", until=day, why="Facebook's limit was reached")
    for make in (line_charts.total_chart, line_charts.share_chart, line_charts.change_chart):
        figure = next(
            each
            for each in make(POINTS, "Fans", LIGHT, [outage])["transform"]
            if each["as"] == "figure_text"
        )
        assert figure["calculate"].endswith(
            " : datum['iso'] >= '2026-11-06' && datum['iso'] <= '2026-11-06' "
            "? \"no figures: Facebook's limit was reached\" : 'no figures'"
        )


def test_the_tooltip_says_the_note_and_keeps_the_figures() -> None:
    (group,) = note_marks([note(3, "Spring sale")], POINTS, "Fans")
    (row,) = group["data"]["values"]
    assert (row[DAY], row["note"]) == ("2026-11-04T00:00:00", "Spring sale")
    assert (row["figure"], row["change"]) == ("103", "+1")
    hit = group["layer"][-1]
    assert hit["mark"]["strokeWidth"] > 8
    assert [each["title"] for each in group["encoding"]["tooltip"]][1:3] == ["Note", "Fans"]


def test_notes_without_room_are_rules_alone() -> None:
    crowd = [note(n, f"A long label {n}") for n in range(11)]
    marks = note_marks(crowd, POINTS, "Fans")
    assert 0 < len(labels_of(marks, "narrow")) < len(labels_of(marks, "wide")) < len(crowd)
    assert len(marks[0]["data"]["values"]) == len(crowd)


def test_an_own_note_keeps_its_words_among_many_others() -> None:
    crowd = [note(n, f"Platform note {n}", "platform") for n in (4, 5, 6, 7, 8, 9)]
    marks = note_marks([*crowd, note(6, "Spring sale")], POINTS, "Fans")
    assert "Spring sale +1" in labels_of(marks, "narrow")
    assert len(labels_of(marks, "narrow")) < len(crowd)


@given(st.lists(st.tuples(st.integers(0, 27), st.text("aM…字 ", min_size=1)), max_size=12))
def test_labels_never_touch_each_other_nor_a_rule(drawn: list[tuple[int, str]]) -> None:
    joined = join_notes([note(day, text) for day, text in drawn], MONTH)
    for width in (NARROW, WIDE):
        positions = list(place_labels(joined, FIRST, MONTH[-1].day, width).values())
        for position in positions:
            assert 0 <= position.since <= position.until <= width, "within the plot"
        for one, other in permutations(positions, 2):
            if one.level == other.level:
                assert one.until < other.since or other.until < one.since
            if one.level > other.level:
                assert not other.since <= one.rule <= other.until


@pytest.mark.parametrize(
    "text", [HOSTILE, "مرحبا بكم", "🎉👩‍👩‍👧", "two\nlines\r\n<script>", "é" * 200]
)
def test_any_text_is_data_and_one_line(text: str) -> None:
    (group,) = note_marks([note(3, text)], POINTS, "Fans")
    row = group["data"]["values"][0]
    assert row["note"] == " ".join(text.split())
    assert "\n" not in row["label"]
    marks = json.dumps({**group, "data": None}, ensure_ascii=False)
    assert "evil" not in marks, "a text became part of the drawing"


@pytest.mark.parametrize(
    "build",
    [line_charts.total_chart, line_charts.share_chart, line_charts.change_chart],
    ids=lambda f: f.__name__,
)
def test_every_chart_draws_notes_on_top(build: Callable[..., dict[str, Any]]) -> None:
    spec = build(POINTS, "Fans", LIGHT, [note(3, "Campaign")])
    assert spec["layer"][-1]["data"]["values"][0]["label"] == "Campaign"
    assert len(build(POINTS, "Fans", LIGHT)["layer"]) == len(spec["layer"]) - 1
