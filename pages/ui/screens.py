"""The table of screens: their names in the URL, titles and icons, and links from one to another.

A screen's file is named as its ``url_path``: AppTest finds a callable screen by that name.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Screen:
    """One screen. A hidden one is reached by links only; the default one is served at ``/``."""

    name: str
    title: str
    icon: str
    is_hidden: bool = False
    is_default: bool = False


SCREENS = (
    Screen("overview", "Overview", ":material/monitoring:", is_default=True),
    Screen("compare", "Compare", ":material/compare_arrows:"),
    Screen("connections", "Connections", ":material/link:"),
    Screen("activity", "Activity", ":material/history:"),
    Screen("setup", "Setup", ":material/tune:"),
    Screen("page", "Page", ":material/flag:", is_hidden=True),
    Screen("connect", "Connect", ":material/add_link:", is_hidden=True),
    Screen("imports", "Past figures", ":material/upload:", is_hidden=True),
)


def link_to(name: str) -> st.Page:
    """A reference to a screen, for ``st.page_link`` and ``st.switch_page``.

    Streamlit knows a screen by its ``url_path`` alone, so a reference needs no more than that; it
    can't be run.
    """
    screen = next(screen for screen in SCREENS if screen.name == name)
    return st.Page(
        _not_to_be_run, title=screen.title, url_path=screen.name, default=screen.is_default
    )


def _not_to_be_run() -> None:
    raise AssertionError("a reference to a screen was run")
