"""Many Pages together: the figure of the Page in the middle."""

from __future__ import annotations

import statistics
from collections.abc import Iterable


def median(values: Iterable[float | None]) -> float | None:
    """The value in the middle of those that are known, of two in the middle their mean.

    None when none is known.
    """
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known else None
