"""Connections: the accounts with their state and actions, worst first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.accounts.connections import Connection, list_connections
from fb.installation import Installation
from pages.charts import arrow
from pages.parts.connections import account_card, page_search, programs_card
from pages.text import phrases, wording
from pages.text.formats import cell_day, count, counted, local, one_line, zones_of
from pages.ui import links
from pages.ui.banner import needing_renewal
from pages.ui.signed_in import may

# More accounts are a table: among so many cards one is hard to find.
MAX_CARDS = 10
WHO_RENEWS = (
    "Facebook renews whoever is signed in there: before you press Renew, sign in to Facebook as "
    "the person whose access it is."
)
OPERATORS_CONNECT = (
    "Operators connect accounts and renew them: tell one of them if an account needs it here."
)
# As in the table of Pages: only states that need action have a colour.
BADGES = {"red": phrases.TABLE_RED, "orange": phrases.TABLE_ORANGE, "green": "gray", "gray": "gray"}


def render(installation: Installation) -> None:
    """Draw the screen."""
    now = installation.now()
    accounts = list_connections(installation, now)
    can_connect = installation.can_open_tokens and may("operator")
    _headline(
        has_link=bool(accounts) and can_connect,
        is_filled=not needing_renewal(accounts),
    )
    if not may("operator"):
        st.caption(OPERATORS_CONNECT)
    if accounts:
        page_search.render(installation)
    if not accounts:
        _empty(has_link=can_connect)
    elif len(accounts) <= MAX_CARDS:
        if len(accounts) > 1 and can_connect:
            st.caption(WHO_RENEWS)
        for account in accounts:
            account_card.render(installation, account, now, is_open=len(accounts) == 1)
    else:
        _table(installation, accounts, now)
    if accounts and may("operator"):
        programs_card.render(installation)


def _headline(*, has_link: bool, is_filled: bool) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title("Connections", anchor=False, width="content")
        if has_link:
            link = links.connect_link("Connect another account", filled=is_filled)
            st.html(link, width="content")


def _empty(*, has_link: bool) -> None:
    st.markdown("No Facebook account is connected yet.")
    if has_link:
        st.html(links.connect_link(wording.CONNECT.label), width="content")


def _table(installation: Installation, accounts: list[Connection], now: datetime) -> None:
    """Draw many accounts as a table, and the card of the selected one (at first the worst)."""
    badges = [phrases.connection_badge(account.state, account.days_left) for account in accounts]
    zone = zones_of(account.last_used_at for account in accounts)
    table = pd.DataFrame(
        {
            "state": [[badge.label] for badge in badges],
            "account": [one_line(account.account_name) for account in accounts],
            "pages": [account.health.usable_count for account in accounts],
            "ends": _times([account.ends_at for account in accounts]),
            "used": _times([account.last_used_at for account in accounts]),
        }
    )
    st.caption(
        f"Choose a row to see one account, renew it or disconnect it. {WHO_RENEWS}"
        if may("operator")
        else "Choose a row to see one account."
    )
    selection = st.dataframe(
        arrow.styled(table, "accounts", {"pages": count}),
        column_config={
            "state": st.column_config.MultiselectColumn(
                "Connection",
                width=150,
                options=list(dict.fromkeys(badge.label for badge in badges)),
                color=[BADGES[colour] for colour in {s.label: s.colour for s in badges}.values()],
            ),
            "account": st.column_config.TextColumn("Account", width=260),
            "pages": st.column_config.NumberColumn("Pages", width=90),
            "ends": st.column_config.DateColumn("Ends", width=120, format=cell_day()),
            "used": st.column_config.DatetimeColumn(
                f"Last used ({zone})", width=140, format=cell_day(year=False, clock=True)
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
        account_card.render(installation, accounts[rows[0]], now)


def _times(times: list[datetime | None]) -> pd.Series[Any]:
    # Naive: the browser's own zone is not always the one of the viewer.
    return pd.Series([at and local(at) for at in times], dtype="datetime64[s]")
