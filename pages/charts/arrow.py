"""Columns of what charts and tables draw, as Arrow takes them: pure.

Streamlit sends Arrow, so a table of Arrow goes out as it is. Through a frame of pandas the same
chart takes twenty times as long to build and to send, with every rerun.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import pyarrow as pa


def days(values: Sequence[date]) -> pa.Array:
    """Days as naive midnights: drawn as they are written, in whatever zone the browser is."""
    midnights = [datetime.combine(day, time()) for day in values]
    return pa.array(midnights, pa.timestamp("s"))


def whole(values: Sequence[int | None]) -> pa.Array:
    """Whole numbers with gaps, in half the bytes where all of them are small enough.

    Figures of a year are half of what a Page's screen sends.
    """
    try:
        return pa.array(values, pa.int32())
    except pa.ArrowInvalid:
        return pa.array(values, pa.int64())


def moments(values: Sequence[datetime | None]) -> pa.Array:
    """Times in UTC without their zone, with which a browser would move them into its own."""
    return pa.array([at and at.replace(tzinfo=None) for at in values], pa.timestamp("s"))


def words(values: Sequence[str | None]) -> pa.Array:
    """Texts of which few differ: each of them is sent once, and a small number a row."""
    return pa.array(values, pa.string()).dictionary_encode()
