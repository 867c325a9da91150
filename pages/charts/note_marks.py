"""Notes on a chart: a dashed rule on the day, a label above it, the whole text on hover. Pure.

Labels lie above the plot, in rows, and within its width: so they touch neither the line, nor the
labels of the axes, nor the figure at the right. Labels without room are left out, their rules stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import east_asian_width

from pages.charts.chart_parts import (
    AXIS_INK,
    DAY,
    ISO,
    Spec,
    change_name,
    inline,
    moment_of,
    x_axis,
)
from pages.charts.timeline import Note, Point
from pages.text.formats import count, cut, cut_words, signed, tooltip_day

MAX_LABEL_LENGTH = 20  # characters
MAX_LEVELS = 3  # rows of labels
# A plot is as narrow as the first of these on a phone; from the second one on the labels are placed
# for it, which leaves room for more.
NARROW, WIDE = 170, 460
_LABEL_GAP, _RULE_GAP = 8, 3
_ROW_HEIGHT = 14
_MAX_TOOLTIP = 500
_HIT_WIDTH = 11  # pixels: a rule of one is too thin for a pointer
_GAP_KIND, _OWN_KIND = "outage", "own"
_LEVEL = f"(width < {WIDE} ? datum.narrow : datum.wide)"  # -1 without a label
_TOP = f"(-2 - {_ROW_HEIGHT} * max(0, {_LEVEL}))"
_IS_RIGHT = f"(width < {WIDE} ? datum.narrow_right : datum.wide_right)"


@dataclass(frozen=True)
class DayNotes:
    """All notes of one day: one label for its rule, and all texts for the tooltip.

    ``is_own``: at least one is an operator's, and the label is of that note.
    """

    day: date
    label: str
    text: str
    is_own: bool = False


@dataclass(frozen=True)
class Position:
    """The position of a label: its row, from 0 upwards, and its ends in pixels of the plot."""

    level: int
    rule: float
    since: float
    until: float

    @property
    def is_right(self) -> bool:
        """Whether the label is at the right of its rule."""
        return self.since >= self.rule


def join_notes(notes: Sequence[Note], points: Sequence[Point]) -> list[DayNotes]:
    """The notes between the first and the last point, one for each day, oldest first.

    An outage is left out where its days are drawn as a gap.
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
    label = cut_words(notes[0].label or texts[0], MAX_LABEL_LENGTH - len(more)) + more
    is_own = notes[0].kind == _OWN_KIND
    return DayNotes(day, label, cut(" · ".join(texts), _MAX_TOOLTIP), is_own)


def note_marks(
    notes: Sequence[Note], points: Sequence[Point], noun: str, until: date | None = None
) -> list[Spec]:
    """One layer of rules and labels, or none without notes.

    ``until`` is the last day of the plot, where it is not that of the points.
    It covers the chart's own tooltip, so its tooltip repeats the day's figures.
    """
    joined = join_notes(notes, points)
    if not joined:
        return []
    rule = {
        "type": "rule",
        "color": AXIS_INK,
        "strokeWidth": 1,
        "strokeDash": [4, 3],
        "y": {"expr": _TOP},
        "y2": {"expr": "height"},
    }
    label = {
        "type": "text",
        "text": {"expr": f"{_LEVEL} < 0 ? '' : datum.label"},
        "align": {"expr": f"{_IS_RIGHT} ? 'left' : 'right'"},
        "baseline": "bottom",
        "dx": {"expr": f"{_IS_RIGHT} ? {_RULE_GAP} : -{_RULE_GAP}"},
        "y": {"expr": _TOP},
        # The width that it was placed with, should the letters be wider than expected.
        "limit": {"expr": "datum.room"},
        "fontSize": 11,
        "color": AXIS_INK,
    }
    hit = {"type": "rule", "strokeWidth": _HIT_WIDTH, "opacity": 0.001}
    return [
        {
            "data": inline(_rows(joined, points, until or points[-1].day), DAY),
            "encoding": {"x": x_axis(points), "tooltip": _tooltip(noun, change_name(points))},
            "layer": [{"mark": rule}, {"mark": label}, {"mark": hit}],
        }
    ]


def _rows(joined: list[DayNotes], points: Sequence[Point], until: date) -> list[Spec]:
    by_day = {point.day: point for point in points}
    nothing = Point(points[0].day, None, None)  # for days without a point, in a chart of weeks
    days = (points[0].day, until)
    narrow, wide = (place_labels(joined, *days, width) for width in (NARROW, WIDE))
    rows: list[Spec] = []
    for each in joined:
        point = by_day.get(each.day, nothing)
        row: Spec = {
            DAY: moment_of(each.day),
            ISO: f"{each.day}",
            "label": each.label,
            "room": round(width_of(each.label)),
            "note": each.text,
            "figure": count(point.value),
            "change": signed(point.change),
        }
        for name, positions in (("narrow", narrow), ("wide", wide)):
            position = positions.get(each.day)
            row[name] = -1 if position is None else position.level
            row[f"{name}_right"] = position is not None and position.is_right
        rows.append(row)
    return rows


def place_labels(
    joined: Sequence[DayNotes], first: date, last: date, width: int
) -> dict[date, Position]:
    """The position of each label in a plot of ``width`` pixels or more; without room there is none.

    Operators' notes come first, then the newest. No label touches another one, no rule crosses a
    label, and none reaches beyond the plot.
    """
    days = max(1, (last - first).days)
    positions: dict[date, Position] = {}
    for each in sorted(joined, key=lambda each: (not each.is_own, first - each.day)):
        rule = (each.day - first).days / days * width
        room = width_of(each.label)
        right, left = rule + _RULE_GAP, rule - _RULE_GAP - room
        candidates = (
            Position(level, rule, since, since + room)
            for level in range(MAX_LEVELS)
            for since in ((right, left) if rule < width / 3 else (left, right))
        )
        position = next(
            (
                position
                for position in candidates
                if position.since >= 0
                and position.until <= width
                and not any(_collide(position, other) for other in positions.values())
            ),
            None,
        )
        if position is not None:
            positions[each.day] = position
    return positions


def _collide(one: Position, other: Position) -> bool:
    """Whether two labels of a row touch, or the rule of the upper one runs through the lower."""
    if one.level == other.level:
        return one.since < other.until + _LABEL_GAP and other.since < one.until + _LABEL_GAP
    upper, lower = (one, other) if one.level > other.level else (other, one)
    return lower.since - _RULE_GAP < upper.rule < lower.until + _RULE_GAP


def width_of(label: str) -> float:
    """The pixels of a label at most, by its characters."""
    wide = sum(1 for each in label if east_asian_width(each) in "WF" or ord(each) > 0xFFFF)
    large = sum(1 for each in label if each.isupper() or each in "mwMW@%…")
    return 6.1 * (len(label) - wide - large) + 8 * large + 13 * wide + 2


def _tooltip(noun: str, change: str) -> list[Spec]:
    return [
        {"field": DAY, "type": "temporal", "format": tooltip_day(), "title": DAY},
        {"field": "note", "type": "nominal", "title": "Note"},
        {"field": "figure", "type": "nominal", "title": noun},
        {"field": "change", "type": "nominal", "title": change},
    ]
