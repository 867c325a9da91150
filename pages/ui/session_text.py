"""Sentence on one session of a person, for their own menu and for administrators."""

from __future__ import annotations

from pages.text import people_text
from pages.text.formats import moment
from storage.sign_in.sessions import OpenSession


def line(session: OpenSession, own_id: str | None = None) -> str:
    """ "**Chrome on Windows** (this one), since 22 Nov 2026, 06:05 UTC, last used …" as Markdown.

    ``own_id``: of the session that asks.
    """
    is_own = " (this one)" if session.id == own_id else ""
    return (
        f"**{people_text.browser(session.browser)}**{is_own}, since {moment(session.started_at)}, "
        f"last used {moment(session.seen_at)}"
    )
