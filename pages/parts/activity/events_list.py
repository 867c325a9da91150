"""What was done: the entries of the ledger, filtered by kind, person, account or Page, and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.text.formats import cell_day, count, local, one_line, zones_of
from pages.ui import signed_in, url_controls
from pages.ui.export import menu
from pages.ui.export.menu import Offer, OfferGroup
from storage.export.csv_xlsx import make_file_name
from storage.export.ledger_file import export_ledger
from storage.jobs.events import (
    PEOPLE_KINDS,
    EventFilter,
    EventRecord,
    count_events,
    list_doers,
    list_events,
)
from storage.people.person import load_people_names

EVENT_ROWS = 25
MAX_SEARCH = 100
MAX_DOERS = 20  # chosen at once
EVERYTHING = "Everything"
PEOPLE = "People and sign-ins"
# By the value of the URL parameter, so a published one is never renamed.
KINDS: Mapping[str, tuple[str, ...]] = {
    EVERYTHING: (),
    "Accounts": (
        *("connected", "renewed", "disconnected", "needs_renewal", "deauthorized"),
        *("frozen", "thawed", "page_access_forgotten"),
    ),
    "Pages": (
        *("archived", "unarchived", "goal_set", "goal_removed", "run_asked"),
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
    PEOPLE: PEOPLE_KINDS,
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
_PAGE, _FILTER, _BY = "events-page", "events-filter", "by"


def render(installation: Installation, tell: Callable[[EventRecord], str]) -> None:
    """Draw filter, export and table. ``tell`` puts an event into words, as plain text."""
    st.header("What was done", anchor=False)
    database = installation.database
    every = EventFilter(has_people=signed_in.may("admin"))
    with database.reading() as session:
        if not count_events(session, every):
            st.markdown("Nothing was done yet.")
            return
        doers = _name_doers(session, every)
    filter = _choose(installation, every, doers, tell)
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
        if total > EVENT_ROWS or filter != every:
            last = first + len(events)
            st.caption(f"{count(first + 1)}–{count(last)} of {count(total)}, newest first.")
        _draw_table(events, tell)


def _name_doers(session: Session, every: EventFilter) -> dict[str, str]:
    """Who did something, by key; people by name before fixed names."""
    keys = list_doers(session, has_people=every.has_people)
    names = load_people_names(session, keys)
    people = sorted(names, key=lambda key: names[key].casefold())
    return {key: name_doer(key, names.get(key)) for key in dict.fromkeys([*people, *keys])}


def _choose(
    installation: Installation,
    every: EventFilter,
    doers: Mapping[str, str],
    tell: Callable[[EventRecord], str],
) -> EventFilter:
    kinds = [kind for kind in KINDS if kind != PEOPLE or every.has_people]
    with st.container(horizontal=True, vertical_alignment="bottom", key="events-filter-row"):
        kind = st.selectbox("What", kinds, width=190, key="what", bind="query-params")
        by = _choose_doers(doers) if len(doers) > 1 else ()
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
        filter = replace(
            every,
            by=by,
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


def _choose_doers(doers: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of the URL, which a choice changes."""
    keys = [key for key in st.query_params.get_all(_BY) if key in doers]
    chosen = url_controls.choose_several(
        "Who",
        doers,
        keys[:MAX_DOERS],
        key="events-by",
        placeholder="Everybody",
        max_selections=MAX_DOERS,
    )
    if chosen is not None:
        if chosen:
            st.query_params[_BY] = chosen
        else:
            st.query_params.pop(_BY, None)
        st.rerun()
    return tuple(keys[:MAX_DOERS])


def _offer(
    installation: Installation, filter: EventFilter, tell: Callable[[EventRecord], str]
) -> Offer:
    def make() -> bytes:
        with installation.database.reading() as session:
            return export_ledger(session, filter, tell, find_who)

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
    """Who did it, by their present name; the dashboard itself where nobody did."""
    return name_doer(event.by or NOBODY.get(event.kind, "Dashboard"), event.by_name)


def name_doer(key: str, name: str | None) -> str:
    """The name of a person; of whoever did not sign in "This computer", "Command line (ann)"."""
    return one_line(name) if name else key[:1].upper() + key[1:]
