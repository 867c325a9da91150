"""Connections: the accounts with their state and actions, worst first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.accounts import check, disconnect
from fb.accounts.check import AccountState
from fb.accounts.connections import Connection, list_connections
from fb.installation import Installation
from pages.text import permissions, phrases, wording
from pages.text.formats import counted, day, one_line, plain, when
from pages.text.wording import Wording
from pages.ui import flash, links
from pages.ui.banner import needing_renewal

# More accounts are a table: among so many cards one is hard to find.
MAX_CARDS = 10
CHECK, FREEZE, UNFREEZE, DISCONNECT = "Check now", "Freeze", "Unfreeze", "Disconnect…"
# As in the table of Pages: only states that need action have a colour.
BADGES = {"red": phrases.TABLE_RED, "orange": phrases.TABLE_ORANGE, "green": "gray", "gray": "gray"}


def render(installation: Installation) -> None:
    """Draw the screen."""
    now = installation.now()
    accounts = list_connections(installation, now)
    _headline(
        has_link=bool(accounts) and installation.can_open_tokens,
        is_filled=not needing_renewal(accounts),
    )
    if not accounts:
        _empty(installation)
    elif len(accounts) <= MAX_CARDS:
        for account in accounts:
            _card(installation, account, now)
    else:
        _table(installation, accounts, now)


def _headline(*, has_link: bool, is_filled: bool) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title("Connections", anchor=False, width="content")
        if has_link:
            link = links.connect_link("Connect another account", filled=is_filled)
            st.html(link, width="content")


def _empty(installation: Installation) -> None:
    st.markdown("No Facebook account is connected yet.")
    if installation.can_open_tokens:
        st.html(links.connect_link(wording.CONNECT.label), width="content")


def _card(installation: Installation, account: Connection, now: datetime) -> None:
    badge = phrases.connection_badge(account.state, account.days_left)
    with st.container(border=True, key=f"account-{account.grant_id}"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.header(plain(account.account_name), anchor=False, width="content")
                st.badge(badge.label, icon=badge.icon, color=badge.colour)
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _actions(installation, account)
        st.markdown(sentence(account, now))
        lost = out_of_reach(account)
        if lost is not None:
            st.markdown(f"**{lost.title}.** {lost.sentence}")
        _details(account, now)


def _actions(installation: Installation, account: Connection) -> None:
    is_over = account.state == "disconnected"
    if installation.can_open_tokens:
        needs = account.state in ("needs_renewal", "expiring")
        label = "Connect again" if is_over else "Renew"
        st.html(links.connect_link(label, filled=needs), width="content")
    if is_over:
        return
    options = [DISCONNECT]
    if account.state != "needs_renewal":
        options.insert(0, UNFREEZE if account.state == "frozen" else FREEZE)
    if installation.can_open_tokens:
        options.insert(0, CHECK)
    action = st.menu_button("More", options, key=f"more-{account.grant_id}")
    if action == DISCONNECT or _refused_key(account) in st.session_state:
        _confirm_disconnect(installation, account)
    elif action:
        _do(installation, account, action)


def _do(installation: Installation, account: Connection, action: str) -> None:
    if action == CHECK:
        with st.spinner("Asking Facebook…"):
            state = check.check_now(installation, account.grant_id)
        flash.leave(check_result(account.account_name, state), icon=":material/fact_check:")
    elif action == FREEZE:
        disconnect.freeze(installation, account.grant_id)
    else:
        disconnect.thaw(installation, account.grant_id)
    st.rerun()


@st.dialog("Disconnect this account?", icon=":material/link_off:")
def _confirm_disconnect(installation: Installation, account: Connection) -> None:
    st.markdown(disconnect_cost(account))
    st.checkbox(
        "Also end the access at Facebook",
        key="revoke",
        disabled=not installation.can_open_tokens,
        help="Pagekeeper then disappears from this account's list of apps at Facebook.",
    )
    is_refused = st.session_state.pop(_refused_key(account), False)
    if is_refused:
        st.error(wording.NOT_REVOKED.sentence, title=wording.NOT_REVOKED.title)
    with st.container(horizontal=True):
        pressed = st.button("Disconnect", type="primary", key="disconnect-yes")
        if pressed:
            _disconnect(installation, account)
        if st.button("Keep it", key="disconnect-no") or pressed:
            st.rerun()


def _disconnect(installation: Installation, account: Connection) -> None:
    try:
        disconnect.disconnect(
            installation, account.grant_id, revoke=bool(st.session_state.get("revoke"))
        )
    except disconnect.NotRevoked:
        st.session_state[_refused_key(account)] = True


def _refused_key(account: Connection) -> str:
    return f"not-revoked-{account.grant_id}"


def _details(account: Connection, now: datetime) -> None:
    with (
        st.expander(summary(account), type="compact", key=f"details-{account.grant_id}"),
        st.container(gap="xsmall"),
    ):
        for line in details(account, now):
            st.markdown(line)


def _table(installation: Installation, accounts: list[Connection], now: datetime) -> None:
    """Draw many accounts as a table, and the card of the selected one (at first the worst)."""
    badges = [phrases.connection_badge(account.state, account.days_left) for account in accounts]
    st.caption("Choose a row to see one account, renew it or disconnect it.")
    selection = st.dataframe(
        pd.DataFrame(
            {
                "state": [[badge.label] for badge in badges],
                "account": [one_line(account.account_name) for account in accounts],
                "pages": [account.health.usable_count for account in accounts],
                "ends": _times([account.ends_at for account in accounts]),
                "used": _times([account.last_used_at for account in accounts]),
            }
        ),
        column_config={
            "state": st.column_config.MultiselectColumn(
                "Connection",
                width=150,
                options=list(dict.fromkeys(badge.label for badge in badges)),
                color=[BADGES[colour] for colour in {s.label: s.colour for s in badges}.values()],
            ),
            "account": st.column_config.TextColumn("Account", width=260),
            "pages": st.column_config.NumberColumn("Pages", width=90, format="%,d"),
            "ends": st.column_config.DateColumn("Ends", width=120, format="D MMM YYYY"),
            "used": st.column_config.DatetimeColumn(
                "Last used (UTC)", width=140, format="D MMM, HH:mm"
            ),
        },
        hide_index=True,
        width="content",
        placeholder="–",
        key="accounts",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        alt=f"{counted(len(accounts), 'account')}, those that need you first",
    )
    rows = selection.selection.rows
    if rows and rows[0] < len(accounts):
        _card(installation, accounts[rows[0]], now)


def _times(times: list[datetime | None]) -> pd.Series[Any]:
    # Naive UTC, so that every browser shows the same time.
    return pd.Series([at and at.replace(tzinfo=None) for at in times], dtype="datetime64[s]")


def sentence(account: Connection, now: datetime) -> str:
    """One sentence on the state of an account."""
    name, health = account.account_name, account.health
    if account.state == "needs_renewal":
        why = phrases.ended(name, account.reason_code, account.reason_subcode)
        return f"{why} {phrases.last_refreshed(health.usable_count, health.last_snapshot_at, now)}"
    if account.state == "frozen":
        since = day(account.status_at.date())
        return f"Paused since {since}: Pages are not refreshed through it. Their history is safe."
    if account.state == "disconnected":
        on = day(account.status_at.date())
        return f"Disconnected on {on}. No access is kept; the history of its Pages stays."
    if account.state == "expiring" and account.ends_at is not None:
        return phrases.soonest_end(name, account.expires_at, account.data_access_expires_at, now)
    return " · ".join(expiries(account, now))


def expiries(account: Connection, now: datetime) -> list[str]:
    """When the account's access ends, and when it was last used."""
    access, data = account.expires_at, account.data_access_expires_at
    words = [f"Access {_until(access, now)}" if access else "Access without an end date"]
    if data:
        words.append(f"data access {_until(data, now)}")
    used = when(account.last_used_at, now) if account.last_used_at else "not yet"
    words.append(f"last used {used}")
    return words


