"""Tiles: a row of figures, each with its change, or with the reason why it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.text.formats import count, signed, signed_percent, signed_points
from pages.text.locale import MINUS

NO_EARLIER = "no earlier figures"  # the note where a change lacks the period before
MIN_WIDTH = 165  # pixels: two tiles side by side on a phone
# A note that is too long for the row of the change goes below it instead of being cut off. On a
# tablet every row is full: four tiles, three above two or three, four above three.
STYLE = """<style>
[class*="st-key-tiles"] div:has(> [data-testid="stMetricDeltaDescription"]) { flex-wrap: wrap; }
[class*="st-key-tiles"] [data-testid="stMetricDeltaDescription"] * { white-space: normal; }
@media (min-width: 640px) and (max-width: 980px) {
  .st-key-tiles.st-key-tiles { grid-template-columns: repeat(12, 1fr); }
  .st-key-tiles > * { grid-column: span 4; }
  .st-key-tiles > :nth-child(4):nth-last-child(2),
  .st-key-tiles > :nth-child(5):last-child { grid-column: span 6; }
  .st-key-tiles:not(:has(> :nth-child(5))) > *,
  .st-key-tiles:has(> :nth-child(7)) > :nth-child(-n+4) { grid-column: span 3; }
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


def render(tiles: Sequence[Tile], key: str = "tiles") -> None:
    """Draw the tiles in one row, or in as many as the width needs.

    ``key`` begins with "tiles".
    """
    with st.grid(len(tiles), min_column_width=MIN_WIDTH, key=key):
        for tile in tiles:
            # Streamlit takes only a hyphen for a fall.
            is_fall = str(tile.delta or "").startswith(MINUS)
            st.metric(
                tile.label,
                tile.value,
                tile.delta,
                delta_color="off" if tile.is_neutral else "inverse" if is_fall else "normal",
                delta_arrow="off" if tile.is_neutral else "down" if is_fall else "auto",
                delta_description=tile.note,
                help=tile.help,
                border=True,
                height="stretch",
            )
    st.html(" ".join(STYLE.split()))


def value_of(figure: int | None) -> str | None:
    """A figure for a tile."""
    return None if figure is None else count(figure)


def signed_value(change: int | None) -> str | None:
    """A change for a tile."""
    return None if change is None else signed(change)


def delta_of(change: int | None) -> str | int | None:
    """A change as a delta; 0 stays a number, which Streamlit draws grey and without an arrow."""
    return signed(change) if change else change


def percent_delta(percent: float | None) -> str | int | None:
    """A rate as a delta."""
    if percent is None:
        return None
    return signed_percent(percent) if round(percent, 2) else 0


def change_delta(net: int | None, percent: float | None) -> str | int | None:
    """A change with its rate as a delta: "+26,550 (+2.68%)"; the rate only where it is known."""
    if not net or percent is None:
        return delta_of(net)
    return f"{signed(net)} ({signed_percent(percent)})"


def points_delta(points: float | None) -> str | int | None:
    """A difference of two rates as a delta, in percentage points."""
    if points is None:
        return None
    return signed_points(points) if round(points, 2) else 0
