"""Erasure: deletes an account with its Pages, or one Page, with everything that is stored about it.

Rows that belong to a Page or a grant go with it by their foreign keys. A file of past figures may
be named after a Page, and belongs to none: its name goes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage.accounts.grants import forget_tokens
from storage.accounts.page_moves import list_other_ids
from storage.db.engine import note_erasure
from storage.db.errors import JobRunning
from storage.db.installation import bump_data_version
from storage.db.upsert import count_changed, table_of
from storage.jobs.runs import list_active_kinds
from storage.models import (
    Attempt,
    Base,
    Goal,
    Grant,
    Import,
    JobLease,
    Note,
    Page,
    PageGrant,
    PageMove,
    Picture,
    SeenPage,
    Snapshot,
)

ErasureKind = Literal["account", "page"]

NAMES_SHOWN = 3
ERASED_FILE_NAME = "a file whose name was erased"
# Attempts that may hold the account or Page: what they have read is not saved yet.
UNSAVED = ("reading", "ready")


@dataclass(frozen=True)
class Erasure:
    """What erasing an account or a Page deletes.

    ``id`` is Facebook's. ``page_ids``: the Pages that go, by name, also under their other ids (see
    `find_erasure`); ``page_names``: the first NAMES_SHOWN of them. ``kept_count``: Pages of the
    account that stay, since another account has access to them. ``days_count``: figures, one for
    each Page and day. ``asked_at``: it goes only if it has not been connected or renewed since
    then; None for whatever its age.
    """

    kind: ErasureKind
    id: str
    name: str
    grant_id: int | None
    page_ids: tuple[str, ...]
    page_names: tuple[str, ...]
    kept_count: int
    days_count: int
    notes_count: int
    goals_count: int
    pictures_count: int
    attempts_count: int
    asked_at: datetime | None = None


def find_erasure(
    session: Session, kind: ErasureKind, id: str, asked_at: datetime | None = None
) -> Erasure | None:
    """Return what erasing the account or Page deletes.

    None without one of Facebook's id ``id``, and when it was connected or renewed after
    ``asked_at``: that is a new consent. A Page to which Facebook gave another id goes under both:
    the earlier id always, the new one where the history was taken along to it.
    """
    if asked_at is not None and _is_newer(session, kind, id, asked_at):
        return None
    grant: Grant | None = None
    if kind == "account":
        grant = session.scalar(select(Grant).where(Grant.account_id == id))
        if grant is None:
            return None
        goes = _only_read_by(grant.id)
        others = list_other_ids(session, session.scalars(select(Page.id).where(goes)).all())
    else:
        goes = Page.id == id
        others = list_other_ids(session, [id], follows_history=True)
    if asked_at is not None:
        others = {each for each in others if not _is_newer(session, "page", each, asked_at)}
    goes = or_(goes, Page.id.in_(sorted(others)))
    ids = select(Page.id).where(goes)
    pages = session.execute(select(Page.id, Page.name).where(goes).order_by(Page.name_folded)).all()
    if grant is None and not pages:
        return None
    name = (
        grant.account_name if grant else next((p.name for p in pages if p.id == id), pages[0].name)
    )
    grant_id = grant.id if grant else None
    held = select(func.count()).select_from(PageGrant)
    kept = held.where(PageGrant.grant_id == grant_id, PageGrant.page_id.not_in(ids))
    attempts = select(func.count()).select_from(Attempt).where(Attempt.grant_id == grant_id)

    def count(model: type[Snapshot | Note | Goal | Picture]) -> int:
        query = select(func.count()).select_from(model).where(model.page_id.in_(ids))
        return session.scalar(query) or 0

    return Erasure(
        kind=kind,
        id=id,
        name=name,
        grant_id=grant_id,
        page_ids=tuple(row.id for row in pages),
        page_names=tuple(row.name for row in pages[:NAMES_SHOWN]),
        kept_count=0 if grant_id is None else session.scalar(kept) or 0,
        days_count=count(Snapshot),
        notes_count=count(Note),
        goals_count=count(Goal),
        pictures_count=count(Picture),
        attempts_count=0 if grant_id is None else session.scalar(attempts) or 0,
        asked_at=asked_at,
    )


def prepare_erasure(session: Session, erasure: Erasure, now: datetime) -> None:
    """Take away the access to everything that goes, so that no run reads it any more.

    Connections that were not saved yet are dropped, whoever's they are: what they have read is
    sealed, and may be this account or Page. Raises JobRunning while a run is active: it would store
    what it has just read.
    """
    if list_active_kinds(session):
        raise JobRunning
    # A run that was asleep for so long must not store what it had read before.
    count_changed(session, delete(JobLease))
    if erasure.grant_id is None:
        _delete_by(session, PageGrant, "page_id", erasure.page_ids)
    else:
        forget_tokens(session, erasure.grant_id, now)
    drop_unsaved(session)
    bump_data_version(session)


def drop_unsaved(session: Session, begun_until: datetime | None = None) -> None:
    """Delete the connections that were not saved yet, or those begun by a time."""
    statement = delete(Attempt).where(Attempt.status.in_(UNSAVED))
    if begun_until is not None:
        statement = statement.where(Attempt.created_at <= begun_until)
    count_changed(session, statement)
    note_erasure(session)


def erase_pages(session: Session, page_ids: Sequence[str]) -> None:
    """Delete Pages, their figures and what operators wrote about them.

    Files that held figures of them lose their names. So do files whose import was undone: which
    Pages they held is no longer known.
    """
    sources = select(Snapshot.fans_source, Snapshot.followers_source).distinct()
    of_pages = Snapshot.page_id.in_(page_ids)
    imports = {
        int(source.removeprefix("import:"))
        for row in session.execute(sources.where(of_pages))
        for source in row
        if source is not None and source.startswith("import:")
    }
    _delete_by(session, Page, "id", page_ids)
    _delete_by(session, SeenPage, "page_id", page_ids)
    _delete_by(session, PageMove, "new_id", page_ids)
    unnamed = or_(Import.id.in_(imports), Import.undone_at.is_not(None))
    count_changed(session, update(Import).where(unnamed).values(file_name=ERASED_FILE_NAME))
    note_erasure(session)
    bump_data_version(session)


def erase_grant(session: Session, grant_id: int) -> None:
    """Delete an account with its attempts and its failures in runs."""
    count_changed(session, delete(Grant).where(Grant.id == grant_id))
    note_erasure(session)
    bump_data_version(session)


def _is_newer(session: Session, kind: ErasureKind, id: str, time: datetime) -> bool:
    """Return whether an account was connected or renewed, or a Page was granted, after a time."""
    if kind == "account":
        query = select(Grant.id).where(Grant.account_id == id, Grant.renewed_at > time)
        return session.scalar(query) is not None
    is_granted = exists().where(
        PageGrant.page_id == Page.id,
        PageGrant.sealed_page_token.is_not(None),
        PageGrant.granted_at > time,
    )
    is_newer = or_(Page.first_seen_at > time, is_granted)
    return session.scalar(select(Page.id).where(Page.id == id, is_newer)) is not None


def _only_read_by(grant_id: int) -> ColumnElement[bool]:
    """Return the condition on Page: this account holds or held it, and no other may read it."""
    other = aliased(PageGrant)
    is_shared = exists().where(
        other.page_id == PageGrant.page_id,
        other.grant_id != grant_id,
        other.sealed_page_token.is_not(None),
    )
    return Page.id.in_(select(PageGrant.page_id).where(PageGrant.grant_id == grant_id, ~is_shared))


def _delete_by(session: Session, model: type[Base], name: str, values: Sequence[str]) -> None:
    """Delete the rows in which a column has one of these values."""
    table = table_of(model)
    if values:
        statement = delete(table).where(table.c[name] == bindparam("value"))
        session.execute(statement, [{"value": value} for value in values])
