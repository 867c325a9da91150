"""Sentences about accounts and their Pages, as Markdown. Pure: no Streamlit, no storage, no clock.

Names are escaped here. The sentences name no gender and say "access" instead of "token".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pages.text.formats import count, counted, cut, day, listed, local_day, plain, when
from pages.text.wording import CHOOSER, SAFE, START_AGAIN, WRONG_KEY, Step, Wording

Colour = Literal["red", "orange", "green", "gray"]
# Of badges in tables: only states that need action have a colour.
TABLE_RED, TABLE_ORANGE = "#C2410C", "#8A5A0B"

# What events say where the name is gone.
ERASED_ACCOUNT, ERASED_PAGE = "an account that was erased", "a Page that was erased"

# Values of a URL parameter, which are never renamed.
ATTENTION = "Needs attention"
SILENT = "No post for 14 days"
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


def named_accounts(names: Sequence[str]) -> str:
    """Accounts, escaped: up to three by name, of more the first two and the number of the rest."""
    shown = [plain(name) for name in names]
    return listed(shown if len(shown) <= 3 else [*shown[:2], f"{count(len(shown) - 2)} more"])


def named(names: Sequence[str], total: int) -> str:
    """The first ``names`` of ``total`` Pages, escaped: "Café Lindenhof and 44 more"."""
    shown = [plain(name) for name in names]
    if total > len(shown):
        shown.append(f"{count(total - len(shown))} more")
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


@dataclass(frozen=True)
class Ending:
    """Why Facebook ended an account's access, and the one thing to do; "{name}" is its person."""

    cause: str
    action: str


# Facebook's subcodes of 190 and 102, and the codes that stand alone.
# https://developers.facebook.com/docs/graph-api/guides/error-handling
_SECURITY_CHECK = Ending(
    "Facebook wants {name} to sign in at facebook.com and answer a security check first.",
    "Sign in at facebook.com as {name}, follow Facebook's instructions, then renew.",
)
ENDED_BY_SUBCODE: Mapping[int, Ending] = {
    458: Ending(
        "{name} removed this app in the Facebook settings.",
        "Renew: in Facebook's dialog {name} lets the app in again.",
    ),
    459: _SECURITY_CHECK,
    460: Ending(
        "Facebook reports that {name}'s password was changed and ended this access.",
        "Renew, signed in with the new password.",
    ),
    463: Ending(
        "The access has run out: Facebook gives it for about 60 days.",
        "Renew: it then lasts for another 60 days.",
    ),
    464: Ending(
        "Facebook wants {name} to confirm the account at facebook.com first.",
        "Confirm e-mail address or phone number at facebook.com as {name}, then renew.",
    ),
    467: Ending(
        "Facebook ended this access: {name} signed out everywhere, or Facebook reset it.",
        "Renew, signed in as {name}.",
    ),
    492: Ending(
        "{name} no longer has a role on the Page this access was for.",
        "Ask an admin of the Page to give {name} a role again, then renew.",
    ),
    493: Ending(
        "Facebook's 90-day data access has ended: {name} has not confirmed this app since.",
        "Renew and confirm in Facebook's dialog: that counts for another 90 days.",
    ),
}
KEY_GIVEN_UP = -1  # as in storage.accounts.grants
ENDED_BY_CODE: Mapping[int, Ending] = {
    KEY_GIVEN_UP: Ending(
        "{name}'s access was erased here, since its encryption key is lost.",
        "Renew: the access is then sealed with a key that is there.",
    ),
    10: Ending(
        "{name} gives no permission to read fans and followers (pages_read_engagement).",
        "Renew and leave that permission ticked.",
    ),
    459: _SECURITY_CHECK,
    483: Ending(
        "Facebook wants {name} to agree at facebook.com first.",
        "Sign in at facebook.com as {name} and agree, then renew.",
    ),
}
PERMISSION_LACKS = Ending(
    "Facebook reports that {name}'s access lacks a permission that figures need.",
    "Renew and leave every permission ticked.",
)
ENDED = Ending("Facebook no longer accepts {name}'s access.", "Renew, signed in as {name}.")


def ended(account_name: str, code: int | None, subcode: int | None) -> str:
    """One sentence on why an account's access ended."""
    return why_ended(plain(account_name), code, subcode)


def why_ended(name: str, code: int | None, subcode: int | None) -> str:
    """The same sentence with an unescaped name: table cells are not Markdown."""
    return _find_ending(code, subcode).cause.format(name=name)


def what_mends(account_name: str, code: int | None, subcode: int | None) -> str:
    """One sentence on what to do about an access that ended."""
    return _find_ending(code, subcode).action.format(name=plain(account_name))


def _find_ending(code: int | None, subcode: int | None) -> Ending:
    ending = ENDED_BY_SUBCODE.get(subcode or 0)
    if ending is None and code is not None:
        ending = PERMISSION_LACKS if 200 <= code <= 299 else ENDED_BY_CODE.get(code)
    return ending or ENDED


def wrong_key(account_names: Sequence[str]) -> Wording:
    """The message while an encryption key is missing; the accounts whose access it sealed."""
    if not account_names:
        return WRONG_KEY
    account = "this account" if len(account_names) == 1 else "these accounts"
    return Wording(
        WRONG_KEY.title,
        f"The access of {named_accounts(account_names)} can't be opened: its encryption key is "
        f"missing. Put it back, or give it up and reconnect {account}: Setup says how. Until then "
        "connecting and refreshing wait; figures and history are all here.",
        WRONG_KEY.step,
    )


