"""Graph versions and until when each is served.

https://developers.facebook.com/docs/graph-api/changelog/versions: afterwards a call "will be
defaulted to the next oldest usable version", without an error.
"""

import re
from datetime import date

_UNTIL: dict[str, date | None] = {
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
_OLDEST_NUMBER = 1
_SHAPE = re.compile(r"v(\d{1,3})\.\d")


def looks_like_version(segment: str) -> bool:
    """True for v26.0 and the like."""
    return _SHAPE.fullmatch(segment) is not None


def find_served(asked: str | None, today: date) -> str | None:
    """The version that answers: the one asked for, else the oldest living one (also when none was
    asked for); None for a version that does not exist yet."""
    living = [name for name, until in _UNTIL.items() if until is None or today < until]
    if asked is None:
        return living[0]
    if asked in living:
        return asked
    shape = _SHAPE.fullmatch(asked)
    is_past = shape is not None and _OLDEST_NUMBER <= int(shape[1]) <= 26
    return living[0] if is_past else None
