"""Links to Compare, and the parameters ``?ids=1,2&tags=3`` of its URL: Pages, then tags.

URLs are shared and edited by hand, so ids that can't be compared are dropped and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.text.formats import counted, listed
from pages.ui import links

PARAMETER, TAGS = "ids", "tags"
MIN_PAGES, MAX_PAGES = 2, 5  # Pages and tags together
MAX_ID = 100  # characters; real ids are shorter
MAX_TAG_DIGITS = 9  # a larger number is no id in the database
MAX_ADDRESS = 10_000  # characters; the rest is not read


@dataclass(frozen=True)
class CompareAddress:
    """Ids of Pages and of tags in the order of the URL, and how many others were dropped.

    ``repeated_count`` ids occur twice, ``refused_count`` can't be ids, and ``more_count`` come
    after the first MAX_PAGES; Pages come before tags.
    """

    ids: tuple[str, ...]
    tag_ids: tuple[int, ...] = ()
    repeated_count: int = 0
    refused_count: int = 0
    more_count: int = 0


def parse(text: str | None, tags_text: str | None = None) -> CompareAddress:
    """Read the values of ``?ids=`` and ``?tags=``. Spaces and empty parts are ignored."""
    accepted: list[tuple[str, str]] = []
    seen: set[tuple[str, str]] = set()
    repeated = refused = more = 0
    parts = [(kind, part.strip()) for kind, part in _list_parts(text, tags_text)]
    for kind, id in parts:
        if not id:
            continue
        if not (_is_tag_id(id) if kind == TAGS else len(id) <= MAX_ID and id.isprintable()):
            refused += 1
        elif (kind, id) in seen:
            repeated += 1
        else:
            seen.add((kind, id))
            if len(accepted) == MAX_PAGES:
                more += 1
            else:
                accepted.append((kind, id))
    return CompareAddress(
        tuple(id for kind, id in accepted if kind == PARAMETER),
        tuple(int(id) for kind, id in accepted if kind == TAGS),
        repeated,
        refused,
        more,
    )


def _list_parts(text: str | None, tags_text: str | None) -> list[tuple[str, str]]:
    of_both = ((PARAMETER, text), (TAGS, tags_text))
    return [
        (kind, part) for kind, each in of_both for part in (each or "")[:MAX_ADDRESS].split(",")
    ]


def _is_tag_id(id: str) -> bool:
    is_number = id.isascii() and id.isdigit() and len(id) <= MAX_TAG_DIGITS
    return is_number and id == str(int(id))


def write(ids: Sequence[str | int]) -> str:
    """The value of ``?ids=`` for these Pages, or of ``?tags=`` for these tags."""
    return ",".join(map(str, ids))


def query_of(ids: Sequence[str], tag_ids: Sequence[int] = ()) -> dict[str, str]:
    """The URL parameters that compare these Pages and tags."""
    of_both = {PARAMETER: write(ids), TAGS: write(tag_ids)}
    return {name: value for name, value in of_both.items() if value}


def describe_dropped(address: CompareAddress, unknown_count: int) -> str | None:
    """A sentence on the dropped ids; None for none.

    ``unknown_count``: ids without a Page or a tag in the database.
    """
    are_mixed = bool(address.tag_ids)
    not_here = unknown_count + address.refused_count
    reasons = []
    if not_here:
        verb = "is" if not_here == 1 else "are"
        where = "here" if are_mixed else "connected here"
        reasons.append(f"{_counted(not_here, are_mixed)} that {verb} not {where}")
    if address.repeated_count:
        verb = "stands" if address.repeated_count == 1 else "stand"
        reasons.append(f"{_counted(address.repeated_count, are_mixed)} that {verb} there twice")
    if address.more_count:
        more = _counted(address.more_count, are_mixed)
        reasons.append(f"{more} more than the {MAX_PAGES} that can be compared")
    return f"Left out of this address: {listed(reasons)}." if reasons else None


def _counted(number: int, are_mixed: bool) -> str:
    """ "2 Pages"; "2 Pages or tags" where the URL has both."""
    pages = counted(number, "Page")
    return f"{pages} or tag{'' if number == 1 else 's'}" if are_mixed else pages


def render(page_id: str) -> None:
    """Draw the link from a Page's screen to Compare."""
    _link("Compare with…", query_of([page_id]))


def render_for(page_ids: Sequence[str]) -> None:
    """Draw the link that compares these Pages; nothing if they are too few or too many."""
    if MIN_PAGES <= len(page_ids) <= MAX_PAGES:
        _link(f"Compare these {len(page_ids)}", query_of(page_ids))


def render_ticked(page_ids: Sequence[str]) -> None:
    """Draw the link that compares these Pages; with too few or too many a text in its place."""
    if MIN_PAGES <= len(page_ids) <= MAX_PAGES:
        render_for(page_ids)
    else:
        # A link that is off is too pale to be read.
        st.caption(f"Compare takes {MIN_PAGES} to {MAX_PAGES} Pages", width="content")


def render_tags(tag_ids: Sequence[int]) -> None:
    """Draw the link that compares these tags, or one with others; nothing for too many or none."""
    if len(tag_ids) == 1:
        _link("Compare this tag with…", query_of([], tag_ids))
    elif MIN_PAGES <= len(tag_ids) <= MAX_PAGES:
        _link("Compare these tags", query_of([], tag_ids))


def _link(label: str, query_params: dict[str, str]) -> None:
    links.draw("compare", label, ":material/compare_arrows:", query_params=query_params)
