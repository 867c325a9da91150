"""Copy link: the address of the screen as it is shown, for a mail or a bookmark, on every screen.

The browser's own address may be one step behind, and after Back from a Page it carries that Page's
parameters. This one is made of what the screen shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.text.periods import COMPARISONS, CUSTOM, DEFAULT_LABEL
from pages.ui import day_panel, growth_chart, period_bar, return_url
from pages.ui.links import Screen

PERIOD_NAMES = ("period", period_bar.COMPARISON, period_bar.SINCE, period_bar.UNTIL)
# The controls of the screens that are bound to the URL, by screen.
_BOUND: Mapping[str, tuple[str, ...]] = {
    "overview": tuple(n for n in return_url.NAMES if n not in return_url.FILTER_NAMES),
    "posts": ("age", "kind", "text", "gone", "order", "page"),
    "compare": ("figure", "scale"),
    "page": ("figure", "chart", "forecast", "post-days", "insight"),
}
_WITH_PERIOD = ("overview", "posts", "compare", "page")
# A trip to Facebook belongs to one browser, and an unknown address leads nowhere.
_WITHOUT_LINK = ("connect", "unknown")
_NEVER = {return_url.PARAMETER, "attempt", "code", "error"}
_DEFAULTS = {
    **{"period": DEFAULT_LABEL, period_bar.COMPARISON: COMPARISONS[0], "page": "1"},
    **{"figure": "Fans", "chart": growth_chart.TOTAL, "forecast": "False"},
    "post-days": "False",
}
# In Streamlit's header, left of its menu, so that nothing moves for it; on a phone the icon alone.
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-copy-link) {
  position: fixed; top: 0.6rem; right: 3.25rem; width: auto; z-index: 999991; }
.st-key-copy-link { width: auto; }
.st-key-copy-link [data-testid="stElementContainer"]:has(style) { display: none; }
@media (max-width: 640px) {
  .st-key-copy-link button p { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; }
}
</style>"""


def render(
    screen: Screen,
    defaults: Mapping[str, object],
    page_id: str = "",
    *,
    has_start_view: bool = False,
) -> None:
    """Draw the button, and the address behind it; nothing where there is no address to give.

    ``defaults``: the values of controls that an address leaves out. ``page_id``: of the Page shown.
    ``has_start_view``: the bare address opens a saved view.
    """
    url = st.context.url
    if screen.name in _WITHOUT_LINK or not url:
        return
    with st.container(key="copy-link"):
        st.html(_STYLE)
        with st.popover("Copy link", icon=":material/link:", type="tertiary"):
            st.code(
                address(url, screen, {**_DEFAULTS, **defaults}, page_id, has_start_view),
                language=None,
                wrap_lines=True,
            )
            st.caption("Opens this screen as it is now, for everybody who can open Pagekeeper.")


def address(
    url: str, screen: Screen, defaults: Mapping[str, object], page_id: str, has_start_view: bool
) -> str:
    """The whole address of the screen. ``url`` is the browser's, for the host alone."""
    here = urlsplit(url)
    path = "" if screen.is_default else screen.name
    query = urlencode(_pairs(screen.name, defaults, page_id))
    if not query and screen.is_default and has_start_view:
        query = f"{return_url.SAVED}="  # none, not even the first
    return f"{here.scheme}://{here.netloc}/{path}" + (f"?{query}" if query else "")


def _pairs(screen: str, defaults: Mapping[str, object], page_id: str) -> list[tuple[str, str]]:
    if screen == "posts" and "post" in st.query_params:
        return [("post", st.query_params["post"])]
    bound = (*(PERIOD_NAMES if screen in _WITH_PERIOD else ()), *_BOUND.get(screen, ()))
    names = list(bound)
    if screen == "page":
        pairs = [("id", page_id)]
        names += [day_panel.PARAMETER, day_panel.INSIGHTS_PARAMETER]
    else:
        pairs = []
        hidden = _NEVER | {"id"}
        names += [n for n in map(str, st.query_params) if n not in bound and n not in hidden]
    for name in names:
        # The control's value counts: the URL is known as it was when the screen was opened.
        value = st.session_state[name] if name in bound and name in st.session_state else None
        if value is None and name not in st.session_state:
            value = st.query_params.get_all(name)
        values = list(value) if isinstance(value, list | tuple) else [value]
        texts = [str(each) for each in values if each not in (None, "")]
        if texts != [str(defaults.get(name, ""))]:
            pairs += [(name, text) for text in texts]
    if ("period", CUSTOM) not in pairs:
        pairs = [pair for pair in pairs if pair[0] not in (period_bar.SINCE, period_bar.UNTIL)]
    return pairs
