"""Texts of Activity's tables: refreshes, Pages that could not be read, events. Pure.

Plain text, nothing escaped: table cells are not Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pages.text.formats import clock, counted
from pages.text.phrases import why_ended
from pages.text.wording import for_error
from pages.ui.notes import note_text
from pages.ui.tags import tag_text

# By `storage.models.JobRun.started_by`.
RUN_KINDS: Mapping[str, str] = {
    "manual": "Refresh now",
    "daily": "Daily refresh",
    "command": "Refresh by command line",
    "history": "Sandbox history",
    "fast_forward": "Sandbox fast-forward",
}
RUN_WHO: Mapping[str, str] = {
    "manual": "Operator",
    "daily": "Dashboard",
    "command": "Command line",
    "history": "Sandbox",
    "fast_forward": "Sandbox",
}


def run_result(
    status: str,
    *,
    total: int,
    done: int,
    failed: int,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> str:
    """ "140 Pages", "2 of 140 failed", "812 of 6,000; Facebook allows the rest from 14:40 UTC"…

    ``limited_until`` and ``reason_code`` as in `storage.models.JobRun`: a code without a time is a
    rate limit for which Facebook named none.
    """
    if status == "running":
        return f"{done + failed:,d} of {total:,d}"
    if limited_until is not None:
        return f"{done:,d} of {total:,d}; Facebook allows the rest from {clock(limited_until)}"
    if reason_code is not None:
        return f"{done:,d} of {total:,d}; Facebook asked to slow down and named no time"
    if status == "interrupted":
        return f"Interrupted after {done:,d} of {counted(total, 'Page')}"
    if status == "stopped":
        return f"Stopped after {done:,d} of {total:,d}"
    if failed:
        return f"{failed:,d} of {total:,d} failed"
    if status == "failed":
        return "Failed"
    return counted(done, "Page")


def page_failure(
    kind: str,
    account_name: str | None,
    *,
    code: int | None = None,
    subcode: int | None = None,
    trace_id: str | None = None,
) -> str:
    """Why one Page could not be read, as plain text for a cell."""
    name = account_name or "The account"
    if kind == "AccessEnded":
        return why_ended(name, code, subcode)
    if kind == "PermissionMissing":
        return f"Facebook no longer lets {name} read this Page's figures."
    if kind == "NotFound":
        return f"The Page no longer exists at Facebook, or {name} may not see it."
    return for_error(kind, code=code, subcode=subcode, trace_id=trace_id).sentence


def _saved(facts: Mapping[str, Any]) -> str:
    parts = [
        f"{int(facts[key]):,d} {word}"
        for key, word in (("added", "added"), ("kept", "kept"), ("missing", "missing"))
        if facts.get(key)
    ]
    return ", ".join(parts) or "no Page"


def event(kind: str, account_name: str | None, facts: Mapping[str, Any]) -> str:
    """An event as plain text for a cell; ``facts`` depend on its kind."""
    if kind in tag_text.EVENTS:
        return tag_text.event(kind, facts)
    if kind in note_text.EVENTS:
        return note_text.event(kind, facts)
    if kind in ("imported", "import_undone"):
        what = f"{counted(int(facts.get('days', 0)), 'day')} of past figures"
        verb = "were imported from" if kind == "imported" else "were removed again: undone was"
        return f"{what} {verb} {facts.get('file', 'a file')}"
    name = account_name or "An account"
    if kind == "connected":
        return f"{name} was connected: {_saved(facts)}"
    if kind == "renewed":
        return f"{name}'s access was renewed: {_saved(facts)}"
    if kind == "disconnected":
        return f"{name} was disconnected; the history stays"
    if kind == "needs_renewal":
        return f"Facebook ended {name}'s access"
    if kind == "frozen":
        return f"{name} was frozen: no refresh until it is unfrozen"
    if kind == "thawed":
        return f"{name} was unfrozen"
    return f"{name}: {kind.replace('_', ' ')}"
