"""Storable text: removes from texts of Facebook and operators what a database refuses."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def is_storable(text: str) -> bool:
    """Return whether both databases accept ``text`` unchanged."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def storable(text: str) -> str:
    """Return ``text`` with U+FFFD for NUL (PostgreSQL refuses it) and lone surrogates (both do).

    JSON can carry either, and one such name must not make the whole Save fail.
    """
    if is_storable(text):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", REPLACEMENT)


def storable_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with every text made storable; JSON and other values are unchanged."""
    return {name: storable(v) if isinstance(v, str) else v for name, v in row.items()}


def storable_or_none(text: str | None) -> str | None:
    """Do as `storable`; None stays None."""
    return None if text is None else storable(text)


def one_line(text: str) -> str:
    """Return an operator's text, storable and on one line, without control characters."""
    spaced = " ".join(storable(text).split())
    return "".join(c for c in spaced if unicodedata.category(c) != "Cc").strip()
