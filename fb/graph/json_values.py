"""JSON values: decodes Graph's answers and checks the type of each value.

Graph sometimes sends numbers as text, and null or another type in any field. A value of a wrong
type is treated as missing, and texts are bounded: names, descriptions and lists from outside are
stored and shown.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

# Far longer than Facebook lets anybody write: a name has 75 characters, a description 255.
MAX_TEXT_LENGTH = 1_000
MAX_ADDRESS_LENGTH = 4_000
MAX_TEXTS = 100
_MAX_COUNT = 2**63 - 1  # what a database's integer holds


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# NaN and Infinity, which Python reads and PostgreSQL does not store, are refused.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
# JSON can write NUL and surrogates as escapes only.
_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def read_json(content: bytes) -> Any:
    """Decode JSON without regard to the content type (Graph also sends text/javascript).

    NUL and lone surrogates are removed from texts, since no database stores them. Raises
    ValueError when the content is no JSON: empty, cut off, HTML, or nested too deep.
    """
    try:
        text = content.decode("utf-8")
        value = _DECODER.decode(text)
        return _storable(value) if _ESCAPE.search(text) else value
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
    """Return an id as text, also from a number; None for anything but 1 to 32 digits.

    Ids exceed 2^53 and are used in paths, so they are kept as text of digits.
    """
    if type(value) is int:
        value = str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 32:
        return value
    return None


def to_int(value: object) -> int | None:
    """Return a whole number of at most 64 bits, also from text of up to 12 digits; else None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    return value if type(value) is int and abs(value) <= _MAX_COUNT else None


def to_count(value: object) -> int | None:
    """Return a whole number of at least 0; None for anything else, text included."""
    return value if type(value) is int and 0 <= value <= _MAX_COUNT else None


def to_text(value: object) -> str | None:
    """Return the beginning of a text that is not empty; else None."""
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) and value else None


def to_address(value: object) -> str | None:
    """Return a text that may be an address; None when it is too long, as a cut one leads astray."""
    if isinstance(value, str) and len(value) <= MAX_ADDRESS_LENGTH:
        return value or None
    return None


def to_texts(value: object) -> tuple[str, ...] | None:
    """Return the first texts of a list that are not empty; None when the value is no list."""
    if not isinstance(value, list):
        return None
    texts = (to_text(entry) for entry in value[:MAX_TEXTS])
    return tuple(text for text in texts if text is not None)


def to_flag(value: object) -> bool | None:
    """Return True or False; None for anything else."""
    return value if isinstance(value, bool) else None