def _until(at: datetime, now: datetime) -> str:
    return f"{'ended on' if at <= now else 'until'} {day(at.date())}"


def out_of_reach(account: Connection) -> Wording | None:
    """The message on Pages that are unreadable without this account's role; None for none."""
    lost = account.health.role_lost
    if account.state == "disconnected" or not lost.count:
        return None
    return phrases.role_lost(account.account_name, lost.names, lost.count)


def summary(account: Connection) -> str:
    """The title of the details: "46 Pages · 5 of 6 permissions"; if disconnected, its history."""
    if account.state == "disconnected":
        held = account.health.pages.count
        return f"{counted(held, 'Page')} with history" if held else "Details"
    granted, declined = (
        [name for name in names if name not in permissions.GIVEN_WITH_ANY]
        for names in (account.granted, account.declined)
    )
    total = counted(len(granted) + len(declined), "permission")
    return f"{counted(account.health.usable_count, 'Page')} · {len(granted)} of {total}"


def details(account: Connection, now: datetime) -> list[str]:
    """The lines of the details: Pages, permissions and expiries."""
    health = account.health
    lines = []
    for title, pages in (
        ("Pages", health.pages),
        ("Missing from Facebook's last list", health.missing),
        ("No access sent", health.no_access),
    ):
        if pages.count:
            lines.append(f"**{title}**: {phrases.named(pages.names, pages.count)}")
    for names, verdict in ((account.granted, ""), (account.declined, " (declined)")):
        for title, used in permissions.grouped(names):
            lines.append(f"**{title}**{verdict}: {used}")
    if account.state in ("expiring", "frozen"):
        lines.append(" · ".join(expiries(account, now)))
    return lines


def check_result(account_name: str, state: AccountState) -> str:
    """The result of "Check now", for a toast."""
    name = plain(account_name)
    if not state.is_alive:
        return f"{name}'s access has ended. Renew it."
    if state.limited is not None:
        return "Facebook asks us to slow down. Try again later; the connection was not changed."
    if not state.was_answered:
        return "Facebook is not answering. Try again later; the connection was not changed."
    return f"{name}'s access works."


def disconnect_cost(account: Connection) -> str:
    """What disconnecting ends and what stays, for the dialog."""
    name = plain(account.account_name)
    sole = account.health.sole_held
    if not sole.count:
        ends = "Every Page is held by another account too, so all figures go on."
    else:
        lose, their = ("loses its", "Its") if sole.count == 1 else ("lose their", "Their")
        ends = (
            f"**{counted(sole.count, 'Page')}** {lose} only access: "
            f"{phrases.named(sole.names, sole.count)}. {their} figures stop."
        )
    return f"{name}'s access is erased here. {ends} All history stays."
