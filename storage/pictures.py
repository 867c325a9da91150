"""Pages' pictures: where Facebook keeps them for now, and our own copies to serve."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storage.installation import bump_data_version
from storage.models import Picture
from storage.upsert import count_changed, upsert

# Facebook's links die within a month: older ones are not worth a request.
LINK_LIFETIME = timedelta(days=28)
# A fetched picture is looked at again long before.
REFETCH_AFTER = timedelta(days=7)
IDS_AT_ONCE = 1_000


def upsert_picture_sources(session: Session, urls: Mapping[str, str | None], now: datetime) -> None:
    """Note where Pages' pictures are (by Page id); None where Facebook has none worth keeping.

    A picture whose path is another one is due at once: the signature in the query changes daily,
    the path only with the picture. Without a link the copy is dropped.
    """
    ids = list(urls)
    for start in range(0, len(ids), IDS_AT_ONCE):
        _upsert_some(session, {id: urls[id] for id in ids[start : start + IDS_AT_ONCE]}, now)


def list_pictures_due(
    session: Session, now: datetime, *, limit: int = 10_000
) -> list[tuple[str, str]]:
    """Return (Page id, link) of pictures never fetched, or not for REFETCH_AFTER; oldest first.

    Links that have outlived LINK_LIFETIME are left out.
    """
    query = (
        select(Picture.page_id, Picture.source_url)
        .where(
            Picture.source_url.is_not(None),
            Picture.source_at > now - LINK_LIFETIME,
            or_(Picture.fetched_at.is_(None), Picture.fetched_at <= now - REFETCH_AFTER),
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
    """Keep a fetched picture, or note that the link gave none; then an older copy stays.

    Either way it is not due again for REFETCH_AFTER.
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
    """Return a Page's picture when there is a copy to serve."""
    query = select(Picture).where(Picture.page_id == page_id, Picture.content.is_not(None))
    return session.scalar(query, execution_options={"populate_existing": True})


def _upsert_some(session: Session, urls: Mapping[str, str | None], now: datetime) -> None:
    query = select(Picture.page_id, Picture.source_url, Picture.fetched_at)
    known = {
        page_id: (url, fetched_at)
        for page_id, url, fetched_at in session.execute(query.where(Picture.page_id.in_(urls)))
    }
    rows = []
    for page_id, url in urls.items():
        old_url, fetched_at = known.get(page_id, (None, None))
        is_same = url is not None and old_url is not None and _path(old_url) == _path(url)
        rows.append(
            {
                "page_id": page_id,
                "source_url": url,
                "source_at": now,
                "fetched_at": fetched_at if is_same else None,
            }
        )
    upsert(session, Picture, rows)
    without = [page_id for page_id, url in urls.items() if url is None]
    drop = update(Picture).where(Picture.page_id.in_(without), Picture.etag.is_not(None))
    if without and count_changed(session, drop.values(content=None, content_type=None, etag=None)):
        bump_data_version(session)


def _path(url: str | None) -> str | None:
    return None if url is None else urlsplit(url).path
