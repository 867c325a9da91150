"""Draws notes on a chart: a dashed rule on the day, a few words above it, the rest on hover.

Pure, like `pages.charts`. The words stand above the figures, where no line runs through them, and
in rows of their own where they would meet. Their ink is the axis's, which both grounds bear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pages.charts.chart_parts import AXIS_INK, DAY, Spec, change_name, inline, moment_of, x_axis
from pages.charts.timeline import Note, Point
from pages.text.formats import count, cut, signed

MAX_LABEL = 24
MAX_LABELS = 4
# Half a phone's chart is as wide as the longest label: what is placed for it fits everywhere.
_LABEL_WIDTH = 0.5
# Left of here a label has no room to the left of its rule, not even over the axis's labels.
_ROOM = 0.3
_ROW_HEIGHT = 14
_MAX_TOOLTIP = 500
_HIT_WIDTH = 11  # pixels: a line of one can't be hit
_GAP_KIND, _OWN_KIND = "outage", "own"


@dataclass(frozen=True)
class DayNotes:
    """All notes of one day as one: the label over its rule, and every text for the tooltip.

    ``is_own``: an operator's is among them, and the label is of that one.
    """

    day: date
    label: str
    text: str
    is_own: bool = False


def join_notes(notes: Sequence[Note], points: Sequence[Point]) -> list[DayNotes]:
    """The notes from the first to the last day drawn, oldest first, those of one day joined.

    An outage whose days are drawn as a gap already is left to the grey band.
    """
    drawn = {point.day: point for point in points}
    by_day: dict[date, list[Note]] = {}
    for note in notes:
        point = drawn.get(note.day)
        is_gap = note.kind == _GAP_KIND and point is not None and point.value is None
        if is_gap or not points[0].day <= note.day <= points[-1].day:
            continue
        by_day.setdefault(note.day, []).append(note)
    return [_joined(day, by_day[day]) for day in sorted(by_day)]


def _joined(day: date, notes: list[Note]) -> DayNotes:
    notes = sorted(notes, key=lambda note: note.kind != _OWN_KIND)
    texts = [" ".join(note.text.split()) for note in notes]
    more = f" +{len(texts) - 1}" if len(texts) > 1 else ""
    label = cut(texts[0], MAX_LABEL - len(more)) + more
    is_own = notes[0].kind == _OWN_KIND
    return DayNotes(day, label, cut(" · ".join(texts), _MAX_TOOLTIP), is_own)


def labelled(joined: Sequence[DayNotes]) -> list[DayNotes]:
    """The days whose rule has words above it: all where they are few, else those with an operator's
    own note; none where even these are too many."""
    for chosen in (list(joined), [each for each in joined if each.is_own]):
        if len(chosen) <= MAX_LABELS:
            return chosen
    return []


def note_marks(notes: Sequence[Note], points: Sequence[Point], noun: str) -> list[Spec]:
    """A layer of rules and labels, or no layer at all; see `labelled`.

    It lies on top and has the pointer for itself, so its tooltip repeats the day's figures.
    """
    joined = join_notes(notes, points)
    if not joined:
        return []
    rows = _rows(joined, points)
    levels = sorted({row["level"] for row in rows})
    layers = [_rule(level) for level in levels]
    layers += [_label(level) for level in sorted({r["level"] for r in rows if r["label"]})]
    hit = {"type": "rule", "strokeWidth": _HIT_WIDTH, "opacity": 0.001}
    return [
        {
            "data": inline(rows, "day"),
            "encoding": {
                "x": x_axis(points, "day"),
                "tooltip": _tooltip(noun, change_name(points)),
            },
            "layer": [*layers, {"mark": hit}],
        }
    ]


def _rows(joined: list[DayNotes], points: Sequence[Point]) -> list[Spec]:
    by_day = {point.day: point for point in points}
    nothing = Point(points[0].day, None, None)  # where a long period is drawn week by week
    named = labelled(joined)
    places = {each.day: (0, "") for each in joined}
    places |= _place(named, points[0].day, points[-1].day)
    return [
        {
            "day": moment_of(each.day),
            "label": each.label if each in named else "",
            "note": each.text,
            "figure": count(by_day.get(each.day, nothing).value),
            "change": signed(by_day.get(each.day, nothing).change),
            "level": places[each.day][0],
            "side": places[each.day][1],
        }
        for each in joined
    ]


def _place(joined: list[DayNotes], first: date, last: date) -> dict[date, tuple[int, str]]:
    """For each label the row above the chart, from 0, and the side of the rule it stands on.

    Each group from its inner end outwards: a rule on its way up then passes beside other labels.
    """
    days = max(1, (last - first).days)
    at = {each.day: (each.day - first).days / days for each in joined}
    first_ones = [each for each in joined if at[each.day] < _ROOM]
    taken: list[list[tuple[float, float]]] = []
    places: dict[date, tuple[int, str]] = {}
    for each in [*reversed(first_ones), *joined[len(first_ones) :]]:
        width = _LABEL_WIDTH * len(each.label) / MAX_LABEL
        is_first = each in first_ones
        since = at[each.day] if is_first else at[each.day] - width
        level = 0
        while level < len(taken) and any(
            since < end and begin < since + width for begin, end in taken[level]
        ):
            level += 1
        taken[level:] = taken[level:] or [[]]
        taken[level].append((since, since + width))
        places[each.day] = (level, "right" if is_first else "left")
    return places


def _rule(level: int) -> Spec:
    """The rules of one row of labels, up to them. A row is a layer: pixels are no encoding."""
    return {
        "transform": [{"filter": f"datum.level == {level}"}],
        "mark": {"type": "rule", "color": AXIS_INK, "strokeWidth": 1, "strokeDash": [4, 3]},
        "encoding": {"y": {"value": _top(level)}, "y2": {"value": "height"}},
    }


def _top(level: int) -> int:
    return -2 - _ROW_HEIGHT * level


def _label(level: int) -> Spec:
    return {
        "transform": [{"filter": f"datum.level == {level}"}],
        "mark": {
            "type": "text",
            "align": {"expr": "datum.side == 'right' ? 'left' : 'right'"},
            "baseline": "bottom",
            "dx": {"expr": "datum.side == 'right' ? 3 : -3"},
            "fontSize": 11,
            "color": AXIS_INK,
        },
        "encoding": {
            "y": {"value": _top(level)},
            "text": {"field": "label", "type": "nominal"},
        },
    }


def _tooltip(noun: str, change: str) -> list[Spec]:
    return [
        {"field": "day", "type": "temporal", "format": "%a %-d %b %Y", "title": DAY},
        {"field": "note", "type": "nominal", "title": "Note"},
        {"field": "figure", "type": "nominal", "title": noun},
        {"field": "change", "type": "nominal", "title": change},
    ]
