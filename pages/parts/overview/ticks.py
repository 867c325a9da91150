"""Ticked Pages of the table, and the bar with what can be done with them.

They are kept by Page id in the session. Streamlit's own selection is positions in the rows on the
screen, which name other Pages after a page turn, a search or another order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.parts.overview import export
from pages.parts.overview.tables import Sort
from pages.queries import find_ticked
from pages.records import Listing, Overview
from pages.text.formats import UNKNOWN, number
from pages.ui import archive, compare_link, links
from pages.ui.export import menu
from pages.ui.signed_in import may
from pages.ui.tags import popover as tags
from storage.figures.filters import Filter

KEY = "ticked-pages"
MAX_TICKED = 1_000  # Pages; a limit of what goes into one statement
HINT = "Tick Pages to {} them. By keyboard: arrow keys, then Shift + Space."


def list_ticked() -> tuple[str, ...]:
    """The ids of the ticked Pages."""
    return tuple(st.session_state.get(KEY, ()))


def take(page_ids: Sequence[str], rows: Collection[int]) -> bool:
    """Tick the Pages of these ``rows`` of ``page_ids``, and untick the others of ``page_ids``.

    Whether that changed anything. Beyond MAX_TICKED no other Page is ticked.
    """
    before = list_ticked()
    ticked = [page_id for row, page_id in enumerate(page_ids) if row in rows]
    others = [page_id for page_id in before if page_id not in set(page_ids)]
    after = tuple(sorted([*others, *ticked[: max(0, MAX_TICKED - len(others))]]))
    st.session_state[KEY] = after
    return after != before


def render(
    installation: Installation,
    session: Session,
    overview: Overview,
    listing: Listing,
    sort: Sort,
    way_back: Mapping[str, str],
) -> bool:
    """Draw the bar; a hint while nothing is ticked. Whether the operator took all ticks away."""
    page_ids = list_ticked()
    if page_ids:
        view = overview.view
        until = view.period.until
        page_ids, listed_count = find_ticked(session, page_ids, listing.narrow(view.filter), until)
        st.session_state[KEY] = page_ids  # without those that are erased or archived
    if not page_ids:
        st.caption(HINT.format(_describe_choice(installation)), width="content")
        return False
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", width="content", key="ticked"
    ):
        st.markdown(describe(len(page_ids), listed_count), width="content")
        is_cleared = st.button("clear", type="tertiary", key="ticked-clear")
        if len(page_ids) == 1:
            links.draw(
                "page",
                "Open",
                ":material/arrow_forward:",
                query_params={"id": page_ids[0], **way_back},
            )
        # Each in its own container: a fragment takes the whole remaining width of a row.
        with st.container(width="content"):
            tags.render_bulk(installation, Filter(page_ids=page_ids, archived=None), until)
        compare_link.render_ticked(page_ids)
        with st.container(width="content"):
            export.render_ticked(installation, overview, page_ids, sort)
        if may("operator"):
            _archive(installation, page_ids, is_archived=bool(overview.view.filter.archived))
    return is_cleared


def _archive(installation: Installation, page_ids: Sequence[str], *, is_archived: bool) -> None:
    """Draw the button that archives the Pages, or brings those of the archive back."""
    if is_archived:
        if st.button("Bring back", icon=archive.BACK_ICON, key="ticked-unarchive"):
            archive.bring_back(installation, page_ids)
    elif st.button("Archive", icon=archive.ICON, key="ticked-archive"):
        archive.confirm(installation, page_ids)


def _describe_choice(installation: Installation) -> str:
    """What this person can do with ticked Pages: "open, tag, compare or export"."""
    verbs = ["open", *(["tag"] if may("operator") else []), "compare"]
    verbs += ["export"] if menu.may_export(installation) else []
    return f"{', '.join(verbs[:-1])} or {verbs[-1]}"


def describe(count: int, listed_count: int) -> str:
    """ "**12 ticked**, 3 of them not in this list ·" as Markdown."""
    text = f"**{number(count)} ticked**"
    if count > listed_count:
        missing = count - listed_count
        whom = f"{number(missing)} of them" if count > 1 else "it is"
        text += f", {whom} not in this list"
    if count >= MAX_TICKED:
        text += f" {UNKNOWN} no more can be ticked at once"
    return f"{text} ·"
