"""Texts on a Page's connection and the accounts that hold it. Pure; names are escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pages.text import phrases
from pages.text.formats import day, plain
from pages.text.phrases import CONNECTIONS
from storage.accounts.connection_states import ConnectionState
from storage.accounts.page_profile import PageHolder, PageProfile

BADGES: Mapping[ConnectionState, tuple[str, Literal["green", "red", "orange", "gray"]]] = {
    "connected": (":material/check:", "green"),
    "works_in_part": (":material/error_outline:", "orange"),
    "needs_renewal": (":material/link_off:", "red"),
    "frozen": (":material/pause:", "gray"),
    "missing": (":material/link_off:", "red"),
    "no_access": (":material/lock:", "red"),
    "disconnected": (":material/link_off:", "gray"),
}

NOT_HERE = (
    "This Page is not connected here. It may have been removed, or the link is from another "
    "installation."
)
NEW_EXPERIENCE = (
    "This Page has the New Pages Experience: Facebook reports its followers as fans, so both "
    "figures are the same or close."
)


@dataclass(frozen=True)
class Connection:
    """A Page's connection: its badge, and a sentence (Markdown) when it does not fully work."""

    label: str
    icon: str
    colour: Literal["green", "red", "orange", "gray"]
    sentence: str | None


def connection(profile: PageProfile) -> Connection:
    """The connection of the Page, in words."""
    icon, colour = BADGES[profile.connection]
    return Connection(CONNECTIONS[profile.connection], icon, colour, _connection_sentence(profile))


def held_by(profile: PageProfile) -> str | None:
    """ "held by Anna Keller and 1 more", as Markdown; None when no account holds it."""
    names = [
        holder.account_name
        for holder in profile.holders
        if holder.connection not in ("missing", "disconnected")
    ]
    if not names:
        return None
    more = f" and {len(names) - 1:,d} more" if len(names) > 1 else ""
    return f"held by {plain(names[0])}{more}"


def _connection_sentence(profile: PageProfile) -> str | None:
    if profile.connection == "connected":
        return None
    name = profile.holders[0].account_name if profile.holders else ""
    last = f" Last figures of {day(profile.last_day)}." if profile.last_day else ""
    who = plain(name)
    if profile.connection == "works_in_part":
        if profile.is_published is False:
            return "The Page is not published. Its figures may stand still."
        return (
            "Fans and followers work. Views and engagement need the Insights permission on this "
            "Page."
        )
    if profile.connection == "needs_renewal":
        holder = profile.holders[0]
        why = phrases.ended(name, holder.grant_reason_code, holder.grant_reason_subcode)
        return f"{why}{last} Its history is safe."
    if profile.connection == "frozen":
        return f"The account of {who} is frozen, so this Page is not refreshed.{last}"
    if profile.connection == "missing":
        return (
            f"This Page is not in Facebook's newest answer to {who}.{last} Its history is safe. To "
            "bring it back, connect again and tick it in Facebook's page chooser."
        )
    if profile.connection == "no_access":
        return _no_access(profile, who) + last + " Its history is safe."
    if any(holder.status == "left_out" for holder in _connected_holders(profile)):
        return (
            f"You left this Page out when you saved.{last} Its history stays. To bring it back, "
            "connect again and leave it ticked."
        )
    return f"No connected account holds this Page any more.{last} Its history is safe."


def _connected_holders(profile: PageProfile) -> list[PageHolder]:
    return [holder for holder in profile.holders if holder.grant_status != "disconnected"]


def _no_access(profile: PageProfile, who: str) -> str:
    if profile.holders[0].status == "role_lost":
        return f"{who} no longer has a role on this Page. Ask one of its admins to connect it."
    return (
        "Facebook sent no access for this Page. Ask one of its admins for full control, then "
        "connect again."
    )
