"""Moves staged Pages to where they stay: Pages, page grants, the day's snapshots, pictures.

Each is one statement that reads and writes within the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storage.columns import Chosen
from storage.engine import note_erasure
from storage.installation import bump_data_version
from storage.models import Base, Page, PageGrant, Picture, Snapshot
from storage.page_changes import record_staged_changes
from storage.pages import DESCRIBED_ANEW
from storage.pictures import KEEP_THE_SAME
from storage.snapshots import NEWEST_REPORT, keep_columns
from storage.upsert import Conflict, table_of, upsert_from

_CHOSEN = "attempt_pages WHERE attempt_id = :attempt_id AND sealed_page_token IS NOT NULL"
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
    record_staged_changes(session, attempt_id, read_at)
    # Where Facebook refused to say all, the last description stays; a new Page gets what there is.
    save(Page, described, "AND depth = 'full'", DESCRIBED_ANEW)
    save(Page, described, "AND depth <> 'full'", None)
    save(PageGrant, granted, "", _GRANTED_ANEW)
    # With the basics alone nobody asked for figures: that is no snapshot without figures. Nor does
    # less than the whole answer say that there is no picture.
    save(Snapshot, counted, "AND depth <> 'basic'", NEWEST_REPORT)
    save(Picture, seen, "AND depth = 'full'", KEEP_THE_SAME)
    chosen = Chosen(f"SELECT page_id FROM {_CHOSEN}", {"attempt_id": attempt_id})  # noqa: S608 (a constant)
    keep_columns(session, chosen, [read_at.date()])
    note_erasure(session)
    bump_data_version(session)


# Where a column is called otherwise among the staged ones, and columns that are filled later.
_STAGED_AS: Mapping[type[Base], Mapping[str, str]] = {
    Page: {"id": "page_id"},
    Picture: {"source_url": "picture_url", "source_path": "picture_path"},
}
_LATER: Mapping[type[Base], frozenset[str]] = {
    Page: frozenset({"position", "fans_since", "followers_since"}),
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
    ) -> None:
        """Fill each column of ``model`` as given, or as it was staged."""
        staged_as = _STAGED_AS.get(model, {})
        names = [c.name for c in table_of(model).c if c.name not in _LATER.get(model, ())]
        columns = {n: f":{n}" if n in given else staged_as.get(n, n) for n in names}
        values = {**given, "attempt_id": self._attempt_id}
        source = f"{_CHOSEN} {condition}"
        upsert_from(self._session, model, source, columns, values, conflict)
