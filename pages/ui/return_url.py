"""Carries Overview's state to a Page's address and back: sort, page, search, switches and filter.

A widget bound to the address inside a screen loses its value when the screen is left, so the link
to a Page takes the state along, in one parameter that no widget is bound to.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

PARAMETER = "from"
FILTER_NAMES = ("account", "category", "state", "tag")
# What Overview writes into its address. The period is not among them: the frame keeps it on every
# screen.
NAMES = ("metric", "view", "movers", "q", "show", "sort", "page", *FILTER_NAMES)
LONGEST = 1200  # more than Overview ever writes; a made-up one need not be read


def pack(state: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, str]:
    """The parameter for a link to a Page; empty when Overview stands as it does at first."""
    changed = {
        name: str(state[name])
        for name in NAMES
        if str(state.get(name) or "") not in ("", str(defaults.get(name, "")))
    }
    packed = urlencode(changed)
    return {PARAMETER: packed} if packed and len(packed) <= LONGEST else {}


def unpack(packed: str | None) -> dict[str, str]:
    """The parameters for the link back. Unknown names are dropped; Overview judges the values."""
    if not packed or len(packed) > LONGEST:
        return {}
    return {name: value for name, value in parse_qsl(packed) if name in NAMES}
