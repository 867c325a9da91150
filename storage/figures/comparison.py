"""Comparison: loads a few Pages with their figures by day, and finds Pages to compare.

A tag is compared by the growth line of a filter, see `storage.figures.line`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.db.text import is_storable
from storage.figures.filters import Metric, name_conditions
from storage.models import Page, Snapshot

A_DAY = timedelta(days=1)
MAX_MATCHES = 50


@dataclass(frozen=True)
class ComparedPage:
    """A Page to compare. ``first_day`` and ``last_day`` are of its snapshots; None without any."""

    page_id: str
    name: str
    category: str | None
    first_day: date | None
    last_day: date | None
    is_archived: bool = False


@dataclass(frozen=True)
class Match:
    """A Page that matches a search."""

    page_id: str
    name: str
    category: str | None


@dataclass(frozen=True)
class Matches:
    """The first matches of a search, by name; ``are_cut``: there are more than these."""

    pages: tuple[Match, ...]
    are_cut: bool


# One Page's figures of one metric by day; a day without a snapshot is absent.
Figures = Mapping[date, int | None]


def list_compared_pages(session: Session, page_ids: Sequence[str]) -> list[ComparedPage]:
    """Return the Pages with these ids, in this order, archived ones too; not the unknown ids."""
    valid_ids = [page_id for page_id in page_ids if is_storable(page_id)]
    statement = select(
        Page.id,
        Page.name,
        Page.category,
        _of_page(func.min(Snapshot.day)),
        _of_page(func.max(Snapshot.day)),
        Page.archived_at.is_not(None),
    ).where(Page.id.in_(valid_ids))
    pages = {row[0]: ComparedPage(*row) for row in session.execute(statement)}
    return [pages[page_id] for page_id in valid_ids if page_id in pages]


def get_compared_series(
    session: Session,
    page_ids: Sequence[str],
    *,
    since: date,
    until: date,
    previous_since: date | None = None,
    previous_until: date | None = None,
) -> dict[str, dict[Metric, Figures]]:
    """Return both metrics of every requested Page; Pages without a snapshot have empty figures.

    They hold the days from `since` to `until`, both included, and the two days before. Of a
    previous period they hold only the days at its two ends, each with the day before it.
    """
    days: list[ColumnElement[bool]] = [Snapshot.day.between(since - 2 * A_DAY, until)]
    if previous_since is not None and previous_until is not None:
        starts = [previous_since - A_DAY, previous_since - 2 * A_DAY]
        days.append(Snapshot.day.in_([*starts, previous_until, previous_until - A_DAY]))
    statement = select(
        Snapshot.page_id, Snapshot.day, Snapshot.fans_count, Snapshot.followers_count
    ).where(Snapshot.page_id.in_(page_ids), or_(*days))
    fans: dict[str, dict[date, int | None]] = {page_id: {} for page_id in page_ids}
    followers: dict[str, dict[date, int | None]] = {page_id: {} for page_id in page_ids}
    for page_id, day, fans_count, followers_count in session.execute(statement):
        fans[page_id][day] = fans_count
        followers[page_id][day] = followers_count
    return {
        page_id: {"fans": fans[page_id], "followers": followers[page_id]} for page_id in page_ids
    }


def find_matches(session: Session, search: str, *, limit: int = MAX_MATCHES) -> Matches:
    """Return the first ``limit`` Pages by name whose name contains every word of ``search``.

    A search without a word matches every Page. Archived Pages are left out.
    """
    statement = (
        select(Page.id, Page.name, Page.category)
        .where(*name_conditions(search), Page.archived_at.is_(None))
        .order_by(Page.name_folded, Page.id)
        .limit(limit + 1)
    )
    matches = [Match(*row) for row in session.execute(statement)]
    return Matches(tuple(matches[:limit]), len(matches) > limit)


def list_alike(
    session: Session, page_id: str | None, *, until: date, limit: int = 3
) -> list[ComparedPage]:
    """Return the other Pages nearest in size to the one with this id, nearest first, then by id.

    Archived Pages are left out. For None, or a Page without a figure, the largest Pages. Size is
    fans, or followers where there are no fans, on the newest day up to ``until`` with any snapshot.
    Empty when no other Page has a figure on that day.
    """
    is_counted = Snapshot.page_id.not_in(archived_ids())
    days = select(Snapshot.day).where(Snapshot.day <= until, is_counted)
    newest = days.order_by(Snapshot.day.desc()).limit(1).scalar_subquery()
    size = func.coalesce(Snapshot.fans_count, Snapshot.followers_count)
    own = None if page_id is None else _own_size(session, page_id, until)
    statement = select(Snapshot.page_id).where(
        Snapshot.day == newest, size.is_not(None), is_counted
    )
    if page_id is not None:
        statement = statement.where(Snapshot.page_id != page_id)
    nearest = size.desc() if own is None else func.abs(size - own)
    ids = session.scalars(statement.order_by(nearest, Snapshot.page_id).limit(limit))
    return list_compared_pages(session, list(ids))


def _own_size(session: Session, page_id: str, until: date) -> int | None:
    size = func.coalesce(Snapshot.fans_count, Snapshot.followers_count)
    statement = (
        select(size)
        .where(Snapshot.page_id == page_id, Snapshot.day <= until, size.is_not(None))
        .order_by(Snapshot.day.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def _of_page(day: ColumnElement[date]) -> ScalarSelect[date]:
    """Select the first or last day with a snapshot of a Page: one look-up in the primary key."""
    days = select(day).where(Snapshot.page_id == Page.id)
    return days.correlate(Page).scalar_subquery()
