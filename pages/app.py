"""App: the script that Streamlit runs. It draws the frame of all screens, then one screen.

The frame is the tab's title, the navigation, the sandbox strip, the banner and the period bar.
Without an installation only Setup can be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation, Startup
from pages import (
    activity,
    compare,
    connect,
    connections,
    imports,
    overview,
    page,
    people,
    posts,
    resources,
    setup,
    unknown,
)
from pages.cache import get_version
from pages.parts.overview import saved_views
from pages.queries import find_accounts, find_days, find_profile, is_empty, list_saved_views
from pages.text import wording
from pages.text.formats import one_line
from pages.text.wording import Wording
from pages.ui import (
    account_menu,
    banner,
    copy_link,
    flash,
    frame_style,
    message_page,
    period_bar,
    polling,
    sandbox_strip,
    signed_in,
    url_controls,
    viewer,
)
from pages.ui.links import SCREENS, Screen
from pages.ui.notes import popover as notes
from storage.accounts.page_profile import PageProfile
from storage.db.errors import DatabaseBusy, DatabaseUnreachable, NewerSchema
from storage.people.person import NotAllowed

ASSETS = Path(__file__).parent / "assets"
# Screens without a period bar, which open their own sessions.
PLAIN_SCREENS: dict[str, Callable[[Installation], None]] = {
    "connections": connections.render,
    "activity": activity.render,
    "connect": connect.render,
    "imports": imports.render,
    "people": people.render,
}


def main() -> None:
    """Draw the frame and the screen of the URL."""
    viewer.begin()
    if polling.is_reconnected():
        st.toast(wording.RECONNECTED, icon=":material/cached:", duration="long")
    if polling.begin_run():
        period_bar.follow_link()
    # Before the navigation, whose icons the browser would load from fonts.gstatic.com.
    st.set_page_config(
        page_title="Pagekeeper", page_icon=str(ASSETS / "favicon.svg"), layout="wide"
    )
    st.logo(str(ASSETS / "logo.svg"), size="large")
    url_controls.apply_changes()
    startup = resources.get_startup()
    installation = startup.installation
    frame_style.render(
        is_sandbox=installation is not None and installation.sandbox is not None,
        has_sign_in=installation is not None and installation.settings.has_sign_in,
    )
    with ExitStack() as stack:
        _draw(startup, _open_session(installation, stack))


def _open_session(installation: Installation | None, stack: ExitStack) -> Session | Wording | None:
    """The read session of a run: one for all, so that all figures are of the same moment.

    None without an installation; a message when the database is held, can't be reached any more, or
    was migrated by a newer version.
    """
    if installation is None:
        return None
    try:
        session = stack.enter_context(installation.database.reading())
        installation.database.check_revision(session)
        get_version(session)
    except (DatabaseUnreachable, DatabaseBusy, NewerSchema) as error:
        return message_page.for_database_error(error)
    return session


def _draw(startup: Startup, opened: Session | Wording | None) -> None:
    session = opened if isinstance(opened, Session) else None
    installation = startup.installation
    if installation is not None and session is not None:
        try:
            signed_in.begin(installation.settings, session)
        except NotAllowed as refused:
            message_page.render(message_page.for_refusal(refused))
            return
    parts: list[Callable[[], None]] = []
    current = st.navigation(
        [
            st.Page(
                lambda: parts[0](),
                title=_title(screen, installation, session),
                icon=screen.icon,
                url_path=screen.name,
                default=screen.is_default,
                visibility="visible" if _is_offered(screen, installation, session) else "hidden",
            )
            for screen in SCREENS
        ],
        position="top",
    )
    polling.note_screen()
    polling.watch_browser()
    screen = next(s for s in SCREENS if s.name == (current.url_path or SCREENS[0].name))
    if installation is None:
        parts.append(_without_installation(startup, screen))
    elif isinstance(opened, Wording):
        parts.append(_without_database(screen, opened))
    else:
        assert session is not None
        account_menu.render(installation)
        if not signed_in.may(screen.role):
            parts.append(_without_role(screen))
        else:
            parts.append(_frame(installation, session, screen))
    current.run()


def _is_offered(screen: Screen, installation: Installation | None, session: Session | None) -> bool:
    """Whether the navigation has the screen; without a database nobody's role is known."""
    has_sign_in = installation is not None and installation.settings.has_sign_in
    if screen.is_hidden or (screen.needs_sign_in and not has_sign_in):
        return False
    return session is None or signed_in.may(screen.role)


