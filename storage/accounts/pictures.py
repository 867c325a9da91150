"""Pictures: stores Facebook's links to Pages' pictures, and our own copies of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.db.installation import bump_data_version
from storage.db.text import storable
from storage.db.upsert import Conflict, count_changed, upsert
from storage.models import Picture

# Facebook's links expire within a month; older ones are not requested.
LINK_LIFETIME = timedelta(days=28)
# A fetched picture is due again after this time.
REFETCH_AFTER = timedelta(days=7)


# A picture whose path is another one is due at once: the signature in the query changes daily, the
# path only with the picture. Without a link the copy is dropped.
_IS_THE_SAME = "pictures.source_path = excluded.source_path"
_IS_THERE = "excluded.source_path IS NOT NULL"
KEEP_THE_SAME = Conflict(
    special={
        "fetched_at": f"CASE WHEN {_IS_THE_SAME} THEN pictures.fetched_at END",
        "content": f"CASE WHEN {_IS_THERE} THEN pictures.content END",
        "content_type": f"CASE WHEN {_IS_THERE} THEN pictures.content_type END",
        "etag": f"CASE WHEN {_IS_THERE} THEN pictures.etag END",
    }
)


def picture_path(url: str) -> str:
    """Return the path of a link, without its leading slash; never raises."""
    return url.partition("?")[0].partition("//")[2].partition("/")[2]


def upsert_picture_sources(session: Session, urls: Mapping[str, str | None], now: datetime) -> None:
    """Store the links to Pages' pictures, by Page id; None for a silhouette.

    A picture whose path has changed is due at once. Without a link the copy is deleted.
    """
    rows = [
        {
            "page_id": page_id,
            "source_url": storable(url) if url is not None else None,
            "source_path": storable(picture_path(url)) if url is not None else None,
            "source_at": now,
            "fetched_at": None,
        }
        for page_id, url in urls.items()
    ]
    upsert(session, Picture, rows, KEEP_THE_SAME)
    if None in urls.values():
        bump_data_version(session)


def list_pictures_due(session: Session, now: datetime, *, limit: int) -> list[tuple[str, str]]:
    """Return (Page id, link) of pictures never fetched, or not for REFETCH_AFTER; oldest first.

    Links older than LINK_LIFETIME and archived Pages are left out.
    """
    query = (
        select(Picture.page_id, Picture.source_url)
        .where(
            Picture.source_url.is_not(None),
            Picture.source_at > now - LINK_LIFETIME,
            or_(Picture.fetched_at.is_(None), Picture.fetched_at <= now - REFETCH_AFTER),
            Picture.page_id.not_in(archived_ids()),
        )
        .order_by(Picture.fetched_at.is_not(None), Picture.fetched_at, Picture.page_id)
        .limit(limit)
    )
    return [(page_id, url) for page_id, url in session.execute(query) if url is not None]


def save_picture(
    session: Session,
    page_id: str,
    *,
    content: bytes | None,
    content_type: str | None,
    now: datetime,
) -> None:
    """Store a fetched picture; with ``content`` None an older copy stays.

    In both cases it is due again after REFETCH_AFTER.
    """
    where = update(Picture).where(Picture.page_id == page_id)
    if content is None:
        count_changed(session, where.values(fetched_at=now))
        return
    etag = hashlib.sha256(content).hexdigest()[:16]
    is_new = Picture.etag.is_distinct_from(etag)
    if count_changed(
        session,
        where.where(is_new).values(content=content, content_type=content_type, etag=etag),
    ):
        bump_data_version(session)
    count_changed(session, where.values(fetched_at=now))


def find_picture(session: Session, page_id: str) -> Picture | None:
    """Return a Page's picture; None when no copy is stored."""
    query = select(Picture).where(Picture.page_id == page_id, Picture.content.is_not(None))
    return session.scalar(query, execution_options={"populate_existing": True})
