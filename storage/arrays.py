"""What the figures of many Pages are as arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Column: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Positions: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

# No figure is that low. Zero is a figure.
MISSING = np.iinfo(np.int64).min
