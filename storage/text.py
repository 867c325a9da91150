"""Makes any text that Facebook may send one that both databases take."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """``text`` without what a database refuses: NUL (PostgreSQL) and half surrogate pairs (both).

    JSON can carry either, and one such name must not fail the whole Save.
    """
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", REPLACEMENT)


def storable_or_none(text: str | None) -> str | None:
    """As storable; None stays None."""
    return None if text is None else storable(text)
