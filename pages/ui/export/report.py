"""Report: its content as records, the texts about its view, and its self-contained HTML file.

Texts are escaped, pictures are embedded, and a Content-Security-Policy blocks every request. It
follows the reader's light or dark scheme.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from pages.charts.chart_parts import DARK, LIGHT
from pages.charts.timeline import Note, Point
from pages.queries import find_tag_name
from pages.text.formats import UNKNOWN, moment, weekday
from pages.text.phrases import CONNECTIONS
from pages.ui import growth_chart
from pages.ui.export.chart_image import to_svg
from pages.ui.growth_chart import DAILY_CHANGE, TOTAL
from pages.ui.tiles import Tile
from storage.figures.filter_choices import find_account_name
from storage.figures.filters import Filter


@dataclass(frozen=True)
class Picture:
    """A chart in both schemes, as SVG; ``alt`` describes it in a sentence."""

    light: str
    dark: str
    alt: str


@dataclass(frozen=True)
class Table:
    """A table of formatted cells. Columns from index ``numbers_from`` on are right-aligned."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1


@dataclass(frozen=True)
class Section:
    """A heading with a chart, tables side by side, and a caption."""

    heading: str
    picture: Picture | None = None
    tables: Sequence[Table] = ()
    caption: str = ""


@dataclass(frozen=True)
class Report:
    """The content of a report. ``lines`` below the title name the Pages and the days."""

    title: str
    lines: Sequence[str]
    produced_at: datetime
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    is_sandbox: bool = False


def to_html(report: Report) -> str:
    """The HTML file. Raises jinja2.UndefinedError for an unknown name in the template."""
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        produced_at=moment(report.produced_at),
        unknown=UNKNOWN,
        light=LIGHT,
        dark=DARK,
    )


def _data_url(svg: str) -> str:
    """The SVG as an image: it then can't run or fetch anything, and its ids stay separate."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
_TEMPLATES.filters["data_url"] = _data_url


MAX_NOTES = 200


def describe_filter(session: Session, filter: Filter) -> str:
    """ "Only Pages held by Anna Keller, of the category Café." as plain text; empty for all."""
    parts = []
    if filter.account_id is not None:
        name = find_account_name(session, filter.account_id)
        parts.append(f"held by {name or 'an unknown account'}")
    if filter.tag_id is not None:
        parts.append(f"in the group {find_tag_name(session, filter.tag_id) or 'that is gone'}")
    if filter.category is not None:
        parts.append(f"of the category {filter.category}")
    if filter.state is not None:
        parts.append(f"with the connection “{CONNECTIONS[filter.state]}”")
    if filter.search:
        parts.append(f"whose name has “{filter.search}”")
    if filter.attention:
        parts.append("that need attention")
    return f"Only Pages {', '.join(parts)}." if parts else ""


def unbroken(text: str) -> str:
    """The text with no-break spaces, so that a narrow column keeps it on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def chart_sections(
    points: list[Point], noun: str, whose: str, notes: Sequence[Note], captions: Mapping[str, str]
) -> list[Section]:
    """The chart of totals and that of daily changes; ``captions`` by view."""
    headings = {TOTAL: f"{noun} over time", DAILY_CHANGE: f"{noun}, daily change"}
    sections = []
    for view, heading in headings.items():
        light, dark = (
            to_svg(growth_chart.build(points, noun, view, colours, notes)[0], colours)
            for colours in (LIGHT, DARK)
        )
        picture = Picture(light, dark, growth_chart.describe(points, noun, view, whose))
        sections.append(Section(heading, picture, caption=captions.get(view, "")))
    return sections


def note_sections(notes: Sequence[Note]) -> list[Section]:
    """The section with the list of ``notes``, oldest first; pictures have no tooltips."""
    if not notes:
        return []
    newest = notes[-MAX_NOTES:]
    caption = f"The newest {MAX_NOTES} of {len(notes):,d} notes." if len(notes) > MAX_NOTES else ""
    rows = [(unbroken(weekday(note.day)), note.text) for note in newest]
    return [
        Section("Notes", tables=[Table(("Day", "Note"), rows, numbers_from=2)], caption=caption)
    ]
