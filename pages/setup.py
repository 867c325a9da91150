"""Setup: all settings with their problems, and how to solve them. Works without an installation.

It never shows a secret or its length. An administrator sees all of it; an operator the redirect URI
and what is broken, without the values of settings.
"""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import streamlit as st

from fb.addresses import origin_of
from fb.installation import Installation, Startup
from fb.settings import SettingRow
from fb.settings_table import SETTING_NAMES
from pages import resources
from pages.parts.setup import deletion_desk, graph_api, warnings_card
from pages.text import phrases, wording
from pages.text.formats import count, counted, listed, plain
from pages.ui import links
from pages.ui.signed_in import may
from storage.sign_in.people import list_people

_BADGES = {
    "set": ("Set", ":material/check:", "green"),
    "default": ("Default", ":material/check:", "gray"),
    "missing": ("Missing", ":material/error:", "orange"),
    "wrong": ("Wrong", ":material/error:", "red"),
}
BADGE_WIDTH = 96


def render(startup: Startup) -> None:
    """Draw the screen."""
    st.title("Setup", anchor=False)
    if not _shows_all(startup):
        st.caption("What is broken, and the redirect URI. Administrators see the rest.")
        _render_state(startup, shows_all=False)
        _render_redirect_uri(startup)
        if startup.installation is not None:
            graph_api.render_troubles(startup.installation, shows_values=False)
            links.draw("imports", "Import past figures", ":material/upload:")
        return
    st.caption(
        "Everything the dashboard was told, and what is still missing. Change it in the file "
        "`.env`, then restart."
    )
    _render_state(startup, shows_all=True)
    _render_settings(startup)
    _render_redirect_uri(startup)
    if startup.installation is not None:
        graph_api.render_status(startup.installation)
        graph_api.render_ledger(startup.installation)
    _render_daily_refresh(startup)
    if startup.installation is not None:
        warnings_card.render(startup.installation)
        deletion_desk.render(startup.installation)
    _render_access(startup)


def _shows_all(startup: Startup) -> bool:
    """Whether settings and their values are shown.

    Without an installation nobody's role is known: then only where nobody signs in.
    """
    if startup.installation is not None:
        return may("admin")
    settings = startup.report.settings
    return settings is None or not settings.has_sign_in


def _render_state(startup: Startup, *, shows_all: bool) -> None:
    report, installation = startup.report, startup.installation
    if report.problems:
        words = wording.settings_missing(len(report.problems))
        st.error(words.sentence, title=words.title, icon=":material/error:")
    elif startup.error is not None:
        words = wording.for_startup_error(startup.error.kind, startup.error.details)
        st.error(words.sentence, title=words.title, icon=":material/database:")
    elif installation is not None and not installation.can_open_tokens:
        _render_wrong_key(installation, shows_all=shows_all)
    elif installation is not None and installation.settings.is_sandbox:
        st.warning(
            "Neither app id nor app secret is set, so a stand-in for Facebook answers, on this "
            "computer. Set both, and Facebook itself is used.",
            title="Sandbox mode",
            icon=":material/science:",
        )
    for warning in report.warnings if shows_all else ():
        st.warning(plain(warning.sentence), title=plain(warning.name), icon=":material/lock_open:")
    if installation is not None and _count_workers(installation) == 0:
        words = wording.NO_WORKER
        st.error(words.sentence, title=words.title, icon=":material/engineering:")
    if installation is not None and installation.settings.uses_foreign_graph:
        urls = (installation.settings.graph_url, installation.settings.dialog_url)
        hosts = sorted({urlsplit(url).netloc for url in urls})
        through = listed([wording.as_code(host) for host in hosts])
        st.warning(
            f"Access and answers go through {through if shows_all else 'another server'}.",
            title="This dashboard does not talk to Facebook itself",
            icon=":material/alt_route:",
        )


def _count_workers(installation: Installation) -> int:
    with installation.database.reading() as session:
        return installation.jobs.count(session).workers


def _render_wrong_key(installation: Installation, *, shows_all: bool) -> None:
    names, unopenable = installation.keys.account_names, installation.keys.unopenable
    whose = f"The access of {phrases.named_accounts(names)}" if names else "The stored access"
    if not shows_all:
        st.error(
            f"{whose} can't be opened: its encryption key is missing. Figures and history are all "
            "here; connecting and refreshing wait. An administrator puts the key back, or gives "
            "it up: tell one.",
            title=wording.WRONG_KEY.title,
            icon=":material/key_off:",
        )
        return
    ids = listed([wording.as_code(id) for id in unopenable]) if unopenable else "unknown"
    if installation.settings.is_sandbox:
        put_back = "bring back `data/sandbox-secrets.json`, then restart."
    else:
        put_back = "add it to `TOKEN_ENCRYPTION_KEYS`, then restart. Nothing has to be reconnected."
    st.error(
        f"{whose} can't be opened: its encryption key is missing (id {ids}). Figures and history "
        "are all here; connecting and refreshing wait.\n\n"
        f"**If you have the key**, {put_back}\n\n"
        "**If it is lost**, run the command below, which asks before it erases the access that "
        "only this key opens. Half a minute later the dashboard goes on: reconnect "
        f"{'this account' if len(names) == 1 else 'these accounts'}.",
        title=wording.WRONG_KEY.title,
        icon=":material/key_off:",
    )
    for id in unopenable:
        st.code(f".venv/bin/python -m fb forget-key {shlex.quote(id)}", language=None)


