"""Says in a sentence which Pages a screen is narrowed to: pure, from a filter to words."""

from __future__ import annotations

from dataclasses import dataclass

from pages.parts.overview.tables import CONNECTIONS
from pages.text.formats import counted, cut, listed, plain
from storage.filtering import EVERY_PAGE, Filter

LONGEST_NAME = 40

# What the parameters of the address are called where nothing answers to them.
_NOUNS = {"account": "account", "category": "category", "state": "connection", "tag": "tag"}


@dataclass(frozen=True)
class Asked:
    """What the address asks to filter by, as it says it; empty where it says nothing."""

    account: str = ""
    category: str = ""
    state: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Chosen:
    """What an address means: the filter, and the names of what is in it.

    ``unknown`` names the parameters that nothing here answers to; they are not in the filter.
    """

    filter: Filter = EVERY_PAGE
    account_name: str | None = None
    tag_name: str | None = None
    unknown: tuple[str, ...] = ()


def narrowed_to(chosen: Chosen, pages_count: int) -> str:
    """ "12 Pages: held by Anna Keller, of the category “Café”." as Markdown; empty for no filter.

    ``pages_count``: how many the filter leaves.
    """
    wanted = chosen.filter
    parts = []
    if wanted.account_id is not None:
        parts.append(f"held by {_name(chosen.account_name)}")
    if wanted.category is not None:
        parts.append(f"of the category “{_name(wanted.category)}”")
    if wanted.state is not None:
        parts.append(f"with the connection “{CONNECTIONS[wanted.state]}”")
    if wanted.tag_id is not None:
        parts.append(f"with the tag “{_name(chosen.tag_name)}”")
    if not parts:
        return ""
    who = f"**{counted(pages_count, 'Page')}**" if pages_count else "**No Page** is"
    return f"{who} {listed(parts)}."


def left_out(chosen: Chosen) -> str:
    """ "The account of this link is not here, so it is left out."; empty when all is known."""
    if not chosen.unknown:
        return ""
    nouns = listed([_NOUNS[name] for name in chosen.unknown])
    is_one = len(chosen.unknown) == 1
    verb, they = ("is", "it is") if is_one else ("are", "they are")
    return f"The {nouns} that this link asks for {verb} not here, so {they} left out."


def _name(name: str | None) -> str:
    return plain(cut(name or "", LONGEST_NAME))
