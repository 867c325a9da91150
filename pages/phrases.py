"""What is said about accounts, permissions, Pages, runs and events, in words a marketer uses.

Pure, like ``pages.wording``: no Streamlit, no storage, no clock. Names are escaped here. Sentences
name no gender and say "access", not "token".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pages.formats import clock, counted, day, listed, plain, when
from pages.wording import CHOOSER, START_AGAIN, Wording, as_code, for_error

Colour = Literal["red", "orange", "green", "gray"]


@dataclass(frozen=True)
class Permission:
    """One of Facebook's permissions: what it is good for, and what is lost without it."""

    title: str
    use: str
    cost: str


# https://developers.facebook.com/docs/permissions
PERMISSIONS: Mapping[str, Permission] = {
    "pages_show_list": Permission(
        "List of Pages",
        "Says which Pages this account manages.",
        "Facebook lists no Page at all.",
    ),
    "pages_read_engagement": Permission(
        "Fans and followers",
        "Reads fans, followers and the profile of each Page.",
        "there may be no fans and followers, only names.",
    ),
    "read_insights": Permission(
        "Views and engagement",
        "Reads how often a Page is seen and what people do there.",
        "there are no views and engagements. Fans and followers work.",
    ),
    "pages_manage_metadata": Permission(
        "News of messages",
        "Lets Facebook tell a program when somebody writes to a Page.",
        "no program hears of new messages. Figures work.",
    ),
    "pages_messaging": Permission(
        "Messages",
        "Lets a program answer people who write to a Page.",
        "no program can answer messages. Figures work.",
    ),
    "business_management": Permission(
        "Pages of a business portfolio",
        "Includes Pages that a business portfolio owns.",
        "Pages owned by a business portfolio may be absent from the list.",
    ),
}

# Facebook gives these with any consent; nobody chooses them.
GIVEN_WITH_ANY = frozenset({"public_profile"})


def permission(name: str) -> Permission:
    """Words for a permission by Facebook's name; an unknown one is described as such."""
    unknown = Permission("Another permission", "Not used by Pagekeeper.", "nothing changes here.")
    return PERMISSIONS.get(name, unknown)


def declined(names: Sequence[str]) -> Wording:
    """What declined permissions cost; ``names`` is not empty."""
    verb = "was" if len(names) == 1 else "were"
    costs = [f"Without {as_code(name)} {permission(name).cost}" for name in names]
    return Wording(f"{counted(len(names), 'permission')} {verb} declined", "  \n".join(costs))


ONLY_NAMES = Wording(
    "Facebook gave out names only",
    "Fans and followers need the permission `pages_read_engagement`. Connect again and leave it "
    "ticked; if it was, the app still needs Facebook's App Review for it.",
)


@dataclass(frozen=True)
class PageReason:
    """Why a Page can't be used, or works in part. Plain text: it stands in table cells."""

    label: Literal["Can't be used", "Works in part"]
    sentence: str


# fb.connect.PreviewPage.reasons
PAGE_REASONS: Mapping[str, PageReason] = {
    "no_access": PageReason(
        "Can't be used",
        "Facebook sent no access for this Page. Ask one of its admins for full control, then "
        "connect again.",
    ),
    "no_analyze": PageReason(
        "Works in part",
        "Fans and followers work. Views and engagement need the Insights permission on this Page.",
    ),
    "not_published": PageReason(
        "Works in part", "The Page is not published. Its figures may stand still."
    ),
    "needs_pages_read_engagement": PageReason(
        "Works in part",
        "Only the name could be read. Fans and followers need the permission "
        "pages_read_engagement.",
    ),
}


def page_reason(reason: str) -> PageReason:
    """Words for one reason; an unknown one still says that the Page works in part."""
    return PAGE_REASONS.get(
        reason, PageReason("Works in part", "Facebook gave only part of the access to this Page.")
    )


def grouped(names: Iterable[str]) -> list[tuple[str, str]]:
    """Permissions as (what they give, "use (Facebook's name)"), Markdown, in a fixed order."""
    known = list(PERMISSIONS)
    chosen = [name for name in names if name not in GIVEN_WITH_ANY]
    ordered = sorted(chosen, key=lambda name: (known.index(name) if name in known else 99, name))
    return [(permission(n).title, f"{permission(n).use} ({as_code(n)})") for n in ordered]


def named(names: Sequence[str], total: int) -> str:
    """The first ``names`` of ``total`` Pages, escaped: "Café Lindenhof and 44 more"."""
    shown = [plain(name) for name in names]
    if total > len(shown):
        shown.append(f"{total - len(shown):,d} more")
    return listed(shown) if shown else ""


@dataclass(frozen=True)
class Standing:
    """How an account's connection stands: the words, icon and colour of its badge."""

    label: str
    icon: str
    colour: Colour


def standing(state: str, days_left: int | None = None) -> Standing:
    """The badge of a connection, by `fb.connections.Connection.state` and the days it has left."""
    if state == "needs_renewal" or (state == "expiring" and (days_left or 0) < 0):
        return Standing("Needs renewal", ":material/link_off:", "red")
    if state == "frozen":
        return Standing("Frozen", ":material/pause:", "gray")
    if state == "disconnected":
        return Standing("Disconnected", ":material/link_off:", "gray")
    if state != "expiring":
        return Standing("Connected", ":material/check:", "green")
    within = f"within {counted(days_left, 'day')}" if days_left else "today"
    return Standing(f"Renew {within}", ":material/schedule:", "orange")


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
    return _ended(plain(account_name), code, subcode)


