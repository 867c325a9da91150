"""Pages that an attempt found, kept as rows until the operator saves or discards them.

Staged as they will be stored, tokens sealed for their owner, so that saving is a handful of
statements within the database: no token is opened and no row passes through the program again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.orm import Session

from storage.accounts.pages import IDS_AT_ONCE, folded_name
from storage.accounts.pictures import picture_path
from storage.among import among
from storage.engine import note_erasure
from storage.json_text import to_json
from storage.models import AttemptPage, Page, PageGrant
from storage.text import is_storable, storable_or_none
from storage.upsert import count_changed, insert_plain, table_of


class StagedPage(TypedDict):
    """A Page of Facebook's answer, by column. ``sealed_page_token`` and ``key_id`` go together."""

    page_id: str
    depth: str  # "full" | "figures" | "basic"
    tasks: tuple[str, ...]
    sealed_page_token: str | None
    key_id: str | None
    fans_count: int | None
    followers_count: int | None
    name: str
    category: str | None
    about: str | None
    website: str | None
    link: str | None
    username: str | None
    phone: str | None
    emails: list[str] | None
    location: dict[str, Any] | None
    verification_status: str | None
    is_published: bool | None
    is_new_page_experience: bool | None
    picture_url: str | None


# Facebook's words; all other text is of letters and digits that every database takes.
_WORDS = (
    "name",
    "category",
    "about",
    "website",
    "link",
    "username",
    "phone",
    "verification_status",
    "picture_url",
)
_words = itemgetter(*_WORDS)
# Written out: when Pages are saved, SQLAlchemy takes as long to put this together as the database
# to answer it.
_STANDINGS = text(
    "SELECT page_id, pages.id IS NOT NULL, sealed_page_token IS NOT NULL FROM attempt_pages"
    " LEFT JOIN pages ON pages.id = page_id WHERE attempt_id = :attempt_id"
    " ORDER BY attempt_pages.position"
)


class Standing(NamedTuple):
    """How a staged Page stands to what is stored."""

    page_id: str
    is_known: bool  # whoever connected it
    has_access: bool


class Sight(NamedTuple):
    """What is shown of a staged Page."""

    page_id: str
    is_known: bool
    has_access: bool
    name: str
    category: str | None
    fans_count: int | None
    tasks: list[str]
    is_published: bool | None
    is_left_out: bool  # unticked


def stage_pages(session: Session, attempt_id: str, pages: Sequence[StagedPage]) -> None:
    """Keep the Pages that an attempt found, each once, in the order in which they are shown."""
    rows = [_row(attempt_id, position, page) for position, page in enumerate(pages)]
    insert_plain(session, AttemptPage, rows)


def list_standings(session: Session, attempt_id: str) -> list[Standing]:
    """Return the staged Pages in order, as they stand at this moment."""
    rows = session.connection().execute(_STANDINGS, {"attempt_id": attempt_id})
    return [Standing(id, bool(is_known), bool(has_access)) for id, is_known, has_access in rows]


def list_sights(session: Session, attempt_id: str) -> list[Sight]:
    """Return the staged Pages in order, as they are shown at this moment."""
    staged, known = table_of(AttemptPage), table_of(Page)
    query = (
        select(
            staged.c.page_id,
            known.c.id.is_not(None),
            staged.c.sealed_page_token.is_not(None),
            staged.c.name,
            staged.c.category,
            staged.c.fans_count,
            staged.c.tasks,
            staged.c.is_published,
            staged.c.is_left_out,
        )
        .join_from(staged, known, known.c.id == staged.c.page_id, isouter=True)
        .where(staged.c.attempt_id == attempt_id)
        .order_by(staged.c.position)
    )
    return [Sight._make(row) for row in session.execute(query)]


def leave_out(session: Session, attempt_id: str, page_ids: Collection[str]) -> None:
    """Remember which of the staged Pages are unticked: these and no others."""
    staged = table_of(AttemptPage)
    is_left_out = among(session, staged.c.page_id, page_ids)
    statement = update(staged).where(
        staged.c.attempt_id == attempt_id, staged.c.is_left_out != is_left_out
    )
    count_changed(session, statement.values(is_left_out=is_left_out))


def list_unlisted(session: Session, attempt_id: str, grant_id: int) -> list[tuple[str, str]]:
    """Return (id, name) of Pages that a grant can read and that are not staged; in no order."""
    is_staged = exists().where(
        AttemptPage.attempt_id == attempt_id, AttemptPage.page_id == PageGrant.page_id
    )
    query = (
        select(Page.id, Page.name)
        .join(PageGrant, PageGrant.page_id == Page.id)
        .where(PageGrant.grant_id == grant_id, PageGrant.sealed_page_token.is_not(None), ~is_staged)
    )
    return [(id, name) for id, name in session.execute(query)]


def erase_staged(
    session: Session, attempt_id: str, page_ids: Collection[str] | None = None
) -> None:
    """Erase all staged Pages of an attempt, or those of ``page_ids``."""
    staged = table_of(AttemptPage)
    of_attempt = delete(staged).where(staged.c.attempt_id == attempt_id)
    if page_ids is None:
        count_changed(session, of_attempt)
    else:
        ids = list(page_ids)
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = ids[start : start + IDS_AT_ONCE]
            count_changed(session, of_attempt.where(staged.c.page_id.in_(some)))
    note_erasure(session)


def _row(attempt_id: str, position: int, page: StagedPage) -> dict[str, Any]:
    row: dict[str, Any] = dict(page)
    if not is_storable("".join(filter(None, _words(row)))):
        for name in _WORDS:
            row[name] = storable_or_none(row[name])
    row["tasks"] = to_json(page["tasks"])
    for name in ("emails", "location"):
        if row[name] is not None:
            row[name] = to_json(row[name])
    url = row["picture_url"]
    row["attempt_id"] = attempt_id
    row["position"] = position
    row["name_folded"] = folded_name(row["name"])
    row["picture_path"] = None if url is None else picture_path(url)
    return row
