"""Banner: the worst problem at present, in one line above a screen. Nothing without a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import streamlit as st
from sqlalchemy.orm import Session

from fb.accounts.connections import Account
from fb.installation import Installation
from pages.queries import (
    count_pages_cut_off,
    find_accounts,
    find_freshness,
    find_newest_run,
    find_role_lost,
)
from pages.records import LastRun
from pages.text import phrases, wording
from pages.text.formats import at_about, count, counted, day, listed, local_day, plain, when
from pages.ui import links
from pages.ui.signed_in import may
from storage.figures.health import Freshness, NamedPages
from storage.people.person import Role

# One day old is no problem: the timer takes the day's snapshot soon after midnight.
STALE_AFTER_DAYS = 2
# Account states that the operator has chosen, in which no Page is refreshed.
_RESTING = {"frozen": "paused", "disconnected": "disconnected"}
_MAX_RESTING = 3


@dataclass(frozen=True)
class Banner:
    """The content of the banner. ``sentence`` is Markdown; ``target`` a screen or None.

    ``role``: who is shown the action; others get the sentence alone.
    """

    badge: str
    icon: str
    colour: Literal["red", "orange"]
    sentence: str
    action: str | None = None
    target: str | None = None
    role: Role = "viewer"


def render(installation: Installation, session: Session, *, is_overview: bool) -> None:
    """Draw the banner, if there is a problem.

    On every screen: a missing encryption key, no worker where workers do the jobs, and another
    Graph host in live mode. On Overview also accounts and refreshes, which the other screens show
    themselves.
    """
    banner = find_banner(installation, session, is_overview=is_overview)
    if banner is None:
        return
    with st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="trouble-line",
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
            st.badge(banner.badge, icon=banner.icon, color=banner.colour)
            st.markdown(banner.sentence, width="content")
        if banner.action is not None and banner.target is not None and may(banner.role):
            links.draw(banner.target, banner.action, ":material/arrow_forward:")


def find_banner(
    installation: Installation, session: Session, *, is_overview: bool
) -> Banner | None:
    """The banner of the worst problem; None for no problem."""
    if not installation.can_open_tokens:
        words = phrases.wrong_key(installation.keys.account_names)
        return Banner(
            words.title,
            ":material/key_off:",
            "red",
            words.sentence,
            "Open Setup",
            "setup",
            role="operator",
        )
    if installation.jobs.count(session).workers == 0:
        words = wording.NO_WORKER
        return Banner(words.title, ":material/engineering:", "red", words.sentence)
    if installation.settings.uses_foreign_graph:
        where = f"`{installation.settings.graph_url}`" if may("admin") else "another server"
        return Banner(
            "Not Facebook itself",
            ":material/alt_route:",
            "orange",
            f"Everything goes to {where} instead of Facebook.",
            "Open Setup",
            "setup",
            role="operator",
        )
    if not is_overview:
        return None
    now = installation.now()
    accounts = find_accounts(session, now)
    waiting = needing_renewal(accounts)
    if waiting:
        if not may("operator"):
            waiting = [replace(each, reason_code=None, reason_subcode=None) for each in waiting]
        return of_waiting(waiting, count_pages_cut_off(session), now)
    freshness = find_freshness(session, now.date())
    return (
        of_idle(accounts, freshness)
        or of_run(find_newest_run(session), freshness, now)
        or of_roles(accounts, find_role_lost(session))
        or of_age(freshness, now)
    )


def needing_renewal(accounts: Sequence[Account]) -> list[Account]:
    """The accounts whose access has ended or ends soon, in the order of ``accounts``."""
    return [account for account in accounts if account.state in ("needs_renewal", "expiring")]


def of_waiting(waiting: Sequence[Account], cut_off_count: int, now: datetime) -> Banner:
    """Accounts that need renewal: one or more, the worst first, each of them named.

    ``cut_off_count``: Pages that are not refreshed until an ended account is renewed.
    """
    verb = "needs" if len(waiting) == 1 else "need"
    badge = f"{counted(len(waiting), 'account')} {verb} you"
    ended = [account for account in waiting if account.state == "needs_renewal"]
    expiring = [account for account in waiting if account.state != "needs_renewal"]
    sentences = []
    if ended:
        sentences.append(_why_ended(ended))
        if cut_off_count:
            verb, renew = ("is" if cut_off_count == 1 else "are"), "renew" + "s" * (len(ended) == 1)
            pages, who = counted(cut_off_count, "Page"), _names(ended)
            sentences.append(f"{pages} {verb} not refreshed until {who} {renew}.")
    if len(expiring) == 1:
        soonest = expiring[0]
        ends = soonest.expires_at, soonest.data_access_expires_at
        sentences.append(phrases.soonest_end(soonest.account_name, *ends, now))
    elif expiring:
        first_at = min(account.ends_at for account in expiring if account.ends_at is not None)
        since = "since" if first_at <= now else "by"
        sentences.append(
            f"The access of {_names(expiring)} has to be renewed, the first {since} "
            f"{day(local_day(first_at))}."
        )
    why = " ".join(sentences)
    if ended:
        return Banner(
            badge, ":material/link_off:", "red", why, "Renew", "connections", role="operator"
        )
    days_left = min(account.days_left or 0 for account in expiring)
    if days_left >= 0:
        within = f"within {counted(days_left, 'day')}" if days_left else "today"
        badge += f" {within}" if len(expiring) == 1 else f", the first {within}"
    return Banner(
        badge, ":material/schedule:", "orange", why, "Renew", "connections", role="operator"
    )


def _why_ended(ended: Sequence[Account]) -> str:
    if len(ended) == 1:
        account = ended[0]
        return phrases.ended(account.account_name, account.reason_code, account.reason_subcode)
    if all(account.reason_code == phrases.KEY_GIVEN_UP for account in ended):
        return f"The access of {_names(ended)} was erased here, since its encryption key is lost."
    return f"Facebook gives no figures to {_names(ended)}."


def _names(accounts: Sequence[Account]) -> str:
    return phrases.named_accounts([account.account_name for account in accounts])


def of_roles(accounts: Sequence[Account], lost_by_grant: Mapping[int, NamedPages]) -> Banner | None:
    """Pages that no account can read, since an account lost its role on them."""
    losers = [
        account
        for account in accounts
        if account.grant_id in lost_by_grant and account.state != "disconnected"
    ]
    if not losers:
        return None
    if len(losers) == 1:
        lost = lost_by_grant[losers[0].grant_id]
        words = phrases.role_lost(losers[0].account_name, lost.names, lost.count)
        return Banner(words.title, ":material/person_off:", "orange", words.sentence)
    return Banner(
        f"{counted(len(losers), 'account')} lost a role",
        ":material/person_off:",
        "orange",
        f"{_names(losers)} no longer have a role on Pages that nobody else reads. Their history is "
        "safe.",
        "See Connections",
        "connections",
    )


def of_run(run: LastRun | None, freshness: Freshness, now: datetime) -> Banner | None:
    """A refresh that was cut short by a rate limit, has failed, or has read no Page."""
    if run is None or run.status == "running":
        return None
    seen = freshness.last_refreshed_at
    if run.finished_at is not None and seen is not None and seen > run.finished_at:
        return None  # figures have arrived since, by the renewal of an account
    if run.status == "done":
        return _nothing_read(run, freshness)
    if run.status == "stopped" and run.limited_until is not None and run.limited_until > now:
        from_when = f"Facebook allows the rest from about {at_about(run.limited_until, now)}."
        return _slow_down(run, from_when)
    if run.status == "stopped" and run.limited_until is None and run.reason_code is not None:
        return _slow_down(
            run, "Facebook names no time for the rest, which is tried again by itself."
        )
    if run.status == "failed" and not run.failed:
        return Banner(
            "The last refresh broke off",
            ":material/error_outline:",
            "orange",
            "The dashboard met an error of its own, such as a full disk: its log names it. "
            "What was read before is kept. The refresh is tried again by itself.",
            "See the last refreshes",
            "activity",
        )
    if run.status == "failed":
        since = f"What you see is from {when(seen, now)}. " if seen else ""
        return Banner(
            "Facebook is not answering",
            ":material/cloud_off:",
            "orange",
            f"{since}Your connections are fine. The refresh is tried again by itself.",
            "See what failed",
            "activity",
        )
    return None


def _nothing_read(run: LastRun, freshness: Freshness) -> Banner | None:
    # Without a readable Page another banner gives the reason.
    if run.done or not run.failed or not freshness.has_readable:
        return None
    which = "its one Page" if run.failed == 1 else f"any of {counted(run.failed, 'Page')}"
    return Banner(
        "Nothing was refreshed",
        ":material/error_outline:",
        "orange",
        f"The last refresh could not read {which}: open Activity for the reasons.",
        "See what failed",
        "activity",
    )


def of_idle(accounts: Sequence[Account], freshness: Freshness) -> Banner | None:
    """No Page is refreshed, since every account is frozen or disconnected."""
    if freshness.has_readable or not accounts:
        return None
    if any(account.state not in _RESTING for account in accounts):
        return None
    who = [
        f"{plain(account.account_name)} is {_RESTING[account.state]}"
        for account in accounts[:_MAX_RESTING]
    ]
    if len(accounts) > _MAX_RESTING:
        who.append(f"{count(len(accounts) - _MAX_RESTING)} more")
    return Banner(
        "Nothing is refreshed",
        ":material/pause:",
        "orange",
        f"No Page is being refreshed: {listed(who)}.",
        "See Connections",
        "connections",
    )


def _slow_down(run: LastRun, from_when: str) -> Banner:
    return Banner(
        "Facebook asks us to slow down",
        ":material/hourglass_top:",
        "orange",
        f"{count(run.done)} of {counted(run.total, 'Page')} are done. {from_when} Your connections "
        "are fine.",
    )


def of_age(freshness: Freshness, now: datetime) -> Banner | None:
    """Figures that are STALE_AFTER_DAYS old or older."""
    if freshness.last_day is None:
        return None
    days = (now.date() - freshness.last_day).days
    if days < STALE_AFTER_DAYS:
        return None
    return Banner(
        f"Last refreshed {counted(days, 'day')} ago",
        ":material/history_toggle_off:",
        "orange",
        "A missed day stays empty for good: Facebook gives no past figures.",
        "Refresh every day",
        "setup",
        role="admin",
    )
