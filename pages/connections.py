"""The accounts that gave access: how each stands, and what to do about it. Worst first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.accounts import accounts as connections
from fb.accounts.accounts import Connection
from fb.installation import Installation
from pages.parts.connections import account_card
from pages.text import phrases, wording
from pages.text.formats import counted, one_line, plain
from pages.ui import flash, links
from pages.ui.banner import needing_renewal

# Above this, cards make a person scroll past the account that is looked for.
MAX_CARDS = 10
CHECK, FREEZE, UNFREEZE, DISCONNECT = "Check now", "Freeze", "Unfreeze", "Disconnect…"
# As the table of Pages paints them: only trouble is loud.
BADGES = {"red": "#C2410C", "orange": "#8A5A0B", "green": "gray", "gray": "gray"}


def render(installation: Installation) -> None:
    """Draw the screen."""
    now = installation.now()
    known = connections.list_connections(installation, now)
    _headline(
        has_link=bool(known) and installation.can_open_tokens,
        is_filled=not needing_renewal(known),
    )
    if not known:
        _empty(installation)
    elif len(known) <= MAX_CARDS:
        for account in known:
            _card(installation, account, now)
    else:
        _table(installation, known, now)


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
    stands = phrases.standing(account.state, account.days_left)
    with st.container(border=True, key=f"account-{account.grant_id}"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.header(plain(account.account_name), anchor=False, width="content")
                st.badge(stands.label, icon=stands.icon, color=stands.colour)
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _actions(installation, account)
        st.markdown(account_card.sentence(account, now))
        lost = account_card.out_of_reach(account)
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
    chosen = st.menu_button("More", options, key=f"more-{account.grant_id}")
    if chosen == DISCONNECT or _refused_key(account) in st.session_state:
        _confirm_disconnect(installation, account)
    elif chosen:
        _do(installation, account, chosen)


def _do(installation: Installation, account: Connection, chosen: str) -> None:
    if chosen == CHECK:
        with st.spinner("Asking Facebook…"):
            state = connections.check_now(installation, account.grant_id)
        flash.leave(
            account_card.check_result(account.account_name, state), icon=":material/fact_check:"
        )
    elif chosen == FREEZE:
        connections.freeze(installation, account.grant_id)
    else:
        connections.thaw(installation, account.grant_id)
    st.rerun()


@st.dialog("Disconnect this account?", icon=":material/link_off:")
def _confirm_disconnect(installation: Installation, account: Connection) -> None:
    st.markdown(account_card.disconnect_cost(account))
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
        connections.disconnect(
            installation, account.grant_id, revoke=bool(st.session_state.get("revoke"))
        )
    except connections.NotRevoked:
        st.session_state[_refused_key(account)] = True


def _refused_key(account: Connection) -> str:
    return f"not-revoked-{account.grant_id}"


def _details(account: Connection, now: datetime) -> None:
    with (
        st.expander(
            account_card.summary(account), type="compact", key=f"details-{account.grant_id}"
        ),
        st.container(gap="xsmall"),
    ):
        for line in account_card.details(account, now):
            st.markdown(line)


def _table(installation: Installation, known: list[Connection], now: datetime) -> None:
    """Many accounts: a table, and the card of the one that is chosen (first the worst)."""
    stands = [phrases.standing(account.state, account.days_left) for account in known]
    st.caption("Choose a row to see one account, renew it or disconnect it.")
    chosen = st.dataframe(
        pd.DataFrame(
            {
                "state": [[stand.label] for stand in stands],
                "account": [one_line(account.account_name) for account in known],
                "pages": [account.health.usable_count for account in known],
                "ends": _times([account.ends_at for account in known]),
                "used": _times([account.last_used_at for account in known]),
            }
        ),
        column_config={
            "state": st.column_config.MultiselectColumn(
                "Connection",
                width=150,
                options=list(dict.fromkeys(stand.label for stand in stands)),
                color=[BADGES[colour] for colour in {s.label: s.colour for s in stands}.values()],
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
        alt=f"{counted(len(known), 'account')}, those that need you first",
    )
    rows = chosen.selection.rows
    if rows and rows[0] < len(known):
        _card(installation, known[rows[0]], now)


def _times(times: list[datetime | None]) -> pd.Series[Any]:
    # Naive UTC: drawn as written in every browser's zone.
    return pd.Series([at and at.replace(tzinfo=None) for at in times], dtype="datetime64[s]")
