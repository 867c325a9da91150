"""Connection of a Page, as a sentence: why it does not fully work. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from pages.text import permissions, phrases
from pages.text.formats import day, one_line, plain
from pages.text.periods import A_DAY
from storage.accounts.connection_states import ConnectionState
from storage.accounts.page_profile import PageHolder
from storage.accounts.seen_pages import SeenKind
from storage.figures.table import TableRow

# The icon and the colour of a connection's badge.
BADGES: Mapping[ConnectionState, tuple[str, phrases.Colour]] = {
    "connected": (":material/check:", "green"),
    "works_in_part": (":material/error_outline:", "orange"),
    "needs_renewal": (":material/link_off:", "red"),
    "frozen": (":material/pause:", "gray"),
    "missing": (":material/link_off:", "red"),
    "no_access": (":material/lock:", "red"),
    "disconnected": (":material/link_off:", "gray"),
}
# Where a Page is that Facebook only named, by `storage.accounts.seen_pages.Sighting.kind`: a label,
# and a sentence in which "{name}" is the account's.
SEEN: Mapping[SeenKind, tuple[str, str]] = {
    "not_ticked": (
        "Not ticked",
        "Left unticked when {name} was connected: connect again and tick in Facebook's page "
        "chooser. What is not in there needs a role for {name}, given by an admin of the Page.",
    ),
    "in_portfolio": (
        "In a portfolio",
        "Of a business portfolio of {name}, without access for {name}: ask an admin of the "
        "portfolio for a role on the Page, then connect again.",
    ),
    "not_listed": (
        "Not listed",
        "Ticked for {name}, but not in Facebook's list, as happens to Pages of a business "
        "portfolio without `business_management`: connect again and leave that permission ticked.",
    ),
}
NO_COUNT = "Facebook gives no count."


def reason(
    connection: ConnectionState,
    is_published: bool | None,
    holders: Sequence[PageHolder],
    escape: Callable[[str], str] = plain,
) -> str | None:
    """Why the connection does not fully work; None where it does.

    ``holders``: of the Page, best connection first. ``escape`` is for the account's name.
    """
    who = escape(holders[0].account_name) if holders else ""
    match connection:
        case "connected":
            return None
        case "works_in_part":
            name = "not_published" if is_published is False else "no_analyze"
            return permissions.page_reason(name).sentence
        case "needs_renewal":
            holder = holders[0]
            return phrases.why_ended(who, holder.grant_reason_code, holder.grant_reason_subcode)
        case "frozen":
            return f"The account of {who} is frozen, so this Page is not refreshed."
        case "missing":
            return f"This Page is not in Facebook's newest answer to {who}."
        case "no_access" if holders[0].status == "role_lost":
            return f"{who} no longer has a role on this Page."
        case "no_access":
            return "Facebook sent no access for this Page."
    if is_left_out(holders):
        return "You left this Page out."
    return "No connected account gives access to this Page any more."


def advice(connection: ConnectionState, holders: Sequence[PageHolder]) -> str:
    """What to do so that a lost Page is read again; empty where its reason says all."""
    if connection == "needs_renewal":
        holder = holders[0]
        codes = holder.grant_reason_code, holder.grant_reason_subcode
        return phrases.what_mends(holder.account_name, *codes)
    if connection == "missing":
        return "To bring it back, connect again and tick it in Facebook's page chooser."
    if connection == "no_access" and holders[0].status == "role_lost":
        return "Ask one of its admins to connect it."
    if connection == "no_access":
        return "Ask one of its admins for full control, then connect again."
    if connection == "disconnected" and is_left_out(holders):
        return "To bring it back, connect again and leave it ticked."
    return ""


def is_left_out(holders: Sequence[PageHolder]) -> bool:
    """Whether the operator unticked the Page of an account that is still connected."""
    return any(
        holder.status == "left_out" for holder in holders if holder.grant_status != "disconnected"
    )


def why_attention(row: TableRow, holders: Sequence[PageHolder], until: date) -> str:
    """Why a Page needs attention, as plain text for a cell; ``until`` is the day of the filter."""
    reasons = [reason(row.connection, row.is_published, holders, one_line)]
    if row.connection in ("connected", "works_in_part"):
        if row.figure_day is not None and row.figure_day < until - A_DAY:
            reasons.insert(0, f"The last figures are of {day(row.figure_day)}.")
        elif row.fans is None and row.followers is None:
            reasons.insert(0, NO_COUNT)
    return " ".join(each for each in reasons if each)
