"""Links: the table of screens, links from one screen to another, to Facebook, and to pictures.

A screen's file is named as its ``url_path``, because AppTest finds a screen by that name. The link
to Facebook is a real anchor, since only an anchor opens in the same tab.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Literal
from urllib.parse import quote

import streamlit as st

from fb.web.avatar import initial_svg
from storage.people.person import Role

START_PATH = "/oauth/start"

# White on this blue has a contrast of 6.3 : 1 in both schemes; the outlined form takes the colour
# of the text around it. ``st.html`` knows no theme variables, so each link brings its style.
_STYLE = """
.pk-link { display: inline-block; box-sizing: border-box; padding: 0.45rem 1rem;
  border-radius: 0.5rem; font-weight: 600; line-height: 1.6; text-decoration: none;
  white-space: nowrap; }
.pk-link:focus-visible { outline: 3px solid #E9B44C; outline-offset: 2px; }
.pk-filled, .pk-filled:visited { background: #1D5FB4; border: 1px solid #1D5FB4; color: #FFFFFF; }
.pk-filled:hover { background: #174E96; border-color: #174E96; color: #FFFFFF; }
.pk-outlined, .pk-outlined:visited { background: transparent; color: inherit;
  border: 1px solid color-mix(in srgb, currentColor 40%, transparent); }
.pk-outlined:hover { border-color: currentColor; color: inherit; }
"""


@dataclass(frozen=True)
class Screen:
    """One screen. A hidden one is not in the navigation; the default one is served at ``/``.

    ``role``: who may open it; others don't see it in the navigation. ``needs_sign_in``: nor does
    anybody where nobody signs in.
    """

    name: str
    title: str
    icon: str
    is_hidden: bool = False
    is_default: bool = False
    role: Role = "viewer"
    needs_sign_in: bool = False


SCREENS = (
    Screen("overview", "Overview", ":material/monitoring:", is_default=True),
    Screen("posts", "Posts", ":material/article:"),
    Screen("compare", "Compare", ":material/compare_arrows:"),
    Screen("connections", "Connections", ":material/link:"),
    Screen("activity", "Activity", ":material/history:"),
    Screen("setup", "Setup", ":material/tune:", role="operator"),
    Screen("people", "People", ":material/group:", role="admin", needs_sign_in=True),
    Screen("page", "Page", ":material/flag:", is_hidden=True),
    Screen("connect", "Connect", ":material/add_link:", is_hidden=True, role="operator"),
    Screen("imports", "Past figures", ":material/upload:", is_hidden=True, role="operator"),
    Screen("unknown", "No such screen", ":material/explore_off:", is_hidden=True),
)
# What other screens link to; the others mean nothing without what their link carries.
GUESSABLE = ("overview", "posts", "compare", "connections", "activity", "setup", "imports")
_MIN_LIKENESS = 0.7
MAX_TYPED = 100  # characters of an address that are compared, or shown


def draw(
    screen: str,
    label: str,
    icon: str | None = None,
    *,
    query_params: Mapping[str, str | list[str]] | None = None,
    width: Literal["content", "stretch"] = "content",
) -> None:
    """Draw a link to a screen. ``label`` is Markdown."""
    st.page_link(
        link_to(screen), label=label, icon=icon, query_params=dict(query_params or {}), width=width
    )


@lru_cache
def link_to(name: str) -> st.Page:
    """A reference to a screen, for `draw` and `pages.ui.polling.go_to`.

    Streamlit identifies a screen by its ``url_path``, so the reference needs no callable.
    """
    screen = next(screen for screen in SCREENS if screen.name == name)
    return st.Page(
        _not_to_be_run, title=screen.title, url_path=screen.name, default=screen.is_default
    )


def guess_screen(address: str) -> Screen | None:
    """The screen that somebody means who typed ``address``: "/overview", "/Past-Figures/"."""
    first = re.split(r"[/.]", address.lstrip("/"))[0]
    typed = first.replace("-", " ").replace("_", " ").lower()
    screens = {
        name.lower(): screen
        for screen in SCREENS
        if screen.name in GUESSABLE
        for name in (screen.name, screen.title)
    }
    likely = difflib.get_close_matches(typed[:MAX_TYPED], screens, n=1, cutoff=_MIN_LIKENESS)
    return screens[likely[0]] if likely else None


def _not_to_be_run() -> None:
    raise AssertionError("a reference to a screen was run")


def connect_link(label: str, *, filled: bool = True, renew: int | None = None) -> str:
    """HTML for ``st.html``: the link that starts a login at Facebook, in the same tab.

    Filled for the main action of a screen, else outlined. ``label`` is plain text. ``renew`` is the
    id of the grant that is to be renewed; the link carries nothing else: the route creates the
    attempt.
    """
    kind = "pk-filled" if filled else "pk-outlined"
    style = " ".join(_STYLE.split())
    path = START_PATH if renew is None else f"{START_PATH}?renew={renew}"
    return f'<a class="pk-link {kind}" href="{path}">{escape(label)}</a><style>{style}</style>'


def picture_path(page_id: str, etag: str | None) -> str:
    """The path of a Page's picture; the route serves its initial where there is none.

    The ETag is part of the path, since browsers cache the old picture for an hour.
    """
    path = f"/pictures/{quote(page_id, safe='')}"
    return path if etag is None else f"{path}?v={quote(etag.strip(chr(34))[:8])}"


def initial_tile(page_id: str, name: str) -> str:
    """A ``data:`` URL of a Page's initial, for Pages that are not stored."""
    drawn = initial_svg(page_id, name).decode()
    return "data:image/svg+xml;utf8," + quote(drawn, safe="/:=<> \"';,")
