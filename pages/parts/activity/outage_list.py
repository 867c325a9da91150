"""Outages: the days on which no Page was read, with the reason of each."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from fb.installation import Installation
from pages.text import outage_text
from pages.text.formats import count, span
from storage.notes.outages import list_outages
from storage.notes.timeline_events import Scope

LISTED_DAYS = 90
MAX_LISTED = 10


def render(installation: Installation) -> None:
    """Draw the list, newest first; nothing without such days."""
    today = installation.now().date()
    since = today - timedelta(days=LISTED_DAYS - 1)
    with installation.database.reading() as session:
        outages = list_outages(session, Scope(), since=since, until=today)[::-1]
    if not outages:
        return
    st.header("Days without figures", anchor=False)
    st.caption(
        f"No Page was read on these of the last {count(LISTED_DAYS)} days. Facebook gives out no "
        "past counts, so they stay empty, unless a file of yours has them."
    )
    lines = [
        f"- **{span(each.since, each.until)}**: {outage_text.why(each.cause)}"
        for each in outages[:MAX_LISTED]
    ]
    if len(outages) > MAX_LISTED:
        lines.append(f"- And {count(len(outages) - MAX_LISTED)} before.")
    st.markdown("\n".join(lines))
