"""What the Connections screen says of one account. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fb.accounts.check import AccountState
from fb.accounts.connections import Connection
from pages.text import permissions, phrases
from pages.text.formats import counted, day, local_day, plain, when
from pages.text.wording import Wording
from pages.ui import access_text
from storage.accounts.allowances import Use

KIND = "a person's, by Facebook Login, and one for each Page made from it"


def sentence(account: Connection, now: datetime, *, can_renew: bool = True) -> str:
    """One sentence on the state of an account.

    Who can't renew it is told that its access ended, neither why nor what mends it.
    """
    name, health = account.account_name, account.health
    if account.state == "needs_renewal":
        reason = account.reason_code, account.reason_subcode
        last = phrases.last_refreshed(health.usable_count, health.last_snapshot_at, now)
        if not can_renew:
            return f"{phrases.ended(name, None, None)} {last}"
        why, action = phrases.ended(name, *reason), phrases.what_mends(name, *reason)
        return f"{why} {last} {action}"
    if account.state == "frozen":
        since = day(local_day(account.status_at))
        return f"Frozen since {since}: Pages are not refreshed through it. Their history is safe."
    if account.state == "disconnected":
        on = day(local_day(account.status_at))
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
    return f"{'ended on' if at <= now else 'until'} {day(local_day(at))}"


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


def details(account: Connection, uses: Sequence[Use], now: datetime) -> list[str]:
    """The lines of the details: Pages, permissions and what is known of the access.

    ``uses``: what programs got for its Pages in the last 24 hours, newest first.
    """
    health = account.health
    lines = []
    for title, pages in (
        ("Pages", health.pages),
        ("Missing from Facebook's last list", health.missing),
        ("No access sent", health.no_access),
    ):
        if pages.count:
            lines.append(f"**{title}**: {phrases.named(pages.names, pages.count)}")
    sole = health.sole_held
    if sole.count and account.state != "disconnected":
        is_all = sole.count == health.pages.count
        which = "all of them" if is_all else phrases.named(sole.names, sole.count)
        lines.append(
            f"**Held by {plain(account.account_name)} only**: {which}. Ask a second admin to "
            "connect, so that figures go on when this access ends."
        )
    lines += access_text.describe_permissions(account.granted, account.declined)
    if account.state != "disconnected":
        lines += access_text.describe(
            KIND,
            issued_at=account.issued_at,
            expires_at=account.expires_at,
            data_access_ends_at=account.data_access_expires_at,
            checked_at=account.checked_at,
            last_used_at=account.last_used_at,
            key_id=account.key_id,
            now=now,
        )
        lines.append(access_text.used_by_programs(uses, now))
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
