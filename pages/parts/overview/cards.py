"""Cards of Overview: the chart of the compared Pages, and the Pages that gained and lost most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from fb.installation import Installation
from pages.charts import timeline
from pages.charts.timeline import Before, Note, Point
from pages.parts.overview import overview_text
from pages.queries import list_day_movers
from pages.records import MoverOrder, Overview
from pages.text.formats import count, counted, cut, plain, signed, signed_percent
from pages.text.periods import A_YEAR, LONGER_LABEL, get_period, week_of_yesterday
from pages.text.phrases import NOUNS
from pages.ui import day_panel, growth_chart, links, url_controls, viewer
from pages.ui.notes import note_text, popover, unusual_text
from pages.ui.notes.popover import Chart
from storage.figures.totals import Mover, Movers

NAME = "overview"  # of the chart
CHART_HEIGHT = 344  # with seven tiles the card ends above 900 pixels, in a window of 1440
MAX_NAME = 30
MIN_BASE = 500
# So many are spread over the height of the chart beside them; fewer would be torn apart.
MIN_SPREAD = 6
ORDERS: dict[str, MoverOrder] = {"Number": "number", "Rate": "rate"}
# The number at the right edge; without this it follows the name. Where both have no room the name
# gives way, which is why it is an element of its own: "small" in Markdown.
STYLE = """<style>
.st-key-movers-card [data-testid="stPageLink"] a > *,
.st-key-day-panel [data-testid="stPageLink"] a > * { flex-grow: 1; }
.st-key-movers-card [data-testid="stPageLink"] p,
.st-key-day-panel [data-testid="stPageLink"] p {
  display: flex; justify-content: space-between; gap: 0.75rem; }
