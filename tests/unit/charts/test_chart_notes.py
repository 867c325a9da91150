"""Notes on charts: which days they stand on, what is written, and that no text does anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from pages.charts import line_charts
from pages.charts.chart_parts import LIGHT
from pages.charts.note_marks import MAX_LABEL_LENGTH, join_notes, note_marks
from pages.charts.timeline import Note, Point

FIRST = date(2026, 11, 1)
POINTS = [
    Point(FIRST + timedelta(n), 100 + n if n != 5 else None, 1 if n not in (0, 5) else None)
    for n in range(11)
]
HOSTILE = "<b>x</b> :material/delete: **y** www.evil.com ![i](http://evil) $z$ 'q' {\"signal\": 1}"


def note(number: int, text: str = "Campaign", kind: str = "own") -> Note:
    return Note(FIRST + timedelta(number), text, kind)


def labels_of(layers: list[dict[str, Any]]) -> list[str]:
    """The texts drawn above the chart, row by row."""
    (group,) = layers
    rows = group["data"]["values"]
    return [
        row["label"]
        for layer in group["layer"]
        if layer["mark"]["type"] == "text"
        for row in rows
        if layer["transform"][0]["filter"] == f"datum.level == {row['level']}"
    ]


def test_notes_outside_the_days_drawn_are_left_out() -> None:
    assert join_notes([note(-1), note(11), note(400)], POINTS) == []
    assert [each.day for each in join_notes([note(10), note(0)], POINTS)] == [
        FIRST,
        FIRST + timedelta(10),
    ]


def test_a_chart_of_weeks_has_notes_on_its_days_between() -> None:
    (group,) = note_marks([note(3, "Between")], POINTS[::7], "Fans")
    (row,) = group["data"]["values"]
    assert (row["day"], row["figure"]) == ("2026-11-04T00:00:00", "–")


def test_several_notes_of_a_day_are_one() -> None:
    (joined,) = join_notes([note(3, "First"), note(3, "Second"), note(3, "Third")], POINTS)
    assert (joined.label, joined.text) == ("First +2", "First · Second · Third")


def test_a_label_is_short_and_the_tooltip_has_the_rest() -> None:
    (joined,) = join_notes([note(3, "x" * 200), note(3, "y" * 200)], POINTS)
    assert len(joined.label) == MAX_LABEL_LENGTH
    assert joined.label.endswith("… +1")
    assert joined.text == f"{'x' * 200} · {'y' * 200}"
    (many,) = join_notes([note(3, "x" * 200)] * 40, POINTS)
    assert len(many.text) <= 500


def test_a_gap_already_says_that_there_was_no_snapshot() -> None:
    assert join_notes([note(5, "No snapshot", "outage")], POINTS) == []
    assert len(join_notes([note(6, "No snapshot", "outage")], POINTS)) == 1
    assert len(join_notes([note(5, "Server moved", "own")], POINTS)) == 1


def test_the_tooltip_says_the_note_and_keeps_the_figures() -> None:
    (group,) = note_marks([note(3, "Spring sale")], POINTS, "Fans")
    (row,) = group["data"]["values"]
    assert (row["day"], row["note"]) == ("2026-11-04T00:00:00", "Spring sale")
    assert (row["figure"], row["change"]) == ("103", "+1")
    hit = group["layer"][-1]
    assert hit["mark"]["strokeWidth"] > 8
    assert [each["title"] for each in group["encoding"]["tooltip"]][1:3] == ["Note", "Fans"]


def test_more_than_four_notes_are_rules_alone() -> None:
    four = note_marks([note(n, f"n{n}") for n in (0, 3, 6, 9)], POINTS, "Fans")
    assert sorted(labels_of(four)) == ["n0", "n3", "n6", "n9"]
    five = note_marks([note(n, f"n{n}") for n in (0, 2, 4, 6, 9)], POINTS, "Fans")
    assert labels_of(five) == []
    assert len(five[0]["data"]["values"]) == 5


def test_an_own_note_keeps_its_words_among_many_others() -> None:
    crowd = [note(n, f"n{n}", "platform") for n in (0, 2, 4, 6, 8)]
    own = note(4, "Spring sale")
    marks = note_marks([*crowd, own], POINTS, "Fans")
    assert [label for label in labels_of(marks) if label] == ["Spring sale +1"]
    assert len(marks[0]["data"]["values"]) == 5


def test_labels_that_would_meet_stand_in_rows_of_their_own() -> None:
    (group,) = note_marks([note(1, "x" * 30), note(2, "y" * 30)], POINTS, "Fans")
    one, two = group["data"]["values"]
    assert one["level"] != two["level"]
    assert one["level"] > two["level"], "the earlier rule would cross the later label"
    (group,) = note_marks([note(8, "x" * 30), note(9, "y" * 30)], POINTS, "Fans")
    one, two = group["data"]["values"]
    assert one["level"] < two["level"], "to the left of its rule it is the other way round"
    (far,) = note_marks([note(1, "ab"), note(9, "cd")], POINTS, "Fans")
    assert [row["level"] for row in far["data"]["values"]] == [0, 0]
    assert [row["side"] for row in far["data"]["values"]] == ["right", "left"]


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
