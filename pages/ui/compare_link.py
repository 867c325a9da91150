"""Links to Compare, and the parameter ``?ids=1,2,3`` of its URL.

URLs are shared and edited by hand, so ids that can't be compared are dropped and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pages.text.formats import counted, listed
from pages.ui import links

PARAMETER = "ids"
MIN_PAGES, MAX_PAGES = 2, 5
MAX_ID = 100  # characters; real ids are shorter
MAX_ADDRESS = 10_000  # characters; the rest is not read


@dataclass(frozen=True)
class CompareAddress:
    """Ids of Pages in the order of the URL, and how many others were dropped.

    ``repeated_count`` ids occur twice, ``refused_count`` can't be ids, and ``more_count`` come
    after the first MAX_PAGES.
    """

    ids: tuple[str, ...]
    repeated_count: int = 0
    refused_count: int = 0
    more_count: int = 0


def parse(text: str | None) -> CompareAddress:
    """Read the value of ``?ids=``. Spaces and empty parts are ignored."""
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
        elif len(ids) == MAX_PAGES:
            seen.add(page_id)
            more += 1
        else:
            seen.add(page_id)
            ids.append(page_id)
    return CompareAddress(tuple(ids), repeated, refused, more)


def write(ids: Sequence[str]) -> str:
    """The value of ``?ids=`` for these Pages."""
    return ",".join(ids)


def describe_dropped(address: CompareAddress, unknown_count: int) -> str | None:
    """A sentence on the dropped ids; None for none.

    ``unknown_count``: ids without a Page in the database.
    """
    not_here = unknown_count + address.refused_count
    reasons = []
    if not_here:
        verb = "is" if not_here == 1 else "are"
        reasons.append(f"{counted(not_here, 'Page')} that {verb} not connected here")
    if address.repeated_count:
        verb = "stands" if address.repeated_count == 1 else "stand"
        reasons.append(f"{counted(address.repeated_count, 'Page')} that {verb} there twice")
    if address.more_count:
        reasons.append(
            f"{counted(address.more_count, 'Page')} more than the {MAX_PAGES} that can be compared"
        )
    return f"Left out of this address: {listed(reasons)}." if reasons else None


def render(page_id: str) -> None:
    """Draw the link from a Page's screen to Compare."""
    _link("Compare with…", [page_id])


def render_for(page_ids: Sequence[str]) -> None:
    """Draw the link that compares these Pages; nothing if they are too few or too many."""
    if MIN_PAGES <= len(page_ids) <= MAX_PAGES:
        _link(f"Compare these {len(page_ids)}", page_ids)


def _link(label: str, page_ids: Sequence[str]) -> None:
    links.draw(
        "compare", label, ":material/compare_arrows:", query_params={PARAMETER: write(page_ids)}
    )
