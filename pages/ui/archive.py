"""Archive of Pages: the dialog, the banner of an archived Page, and where archived Pages are found.

`storage.accounts.archive` has the writes. The filter's URL parameter ``archived=yes`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.queries import count_filtered
from pages.text import phrases
from pages.text.formats import count, counted, day, local_day, plain
from pages.ui import flash, url_controls, viewer
from pages.ui.signed_in import may, me
from storage.accounts.archive import archive_pages, unarchive_pages
from storage.accounts.page_profile import PageProfile
from storage.accounts.pages import list_page_names
from storage.figures.filters import Filter

ICON, BACK_ICON = ":material/archive:", ":material/unarchive:"
PARAMETER, YES = "archived", "yes"
EVENTS = ("archived", "unarchived")
NAMES_SHOWN = 3
KEPT = (
    "Every figure, note and goal is kept. A search by name and Filter still find what is archived, "
    "and one click brings it back."
)
EMPTY_DAYS = (
    "While a Page is archived nothing is read from Facebook, and Facebook gives no past figures: "
    "those days stay empty for ever."
)


@viewer.dialog("Archive?", icon=ICON)
def confirm(installation: Installation, page_ids: Sequence[str]) -> None:
    """Draw the dialog that archives these Pages: one that left, or those of a client who left."""
    with installation.database.reading() as session:
        names = list_page_names(session, page_ids)
    if not names:
        st.markdown("No Page of these is here any more.")
        if st.button("Close", key="archive-close"):
            st.rerun()
        return
    st.markdown(leaving(sorted(names.values(), key=str.casefold)))
    st.caption(KEPT)
    st.caption(EMPTY_DAYS)
    with st.container(horizontal=True):
        is_pressed = st.button("Archive", type="primary", icon=ICON, key="archive-yes")
        if st.button("Cancel", key="archive-no"):
            st.rerun()
    if is_pressed:
        with installation.database.writing() as session:
            done = archive_pages(session, list(names), installation.now(), by=me())
        flash.leave(f"{plain(event('archived', done, _only_name(names)))}.", ICON)
        st.rerun()


def leaving(names: Sequence[str]) -> str:
    """What archiving does to Pages with these names, as Markdown."""
    who = phrases.named(names[:NAMES_SHOWN], len(names))
    if len(names) == 1:
        subject = f"**{who}** leaves"
    else:
        subject = f"**{counted(len(names), 'Page')}** ({who}) leave"
    return f"{subject} the totals, the chart, the table, the daily refresh and “Needs attention”."


def event(kind: str, pages_count: int, name: str | None) -> str:
    """An event of the archive, unescaped: "Café Lindenhof was archived", "3 Pages were …".

    ``name`` is that of the one Page; None where it is gone, or with several.
    """
    verb = "archived" if kind == "archived" else "brought back from the archive"
    if pages_count == 1:
        return f"{name or 'A Page'} was {verb}"
    return f"{counted(pages_count, 'Page')} were {verb}"


def render_action(installation: Installation, profile: PageProfile) -> None:
    """Draw the button on a Page's screen that archives it; nothing for an archived Page."""
    if profile.archived_at is not None or not may("operator"):
        return
    if st.button("Archive this Page…", type="tertiary", icon=ICON, key="archive-page"):
        confirm(installation, [profile.id])


def render_banner(installation: Installation, profile: PageProfile) -> None:
    """Draw since when a Page is archived, and the button that brings it back; else nothing."""
    if profile.archived_at is None:
        return
    with st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="archived-line",
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
            st.badge("Archived", icon=ICON, color="gray")
            st.markdown(banner(profile.archived_at), width="content")
        if may("operator") and st.button("Bring back", icon=BACK_ICON, key="unarchive"):
            bring_back(installation, [profile.id])


def bring_back(installation: Installation, page_ids: Sequence[str]) -> None:
    """Bring these Pages back from the archive, and draw the screen anew."""
    with installation.database.writing() as session:
        names = list_page_names(session, page_ids)
        done = unarchive_pages(session, page_ids, installation.now(), by=me())
    flash.leave(f"{plain(event('unarchived', done, _only_name(names)))}.", BACK_ICON)
    st.rerun()


def _only_name(names: Mapping[str, str]) -> str | None:
    """The name of a Page that is alone. Of several, one may be the only one that has changed."""
    return next(iter(names.values())) if len(names) == 1 else None


def banner(archived_at: datetime) -> str:
    """The sentence on an archived Page."""
    since = day(local_day(archived_at))
    return f"Archived since {since}. It is in no total and is not refreshed; its history is kept."


def is_chosen() -> bool:
    """Whether the URL asks for the archived Pages."""
    return st.query_params.get(PARAMETER) == YES


def choose(session: Session) -> None:
    """Draw the filter's switch to the archived Pages; nothing while there are none."""
    is_on = is_chosen()
    pages_count = count_filtered(session, Filter(archived=True), date.min, None)
    if not pages_count and not is_on:
        return
    key, drawn = "filter-archived", "filter-archived-drawn"
    # The URL decides, unless the operator has chosen since the switch was drawn with its value.
    if key not in st.session_state or st.session_state.get(drawn) != is_on:
        st.session_state[key] = st.session_state[drawn] = is_on
    choice = st.toggle(f"Archived Pages ({count(pages_count)})", key=key)
    if choice != is_on:
        st.session_state[drawn] = choice
        _show(choice)


def offer(session: Session, filter: Filter, *, is_search: bool) -> None:
    """Draw the button to the archived Pages of ``filter``; nothing where there are none.

    ``is_search``: they are those that match the search.
    """
    if filter.archived:
        return
    in_archive = replace(filter, archived=True, attention=False)
    pages_count = count_filtered(session, in_archive, date.min, None)
    if not pages_count:
        return
    which = f"{count(pages_count)} archived {'Page' if pages_count == 1 else 'Pages'}"
    verb = "matches" if pages_count == 1 else "match"
    label = f"{which} {verb}" if is_search else f"Show {which}"
    if st.button(label, type="tertiary", icon=ICON, key="show-archived"):
        _show(True)


def _show(is_archived: bool) -> None:
    """Show the archived Pages, or those that are not."""
    if is_archived:
        st.query_params[PARAMETER] = YES
    else:
        st.query_params.pop(PARAMETER, None)
    url_controls.change(page=1, show=None)
