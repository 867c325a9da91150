"""Values of Graph's JSON: read from the bytes of an answer, and checked one by one.

Graph sends a number as text here and there, and null or something of another shape anywhere. Values
of a wrong type count as left out.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

_MAX_COUNT = 2**63 - 1  # what a database's integer holds


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# NaN and Infinity, which Python reads and PostgreSQL does not store, are refused.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read_json(content: bytes) -> Any:
    """Read JSON whatever the answer's content type claims (Graph sends text/javascript, too).

    Texts come without NUL and without halves of surrogate pairs, which no database takes. Raises
    ValueError when it is no JSON: empty, cut off, HTML, nested beyond reason.
    """
    try:
        return _storable(_DECODER.decode(content.decode("utf-8")))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(entry) for key, entry in value.items()}
    return value


def to_id(value: object) -> str | None:
    """An id as text, also from a number; None for anything but up to 32 digits.

    Ids exceed 2^53 and stand in paths, so they are digits and text everywhere.
    """
    if type(value) is int:
        value = str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 32:
        return value
    return None


def to_int(value: object) -> int | None:
    """A whole number that a database holds, also from text of up to 12 digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    return value if type(value) is int and abs(value) <= _MAX_COUNT else None


def to_count(value: object) -> int | None:
    """A whole number of at least 0; text is none."""
    return value if type(value) is int and 0 <= value <= _MAX_COUNT else None


def to_text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def to_texts(value: object) -> tuple[str, ...] | None:
    """The texts of a list, without empty ones and without what is none; None for no list."""
    if not isinstance(value, list):
        return None
    return tuple(entry for entry in value if isinstance(entry, str) and entry)


def to_flag(value: object) -> bool | None:
    """True or false."""
    return value if isinstance(value, bool) else None
