"""A few Pages side by side: who they are, their figures by day, and which others are like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from storage.db.text import is_storable
from storage.figures.filters import Metric, name_conditions
from storage.models import Page, Snapshot

A_DAY = timedelta(days=1)
MAX_MATCHES = 50


@dataclass(frozen=True)
class ComparedPage:
    """A Page to compare. ``first_day`` and ``last_day`` are of its snapshots; None before any."""

    page_id: str
    name: str
    category: str | None
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class Match:
    """A Page that can be chosen."""

    page_id: str
    name: str
    category: str | None


@dataclass(frozen=True)
class Matches:
    """The first Pages that a search found, by name, and whether it found more than these."""

    pages: tuple[Match, ...]
    are_cut: bool


# One Page's figures by day, of either metric; a day without a snapshot is absent.
Figures = Mapping[date, int | None]


def list_compared_pages(session: Session, page_ids: Sequence[str]) -> list[ComparedPage]:
    """The Pages with these ids, in this order; an id that no Page here has is passed over."""
    wanted = [page_id for page_id in page_ids if is_storable(page_id)]
    statement = select(
        Page.id,
        Page.name,
        Page.category,
        _of_page(func.min(Snapshot.day)),
        _of_page(func.max(Snapshot.day)),
    ).where(Page.id.in_(wanted))
    found = {row[0]: ComparedPage(*row) for row in session.execute(statement)}
    return [found[page_id] for page_id in wanted if page_id in found]


def get_compared_series(
    session: Session,
    page_ids: Sequence[str],
    *,
    since: date,
    until: date,
    previous_since: date | None = None,
    previous_until: date | None = None,
) -> dict[str, dict[Metric, Figures]]:
    """Both metrics of every Page asked for, with a key for each, also for one without a snapshot.

    They hold what the formulas of a period look at: `since` to `until`, both included, the two days
    before; and of the previous period, where there is one, its two ends with a day's grace each.
    Between those ends there are no days, so they say nothing of the days of the previous period.
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


def find_matches(session: Session, search: str, *, without: Sequence[str] = ()) -> Matches:
    """The first MAX_MATCHES Pages by name whose name holds every word of ``search``.

    A search without a word finds every Page. ``without``: ids that are not to be found.
    """
    statement = (
        select(Page.id, Page.name, Page.category)
        .where(*name_conditions(search), Page.id.not_in(without))
        .order_by(Page.name_folded, Page.id)
        .limit(MAX_MATCHES + 1)
    )
    found = [Match(*row) for row in session.execute(statement)]
    return Matches(tuple(found[:MAX_MATCHES]), len(found) > MAX_MATCHES)


def list_alike(
    session: Session, page_id: str | None, *, until: date, limit: int = 3
) -> list[ComparedPage]:
    """The Pages most alike in size to the one with this id, nearest first; it is not among them.

    The largest ones for None, and for a Page without a figure. Size is fans, where Facebook gives
    none followers, on the newest day up to ``until`` that has any snapshot. Equals by id. Empty
    where no other Page has a figure on that day.
    """
    newest = select(func.max(Snapshot.day)).where(Snapshot.day <= until).scalar_subquery()
    size = func.coalesce(Snapshot.fans_count, Snapshot.followers_count)
    own = None if page_id is None else _own_size(session, page_id, until)
    statement = select(Snapshot.page_id).where(Snapshot.day == newest, size.is_not(None))
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
    """The first or the last day with a snapshot; each is one look into the primary key."""
    days = select(day).where(Snapshot.page_id == Page.id)
    return days.correlate(Page).scalar_subquery()
