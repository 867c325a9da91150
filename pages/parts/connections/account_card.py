"""Texts of an account's card: its state, its details, and the cost of disconnecting. Markdown."""

from __future__ import annotations

from datetime import datetime

from fb.accounts.check import AccountState
from fb.accounts.connections import Connection
from pages.text import permissions, phrases
from pages.text.formats import counted, day, plain, when
from pages.text.wording import Wording


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
