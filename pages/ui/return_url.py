"""Return URL: the state of a list in the URL of a Page or a post, to go back to the same rows.

A widget bound to the URL inside a screen loses its value when the screen is left. So the link to a
Page carries the state (order, page, search, switches, filter) in one parameter without a widget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

PARAMETER = "from"
FILTER_NAMES = ("account", "category", "state", "tag", "archived", "of")
SAVED = "saved"  # the name of the saved view
# Those without a widget on the screen: the URL is their only state.
URL_ONLY = (SAVED, *FILTER_NAMES, "columns")
# The URL parameters of Overview, without the period, which `pages.app` keeps on every screen.
NAMES = ("metric", "view", "movers", "q", "show", "sort", "page", *URL_ONLY)
# Those of Posts, with the period: the screen of one post has no period bar that would keep it.
POSTS_NAMES = (
    *("period", "comparison", "since", "until", "age", "kind", "text", "gone", "order", "page"),
    *FILTER_NAMES,
)
_SEVERAL = (*URL_ONLY, "kind")  # may have several values
MAX_LENGTH = 3000  # characters; a filter of some 50 values is shorter


def pack(
    state: Mapping[str, object],
    defaults: Mapping[str, object],
    names: Sequence[str] = NAMES,
) -> dict[str, str]:
    """The parameter for a link to a Page or a post; empty while the list has its default state.

    A parameter of the filter may have several values, as a list. ``names``: those of the list.
    """
    changed = {
        name: state[name]
        for name in names
        if str(state.get(name) or "") not in ("", str(defaults.get(name, "")))
    }
    packed = urlencode(changed, doseq=True)
    return {PARAMETER: packed} if packed and len(packed) <= MAX_LENGTH else {}


def unpack(packed: str | None, names: Sequence[str] = NAMES) -> dict[str, Any]:
    """The parameters for the link back: a text each, or of some a list of several texts.

    Unknown names are dropped; the list checks the values.
    """
    if not packed or len(packed) > MAX_LENGTH:
        return {}
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(packed):
        if name in names:
            values.setdefault(name, []).append(value)
    return {
        name: each if len(each) > 1 and name in _SEVERAL else each[-1]
        for name, each in values.items()
    }
