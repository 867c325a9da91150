"""Refusals of a CSV file: the error for a whole file, and how a reason quotes a cell."""

from __future__ import annotations

MAX_QUOTE = 40  # characters


class UnreadableFile(Exception):
    """The file can't be read at all. The text tells a person why, and what to do."""


def quote(cell: str) -> str:
    """The cell in quotation marks: on one line, at most MAX_QUOTE characters of it."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(cell.split()))
    cut = text if len(text) <= MAX_QUOTE else text[: MAX_QUOTE - 1].rstrip() + "…"
    return f"“{cut}”"
