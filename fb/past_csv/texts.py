"""How a cell of a file is quoted in a sentence: pure."""

from __future__ import annotations

LONGEST = 40


def shown(text: str) -> str:
    """The text between quotation marks, on one line, cut to a readable length."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    return f"“{cut}”"
