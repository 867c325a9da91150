"""Sentences about accounts and their Pages, as Markdown. Pure: no Streamlit, no storage, no clock.

Names are escaped here. The sentences name no gender and say "access" instead of "token".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pages.text.formats import counted, day, listed, plain, when
from pages.text.wording import CHOOSER, START_AGAIN, Wording

Colour = Literal["red", "orange", "green", "gray"]
# Of badges in tables: only states that need action have a colour.
TABLE_RED, TABLE_ORANGE = "#C2410C", "#8A5A0B"

# What the metrics are called, and the states of a Page's connection.
NOUNS = {"fans": "Fans", "followers": "Followers"}
CONNECTIONS = {
    "connected": "Connected",
    "works_in_part": "Works in part",
    "needs_renewal": "Needs renewal",
    "frozen": "Frozen",
    "missing": "Missing",
    "no_access": "No access",
    "disconnected": "Disconnected",
}


def named(names: Sequence[str], total: int) -> str:
    """The first ``names`` of ``total`` Pages, escaped: "Café Lindenhof and 44 more"."""
    shown = [plain(name) for name in names]
    if total > len(shown):
        shown.append(f"{total - len(shown):,d} more")
    return listed(shown) if shown else ""


@dataclass(frozen=True)
class Badge:
    """The badge of an account's connection: label, icon and colour."""

    label: str
    icon: str
    colour: Colour


def connection_badge(state: str, days_left: int | None = None) -> Badge:
    """The badge of an account, by its state and the days until its access ends."""
    if state == "needs_renewal" or (state == "expiring" and (days_left or 0) < 0):
        return Badge("Needs renewal", ":material/link_off:", "red")
    if state == "frozen":
        return Badge("Frozen", ":material/pause:", "gray")
    if state == "disconnected":
        return Badge("Disconnected", ":material/link_off:", "gray")
    if state != "expiring":
        return Badge("Connected", ":material/check:", "green")
    within = f"within {counted(days_left, 'day')}" if days_left else "today"
    return Badge(f"Renew {within}", ":material/schedule:", "orange")


# Facebook's subcodes of 190 and 102, and the codes that stand alone; "{name}" is the account's.
# https://developers.facebook.com/docs/graph-api/guides/error-handling
ENDED_BY_SUBCODE: Mapping[int, str] = {
    458: "{name} removed this app in the Facebook settings.",
    459: "Facebook wants {name} to sign in at facebook.com and answer a security check first.",
    460: "Facebook reports that {name}'s password was changed and ended this access.",
    463: "The access has run out: Facebook gives it for about 60 days.",
    464: "Facebook wants {name} to confirm the account at facebook.com first.",
    467: "Facebook ended this access: {name} signed out everywhere, or Facebook reset it.",
    492: "{name} no longer has a role on the Page this access was for.",
    493: "Facebook ended the session this access belonged to.",
}
ENDED_BY_CODE: Mapping[int, str] = {
    10: "{name} withdrew a permission that reading figures needs.",
    459: ENDED_BY_SUBCODE[459],
    483: "Facebook wants {name} to agree at facebook.com first.",
}
ENDED = "Facebook no longer accepts {name}'s access."


def ended(account_name: str, code: int | None, subcode: int | None) -> str:
    """One sentence on why an account's access ended."""
    return why_ended(plain(account_name), code, subcode)


def why_ended(name: str, code: int | None, subcode: int | None) -> str:
    """The same sentence with an unescaped name: table cells are not Markdown."""
    sentence = ENDED_BY_SUBCODE.get(subcode or 0)
    if sentence is None and code is not None:
        in_range = 200 <= code <= 299
        sentence = ENDED_BY_CODE.get(10 if in_range else code)
    return (sentence or ENDED).format(name=name)


def data_access_ends(account_name: str, at: datetime, now: datetime) -> str:
    """The warning before, or the sentence after, Facebook's 90-day data access ends."""
    name = plain(account_name)
    if at <= now:
        return (
            f"Facebook's 90-day data access ended on {day(at.date())}. Figures stand still until "
            f"{name} renews."
        )
    return (
        f"Facebook asks {name} to confirm every 90 days. On {day(at.date())} figures stop until "
        "that is done."
    )


