"""The first of many in order, without putting all of them in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from storage.arrays import Positions


def smallest_first(key: np.ndarray[Any, Any], count: int) -> Positions:
    """Where the ``count`` smallest keys stand, smallest first; all of them where there are fewer.

    Equals come in the order in which they stand, NaN comes last.
    """
    among = np.arange(len(key))
    if count < len(key):
        # All that may take part: NaN is beyond every limit, and if it is one, everything does.
        limit = np.partition(key, count)[count]
        among = among if np.isnan(limit) else np.flatnonzero(key <= limit)
    in_order: Positions = among[np.argsort(key[among], kind="stable")][:count]
    return in_order
