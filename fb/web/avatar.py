"""Avatar: draws a Page's initial on a coloured square, for Pages without a stored picture."""

from __future__ import annotations

import unicodedata
import zlib
from html import escape

# White text has a contrast of at least 4.5 : 1 on each.
_COLOURS = ("#A03F6D", "#1F7A6B", "#96591F", "#6A4FA0", "#86443A", "#4F6173", "#5F6F1F", "#2F66A8")


def initial(name: str) -> str:
    """Return the first letter or digit of a name in upper case; "·" when it has none."""
    for character in unicodedata.normalize("NFC", name):
        if character.isalnum():
            return character.upper()[:1]
    return "·"


def initial_svg(page_id: str, name: str) -> bytes:
    """Return an SVG of the initial on a square. The colour depends on the id only."""
    colour = _COLOURS[zlib.crc32(page_id.encode()) % len(_COLOURS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="100" height="100">'
        f'<rect width="40" height="40" rx="8" fill="{colour}"/>'
        '<text x="20" y="27" text-anchor="middle" fill="#fff" font-family="sans-serif" '
        f'font-size="19" font-weight="600">{escape(initial(name))}</text></svg>'
    ).encode()
