"""Report: its content as records, the texts about its view, and its self-contained HTML file.

Texts are escaped, pictures are embedded, and a Content-Security-Policy blocks every request. It
follows the reader's light or dark scheme.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from pages.charts.chart_parts import DARK, LIGHT
from pages.charts.timeline import Before, Note, Point
from pages.queries import find_compared, find_tag_name
from pages.text.formats import UNKNOWN, any_of, count, moment, weekday
from pages.text.phrases import CONNECTIONS
from pages.ui import growth_chart
from pages.ui.export.chart_image import to_svg
from pages.ui.growth_chart import DAILY_CHANGE, TOTAL
from pages.ui.tiles import Tile
from storage.export.report_headings import Logo, find_shown_heading
from storage.figures.filter_choices import find_account_name
from storage.figures.filters import Filter, filter_of_tag, find_only_tag


@dataclass(frozen=True)
class Picture:
    """A chart in both schemes, as SVG; ``alt`` describes it in a sentence."""

    light: str
    dark: str
    alt: str


@dataclass(frozen=True)
class Table:
    """A table of formatted cells. Columns from index ``numbers_from`` on are right-aligned.

    ``has_days``: the first column is a day, which stays on one line.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1
    has_days: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with paragraphs, a chart, tables side by side, and a caption."""

    heading: str
    picture: Picture | None = None
    tables: Sequence[Table] = ()
    caption: str = ""
    paragraphs: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """The content of a report. ``lines`` below the title name the Pages and the days.

    ``logo`` stands above the title.
    """

    title: str
    lines: Sequence[str]
    produced_at: datetime
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    is_sandbox: bool = False
    logo: Logo | None = None


def to_html(report: Report) -> str:
    """The HTML file. Raises jinja2.UndefinedError for an unknown name in the template."""
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        produced_at=moment(report.produced_at),
        unknown=UNKNOWN,
        light=LIGHT,
        dark=DARK,
    )


def _data_url(picture: str | Logo) -> str:
    """An SVG or a logo as an image: it then can't run or fetch anything, and ids stay separate."""
    if isinstance(picture, Logo):
        content_type, content = picture.content_type, picture.content
    else:
        content_type, content = "image/svg+xml", picture.encode()
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
_TEMPLATES.filters["data_url"] = _data_url


MAX_NOTES = 200


def describe_filter(session: Session, filter: Filter) -> str:
    """ "Only Pages connected through Anna Keller." as plain text; empty for all."""
    parts = []
    if filter.account_ids:
        names = [find_account_name(session, each) for each in filter.account_ids]
        parts.append(
            f"connected through {any_of([name or 'an unknown account' for name in names])}"
        )
    if filter.tag_ids:
        tags = [find_tag_name(session, each) for each in filter.tag_ids]
        parts.append(f"with the tag {any_of([name or 'that is gone' for name in tags])}")
    if filter.categories:
        parts.append(f"of the category {any_of(filter.categories)}")
    if filter.states:
        states = [f"“{CONNECTIONS[state]}”" for state in filter.states]
        parts.append(f"with the connection {any_of(states)}")
    if filter.page_ids:
        names = [page.name for page in find_compared(session, filter.page_ids)]
        parts.append(f"with the name {any_of([f'“{name}”' for name in names])}")
    if filter.search:
        parts.append(f"whose name has “{filter.search}”")
    if filter.attention:
        parts.append("that need attention")
    if filter.archived:
        parts.append("in the archive")
    return f"Only Pages {', '.join(parts)}." if parts else ""


def default_title(session: Session, filter: Filter) -> str:
    """The title of a report about the Pages of a filter, where it has none of its own.

    The name of the filter's tag, or the filter in words.
    """
    tag_id = find_only_tag(filter)
    if tag_id is not None and filter == filter_of_tag(tag_id):
        name = find_tag_name(session, tag_id)
        if name is not None:
            return name
    described = describe_filter(session, filter).removeprefix("Only ").removesuffix(".")
    return f"Facebook {described or 'Pages'}"


def headed(session: Session, report: Report, tag_id: int | None) -> Report:
    """The report with title and logo as they are stored for a tag, or for all other reports.

    Its default title then stands below its own.
    """
    heading = find_shown_heading(session, tag_id)
    if heading.title is None:
        return replace(report, logo=heading.logo)
    lines = (report.title, *report.lines)
    return replace(report, title=heading.title, lines=lines, logo=heading.logo)


def chart_sections(
    points: list[Point],
    noun: str,
    whose: str,
    notes: Sequence[Note],
    captions: Mapping[str, str],
    before: Before | None = None,
) -> list[Section]:
    """The chart of totals and that of daily changes; ``captions`` by view."""
    headings = {TOTAL: f"{noun} over time", DAILY_CHANGE: f"{noun}, daily change"}
    sections = []
    for view, heading in headings.items():
        light, dark = (
            to_svg(growth_chart.build(points, noun, view, colours, notes, before)[0], colours)
            for colours in (LIGHT, DARK)
        )
        picture = Picture(light, dark, growth_chart.describe(points, noun, view, whose, before))
        sections.append(Section(heading, picture, caption=captions.get(view, "")))
    return sections


def note_sections(notes: Sequence[Note]) -> list[Section]:
    """The section with the list of ``notes``, oldest first; pictures have no tooltips."""
    if not notes:
        return []
    newest = notes[-MAX_NOTES:]
    caption = (
        f"The newest {MAX_NOTES} of {count(len(notes))} notes." if len(notes) > MAX_NOTES else ""
    )
    rows = [(weekday(note.day), note.text) for note in newest]
    table = Table(("Day", "Note"), rows, numbers_from=2, has_days=True)
    return [Section("Notes", tables=[table], caption=caption)]
