"""Card of one account: its state, its details, and what can be done with it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from fb.accounts import check, disconnect
from fb.accounts.connections import Connection
from fb.installation import Installation
from pages.parts.connections import account_text, programs_card
from pages.text import phrases
from pages.text.formats import plain
from pages.ui import flash, links
from pages.ui.disconnect import dialog as disconnect_dialog
from pages.ui.erase import dialog as erase_dialog
from pages.ui.signed_in import may, me
from storage.accounts.allowances import list_uses

CHECK, FREEZE, UNFREEZE, DISCONNECT = "Check now", "Freeze", "Unfreeze", "Disconnect…"
ERASE = "Erase…"


def render(
    installation: Installation, account: Connection, now: datetime, *, is_open: bool = False
) -> None:
    """Draw the card; ``is_open``: with its details unfolded."""
    badge = phrases.connection_badge(account.state, account.days_left)
    can_renew = may("operator")
    with st.container(border=True, key=f"account-{account.grant_id}"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.header(plain(account.account_name), anchor=False, width="content")
                st.badge(badge.label, icon=badge.icon, color=badge.colour)
            if can_renew:
                with st.container(horizontal=True, vertical_alignment="center", width="content"):
                    _actions(installation, account)
        st.markdown(account_text.sentence(account, now, can_renew=can_renew))
        lost = account_text.out_of_reach(account)
        if lost is not None:
            st.markdown(f"**{lost.title}.** {lost.sentence}")
        if can_renew:
            _details(installation, account, now, is_open=is_open)


def _actions(installation: Installation, account: Connection) -> None:
    is_over = account.state == "disconnected"
    if installation.can_open_tokens:
        needs = account.state in ("needs_renewal", "expiring")
        label = "Connect again" if is_over else "Renew"
        link = links.connect_link(label, filled=needs, renew=account.grant_id)
        st.html(link, width="content")
    options = [] if is_over else [DISCONNECT]
    if may("admin"):
        options.append(ERASE)
    if account.state not in ("needs_renewal", "disconnected"):
        options.insert(0, UNFREEZE if account.state == "frozen" else FREEZE)
    if installation.can_open_tokens and not is_over:
        options.insert(0, CHECK)
    if not options:
        return
    action = st.menu_button("More", options, key=f"more-{account.grant_id}")
    if action == ERASE:
        erase_dialog.confirm(installation, "account", account.account_id, has_access=not is_over)
        return
    if action == DISCONNECT:
        disconnect_dialog.confirm(installation, account.grant_id)
    elif action:
        _do(installation, account, action)


def _do(installation: Installation, account: Connection, action: str) -> None:
    if action == CHECK:
        with st.spinner("Asking Facebook…"):
            state = check.check_now(installation, account.grant_id, by=me())
        flash.leave(
            account_text.check_result(account.account_name, state), icon=":material/fact_check:"
        )
    elif action == FREEZE:
        disconnect.freeze(installation, account.grant_id, by=me())
        flash.leave(f"{plain(account.account_name)} is frozen.", ":material/pause:")
    else:
        disconnect.thaw(installation, account.grant_id, by=me())
        flash.leave(f"{plain(account.account_name)} is no longer frozen.")
    st.rerun()


def _details(
    installation: Installation, account: Connection, now: datetime, *, is_open: bool
) -> None:
    with installation.database.reading() as session:
        uses = list_uses(session, now - programs_card.SINCE, grant_id=account.grant_id)
    with (
        st.expander(
            account_text.summary(account),
            expanded=is_open,
            type="compact",
            key=f"details-{account.grant_id}",
        ),
        st.grid(2, min_column_width=320),
    ):
        for line in account_text.details(account, uses, now):
            st.markdown(line)
