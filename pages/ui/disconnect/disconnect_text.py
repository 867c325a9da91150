"""Texts of disconnecting: what it ends, which Pages lose their only access, and what it did. Pure.

Names are escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from fb.accounts.disconnect import Cost
from pages.text import phrases
from pages.text.formats import counted, cut, plain

# What is ended: the account's access to one Page, all its access, or all of it and at Facebook too.
What = Literal["page", "account", "app"]
History = Literal["keep", "erase"]

WHAT: Mapping[What, str] = {
    "page": "Forget its access to one Page",
    "account": "Forget all its access",
    "app": "Remove our app at Facebook",
}
WHAT_CAPTIONS: Mapping[What, str] = {
    "page": "The other Pages of the account go on.",
    "account": "It is erased here. Facebook is not told.",
    "app": "All access is erased here. At Facebook the app leaves the account's list of apps.",
}
HISTORY: Mapping[History, str] = {"keep": "Keep the history", "erase": "Erase the history for good"}
GONE = "This account was erased meanwhile."
CHOOSE_A_PAGE = "Choose the Page."
OFFERED_AGAIN = (
    "Facebook goes on offering this Page: when the account is renewed, untick it there to keep it "
    "out."
)
MAX_NAMES, MAX_NAME = 20, 60


def cost(cost: Cost, what: What, page_id: str | None = None) -> str:
    """What is ended, and which Pages lose their only access, as Markdown."""
    name = plain(cut(cost.account_name, MAX_NAME))
    if what == "page":
        page = plain(cut(cost.held.get(page_id or "", "this Page"), MAX_NAME))
        ends = f"{name}'s access to {page} is erased here."
        if page_id is None or page_id not in cost.only_held:
            return f"{ends} Another account gives access to it too, so its figures go on."
        return f"{ends} {_losing([cost.only_held[page_id]])}"
    ends = f"{name}'s access is erased here."
    if what == "app":
        ends = (
            f"{name}'s access is erased here and ended at Facebook, also where a program still has "
            "it."
        )
    if not cost.only_held:
        rest = "Another account gives access to every one of these Pages too, so all figures go on."
        return f"{ends} {rest if cost.held else 'It gives access to no Page.'}"
    return f"{ends} {_losing(cost.only_held.values())}"


def _losing(names: Collection[str]) -> str:
    lose, their = ("loses its", "Its") if len(names) == 1 else ("lose their", "Their")
    shown = [cut(name, MAX_NAME) for name in list(names)[:MAX_NAMES]]
    return (
        f"**{counted(len(names), 'Page')}** {lose} only access: "
        f"{phrases.named(shown, len(names))}. {their} figures stop."
    )


def button(what: What, history: History) -> str:
    """The label of the button that does it."""
    verb = "Forget" if what == "page" else "Disconnect"
    return verb if history == "keep" else f"{verb} and erase for good"


def done(cost: Cost, what: What, page_id: str | None = None) -> str:
    """What was ended, for a toast."""
    name = plain(cost.account_name)
    if what == "page":
        return f"{name}'s access to {plain(cost.held.get(page_id or '', 'this Page'))} was erased."
    return f"{name} is disconnected."