def access_ends(account_name: str, at: datetime, now: datetime) -> str:
    """The sentence on the end of the user access token; page access tokens outlive it."""
    verb = "ran out" if at <= now else "runs out"
    return (
        f"{plain(account_name)}'s access {verb} on {day(at.date())}. Figures go on for a while; "
        "new Pages and permissions can't be read until it is renewed."
    )


def soonest_end(
    account_name: str, access_ends_at: datetime | None, data_ends_at: datetime | None, now: datetime
) -> str:
    """The sentence on the end that comes first. An ended data access goes before: figures stop."""
    ends = [at for at in (access_ends_at, data_ends_at) if at is not None]
    is_data = data_ends_at is not None and (data_ends_at <= now or data_ends_at == min(ends))
    if is_data and data_ends_at is not None:
        return data_access_ends(account_name, data_ends_at, now)
    assert access_ends_at is not None  # what is about to end has an end
    return access_ends(account_name, access_ends_at, now)


def role_lost(account_name: str, names: Sequence[str], total: int) -> Wording:
    """Pages that this account can no longer read, since it lost its role on them."""
    its, page, it = ("Its", "the Page", "it") if total == 1 else ("Their", "each Page", "them")
    return Wording(
        f"{counted(total, 'Page')} out of reach",
        f"{plain(account_name)} no longer has a role on {named(names, total)}. {its} history is "
        f"safe. Ask an admin of {page} to connect {it}.",
    )


def last_refreshed(pages_count: int, at: datetime | None, now: datetime) -> str:
    """ "The 46 Pages were last refreshed today 06:05 UTC; their history is safe." """
    who, whose = (
        ("The Page was", "its")
        if pages_count == 1
        else (f"The {counted(pages_count, 'Page')} were", "their")
    )
    if not pages_count:
        return "It holds no Page."
    if at is None:
        return f"{who} not refreshed yet."
    return f"{who} last refreshed {when(at, now)}; {whose} history is safe."


def missing_pages(names: Sequence[str]) -> Wording:
    """Connected Pages that are missing in Facebook's new answer; at most eight are named."""
    are, their, them = ("is", "its", "it") if len(names) == 1 else ("are", "their", "them")
    return Wording(
        f"{counted(len(names), 'Page')} {are} missing",
        f"{named(names[:8], len(names))} {are} connected today but {are} not in Facebook's new "
        f"answer. If unticked in the dialog, Facebook has most likely ended {their} access, and "
        f"{their} figures stop; {their} history stays. To keep {them}, open Facebook's page "
        f"chooser again and tick {them}.",
    )


def other_person(account_name: str, others: Iterable[str]) -> Wording:
    """Notice for a new account while others are connected: perhaps it is the wrong one."""
    others = [plain(other) for other in others]
    name = plain(account_name)
    rest = listed(others) if len(others) <= 3 else f"{', '.join(others[:2])} and others"
    both, stay = ("both are", "stays") if len(others) == 1 else ("all are", "stay")
    return Wording(
        f"You are signed in to Facebook as {name}",
        f"Save, and {both} kept: {name} is added, and {rest} {stay} connected as before. If you "
        "meant to renew access that is here already, sign in to Facebook with that account first, "
        "then start again.",
        START_AGAIN,
    )


def no_page(account_name: str) -> Wording:
    """The screen after a login that brought no Page."""
    return Wording(
        "Facebook gave access, but no Page",
        f"Every Page was left unticked, or {plain(account_name)} has no role on any Page.",
        CHOOSER,
    )


def saved(outcome: Mapping[str, Any]) -> str:
    """The toast after Save."""
    name = plain(str(outcome.get("account_name", "")))
    kept, added = int(outcome.get("kept", 0)), int(outcome.get("added", 0))
    if outcome.get("is_known_account"):
        return (
            f"{name}'s access is renewed. {counted(kept, 'Page')} kept, {added:,d} added; every "
            "day of their history is still here."
        )
    return f"{name} is connected with {counted(added + kept, 'Page')}."
