"""Saved views: stores views of Overview under a name, and which of them is whose start screen.

A view is a text of URL parameters, which the screens write and read. Names that differ only in case
and accents are the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage.db.errors import ViewRefused
from storage.db.installation import bump_data_version
from storage.db.text import one_line
from storage.db.upsert import count_changed, insert_into, upsert
from storage.models import SavedView, StartView
from storage.models.folding import fold
from storage.people.person import Person, require

MAX_VIEWS = 100
MAX_NAME = 60  # characters
MAX_QUERY = 2_000  # characters


@dataclass(frozen=True)
class View:
    """A saved view; ``query`` is a text of URL parameters.

    ``is_start``: it is the start screen of the person that the views were listed for. ``by`` is the
    `Person.key` of who saved it first.
    """

    id: int
    name: str
    query: str
    is_start: bool
    by: str


def save_view(
    session: Session,
    name: str,
    query: str,
    now: datetime,
    *,
    replaces: bool = False,
    by: Person,
) -> View:
    """Save a view; with ``replaces``, a view of the same name gets this name and these parameters.

    Raises ViewRefused.
    """
    require(session, by, "operator")
    name = one_line(name)
    if not fold(name):
        raise ViewRefused("empty")
    if len(name) > MAX_NAME:
        raise ViewRefused("too_long")
    if len(query) > MAX_QUERY:
        raise ViewRefused("query_too_long")
    taken = find_view(session, name, of=by)
    if taken is not None and not replaces:
        raise ViewRefused("taken", taken.name)
    count = session.scalar(select(func.count()).select_from(SavedView)) or 0
    if taken is None and count >= MAX_VIEWS:
        raise ViewRefused("too_many")
    values = {"name": name, "name_folded": fold(name), "query": query}
    # One statement: two operators may save the same name at the same time.
    insert = insert_into(session, SavedView).values(**values, created_at=now, by=by.key)
    insert = (
        insert.on_conflict_do_update(index_elements=["name_folded"], set_=values)
        if replaces
        else insert.on_conflict_do_nothing()
    )
    if session.execute(insert.returning(SavedView.id)).scalar_one_or_none() is None:
        raise ViewRefused("taken", name)
    bump_data_version(session)
    saved = find_view(session, name, of=by)
    assert saved is not None
    return saved


def delete_view(session: Session, view_id: int, *, by: Person) -> bool:
    """Delete a view; False when it does not exist."""
    require(session, by, "operator")
    is_deleted = count_changed(session, delete(SavedView).where(SavedView.id == view_id)) > 0
    if is_deleted:
        bump_data_version(session)
    return is_deleted


def set_start_view(session: Session, view_id: int | None, *, by: Person) -> None:
    """Make a view the start screen of ``by`` instead of any other; None: Overview as it is."""
    require(session, by, "viewer")
    if view_id is None:
        count_changed(session, delete(StartView).where(StartView.by == by.key))
    else:
        upsert(session, StartView, [{"by": by.key, "view_id": view_id}])
    bump_data_version(session)


def list_views(session: Session, *, of: Person) -> list[View]:
    """Return the saved views by name, with the start screen of a person."""
    is_start = (StartView.view_id == SavedView.id) & (StartView.by == of.key)
    query = (
        select(
            SavedView.id,
            SavedView.name,
            SavedView.query,
            StartView.by.is_not(None),
            SavedView.by,
        )
        .outerjoin(StartView, is_start)
        .order_by(SavedView.name_folded)
    )
    return [View(*row) for row in session.execute(query)]


def find_view(session: Session, name: str, *, of: Person) -> View | None:
    """Return the view of this name, ignoring case and accents; None without any."""
    folded = fold(one_line(name))
    return next((view for view in list_views(session, of=of) if fold(view.name) == folded), None)


def delete_views_of_account(session: Session, account_id: str) -> None:
    """Delete the views that filter by an account: they carry its id."""
    views = session.execute(select(SavedView.id, SavedView.query))
    ids = [view.id for view in views if account_id in (value for _, value in parse_qsl(view.query))]
    count_changed(session, delete(SavedView).where(SavedView.id.in_(ids)))
