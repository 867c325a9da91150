"""Report: its content as records, and its self-contained HTML file.

Texts are escaped, pictures are embedded, and a Content-Security-Policy blocks every request. It
follows the reader's light or dark scheme.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pages.charts.chart_parts import DARK, LIGHT
from pages.text.formats import UNKNOWN, moment
from pages.ui.tiles import Tile


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
