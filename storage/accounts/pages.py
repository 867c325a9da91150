"""Pages: stores Pages as Facebook described them last, and the earlier values of their details.

`PageDetails` is the one list of a Page's details: its fields are requested from Graph, stored as
columns of ``pages``, compared for changes, and shown on the Page's screen. A new detail needs a
line here, a column in the model and its migration, and a line on the screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.installation import bump_data_version
from storage.db.text import storable_row
from storage.db.upsert import Conflict, table_of, upsert
from storage.models import Page, PageChange
from storage.models.folding import fold

# Longer folded names are cut: PostgreSQL's index refuses entries of 2,700 bytes.
MAX_FOLDED_LENGTH = 600
# Databases limit the parameters of one statement (SQLite: 32,766).
MAX_IDS = 1_000


@dataclass(frozen=True, kw_only=True)
class PageDetails:
    """A Page as Facebook describes it; None is a detail that Facebook left out.

    Metadata of a field: "graph_name" where Graph's name differs; "is_recorded" False when changes
    are not recorded.
    """

    id: str = field(metadata={"is_recorded": False})
    name: str
    category: str | None = None
    about: str | None = None
    website: str | None = None
    link: str | None = field(default=None, metadata={"is_recorded": False})
    username: str | None = None
    phone: str | None = None
    emails: tuple[str, ...] | None = None
    location: dict[str, Any] | None = None
    verification_status: str | None = None
    is_published: bool | None = None
    is_new_page_experience: bool | None = field(
        default=None, metadata={"graph_name": "has_transitioned_to_new_page_experience"}
    )


DETAILS = tuple(each.name for each in fields(PageDetails))
# Columns of ``pages`` whose changes are recorded.
RECORDED = tuple(e.name for e in fields(PageDetails) if e.metadata.get("is_recorded", True))


@dataclass(frozen=True, kw_only=True)
class PageReport(PageDetails):
    """One answer of Graph about a Page: its details, figures and picture link.

    ``depth``: how much was requested, since Facebook may refuse the rest: "full", "figures" (name
    and counts only) or "basic" (name and category only). With less than "full" None may also mean
    not requested. ``picture_url`` is None for a silhouette.
    """

    fans_count: int | None = field(default=None, metadata={"graph_name": "fan_count"})
    followers_count: int | None = None
    picture_url: str | None = field(default=None, repr=False, metadata={"graph_name": "picture"})
    depth: Literal["full", "figures", "basic"] = "full"


@dataclass(frozen=True)
class FactChange:
    """The newest change of a detail: when it was seen, and the value before (JSON, or None)."""

    changed_at: datetime
    was: Any


def upsert_pages(
    session: Session,
    pages: Sequence[PageDetails],
    now: datetime,
    *,
    graph_version: str | None = None,
) -> None:
    """Store Pages as described at ``now``, and record what changed since the last description.

    None overwrites a stored value. Figures belong to the id, so a renamed Page keeps them.
    """
    if not pages:
        return
    rows = [_row(page, now, graph_version) for page in pages]
    _record_changes(session, rows, now)
    upsert(session, Page, rows, Conflict(first_only=("first_seen_at",)))
    bump_data_version(session)


def has_pages(session: Session) -> bool:
    """Return whether any Page is stored."""
    return session.execute(select(Page.id).limit(1)).first() is not None


def list_page_names(session: Session, page_ids: Collection[str]) -> dict[str, str]:
    """Return id → name of those Pages that are stored, in no order."""
    return {row[0]: row[1] for row in _iterate_stored(session, page_ids, ("name",))}


def read_details(page: Page) -> dict[str, Any]:
    """Return a row's values as arguments of `PageDetails`."""
    return with_tuples({name: getattr(page, name) for name in DETAILS})


def with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with tuples in place of JSON's lists, as in the records."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


def list_fact_changes(session: Session, page_id: str) -> dict[str, FactChange]:
    """Return the newest change of each detail that ever changed, by the detail's name."""
    query = (
        select(PageChange.field, PageChange.changed_at, PageChange.was)
        .where(PageChange.page_id == page_id)
        .order_by(PageChange.changed_at)
    )
    return {field: FactChange(at, was.get("value")) for field, at, was in session.execute(query)}


def _row(page: PageDetails, now: datetime, graph_version: str | None) -> dict[str, Any]:
    values = {name: getattr(page, name) for name in DETAILS}
    details = storable_row({n: list(v) if isinstance(v, tuple) else v for n, v in values.items()})
    return {
        **details,
        "graph_version": graph_version,
        "name_folded": fold(details["name"])[:MAX_FOLDED_LENGTH],
        "first_seen_at": now,
        "described_at": now,
    }


def _record_changes(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Record the stored values that ``rows`` will change."""
    new = {row["id"]: row for row in rows}
    changes = [
        {"page_id": page_id, "field": name, "changed_at": now, "was": {"value": was}}
        for page_id, *values in _iterate_stored(session, new, RECORDED)
        for name, was in zip(RECORDED, values, strict=True)
        if was != new[page_id][name]
    ]
    upsert(session, PageChange, changes)


def _iterate_stored(
    session: Session, page_ids: Collection[str], names: Sequence[str]
) -> Iterator[Sequence[Any]]:
    """Yield the id and these columns of those Pages that are stored, in no order."""
    columns, ids = table_of(Page).c, list(page_ids)
    for start in range(0, len(ids), MAX_IDS):
        some = columns.id.in_(ids[start : start + MAX_IDS])
        yield from session.execute(select(columns.id, *(columns[n] for n in names)).where(some))