def _name_tab(name: str) -> None:
    # Icon and layout stay as they were set; hashing the icon again would cost a rerun 2 ms.
    st.set_page_config(page_title=name)


def _title(screen: Screen, installation: Installation | None, session: Session | None) -> str:
    if screen.name != "connections" or installation is None or session is None:
        return screen.title
    waiting = len(banner.needing_renewal(find_accounts(session, installation.now())))
    return f"{screen.title} ({waiting})" if waiting else screen.title


def _without_database(screen: Screen, message: Wording) -> Callable[[], None]:
    _name_tab(f"{screen.title} · Pagekeeper")
    return lambda: message_page.render(message)


def _without_role(screen: Screen) -> Callable[[], None]:
    _name_tab(f"{screen.title} · Pagekeeper")
    return lambda: message_page.render(wording.needs_role(screen.role))


def _without_installation(startup: Startup, screen: Screen) -> Callable[[], None]:
    _name_tab(f"{screen.title} · Pagekeeper")
    if screen.name == "setup":
        return lambda: setup.render(startup)
    return lambda: message_page.render_startup_error(startup)


def _frame(installation: Installation, session: Session, screen: Screen) -> Callable[[], None]:
    """Draw everything above the screen, and return the function that draws the screen."""
    profile = _find_profile(session) if screen.name == "page" else None
    if screen.name != "overview":
        saved_views.begin_elsewhere()
    _name_tab(f"{one_line(profile.name) if profile else screen.title} · Pagekeeper")
    flash.show()
    copy_link.render(
        screen,
        posts.DEFAULTS if screen.name == "posts" else overview.DEFAULTS,
        profile.id if profile else "",
        has_start_view=any(view.is_start for view in list_saved_views(session, of=signed_in.me())),
    )
    is_making_history = sandbox_strip.render(installation, session)
    if screen.name == "setup":  # without the banner: Setup shows its problems itself
        session.close()
        return lambda: setup.render(resources.get_startup())
    if screen.name == "unknown":
        session.close()
        return unknown.render
    if screen.name in PLAIN_SCREENS:
        if screen.name != "connect" or installation.can_open_tokens:  # else it is what Connect says
            banner.render(installation, session, is_overview=False)
        # Some of these wait for Facebook: meanwhile an open session would keep erased data in
        # SQLite's write-ahead log.
        session.close()
        return lambda: PLAIN_SCREENS[screen.name](installation)
    if screen.name == "overview":
        overview.arrive(session)
    if screen.name == "page" and profile is None:
        return page.render_unknown
    now = installation.now()
    if screen.name == "posts":  # days of posts are days in a zone
        now = now.astimezone(installation.settings.display_time_zone)
    today, days = now.date(), find_days(session)
    if screen.name == "overview" and days is None and is_empty(session):
        banner.render(installation, session, is_overview=True)
        return lambda: overview.render_welcome(installation)
    if screen.name == "compare" and is_empty(session):
        return compare.render_empty
    if screen.name == "posts" and is_empty(session):
        return posts.render_empty
    if screen.name == "posts" and posts.read_address():
        banner.render(installation, session, is_overview=False)
        return lambda: posts.render_one(installation, session)
    # From here on: screens with a period.
    header = st.container()
    banner.render(installation, session, is_overview=screen.name == "overview")
    notes.keep_hidden()
    # Drawn here instead of in the screen: see pages.ui.period_bar.
    bar = period_bar.render(today)
    if profile is not None:
        return lambda: page.render(installation, session, header, bar, profile)
    if screen.name == "compare":
        return lambda: compare.render(installation, session, header, bar)
    if screen.name == "posts":
        return lambda: posts.render(installation, session, header, bar)
    return lambda: overview.render(
        installation, session, header, bar, is_making_history=is_making_history
    )


def _find_profile(session: Session) -> PageProfile | None:
    page_id, _ = page.read_address()
    return find_profile(session, page_id) if 0 < len(page_id) <= 100 else None


main()
