"""What was done: the entries of the ledger, filtered by kind, account or Page, and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd
import streamlit as st

from fb.installation import Installation
from pages.text.formats import cell_day, count, local, one_line, zones_of
from pages.ui.export import menu
from pages.ui.export.menu import Offer, OfferGroup
from storage.export.csv_xlsx import make_file_name
from storage.export.ledger_file import export_ledger
from storage.jobs.events import (
    EVERY_EVENT,
    EventFilter,
    EventRecord,
    count_events,
    list_events,
)

EVENT_ROWS = 25
MAX_SEARCH = 100
EVERYTHING = "Everything"
# By the value of the URL parameter, so a published one is never renamed.
KINDS: Mapping[str, tuple[str, ...]] = {
    EVERYTHING: (),
    "Accounts": (
        *("connected", "renewed", "disconnected", "needs_renewal", "deauthorized"),
        *("frozen", "thawed", "page_access_forgotten"),
    ),
    "Pages": (
        *("archived", "unarchived", "goal_set", "goal_removed"),
        *("page_moved", "history_taken_along", "history_move_undone"),
    ),
    "Tags and notes": (
        *("tagged", "untagged", "tag_renamed", "tag_deleted"),
        *("noted", "note_changed", "note_deleted"),
    ),
    "Files and reports": ("imported", "import_undone", "exported", "report_headed"),
    "Programs": ("token_allowed", "token_withdrawn", "token_handed_out"),
    "Warnings": (
        *("channel_set", "channel_removed", "warnings_sent", "warnings_failed"),
        *("topic_switched", "feed_made", "feed_revoked"),
    ),
    "Deletions": ("account_erased", "page_erased"),
    "Keys": ("keys_rotated", "key_given_up", "ledger_begun", "ledger_rekeyed"),
}
# Who did what no operator did, unless it was the dashboard.
NOBODY: Mapping[str, str] = {
    "token_handed_out": "Program",
    "needs_renewal": "Facebook",
    "deauthorized": "Facebook",
    "account_erased": "Facebook",
    "page_erased": "Facebook",
    "page_moved": "Facebook",
}
_PAGE, _FILTER = "events-page", "events-filter"


def render(installation: Installation, tell: Callable[[EventRecord], str]) -> None:
    """Draw filter, export and table. ``tell`` puts an event into words, as plain text."""
    st.header("What was done", anchor=False)
    database = installation.database
    with database.reading() as session:
        if not count_events(session):
            st.markdown("Nothing was done yet.")
            return
    filter = _choose(installation, tell)
    if st.session_state.get(_FILTER, filter) != filter:
        st.session_state[_PAGE] = 1
    st.session_state[_FILTER] = filter
    with database.reading() as session:
        total = count_events(session, filter)
    if not total:
        st.markdown("Nothing that was done fits this.")
        return
    table = st.container()
    number = 1
    if total > EVENT_ROWS:
        number = st.pagination(-(-total // EVENT_ROWS), key=_PAGE)
    first = (number - 1) * EVENT_ROWS
    with database.reading() as session:
        events = list_events(session, filter, limit=EVENT_ROWS, offset=first)
    with table:
        if total > EVENT_ROWS or filter != EVERY_EVENT:
            last = first + len(events)
            st.caption(f"{count(first + 1)}–{count(last)} of {count(total)}, newest first.")
        _draw_table(events, tell)


def _choose(installation: Installation, tell: Callable[[EventRecord], str]) -> EventFilter:
    with st.container(horizontal=True, vertical_alignment="bottom", key="events-filter-row"):
        kind = st.selectbox("What", list(KINDS), width=180, key="what", bind="query-params")
        search = st.text_input(
            "Account or Page",
            type="search",
            live="300ms",
            placeholder="Name or id",
            width=200,
            key="about",
            bind="query-params",
        )
        since, until = (
            st.date_input(
                label,
                value=None,
                format="YYYY-MM-DD",
                width=150,
                key=name,
                bind="query-params",
            )
            for label, name in (("First day (UTC)", "from"), ("Last day (UTC)", "to"))
        )
        filter = EventFilter(
            kinds=KINDS.get(kind, ()),
            search=(search or "").strip()[:MAX_SEARCH],
            since=since if isinstance(since, date) else None,
            until=until if isinstance(until, date) else None,
        )
        menu.render(
            installation,
            lambda: [OfferGroup("What is listed below", [_offer(installation, filter, tell)])],
            key="export-events",
        )
    return filter


def _offer(
    installation: Installation, filter: EventFilter, tell: Callable[[EventRecord], str]
) -> Offer:
    def make() -> bytes:
        with installation.database.reading() as session:
            return export_ledger(session, filter, tell)

    day = installation.now().date().isoformat()
    name = make_file_name("pagekeeper", "activity", day, ending="csv")
    return Offer("CSV", "ledger-csv", name, make)


def _draw_table(events: list[EventRecord], tell: Callable[[EventRecord], str]) -> None:
    zone = zones_of(each.at for each in events)
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([local(each.at) for each in events]),
                "what": [one_line(tell(each)) for each in events],
                "who": [one_line(find_who(each)) for each in events],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                f"When ({zone})", width=150, format=cell_day(clock=True)
            ),
            "what": st.column_config.TextColumn("What happened", width=600),
            "who": st.column_config.TextColumn("Who", width=130),
        },
        hide_index=True,
        height="content",
        alt="What was done to accounts, tags, notes, goals and files, newest first",
    )


def find_who(event: EventRecord) -> str:
    """Who did it, "This computer" for its operators; the dashboard itself where nobody did."""
    by = event.by or NOBODY.get(event.kind, "Dashboard")
    return by[:1].upper() + by[1:]
