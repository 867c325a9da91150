"""The script that Streamlit runs for every operator: the frame that all screens stand in.

It gives the browser tab its name, draws the navigation, the sandbox's strip, what is broken and the
period bar, and lets one screen fill the rest. Without an installation only Setup is let through.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from fb.installation import Installation, Startup
from pages import (
    activity,
    compare,
    connect,
    connections,
    ending,
    imports,
    lookups,
    notes,
    overview,
    page,
    period,
    resources,
    sandbox_strip,
    setup,
    trouble,
    welcome,
    wording,
)
from pages.formats import one_line
from pages.noting import annotating
from pages.portfolio import lookups as overview_lookups
from pages.screens import SCREENS, Screen
from storage.accounts.page_profile import PageProfile
from storage.errors import DatabaseBusy, DatabaseUnreachable

ASSETS = Path(__file__).parent / "assets"
# Screens that say themselves what is amiss when there is no installation.
OWN_SCREENS: dict[str, Callable[[], None]] = {
    "connections": connections.render,
    "activity": activity.render,
    "setup": setup.render,
    "connect": connect.render,
    "imports": imports.render,
}


def main() -> None:
    """Draw the frame, and in it the screen of the address."""
    _name_tab("Pagekeeper")
    st.logo(str(ASSETS / "logo.svg"), size="large")
    startup = resources.get_startup()
    with lookups.one_moment():
        _draw(startup)


def _draw(startup: Startup) -> None:
    installation = startup.installation
    version, is_lost = _find_version(installation)
    parts: list[Callable[[], None]] = []
    chosen = st.navigation(
        [
            st.Page(
                lambda: parts[0](),
                title=_title(screen, installation, version),
                icon=screen.icon,
                url_path=screen.name,
                default=screen.is_default,
                visibility="hidden" if screen.is_hidden else "visible",
            )
            for screen in SCREENS
        ],
        position="top",
    )
    screen = next(s for s in SCREENS if s.name == (chosen.url_path or SCREENS[0].name))
    if is_lost:
        parts.append(_without_database(screen))
    elif installation is not None:
        parts.append(_frame(installation, version, screen))
    else:
        parts.append(_without_installation(startup, screen))
    chosen.run()


def _name_tab(name: str) -> None:
    # Without a local icon Streamlit would fetch the screen's from fonts.gstatic.com.
    st.set_page_config(page_title=name, page_icon=str(ASSETS / "favicon.svg"), layout="wide")


def _title(screen: Screen, installation: Installation | None, version: str) -> str:
    if screen.name != "connections" or installation is None or not version:
        return screen.title
    accounts = lookups.find_accounts(version, installation.now().date())
    waiting = len(trouble.needing_renewal(accounts))
    return f"{screen.title} ({waiting})" if waiting else screen.title


def _find_version(installation: Installation | None) -> tuple[str, bool]:
    """The version of the data, and whether the database was lost since the dashboard started."""
    try:
        return (lookups.get_version() if installation is not None else ""), False
    except (DatabaseUnreachable, DatabaseBusy):
        return "", True


def _without_database(screen: Screen) -> Callable[[], None]:
    _name_tab(f"{screen.title} · Pagekeeper")
    return lambda: ending.render(wording.for_trouble("database_unreachable"))


def _without_installation(startup: Startup, screen: Screen) -> Callable[[], None]:
    _name_tab(f"{screen.title} · Pagekeeper")
    if screen.name in OWN_SCREENS:
        return OWN_SCREENS[screen.name]
    found = startup.trouble
    if found is None or found.kind == "settings":
        words = wording.settings_missing(len(startup.report.problems))
    else:
        words = wording.for_trouble(found.kind, found.facts)
    return lambda: ending.render(words)


def _frame(installation: Installation, version: str, screen: Screen) -> Callable[[], None]:
    """Draw what stands above a screen, and return what draws the screen."""
    profile = _find_profile(version) if screen.name == "page" else None
    _name_tab(f"{one_line(profile.name) if profile else screen.title} · Pagekeeper")
    notes.show()
    is_making_history = sandbox_strip.render(installation, is_watching=screen.name != "connect")
    if screen.name in OWN_SCREENS:
        if screen.name != "setup":  # it says the same itself, and how to mend it
            trouble.render(installation, version, is_overview=False)
        lookups.end_moment()  # these ask for themselves, and some of them wait for Facebook
        return OWN_SCREENS[screen.name]
    if screen.name == "page" and profile is None:
        return page.render_unknown
    today = installation.now().date()
    days = overview_lookups.find_days(version)
    if screen.name == "overview" and days is None and lookups.is_empty(version):
        trouble.render(installation, version, is_overview=True)
        return lambda: welcome.render(installation)
    # What follows is for the screens that have a period.
    header = st.container()
    trouble.render(installation, version, is_overview=screen.name == "overview")
    first_day = profile.first_day if profile is not None else days and days[0]
    if screen.name == "compare":
        first_day = compare.find_first_day(version) or first_day
    annotating.keep_hidden()
    # Here and not in the screen: see pages.period.
    bar = period.render(today, first_day)
    if profile is not None:
        return lambda: page.render(installation, version, header, bar.period, profile)
    if screen.name == "compare":
        return lambda: compare.render(installation, version, header, bar.period)
    return lambda: overview.render(
        installation, version, header, bar, is_making_history=is_making_history
    )


def _find_profile(version: str) -> PageProfile | None:
    page_id, _ = page.read_address()
    return lookups.find_profile(version, page_id) if 0 < len(page_id) <= 100 else None


main()
