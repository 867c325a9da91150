"""Descriptions of Facebook's permissions, and the reasons why a Page is not fully usable. Pure.

https://developers.facebook.com/docs/permissions
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pages.text.formats import counted
from pages.text.wording import Wording, as_code


@dataclass(frozen=True)
class Permission:
    """A permission: title, use, and what does not work without it."""

    title: str
    use: str
    cost: str


PERMISSIONS: Mapping[str, Permission] = {
    "pages_show_list": Permission(
        "List of Pages",
        "Says which Pages this account manages.",
        "Facebook lists no Page at all.",
    ),
    "pages_read_engagement": Permission(
        "Fans and followers",
        "Reads fans, followers and the profile of each Page.",
        "there are no fans and followers, and no views and engagement: Facebook gives names only. "
        "Open Facebook's page chooser again and leave it ticked.",
    ),
    "read_insights": Permission(
        "Views and engagement",
        "Reads how often a Page is seen and what people do there.",
        "there are no views and engagement.",
    ),
    "pages_manage_metadata": Permission(
        "News of messages",
        "Lets Facebook tell a program when somebody writes to a Page.",
        "no program hears of new messages.",
    ),
    "pages_messaging": Permission(
        "Messages",
        "Lets a program answer people who write to a Page.",
        "no program can answer messages.",
    ),
    "business_management": Permission(
        "Pages of a business portfolio",
        "Includes Pages that a business portfolio owns.",
        "Pages owned by a business portfolio may be absent from the list.",
    ),
}

NEEDED_FOR_COUNTS = frozenset({"pages_show_list", "pages_read_engagement"})
# Facebook grants these with every consent; a person can't decline them.
GIVEN_WITH_ANY = frozenset({"public_profile"})


def permission(name: str) -> Permission:
    """The description of a permission by Facebook's name; a generic one for unknown names."""
    unknown = Permission("Another permission", "Not used by Pagekeeper.", "nothing changes here.")
    return PERMISSIONS.get(name, unknown)


def declined(names: Sequence[str]) -> Wording:
    """What does not work without these permissions; ``names`` is not empty."""
    verb = "was" if len(names) == 1 else "were"
    costs = [f"Without {as_code(name)} {permission(name).cost}" for name in names]
    if not NEEDED_FOR_COUNTS.intersection(names):
        costs.append(f"Fans and followers don't need {'it' if len(names) == 1 else 'them'}.")
    return Wording(f"{counted(len(names), 'permission')} {verb} declined", "  \n".join(costs))


# Where the permission was not declined.
ONLY_NAMES = Wording(
    "Facebook gave out names only",
    "Fans and followers need the permission `pages_read_engagement`. It was not declined, so the "
    "app does not ask for it, or still needs Facebook's App Review for it.",
)


@dataclass(frozen=True)
class PageReason:
    """Why a Page can't be used, or works in part. Plain text, for table cells."""

    label: Literal["Can't be used", "Names only", "Works in part"]
    sentence: str


# By fb.login.preview.PreviewPage.reasons.
PAGE_REASONS: Mapping[str, PageReason] = {
    "no_access": PageReason(
        "Can't be used",
        "Facebook sent no access for it. Ask one of its admins for full control, then connect "
        "again.",
    ),
    "no_analyze": PageReason(
        "Works in part",
        "Views and engagement need the Insights permission on the Page.",
    ),
    "not_published": PageReason(
        "Works in part", "The Page is not published. Its figures may stand still."
    ),
    "needs_pages_read_engagement": PageReason(
        "Names only",
        "Only the name could be read. Fans and followers need the permission "
        "pages_read_engagement.",
    ),
}


def page_reason(reason: str) -> PageReason:
    """The text for a reason; an unknown one reads as "Works in part"."""
    return PAGE_REASONS.get(
        reason, PageReason("Works in part", "Facebook gave only part of the access to this Page.")
    )


def granted(names: Iterable[str]) -> list[tuple[str, str]]:
    """What permissions make possible: (title, "use (Facebook's name)"), Markdown.

    In the order of PERMISSIONS.
    """
    return [(permission(n).title, f"{permission(n).use} ({as_code(n)})") for n in _ordered(names)]


def prevented(names: Iterable[str]) -> list[tuple[str, str]]:
    """What declined permissions prevent: (title, "without … there are no …"), Markdown."""
    return [
        (permission(n).title, f"without {as_code(n)} {permission(n).cost}") for n in _ordered(names)
    ]


def _ordered(names: Iterable[str]) -> list[str]:
    order = list(PERMISSIONS)
    selected = [name for name in names if name not in GIVEN_WITH_ANY]
    return sorted(selected, key=lambda name: (order.index(name) if name in order else 99, name))
