"""Report: what stands in it, and its one HTML file that needs nothing else.

Every text is escaped, every picture stands in the file, and a policy of its own keeps the browser
from asking anybody for anything. It follows the reader's light or dark.
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
    """A chart in both schemes, as SVG; ``alt`` is its takeaway in a sentence."""

    light: str
    dark: str
    alt: str


@dataclass(frozen=True)
class Table:
    """Cells as they are shown. Columns from ``numbers_from`` on stand at the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1


@dataclass(frozen=True)
class Section:
    """A part under a heading: a chart, tables side by side, and what is to be said of them."""

    heading: str
    picture: Picture | None = None
    tables: Sequence[Table] = ()
    caption: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that a report says. ``lines`` stand below the title: whose figures, which days."""

    title: str
    lines: Sequence[str]
    produced_at: datetime
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    is_sandbox: bool = False


def to_html(report: Report) -> str:
    """The whole file. Raises jinja2.UndefinedError for a name that the template misspells."""
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        produced_at=moment(report.produced_at),
        unknown=UNKNOWN,
        light=LIGHT,
        dark=DARK,
    )


def _data_url(svg: str) -> str:
    """As an image an SVG can't run or fetch anything, and its ids can't meet another's."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)
_TEMPLATES.filters["data_url"] = _data_url
