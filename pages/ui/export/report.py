"""Writes a report as one HTML file that needs nothing else: pure, from parts to text.

Every text is escaped, every picture stands in the file, and a policy of its own keeps the browser
from asking anybody for anything. It follows the reader's light or dark.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from pages.text.formats import moment
from pages.ui.export.style import STYLE
from pages.ui.tiles import Tile

_UNKNOWN = "–"


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
    """The whole file."""
    lines = "".join(f"<p class=line>{escape(line)}</p>" for line in report.lines if line)
    sandbox = "<p class=badge>Sandbox: made-up Pages and figures</p>" if report.is_sandbox else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
        '<meta name="viewport" content="width=device-width">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(report.title)} · Pagekeeper</title>'
        f"<style>{STYLE}</style></head><body><main>"
        f"<header><h1>{escape(report.title)}</h1>{sandbox}{lines}</header>"
        f"{_tiles(report.tiles)}{''.join(map(_section, report.sections))}"
        f"<footer>Produced on {escape(moment(report.produced_at))} by Pagekeeper. "
        "Days are days in UTC.</footer></main></body></html>"
    )


def _tiles(tiles: Sequence[Tile]) -> str:
    return f"<div class=tiles>{''.join(map(_tile, tiles))}</div>" if tiles else ""


def _tile(tile: Tile) -> str:
    delta = "" if tile.delta is None else str(tile.delta)
    way = "" if tile.is_neutral else _way(delta)
    arrow = {"up": "▲ ", "down": "▼ "}.get(way, "")
    note = f"<span class=note>{escape(tile.note)}</span>" if tile.note else ""
    return (
        f"<div class=tile><div class=label>{escape(tile.label)}</div>"
        f"<div class=value>{escape(tile.value or _UNKNOWN)}</div>"
        f'<div class="delta {way}">{arrow}{escape(delta)} {note}</div></div>'
    )


def _section(section: Section) -> str:
    tables = "".join(map(_table, section.tables))
    caption = f"<p class=caption>{escape(section.caption)}</p>" if section.caption else ""
    picture = _picture(section.picture) if section.picture else ""
    return (
        f"<section><h2>{escape(section.heading)}</h2>{picture}"
        f"<div class=tables>{tables}</div>{caption}</section>"
    )


def _picture(picture: Picture) -> str:
    dark = _data_url(picture.dark)
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{_data_url(picture.light)}" alt="{escape(picture.alt)}"></picture>'
    )


def _data_url(svg: str) -> str:
    """As an image an SVG can't run or fetch anything, and its ids can't meet another's."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _table(table: Table) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = f"number {_way(text)}".strip() if place >= table.numbers_from else "text"
        return f'<{tag} class="{kind}">{escape(text)}</{tag}>'

    head = "".join(cell("th", place, text) for place, text in enumerate(table.header))
    rows = "".join(
        f"<tr>{''.join(cell('td', place, text) for place, text in enumerate(row))}</tr>"
        for row in table.rows
    )
    return (
        f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _way(text: str) -> str:
    """The class that colours a change: "up", "down", or none."""
    return "up" if text.startswith("+") else "down" if text.startswith(("-", "−")) else ""
