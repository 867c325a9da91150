"""What Facebook said of a Page before it said something else, and when it changed its mind.

Recorded in the transaction that overwrites the description, before it does. A Page that is new has
nothing to be compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_, select, text
from sqlalchemy.orm import Session

from storage.models import AttemptPage, Page, PageChange
from storage.text import storable_row
from storage.upsert import table_of, upsert

# Columns of ``pages`` that are Facebook's own words, of those the screens show.
FIELDS = (
    "name",
    "category",
    "about",
    "website",
    "username",
    "phone",
    "emails",
    "location",
    "verification_status",
    "is_published",
    "is_new_page_experience",
)
_JSON_FIELDS = ("emails", "location")
# Databases limit the parameters of one statement (SQLite: 32,766).
IDS_AT_ONCE = 1_000
# Written out: building the whole question takes SQLAlchemy 20 ms the first time, for new Pages in
# vain.
_ANY_KNOWN = text(
    "SELECT 1 FROM attempt_pages JOIN pages ON pages.id = attempt_pages.page_id"
    " WHERE attempt_pages.attempt_id = :attempt_id LIMIT 1"
)


@dataclass(frozen=True)
class FactChange:
    """A fact's newest change: since when it is as it is, and what it was before (JSON, or None)."""

    changed_at: datetime
    was: Any


def record_changes(session: Session, described: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Compare descriptions, about to be stored, with what is stored of the same Pages.

    Each has an ``id`` and a value for every one of FIELDS: `storage.pages.PageRow` as a mapping.
    """
    new = {row["id"]: storable_row(row) for row in described}
    old = _stored(session, list(new)) if new else {}
    _record(session, [(before, new[id]) for id, before in old.items()], at)


def has_known(session: Session, attempt_id: str) -> bool:
    """Whether any Page that an attempt staged is stored already, whoever brought it."""
    return session.execute(_ANY_KNOWN, {"attempt_id": attempt_id}).first() is not None


def record_staged_changes(session: Session, attempt_id: str, at: datetime) -> None:
    """The same for the Pages that an attempt staged with a token and their whole description.

    The database looks for those that differ.
    """
    staged, stored = table_of(AttemptPage).c, table_of(Page).c
    differs = or_(*(_differs(stored[name], staged[name]) for name in FIELDS))
    query = (
        select(*(stored[name] for name in ("id", *FIELDS)))
        .add_columns(*(staged[name].label(f"new_{name}") for name in FIELDS))
        .join_from(table_of(AttemptPage), table_of(Page), stored.id == staged.page_id)
        .where(
            staged.attempt_id == attempt_id,
            staged.sealed_page_token.is_not(None),
            staged.depth == "full",
            differs,
        )
    )
    pairs = [
        (dict(row), {name: row[f"new_{name}"] for name in FIELDS})
        for row in session.execute(query).mappings()
    ]
    _record(session, pairs, at)


def list_fact_changes(session: Session, page_id: str) -> dict[str, FactChange]:
    """The newest change of each of FIELDS that ever changed, by its name."""
    query = (
        select(PageChange.field, PageChange.changed_at, PageChange.was)
        .where(PageChange.page_id == page_id)
        .order_by(PageChange.changed_at)
    )
    return {field: FactChange(at, was.get("value")) for field, at, was in session.execute(query)}


def _stored(session: Session, page_ids: list[str]) -> dict[str, dict[str, Any]]:
    columns = table_of(Page).c
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(page_ids), IDS_AT_ONCE):
        some = page_ids[start : start + IDS_AT_ONCE]
        query = select(*(columns[name] for name in ("id", *FIELDS))).where(columns.id.in_(some))
        found.update((row["id"], dict(row)) for row in session.execute(query).mappings())
    return found


def _record(
    session: Session, pairs: Iterable[tuple[dict[str, Any], dict[str, Any]]], at: datetime
) -> None:
    rows = [
        {"page_id": old["id"], "field": name, "changed_at": at, "was": {"value": old[name]}}
        for old, new in pairs
        for name in FIELDS
        if old[name] != new[name]
    ]
    upsert(session, PageChange, rows)


def _differs(old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether two columns differ. JSON is compared as text: PostgreSQL has no other way.

    The same JSON written in two ways differs here; `_record` looks again.
    """
    if old.name in _JSON_FIELDS:
        return cast(old, Text).is_distinct_from(cast(new, Text))
    return old.is_distinct_from(new)