def _render_settings(startup: Startup) -> None:
    st.header("Settings", anchor=False)
    for problem in startup.report.problems:
        if problem.name not in SETTING_NAMES:  # a file, not a setting
            _render_row(SettingRow(problem.name, "wrong", "", problem.sentence))
    for state in ("wrong", "missing"):
        for row in startup.report.rows:
            if row.state == state:
                _render_row(row)
    with st.container(border=True, gap="medium"):
        for row in startup.report.rows:
            if row.state not in ("wrong", "missing"):
                _render_row(row, border=False)
    installation = startup.installation
    if installation is not None and installation.can_open_tokens:
        keys = len(installation.vault.key_ids)
        first = wording.as_code(installation.vault.current_key_id)
        opens = "opens" if keys == 1 else "open"
        st.caption(
            f"{counted(keys, 'encryption key')} {opens} all stored access; the one with id {first} "
            "seals what is new. Keep a copy of it, but never beside the database."
        )


def _render_row(row: SettingRow, *, border: bool = True) -> None:
    label, icon, colour = _BADGES[row.state]
    with (
        st.container(border=border, key=f"setting-{row.name.replace('/', '-')}"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        with st.container(width=BADGE_WIDTH):
            st.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]  # one of the table's
        with st.container(gap="xxsmall"):
            st.markdown(f"`{row.name}` {_value(row)}")
            _render_advice(row.sentence)


def _render_advice(sentence: str) -> None:
    # A command gets its own box, with a button to copy it.
    words, command, _ = sentence.partition("python -c ")
    if words.strip():
        st.caption(plain(words))
    if command:
        st.code(sentence[len(words) :], language=None, wrap_lines=True)


def _value(row: SettingRow) -> str:
    # A value is code; the description of a value is text.
    if row.state in ("missing", "wrong"):
        return "not set" if row.state == "missing" else ""
    if row.shown in ("", "—"):
        return "not set"
    is_value = "://" in row.shown or " " not in row.shown
    return wording.as_code(row.shown) if is_value else plain(row.shown)


def _find_redirect_uri(startup: Startup) -> str | None:
    """The redirect URI, also while other settings are wrong; None when it is wrong itself."""
    if startup.report.settings is not None:
        return startup.report.settings.redirect_uri
    for row in startup.report.rows:
        if row.name == "FACEBOOK_REDIRECT_URI" and row.state in ("set", "default"):
            return row.shown
    return None


def _render_redirect_uri(startup: Startup) -> None:
    redirect_uri = _find_redirect_uri(startup)
    if redirect_uri is None:
        return
    st.header("Paste this into Meta's console", anchor=False)
    st.caption(
        "Facebook Login › Settings › Valid OAuth Redirect URIs. It must match to the letter."
    )
    st.code(redirect_uri, language=None, wrap_lines=True)
    deletion_desk.render_addresses(redirect_uri)
    st.caption(
        "Until Meta has approved the app, Facebook lets in only people with a role in it: others "
        "come back as if they had cancelled. `docs/facebook-app.md` says how to give roles, and "
        "how to ask for approval."
    )
    address = st.context.url
    if address and origin_of(address) != origin_of(redirect_uri):
        here, there = urlsplit(address).netloc, urlsplit(redirect_uri).netloc
        st.error(
            f"You opened this dashboard as {wording.as_code(here)}, but Facebook will send you "
            f"back to {wording.as_code(there)}, and your browser treats the two as different "
            f"sites. Open {wording.as_code(origin_of(redirect_uri))} instead, then connect.",
            title="The address in your browser differs",
            icon=":material/warning:",
        )


def _render_daily_refresh(startup: Startup) -> None:
    st.header("Refresh every day", anchor=False)
    st.markdown(
        "While it runs, the dashboard reads the day's figures by itself. A missed day "
        "can never be fetched again, so let a computer that is always on do it too:"
    )
    st.code(cron_line(startup), language=None, wrap_lines=True)
    st.caption("Add this line with `crontab -e`. Refreshing twice on a day does no harm.")
    links.draw("imports", "Import past figures", ":material/upload:")


def cron_line(startup: Startup) -> str:
    """The line for cron, with this program's absolute path, for 6:05 each day."""
    settings = startup.report.settings
    root = settings.root if settings is not None else resources.ROOT
    return f"5 6 * * * cd {shlex.quote(str(root))} && .venv/bin/python -m fb sync"


def _render_access(startup: Startup) -> None:
    settings, installation = startup.report.settings, startup.installation
    st.header("Who can use this dashboard", anchor=False)
    if installation is not None and installation.settings.sign_in_issuer is not None:
        host = wording.as_code(urlsplit(installation.settings.sign_in_issuer).netloc)
        st.markdown(f"People sign in at {host}; {_count_people(installation)}.")
        if may("admin"):
            links.draw("people", "People", ":material/group:")
    elif settings is not None and settings.behind_sign_in_proxy:
        st.markdown(
            "`BEHIND_SIGN_IN_PROXY` says that something in front of the dashboard signs people in. "
            "Everyone whom it lets through can connect, renew and disconnect accounts. Have the "
            "dashboard listen on `127.0.0.1` alone, so that nobody gets past it. Signing out there "
            "does not close tabs that are open."
        )
    else:
        st.markdown(
            "It can be reached from this computer only. That is not a sign-in: everyone with an "
            "account on this computer can operate the dashboard."
        )


def _count_people(installation: Installation) -> str:
    """How many people are let in, and how many of them may do everything."""
    with installation.database.reading() as session:
        roles = [person.role for person in list_people(session)]
    people = "1 person" if len(roles) == 1 else f"{count(len(roles))} people"
    return f"{people}, {counted(roles.count('admin'), 'administrator')}"
