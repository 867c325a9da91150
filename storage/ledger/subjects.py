"""Subjects: gives each thing that entries of the ledger are about a pseudonym, and finds it again.

A pseudonym is an HMAC of the thing's id under a key of its own, which is deleted with the thing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.models import EventSubject, Grant, Import, Note, Page, Tag

# By the column of EventSubject: the column of Event that has the pseudonym.
SUBJECTS: Mapping[str, str] = {
    "grant_id": "account",
    "page_id": "page",
    "tag_id": "tag",
    "note_id": "note",
    "import_id": "file",
}
PSEUDONYM_DIGITS = 32  # hex: 128 bits
MAX_PSEUDONYMS = 500  # in one statement


@dataclass(frozen=True)
class SubjectName:
    """The present name of a subject; of a note, its text. The others are None."""

    account_name: str | None
    page_name: str | None
    tag_name: str | None
    note_text: str | None
    file_name: str | None


GONE = SubjectName(None, None, None, None, None)


def find_or_add_pseudonym(session: Session, column: str, id: int | str) -> str:
    """Return the pseudonym of a stored thing; ``column`` is one of SUBJECTS."""
    table = table_of(EventSubject)
    stored = select(table.c.pseudonym).where(table.c[column] == id).order_by(table.c.pseudonym)
    pseudonym = session.scalar(stored.limit(1))
    if pseudonym is None:
        hash_key = secrets.token_hex(32)
        pseudonym = make_pseudonym(hash_key, column, id)
        row = {"pseudonym": pseudonym, "hash_key": hash_key, column: id}
        session.execute(insert(EventSubject).values(**row))
    return pseudonym


def make_pseudonym(hash_key: str, column: str, id: int | str) -> str:
    """Return the pseudonym of an id under a hash key (hex)."""
    text = f"{column}:{id}".encode()
    return hmac.digest(bytes.fromhex(hash_key), text, "sha256").hex()[:PSEUDONYM_DIGITS]


def load_names(session: Session, pseudonyms: Iterable[str]) -> dict[str, SubjectName]:
    """Return the names by pseudonym, without those whose subject is gone."""
    ids = sorted(set(pseudonyms))
    columns = (Grant.account_name, Page.name, Tag.name, Note.text, Import.file_name)
    query = (
        select(EventSubject.pseudonym, *columns)
        .outerjoin(Grant, Grant.id == EventSubject.grant_id)
        .outerjoin(Page, Page.id == EventSubject.page_id)
        .outerjoin(Tag, Tag.id == EventSubject.tag_id)
        .outerjoin(Note, Note.id == EventSubject.note_id)
        .outerjoin(Import, Import.id == EventSubject.import_id)
    )
    names: dict[str, SubjectName] = {}
    for first in range(0, len(ids), MAX_PSEUDONYMS):
        some = query.where(EventSubject.pseudonym.in_(ids[first : first + MAX_PSEUDONYMS]))
        names |= {pseudonym: SubjectName(*row) for pseudonym, *row in session.execute(some)}
    return names


def iterate_exchanged(session: Session) -> Iterator[str]:
    """Yield the pseudonyms that were made for another thing than they are stored with."""
    table = table_of(EventSubject)
    for row in session.execute(select(table).order_by(table.c.pseudonym)):
        ids = [(name, id) for name in SUBJECTS if (id := getattr(row, name)) is not None]
        made = {make_pseudonym(row.hash_key, name, id) for name, id in ids}
        if made != {row.pseudonym}:
            yield row.pseudonym
