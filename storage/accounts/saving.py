"""Moves staged Pages to where they stay: Pages, page grants, the day's snapshots, pictures.

Each is one statement that reads and writes within the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from storage.accounts.page_changes import has_known, record_staged_changes
from storage.accounts.pages import DESCRIBED_ANEW
from storage.accounts.pictures import KEEP_THE_SAME
from storage.chosen import Chosen
from storage.engine import note_erasure
from storage.installation import bump_data_version
from storage.kept_connections import connection_of_staged, keep_connections
from storage.models import Base, Page, PageGrant, Picture, Snapshot
from storage.snapshots import NEWEST_REPORT, keeping
from storage.upsert import Conflict, table_of, upsert_from

_CHOSEN = "attempt_pages WHERE attempt_id = :attempt_id AND sealed_page_token IS NOT NULL"
_IS_KNOWN = "EXISTS (SELECT 1 FROM pages WHERE pages.id = attempt_pages.page_id)"
# What is kept with a Page from its first day here, so that no second look at each has to be taken.
_HAS_FIGURES = "depth <> 'basic'"
_NEW_PAGE = {
    "position": "(SELECT coalesce(max(position), -1) FROM pages)"
    " + row_number() OVER (ORDER BY page_id)",
    "fans_since": f"CASE WHEN {_HAS_FIGURES} AND fans_count IS NOT NULL THEN :day END",
    "followers_since": f"CASE WHEN {_HAS_FIGURES} AND followers_count IS NOT NULL THEN :day END",
}
_GRANTED_ANEW = Conflict(
    special={
        "status_at": "CASE WHEN page_grants.status = excluded.status"
        " THEN page_grants.status_at ELSE excluded.status_at END"
    }
)


def save_staged(
    session: Session,
    attempt_id: str,
    grant_id: int,
    *,
    read_at: datetime,
    graph_version: str | None,
    now: datetime,
) -> None:
    """Store the staged Pages that have a token: as described, and what the grant may do on them.

    Their figures become the snapshot of the UTC day of ``read_at``. Older tokens of the grant are
    overwritten. Erase before what shall not be saved, and everything after.
    """
    described = {"first_seen_at": read_at, "described_at": read_at, "graph_version": graph_version}
    granted = {
        "grant_id": grant_id,
        "status": "ok",
        "status_at": now,
        "reason_code": None,
        "reason_subcode": None,
        "granted_at": now,
    }
    counted = {
        "day": read_at.date(),
        "source": "snapshot",
        "fetched_at": read_at,
        "graph_version": graph_version,
    }
    seen = {"source_at": now, "fetched_at": None}
    save = _Saving(session, attempt_id)
    chosen = Chosen(f"SELECT page_id FROM {_CHOSEN}", {"attempt_id": attempt_id})  # noqa: S608 (a constant)
    with keeping(session, chosen, [read_at.date()]):
        is_any_known = has_known(session, attempt_id)
        if is_any_known:
            record_staged_changes(session, attempt_id, read_at)
            # Where Facebook refused to say all, the last description stays.
            save(Page, described, f"AND depth = 'full' AND {_IS_KNOWN}", DESCRIBED_ANEW)
        follows = {**_NEW_PAGE, "connection": connection_of_staged(session)}
        new = {**described, "day": read_at.date()}
        save(Page, new, f"AND NOT {_IS_KNOWN}", None, follows)
        save(PageGrant, granted, "", _GRANTED_ANEW)
        # With the basics alone nobody asked for figures: that is no snapshot without figures. Nor
        # does less than the whole answer say that there is no picture.
        save(Snapshot, counted, "AND depth <> 'basic'", NEWEST_REPORT)
        save(Picture, seen, "AND depth = 'full'", KEEP_THE_SAME)
    if is_any_known:  # of new ones, it was known beforehand
        keep_connections(session, chosen)
    note_erasure(session)
    bump_data_version(session)


# Where a column is called otherwise among the staged ones, and columns that are filled later.
_STAGED_AS: Mapping[type[Base], Mapping[str, str]] = {
    Page: {"id": "page_id"},
    Picture: {"source_url": "picture_url", "source_path": "picture_path"},
}
_LATER: Mapping[type[Base], frozenset[str]] = {
    Page: frozenset({"position", "fans_since", "followers_since", "connection"}),
    Picture: frozenset({"content", "content_type", "etag"}),
}


class _Saving:
    def __init__(self, session: Session, attempt_id: str) -> None:
        self._session = session
        self._attempt_id = attempt_id

    def __call__(
        self,
        model: type[Base],
        given: Mapping[str, Any],
        condition: str,
        conflict: Conflict | None,
        follows: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Fill each column of ``model`` as given, or as it was staged, or as it follows in SQL."""
        staged_as = {**_STAGED_AS.get(model, {}), **follows}
        later = _LATER.get(model, frozenset()).difference(follows)
        names = [c.name for c in table_of(model).c if c.name not in later]
        columns = {n: f":{n}" if n in given else staged_as.get(n, n) for n in names}
        values = {**given, "attempt_id": self._attempt_id}
        source = f"{_CHOSEN} {condition}"
        upsert_from(self._session, model, source, columns, values, conflict)