def _ended(name: str, code: int | None, subcode: int | None) -> str:
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


def access_ends(account_name: str, at: datetime) -> str:
    """The warning before the long access itself runs out; page access made from it goes on."""
    return (
        f"{plain(account_name)}'s access runs out on {day(at.date())}. Figures go on for a while; "
        "new Pages and permissions can't be read until it is renewed."
    )


def last_refreshed(pages_count: int, at: datetime | None, now: datetime) -> str:
    """What is safe: "The 46 Pages were last refreshed today 06:05 UTC; their history is safe."""
    who, whose = (
        ("The Page was", "its")
        if pages_count == 1
        else (f"The {counted(pages_count, 'Page')} were", "their")
    )
    if at is None:
        return f"{who} not refreshed yet."
    return f"{who} last refreshed {when(at, now)}; {whose} history is safe."


# Runs (storage Run.kind and Run.status) and events, for tables: plain text.
RUN_KINDS: Mapping[str, str] = {
    "manual": "Refresh now",
    "daily": "Daily refresh",
    "command": "Refresh by command line",
    "history": "Sandbox history",
    "fast_forward": "Sandbox fast-forward",
    "connect": "First figures after connecting",
}
RUN_WHO: Mapping[str, str] = {
    "manual": "Operator",
    "daily": "Dashboard",
    "command": "Command line",
    "history": "Sandbox",
    "fast_forward": "Sandbox",
    "connect": "Operator",
}


def run_result(
    status: str, *, total: int, done: int, failed: int, limited_until: datetime | None = None
) -> str:
    """ "140 Pages", "2 of 140 failed", "Stopped at 812 of 6,000: Facebook asked to slow down"…"""
    if status == "running":
        return f"{done + failed:,d} of {total:,d}"
    if limited_until is not None:
        return f"{done:,d} of {total:,d}; Facebook allows the rest from {clock(limited_until)}"
    if status == "stopped":
        return f"Stopped after {done:,d} of {total:,d}"
    if failed:
        return f"{failed:,d} of {total:,d} failed"
    if status == "failed":
        return "Failed"
    return counted(done, "Page")


def page_failure(
    kind: str,
    account_name: str | None,
    *,
    code: int | None = None,
    subcode: int | None = None,
    trace_id: str | None = None,
) -> str:
    """Why one Page could not be read, as plain text for a cell."""
    name = account_name or "The account"
    if kind == "AccessEnded":
        return _ended(name, code, subcode)
    if kind == "PermissionMissing":
        return f"Facebook no longer lets {name} read this Page's figures."
    if kind == "NotFound":
        return f"The Page no longer exists at Facebook, or {name} may not see it."
    return for_error(kind, code=code, subcode=subcode, trace_id=trace_id).sentence


def _saved(facts: Mapping[str, Any]) -> str:
    parts = [
        f"{int(facts[key]):,d} {word}"
        for key, word in (("added", "added"), ("kept", "kept"), ("missing", "missing"))
        if facts.get(key)
    ]
    return ", ".join(parts) or "no Page"


def event(kind: str, account_name: str | None, facts: Mapping[str, Any]) -> str:
    """What happened, as plain text for a cell: an event's kind with its account."""
    name = account_name or "An account"
    if kind == "connected":
        return f"{name} was connected: {_saved(facts)}"
    if kind == "renewed":
        return f"{name}'s access was renewed: {_saved(facts)}"
    if kind == "disconnected":
        return f"{name} was disconnected; the history stays"
    if kind == "needs_renewal":
        return f"Facebook ended {name}'s access"
    if kind == "frozen":
        return f"{name} was frozen: no refresh until it is unfrozen"
    if kind == "thawed":
        return f"{name} was unfrozen"
    return f"{name}: {kind.replace('_', ' ')}"


EVENT_KINDS = ("connected", "renewed", "disconnected", "needs_renewal", "frozen", "thawed")


def missing_pages(names: Sequence[str]) -> Wording:
    """Pages connected today that Facebook's new answer lacks; at most eight are named."""
    are, their, them = ("is", "its", "it") if len(names) == 1 else ("are", "their", "them")
    return Wording(
        f"{counted(len(names), 'Page')} {are} missing",
        f"{named(names[:8], len(names))} {are} connected today but {are} not in Facebook's new "
        f"answer. If unticked in the dialog, Facebook has most likely ended {their} access, and "
        f"{their} figures stop; {their} history stays. To keep {them}, open Facebook's page "
        f"chooser again and tick {them}.",
        CHOOSER,
    )


def other_person(account_name: str, others: Iterable[str]) -> Wording:
    """A new account signs in while others are connected: perhaps the wrong one."""
    others = [plain(other) for other in others]
    name = plain(account_name)
    known = listed(others) if len(others) <= 3 else f"{listed(others[:2])} and others"
    stay = "stays" if len(others) == 1 else "stay"
    return Wording(
        f"You are signed in to Facebook as {name}",
        f"Saving adds {name}; {known} {stay} connected as before. If you meant to renew that "
        "access, sign in to Facebook with that account first, then start again.",
        START_AGAIN,
    )


def no_page(account_name: str) -> Wording:
    """Facebook gave access, but the list is empty."""
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
