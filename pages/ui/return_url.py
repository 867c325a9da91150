"""Return URL: Overview's state in the URL of a Page, to go back to the same rows.

A widget bound to the URL inside a screen loses its value when the screen is left. So the link to a
Page carries the state (order, page, search, switches, filter) in one parameter without a widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

PARAMETER = "from"
FILTER_NAMES = ("account", "category", "state", "tag")
# The URL parameters of Overview, without the period, which `pages.app` keeps on every screen.
NAMES = ("metric", "view", "movers", "q", "show", "sort", "page", *FILTER_NAMES)
MAX_LENGTH = 1200  # characters; Overview's own are shorter


def pack(state: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, str]:
    """The parameter for a link to a Page; empty while Overview has its default state."""
    changed = {
        name: str(state[name])
        for name in NAMES
        if str(state.get(name) or "") not in ("", str(defaults.get(name, "")))
    }
    packed = urlencode(changed)
    return {PARAMETER: packed} if packed and len(packed) <= MAX_LENGTH else {}


def unpack(packed: str | None) -> dict[str, str]:
    """The parameters for the link back. Unknown names are dropped; Overview checks the values."""
    if not packed or len(packed) > MAX_LENGTH:
        return {}
    return {name: value for name, value in parse_qsl(packed) if name in NAMES}
