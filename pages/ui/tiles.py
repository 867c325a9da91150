"""Tiles: a row of figures, each with its change, or with the reason why it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.text.formats import count, signed, signed_percent

MIN_WIDTH = 165  # pixels: two tiles side by side on a phone
# Five tiles on a tablet: three above two of the same total width, instead of four above one.
STYLE = """<style>
@media (min-width: 640px) and (max-width: 980px) {
  .st-key-tiles.st-key-tiles { grid-template-columns: repeat(6, 1fr); }
  .st-key-tiles > * { grid-column: span 2; }
  .st-key-tiles > :nth-child(n+4):nth-last-child(-n+2) { grid-column: span 3; }
}
</style>"""


@dataclass(frozen=True)
class Tile:
    """One tile. ``value`` None is shown as a long dash; ``note`` is shown beside the delta.

    ``delta`` is text with a sign, 0 for no change, None for none. A neutral delta is grey and has
    no arrow.
    """

    label: str
    value: str | None
    delta: str | int | None = None
    note: str | None = None
    help: str | None = None
    is_neutral: bool = False


def render(tiles: Sequence[Tile]) -> None:
    """Draw the tiles in one row, or in as many as the width needs."""
    with st.grid(len(tiles), min_column_width=MIN_WIDTH, key="tiles"):
        for tile in tiles:
            st.metric(
                tile.label,
                tile.value,
                tile.delta,
                delta_color="off" if tile.is_neutral else "normal",
                delta_arrow="off" if tile.is_neutral else "auto",
                delta_description=tile.note,
                help=tile.help,
                border=True,
                height="stretch",
            )
    st.html(STYLE)


def value_of(number: int | None) -> str | None:
    """A figure for a tile."""
    return None if number is None else count(number)


def signed_value(number: int | None) -> str | None:
    """A change for a tile."""
    return None if number is None else signed(number)


def delta_of(number: int | None) -> str | int | None:
    """A change as a delta; 0 stays a number, which Streamlit draws grey and without an arrow."""
    return signed(number) if number else number


def percent_delta(percent: float | None) -> str | int | None:
    """A rate as a delta."""
    if percent is None:
        return None
    return signed_percent(percent) if round(percent, 2) else 0


def points_delta(points: float | None) -> str | int | None:
    """A difference of two rates as a delta, in percentage points."""
    if points is None:
        return None
    return f"{points:+.2f} pp" if round(points, 2) else 0