def data_access_ends(account_name: str, at: datetime, now: datetime) -> str:
    """The warning before, or the sentence after, Facebook's 90-day data access ends."""
    name = plain(account_name)
    if at <= now:
        return (
            f"Facebook's 90-day data access ended on {day(local_day(at))}. Figures stand still "
            f"until {name} renews."
        )
    return (
        f"Facebook asks {name} to confirm every 90 days. On {day(local_day(at))} figures stop "
        "until that is done."
    )


def access_ends(account_name: str, at: datetime, now: datetime) -> str:
    """The sentence on the end of the user access token; page access tokens outlive it."""
    verb = "ran out" if at <= now else "runs out"
    return (
        f"{plain(account_name)}'s access {verb} on {day(local_day(at))}. Figures go on for a "
        "while; new Pages and permissions can't be read until it is renewed."
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
        return "It gives access to no Page."
    if at is None:
        return f"{who} not refreshed yet."
    return f"{who} last refreshed {when(at, now)}; {whose} history is safe."


def difference(kept_count: int, added: Sequence[str], dropped: Sequence[str]) -> str:
    """What saving a renewal changes: "Saving **keeps 12 Pages**, adds none and drops none."

    At most three Pages of a kind are named.
    """

    def change(verb: str, names: Sequence[str]) -> str:
        return f"**{verb} {count(len(names))}** ({named(names[:3], len(names))})"

    adds = change("adds", added) if added else "adds none"
    drops = change("would drop", dropped) if dropped else "drops none"
    return f"Saving **keeps {counted(kept_count, 'Page')}**, {adds} and {drops}."


def missing_pages(names: Sequence[str]) -> Wording:
    """Connected Pages that are missing in Facebook's new answer; at most eight are named."""
    are, their, them = ("is", "its", "it") if len(names) == 1 else ("are", "their", "them")
    return Wording(
        f"{counted(len(names), 'Page')} {are} missing",
        f"{named(names[:8], len(names))} {are} connected today but {are} not in Facebook's new "
        f"answer. If unticked in the dialog, Facebook itself has most likely ended this account's "
        f"access to {them} already, and {their} figures stop unless another account reads {them}; "
        f"{their} history stays. To keep {them}, open Facebook's page chooser again and tick "
        f"{them}.",
    )


def archived_pages(names: Sequence[str]) -> Wording:
    """Pages of the new answer that are archived here; at most eight are named."""
    is_one = len(names) == 1
    stay, their, they, are, them = (
        ("stays", "Its", "it", "is", "it") if is_one else ("stay", "Their", "they", "are", "them")
    )
    return Wording(
        f"{counted(len(names), 'Page')} archived here",
        f"{named(names[:8], len(names))} {stay} archived. {their} access is renewed and kept, but "
        f"{they} {are} not read until you bring {them} back.",
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


def another_than_expected(account_name: str, expected: str, *, is_known: bool) -> Wording:
    """The question before Save when Renew was pressed for another account than came back."""
    name, meant = plain(account_name), plain(expected)
    saves = f"renews {name}'s access instead" if is_known else f"connects {name} as another account"
    return Wording(
        f"You are signed in to Facebook as {name}; this was to renew {meant}'s access",
        f"Saving {saves}, and {meant} stays as before. To renew {meant}'s access, sign in to "
        "Facebook with that account first, then start again.",
        Step(f"Start again as {cut(expected, 40)}", "start"),
    )


def agree_to_another(account_name: str, *, is_known: bool) -> str:
    """The label of the tick that answers this question; Markdown."""
    name = plain(account_name)
    return f"Renew {name}'s access instead" if is_known else f"Connect {name} as another account"


def no_page(account_name: str, declined: Sequence[str] = ()) -> Wording:
    """The screen after a login that brought no Page, with these permissions declined."""
    if "pages_show_list" in declined:
        return Wording(
            "Facebook gave access, but no Page",
            f"{plain(account_name)} declined the permission `pages_show_list`, without which "
            "Facebook lists no Page at all. Start again and leave it ticked.",
            CHOOSER,
        )
    return Wording(
        "Facebook gave access, but no Page",
        f"Every Page was left unticked, or {plain(account_name)} has no role on any Page. There is "
        f"nothing to save. {SAFE}",
        CHOOSER,
    )


def saved(outcome: Mapping[str, Any]) -> str:
    """The toast after Save."""
    name = plain(str(outcome.get("account_name", "")))
    kept, added = int(outcome.get("kept", 0)), int(outcome.get("added", 0))
    if not outcome.get("reads_figures", True):
        return (
            f"{counted(added + kept, 'Page')} of {name} saved, but fans and followers can't be "
            "read: the permission for it was declined."
        )
    if outcome.get("is_known_account"):
        missing = int(outcome.get("missing", 0))
        lost = f", {count(missing)} missing in Facebook's answer" if missing else ""
        return (
            f"{name}'s access is renewed. {counted(kept, 'Page')} kept, {count(added)} added"
            f"{lost}; every day of their history is still here."
        )
    return f"{name} is connected with {counted(added + kept, 'Page')}."
