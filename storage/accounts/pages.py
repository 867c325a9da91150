"""Facebook's Pages as it described them last, and what each account's grant may do on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from storage.chosen import chosen_by_id
from storage.columns import assign_positions
from storage.engine import note_erasure
from storage.folding import fold
from storage.installation import bump_data_version
from storage.kept_connections import keep_connection, keep_connections
from storage.models import Grant, Page, PageGrant
from storage.text import storable_row
from storage.upsert import Conflict, count_changed, table_of, upsert

# Names are compared by their beginning: PostgreSQL's index refuses entries of 2,700 bytes.
FOLDED_LENGTH = 600
# Databases limit the parameters of one statement (SQLite: 32,766).
IDS_AT_ONCE = 1_000
DESCRIBED_ANEW = Conflict(first_only=("first_seen_at",))


@dataclass(frozen=True)
class PageRow:
    """What Facebook says of a Page. None where it says nothing."""

    id: str
    name: str
    category: str | None = None
    about: str | None = None
    website: str | None = None
    link: str | None = None
    username: str | None = None
    phone: str | None = None
    emails: list[str] | None = None
    location: Mapping[str, Any] | None = None
    verification_status: str | None = None
    is_published: bool | None = None
    is_new_page_experience: bool | None = None
    graph_version: str | None = None


@dataclass(frozen=True)
class Readable:
    """A Page that can be read with a page access token, and whose grant gave it."""

    page_id: str
    grant_id: int
    account_id: str
    account_name: str
    key_id: str
    sealed_page_token: str = field(repr=False)


def folded_name(name: str) -> str:
    """Return the form of a Page's name that ``name_folded`` holds."""
    return fold(name)[:FOLDED_LENGTH]


def upsert_pages(session: Session, rows: Iterable[PageRow], now: datetime) -> None:
    """Store Pages as described at ``now``. What a row leaves None becomes NULL, whatever was there.

    History hangs on the id alone, so a renamed Page keeps it.
    """
    described = [_described(row, now) for row in rows]
    upsert(session, Page, described, DESCRIBED_ANEW)
    if described:
        assign_positions(session)
        # Whether a Page is published counts.
        keep_connections(session, chosen_by_id(session, [row["id"] for row in described]))
        bump_data_version(session)


def mark_missing(
    session: Session,
    grant_id: int,
    page_ids: Iterable[str],
    now: datetime,
    *,
    status: str = "missing",
) -> None:
    """Take Pages from a grant: their page access tokens are erased, the Pages and history stay.

    ``status`` says why: "missing", "left_out" or "no_access". Pages that the grant never had are
    passed over.
    """
    parameters = [{"this_page_id": page_id} for page_id in page_ids]
    if not parameters:
        return
    table = table_of(PageGrant)
    statement = (
        update(table)
        .where(table.c.grant_id == grant_id, table.c.page_id == bindparam("this_page_id"))
        .values(_without_token(status, None, None, now))
    )
    session.execute(statement, parameters)
    keep_connections(session, chosen_by_id(session, [row["this_page_id"] for row in parameters]))
    note_erasure(session)
    bump_data_version(session)


def set_page_grant_status(
    session: Session,
    page_id: str,
    grant_id: int,
    status: str,
    *,
    code: int | None,
    subcode: int | None,
    now: datetime,
    token_read_at: datetime | None = None,
) -> bool:
    """Record what Facebook made of one Page of a grant; return whether its status changed.

    Any status but "ok" erases the page access token. With ``token_read_at`` a page grant renewed
    since then is left alone: the answer was about the token before.
    """
    conditions = [PageGrant.page_id == page_id, PageGrant.grant_id == grant_id]
    if token_read_at is not None:
        conditions.append(PageGrant.granted_at <= token_read_at)
    statement = update(PageGrant).where(*conditions, PageGrant.status != status)
    if status == "ok":
        values: dict[str, Any] = {"status": "ok", "status_at": now}
        values |= {"reason_code": None, "reason_subcode": None}
    else:
        values = _without_token(status, code, subcode, now)
        note_erasure(session)
    changed = count_changed(session, statement.values(values)) > 0
    if changed:
        keep_connection(session, page_id)
        bump_data_version(session)
    return changed


def list_page_names(session: Session, page_ids: Iterable[str]) -> dict[str, str]:
    """Return id → name of those Pages that are stored; in no order."""
    ids = list(page_ids)
    names: dict[str, str] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        rows = session.execute(select(Page.id, Page.name).where(Page.id.in_(some)))
        names.update((id, name) for id, name in rows)
    return names


def list_readable(session: Session) -> list[Readable]:
    """Return every page grant with a token under a grant that works.

    The most recently renewed grant comes first, whole; so for a Page that several accounts hold,
    the best token to try comes first. Within a grant by Page id.
    """
    query = (
        select(
            PageGrant.page_id,
            PageGrant.grant_id,
            Grant.account_id,
            Grant.account_name,
            PageGrant.key_id,
            PageGrant.sealed_page_token,
        )
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(
            Grant.status == "ok",
            PageGrant.sealed_page_token.is_not(None),
            PageGrant.key_id.is_not(None),
        )
        .order_by(Grant.renewed_at.desc(), Grant.id.desc(), PageGrant.page_id)
    )
    return [
        Readable(page_id, grant_id, account_id, account_name, key_id or "", token or "")
        for page_id, grant_id, account_id, account_name, key_id, token in session.execute(query)
    ]


def _described(row: PageRow, now: datetime) -> dict[str, Any]:
    plain = storable_row(vars(row))
    return {
        **plain,
        "name_folded": folded_name(plain["name"]),
        "first_seen_at": now,
        "described_at": now,
    }


def _without_token(
    status: str, code: int | None, subcode: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "status": status,
        "status_at": case((PageGrant.status == status, PageGrant.status_at), else_=now),
        "reason_code": code,
        "reason_subcode": subcode,
        "sealed_page_token": None,
        "key_id": None,
    }
