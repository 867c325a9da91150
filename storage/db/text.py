"""Makes any text that Facebook may send one that both databases take."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_storable(text: str) -> bool:
    """Whether both databases take ``text`` as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def storable(text: str) -> str:
    """``text`` without what a database refuses: NUL (PostgreSQL) and half surrogate pairs (both).

    JSON can carry either, and one such name must not fail the whole Save.
    """
    if is_storable(text):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", REPLACEMENT)


def storable_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with each of its texts made storable; JSON and everything else as it was."""
    return {name: storable(v) if isinstance(v, str) else v for name, v in row.items()}


def storable_or_none(text: str | None) -> str | None:
    """As storable; None stays None."""
    return None if text is None else storable(text)


def one_line(text: str) -> str:
    """What an operator wrote, storable, on one line: no control characters, no surplus space."""
    spaced = " ".join(storable(text).split())
    return "".join(c for c in spaced if unicodedata.category(c) != "Cc").strip()
