"""Reading of posts: its progress while posts are read, and the screen drawn anew with what came."""

from __future__ import annotations

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.cache import get_version
from pages.text.formats import count, counted
from pages.ui.polling import poll
from storage.jobs.runs import POSTS, find_active_run

WATCHING_SECONDS = 3.0
IDLE_SECONDS = 15.0


def render(installation: Installation, session: Session) -> None:
    """Draw how far the reading is, nothing while none is under way."""
    version = get_version(session)

    @poll(IDLE_SECONDS if find_active_run(session, POSTS) is None else WATCHING_SECONDS)
    def watch() -> None:
        with installation.database.reading() as session:
            run, now = find_active_run(session, POSTS), get_version(session)
        if now != version:
            st.rerun()
        if run is not None and run.pages_done < run.pages_total:
            pages = counted(run.pages_total, "Page")
            st.caption(f"Posts are being read: {count(run.pages_done)} of {pages}…")

    watch()
