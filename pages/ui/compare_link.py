"""Links to Compare, and the address they lead to: from ``?ids=1,2,3`` to ids and back.

Addresses are shared and edited by hand, so whatever can't be compared is dropped, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.text.formats import counted, listed
from pages.ui import screens

PARAMETER = "ids"
FEWEST, MOST = 2, 5
MAX_ID = 100  # more than any id has
MAX_ADDRESS = 10_000  # a made-up one need not be read to its end


@dataclass(frozen=True)
class Asked:
    """Ids to look for, in the order of the address, and what else stood there.

    ``repeated_count`` ids stood there before, ``refused_count`` are too long to be one, and
    ``more_count`` came after the MOST that fit.
    """

    ids: tuple[str, ...]
    repeated_count: int = 0
    refused_count: int = 0
    more_count: int = 0


def parse(text: str | None) -> Asked:
    """What ``?ids=`` asks for. Spaces and empty places between commas mean nothing."""
    ids: list[str] = []
    seen: set[str] = set()
    repeated = refused = more = 0
    for part in (text or "")[:MAX_ADDRESS].split(","):
        page_id = part.strip()
        if not page_id:
            continue
        if len(page_id) > MAX_ID or not page_id.isprintable():
            refused += 1
        elif page_id in seen:
            repeated += 1
        elif len(ids) == MOST:
            seen.add(page_id)
            more += 1
        else:
            seen.add(page_id)
            ids.append(page_id)
    return Asked(tuple(ids), repeated, refused, more)


def write(ids: Sequence[str]) -> str:
    """The parameter's value for these Pages."""
    return ",".join(ids)


def describe_dropped(asked: Asked, unknown_count: int) -> str | None:
    """A sentence on what the address asked for and is not compared; None when that is nothing.

    ``unknown_count``: ids that no Page here has.
    """
    not_here = unknown_count + asked.refused_count
    reasons = []
    if not_here:
        verb = "is" if not_here == 1 else "are"
        reasons.append(f"{counted(not_here, 'Page')} that {verb} not connected here")
    if asked.repeated_count:
        verb = "stands" if asked.repeated_count == 1 else "stand"
        reasons.append(f"{counted(asked.repeated_count, 'Page')} that {verb} there twice")
    if asked.more_count:
        reasons.append(
            f"{counted(asked.more_count, 'Page')} more than the {MOST} that can be compared"
        )
    return f"Left out of this address: {listed(reasons)}." if reasons else None


def render(page_id: str) -> None:
    """Draw the way from a Page's own screen to Compare."""
    _link("Compare with…", [page_id])


def render_for(page_ids: Sequence[str]) -> None:
    """Draw the way from a list of Pages to Compare; nothing where they are too few or too many."""
    if FEWEST <= len(page_ids) <= MOST:
        _link(f"Compare these {len(page_ids)}", page_ids)


def _link(label: str, page_ids: Sequence[str]) -> None:
    st.page_link(
        screens.link_to("compare"),
        label=label,
        icon=":material/compare_arrows:",
        query_params={PARAMETER: write(page_ids)},
    )