.st-key-movers-card [data-testid="stPageLink"] p > :first-child {
  font-size: inherit !important; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.st-key-movers-card [data-testid="stPageLink"] p > :last-child { flex-shrink: 0; }
</style>"""


@viewer.fragment
def render_growth(
    installation: Installation, overview: Overview, view: str, way_back: Mapping[str, str]
) -> None:
    """Draw the chart, what happened on the chosen day, and the caption.

    A fragment: a click on a day draws nothing else anew. ``way_back`` as for `render_movers`.
    """
    period, noun = overview.view.period, NOUNS[overview.view.metric]
    points = points_of(overview)
    notes = [] if popover.is_hidden() else notes_of(overview)
    if points:
        point = day_panel.find_chosen(NAME, points)
        growth_chart.render(
            points,
            noun,
            view,
            counted(overview.counted.pages, "Page"),
            height=CHART_HEIGHT,
            name=NAME,
            notes=notes,
            before=before_of(overview),
        )
        with st.container(horizontal=True, key="days-and-notes"):
            day_panel.render_list(NAME, points)
            day_panel.render_notes(notes, points[0].day, points[-1].day)
        if point is not None:
            _render_day(installation, overview, points, point, way_back)
    else:
        _nothing_to_compare(overview)
    sentences = [
        caption(overview, points),
        unusual_text.sentence(overview.unusual, period.until),
    ]
    st.caption(" ".join(each for each in sentences if each))


def _render_day(
    installation: Installation,
    overview: Overview,
    points: Sequence[Point],
    point: Point,
    way_back: Mapping[str, str],
) -> None:
    view = overview.view
    since, until = day_panel.days_of(points, point)
    with st.container(key="day-panel", gap="small"):
        sentence = ""
        if point.value is not None:
            sentence = unusual_text.of_days(overview.unusual, since, until)
        # Without the notes on unusual days, which are the sentence.
        notes = [note for note in notes_of(overview) if note.kind != "platform"]
        figure = day_panel.figure_of(point.value, point.change, NOUNS[view.metric])
        day_panel.render_day(points, point, [figure, sentence], notes)
        if point.value is not None:
            with installation.database.reading() as session:
                movers = list_day_movers(session, view.filter, view.metric, since, until)
            columns = zip(st.columns(2), _lists_of(movers), strict=True)
            for column, (verb, pages, colour) in columns:
                with column, st.container(gap="xsmall"):
                    st.caption(f"{verb.capitalize()} most" if pages else f"No Page {verb}.")
                    for mover in pages:
                        _draw(mover, "number", colour, way_back)
        chart = chart_of_notes(overview)
        day_panel.render_form(installation, chart, until)


def _lists_of(movers: Movers) -> tuple[tuple[str, Sequence[Mover], str], ...]:
    return (("gained", movers.up, "green"), ("lost", movers.down, "red"))


def chart_of_notes(overview: Overview) -> Chart:
    """The chart for the notes popover."""
    days = (overview.charted.since, overview.requested.until)
    return popover.chart_of(NAME, *days, overview.today, tag_ids=overview.view.filter.tag_ids)


def points_of(overview: Overview) -> list[Point]:
    """The line as points of a chart, up to the end of the requested period."""
    points = [Point(each.day, each.total, each.change) for each in overview.line]
    return timeline.extend(timeline.trim(points), overview.requested.until)


def before_of(overview: Overview) -> Before | None:
    """The period before as a second line of the chart; None for none."""
    period = overview.view.period
    if period.previous is None or not overview.line_before:
        return None
    since, until = period.previous
    points = (Point(each.day, each.total, each.change) for each in overview.line_before)
    return Before(since, until, period.since - since, tuple(points))


def notes_of(overview: Overview) -> list[Note]:
    """The notes on the chart, unusual days included, oldest first."""
    return note_text.merge(overview.notes, unusual_text.notes(overview.unusual))


def caption(overview: Overview, points: Sequence[Point]) -> str:
    """The sentences on the counted Pages, missing days, weekly points, and what is not drawn."""
    period, noun = overview.view.period, NOUNS[overview.view.metric]
    gaps, why, pages_count = timeline.count_missing(points), "", overview.totals.pages_count
    if gaps:
        why = note_text.why_missing(overview.notes.outages, points[0].day, points[-1].day)
    sentences = [
        overview_text.counted_pages(overview.counted, pages_count, noun, gaps, why),
        overview_text.weekly_text(points),
        week_of_yesterday(period),
    ]
    if points and overview.previous is not None and overview.charted == period:
        sentences.append("" if overview.line_before else overview_text.NO_LINE_BEFORE)
    return " ".join(each for each in sentences if each)


def _nothing_to_compare(overview: Overview) -> None:
    period, totals = overview.view.period, overview.totals
    st.markdown(overview_text.nothing_to_compare(period, totals))
    last_day = max((day for day in overview.newest_days.values() if day), default=None)
    since_90_days = get_period(LONGER_LABEL, overview.today).since
    label = A_YEAR if last_day is not None and last_day < since_90_days else LONGER_LABEL
    if label == period.label or not totals.pages_count:
        return
    if st.button(f"Show {label}", key="show-longest"):
        url_controls.change(period=label)


def choose_order() -> MoverOrder:
    """Draw the heading and the switch of the order, kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Movers", anchor=False, width="content")
        return ORDERS[url_controls.choose("Movers by", list(ORDERS), key="movers")]


def render_movers(overview: Overview, order: MoverOrder, way_back: Mapping[str, str]) -> None:
    """Draw both lists. ``way_back``: Overview's state, for links to a Page."""
    metric = overview.view.metric
    if not overview.totals.of(metric).pages:
        st.caption("No Page has figures at the start and the end of this period.")
        return
    st.html(" ".join(STYLE.split()))
    movers = overview.movers
    is_long = len(movers.up) + len(movers.down) >= MIN_SPREAD
    alignment: Literal["distribute", "top"] = "distribute" if is_long else "top"
    with st.container(height="stretch", vertical_alignment=alignment, gap="xsmall"):
        for verb, pages, colour in _lists_of(movers):
            st.caption(f"{verb.capitalize()} most" if pages else f"No Page {verb} in this period.")
            for mover in pages:
                _draw(mover, order, colour, way_back)
    if order == "rate":
        st.caption(f"Pages with {count(MIN_BASE)} {NOUNS[metric].lower()} or more at the start.")


def _draw(mover: Mover, order: MoverOrder, colour: str, way_back: Mapping[str, str]) -> None:
    # Name and number in one label: as two elements they took a third of a rerun's time.
    moved = signed(mover.net) if order == "number" else signed_percent(mover.rate_percent)
    links.draw(
        "page",
        f":small[{plain(cut(mover.name, MAX_NAME))}] :{colour}[{plain(moved)}]",
        query_params={"id": mover.page_id, **way_back},
        width="stretch",
    )
