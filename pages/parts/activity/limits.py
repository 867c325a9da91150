"""Facebook's limits: a sentence for each that slows or stops reading at present."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from fb.installation import Installation
from fb.jobs.rate_governor import SLOW_PERCENT
from pages.text.formats import at_about, number, plain
from storage.jobs.rate_limits import Limit, list_limits_by_name

MAX_ACCOUNTS = 5


def render(installation: Installation) -> None:
    """Draw the sentences; nothing while reading goes on at full speed."""
    now = installation.now()
    with installation.database.reading() as session:
        limits = list_limits_by_name(session, now)
    sentences = [
        describe(name, limit, now)
        for name, limit in limits
        if limit.until is not None or (limit.percent or 0) > SLOW_PERCENT
    ]
    for sentence in sentences[:MAX_ACCOUNTS]:
        st.info(plain(sentence), icon=":material/speed:")
    if len(sentences) > MAX_ACCOUNTS:
        st.caption(f"and {number(len(sentences) - MAX_ACCOUNTS)} more accounts")


def describe(name: str | None, limit: Limit, now: datetime) -> str:
    """ "Facebook's limit for this app: 96 % used. Reading goes on at 14:05 UTC."

    ``name`` is the account's, None for the app.
    """
    of = f"Facebook's limit for {name or 'this app'}"
    used = f"{of} is reached." if limit.percent is None else f"{of}: {limit.percent} % used."
    if limit.until is None:
        return f"{used} Until it is less, reading is slower."
    return f"{used} Reading goes on at {at_about(limit.until, now)}."
