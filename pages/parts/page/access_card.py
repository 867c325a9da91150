"""Access card of a Page: what its access is enough for, and what is known of that access."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from fb.accounts.readiness import judge_readiness
from fb.installation import Installation
from pages.parts.page import readiness_text
from pages.text.formats import count, cut, plain
from pages.ui import access_text
from pages.ui.disconnect import dialog
from pages.ui.signed_in import may
from storage.accounts.allowances import Use, find_last_use
from storage.accounts.page_profile import PageProfile
from storage.accounts.page_tokens import PageHolding, list_holdings

MAX_ACCOUNTS, MAX_NAME = 3, 40
KIND = "to this Page alone, made from the login of {name}"
FORGET = "Forget the access through {name}…"
NONE_KEPT = "No access to this Page is kept."


def render(installation: Installation, session: Session, profile: PageProfile) -> None:
    """Draw the card. No access itself is shown."""
    now = installation.now()
    holdings = list_holdings(session, profile.id)
    st.header("What its access allows", anchor=False)
    st.markdown(as_list(map(readiness_text.describe, judge_readiness(profile.id, holdings, now))))
    if not may("operator"):
        return
    with st.expander("Details of its access", type="compact", key="page-access"):
        st.markdown(details(holdings, find_last_use(session, profile.id), now))
        for holding in [each for each in holdings if each.token is not None][:MAX_ACCOUNTS]:
            name = plain(cut(holding.account_name, MAX_NAME))
            key = f"forget-access-{holding.grant_id}"
            if st.button(FORGET.format(name=name), type="tertiary", icon=dialog.ICON, key=key):
                dialog.confirm(installation, holding.grant_id, profile.id)


def details(holdings: Sequence[PageHolding], last_use: Use | None, now: datetime) -> str:
    """What is known of the access through each account, as Markdown."""
    kept = [each for each in holdings if each.token is not None]
    parts = [as_list(_lines(holding, now)) for holding in kept[:MAX_ACCOUNTS]]
    if len(kept) > MAX_ACCOUNTS:
        parts.append(f"And access through {count(len(kept) - MAX_ACCOUNTS)} more.")
    parts.append(access_text.last_program(last_use, now) if kept else NONE_KEPT)
    return "\n\n".join(parts)


def as_list(lines: Iterable[str]) -> str:
    """The lines as a list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def _lines(holding: PageHolding, now: datetime) -> list[str]:
    return [
        *access_text.describe(
            KIND.format(name=plain(cut(holding.account_name, MAX_NAME))),
            issued_at=holding.granted_at,
            expires_at=None,
            data_access_ends_at=holding.data_access_expires_at,
            checked_at=holding.checked_at,
            last_used_at=holding.last_used_at,
            key_id=None if holding.token is None else holding.token.key_id,
            now=now,
        ),
        *access_text.describe_permissions(
            holding.granted_permissions, holding.declined_permissions
        ),
    ]
