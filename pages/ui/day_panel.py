"""Day panel: what happened on one day of a chart, under the chart.

A day is chosen by a click on the chart or from a list, which keyboards and phones reach; it is a
URL parameter. In a chart of weeks a day stands for its week.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from fb.installation import Installation
from pages.charts.chart_parts import CLICKED, ISO
from pages.charts.timeline import Note, Point, find_step
from pages.text.formats import count, counted, plain, signed, span, weekday
from pages.text.periods import A_DAY
from pages.ui import flash, popovers
from pages.ui.notes import popover
from pages.ui.notes.popover import Chart
from pages.ui.signed_in import may

PARAMETER = "day"
INSIGHTS = "insights"  # the chart of views and engagement, whose days are others: Pacific ones
INSIGHTS_PARAMETER = "insight-day"
LIST_WIDTH = 270
MAX_LISTED = 50


def days_of(points: Sequence[Point], point: Point) -> tuple[date, date]:
    """The first and the last day that a point stands for: a day, or a week."""
    return point.day - find_step(points) + A_DAY, point.day


def find_point(points: Sequence[Point], day: str | None) -> Point | None:
    """The point of an ISO day; in a chart of weeks the one of its week."""
    if day is None:
        return None
    for point in points:
        since, until = days_of(points, point)
        if since.isoformat() <= day <= until.isoformat():
            return point
    return None


def find_chosen(name: str, points: Sequence[Point]) -> Point | None:
    """The chosen day of the chart ``name``; call it before the chart is drawn.

    The newest choice counts: a click, the address after a link or the browser's Back, or the list.
    """
    state, key = st.session_state, f"day-{name}"
    address = st.query_params.get(_parameter(name))
    # A list that was not drawn meanwhile, as on another screen, holds nothing.
    is_newer = key not in state or address != state.get(_address_key(name))
    day: str | None = address if is_newer else state[key]
    click = _find_click(name)
    if click is not None and click != state.get(f"day-clicked-{name}"):
        state[f"day-clicked-{name}"] = day = click
    point = find_point(points, day)
    day = None if point is None else point.day.isoformat()
    if day != (state.get(f"day-clicked-{name}") or marked(name)):
        _begin_turn(name, day)
    state[key] = day
    return point


def _parameter(name: str) -> str:
    return INSIGHTS_PARAMETER if name == INSIGHTS else PARAMETER


def _address_key(name: str) -> str:
    return f"{_parameter(name)}-address"


def _find_click(name: str) -> str | None:
    """The day of the chart's last click."""
    clicked = st.session_state.get(_chart_key(name), {}).get("selection", {}).get(CLICKED)
    return str(clicked[0][ISO]) if clicked and ISO in clicked[0] else None


def _begin_turn(name: str, day: str | None) -> None:
    """Let the chart be a new one that marks ``day``."""
    turn = f"day-turn-{name}"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1
    st.session_state[f"day-marked-{name}"] = day
    st.session_state[f"day-clicked-{name}"] = None


def _chart_key(name: str) -> str:
    return f"growth-{name}-{st.session_state.get(f'day-turn-{name}', 0)}"


def selection_of(name: str) -> dict[str, Any]:
    """The arguments that make a chart clickable.

    The key stays the same while days are clicked. It changes with each choice from the list, since
    only a new chart forgets its click: a second click on the same day would be none.
    """
    return {"key": _chart_key(name), "on_select": "rerun", "selection_mode": CLICKED}


def marked(name: str) -> str | None:
    """The day whose rule the chart draws from the first, as an ISO day."""
    day = st.session_state.get(f"day-marked-{name}")
    return None if day is None else str(day)


def _change_of(point: Point) -> str:
    return f", {signed(point.change)}"


def render_list(
    name: str, points: Sequence[Point], beside: Callable[[Point], str] = _change_of
) -> None:
    """Draw the list of days, newest first, and write the chosen one into the URL.

    ``beside`` gives the text behind a day.
    """
    key = f"day-{name}"
    labels = {each.day.isoformat(): _name(points, each) + beside(each) for each in reversed(points)}
    unit = "day" if find_step(points) == A_DAY else "week"
    value = st.selectbox(
        f"What happened on one {unit}",
        list(labels),
        index=None,
        placeholder=f"Click a {unit}, or choose one…",
        format_func=lambda option: labels.get(option, option),
        label_visibility="collapsed",
        width=LIST_WIDTH,
        key=key,
    )
    if value is not None:
        st.query_params[_parameter(name)] = value
    else:
        st.query_params.pop(_parameter(name), None)
    st.session_state[_address_key(name)] = value


def render_notes(notes: Sequence[Note], first: date, last: date) -> None:
    """Draw the list of the notes on a chart's days, closed at first; nothing without notes."""
    drawn = [note for note in notes if first <= note.day <= last][::-1]
    if not drawn:
        return
    lines = [f"- {_line(note)}" for note in drawn[:MAX_LISTED]]
    if len(drawn) > MAX_LISTED:
        lines.append(f"- And {counted(len(drawn) - MAX_LISTED, 'older note')}.")
    with st.expander(counted(len(drawn), "note"), type="compact"):
        st.markdown("\n".join(lines))


def figure_of(value: int | None, change: int | None, noun: str) -> str:
    """A figure and its change, as Markdown: "5,105 fans · +700"."""
    colour = "green" if (change or 0) > 0 else "red" if (change or 0) < 0 else "gray"
    moved = f" · :{colour}[{plain(signed(change))}]" if change is not None else ""
    return (f"{count(value)} {noun.lower()}" if value is not None else "no figures") + moved


def render_day(
    points: Sequence[Point], point: Point, texts: Sequence[str], notes: Sequence[Note]
) -> None:
    """Draw the day with its ``texts``, which are Markdown, and its notes.

    The first text is the figure, or empty; it stands beside the day.
    """
    since, until = days_of(points, point)
    lines = [" · ".join(filter(None, (f"**{_title(points, point)}**", texts[0]))), *texts[1:]]
    lines += [f"- {_line(note)}" for note in notes if note.touches(since, until)]
    st.markdown("\n\n".join(line for line in lines if line))


def render_form(installation: Installation, chart: Chart, day: date) -> None:
    """Draw the button that opens the form for a note on ``day``; for operators."""
    if not may("operator"):
        return
    turn = st.session_state.get(popover.TURN, 0)  # a new one, closed, after each note
    key = f"day-note-{turn}" if chart.name != INSIGHTS else f"insight-day-note-{turn}"
    box = st.popover(
        "Add a note for this day",
        icon=":material/add_notes:",
        type="tertiary",
        key=key,
        on_change="rerun",
    )
    if not popovers.is_drawn(box, key):
        return
    with installation.database.reading() as session, box, st.container(width=popover.WIDTH):
        is_saved = popover.render_form(installation, session, chart, None, day)
    if is_saved:
        flash.leave("Note added.")
        st.rerun()


def _title(points: Sequence[Point], point: Point) -> str:
    since, until = days_of(points, point)
    return weekday(until) if since == until else f"Week of {span(since, until)}"


def _name(points: Sequence[Point], point: Point) -> str:
    """The day or the week in the list, which is sent with every rerun: as short as can be."""
    since, until = days_of(points, point)
    return weekday(until, year=False) if since == until else span(since, until)


def _line(note: Note) -> str:
    return f"**{weekday(note.day)}** {plain(note.text)}"
