"""Tags: creates and deletes groups of Pages, and adds Pages to them, each write with its event.

A Page may have many tags. Names that differ only in case and accents are the same tag.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CursorResult, Row, Select, delete, func, literal, select, update
from sqlalchemy.orm import Session

from storage.accounts.archive import archived_ids
from storage.db.errors import TagRefused
from storage.db.installation import bump_data_version
from storage.db.text import one_line
from storage.db.upsert import count_changed, insert_into
from storage.figures.filters import Filter, filter_conditions
from storage.jobs.events import record_event
from storage.models import Page, PageTag, Tag
from storage.models.folding import fold
from storage.people.person import Person, require

MAX_NAME = 40  # characters
MAX_LISTED = 1_000


@dataclass(frozen=True)
class TagCount:
    """A tag with the number of its Pages that are not archived."""

    id: int
    name: str
    pages_count: int


def create_tag(session: Session, name: str, now: datetime, *, by: Person) -> int:
    """Create a tag without Pages and return its id. Raises TagRefused for its name."""
    require(session, by, "operator")
    name = _judge(name)
    # One statement: two operators may create the same tag at the same time.
    values = {"name": name, "name_folded": fold(name), "created_at": now, "by": by.key}
    statement = insert_into(session, Tag).values(values).on_conflict_do_nothing()
    tag_id: int | None = session.execute(statement.returning(Tag.id)).scalar_one_or_none()
    if tag_id is None:
        taken_by = session.scalar(select(Tag.name).where(Tag.name_folded == fold(name)))
        raise TagRefused("taken", taken_by)
    bump_data_version(session)
    return tag_id


def rename_tag(session: Session, tag_id: int, name: str, now: datetime, *, by: Person) -> bool:
    """Rename a tag, also to the same name in another case; False when it does not exist.

    Raises TagRefused for its name.
    """
    require(session, by, "operator")
    name = _judge(name)
    same = select(Tag.name).where(Tag.name_folded == fold(name), Tag.id != tag_id)
    taken_by = session.scalar(same)
    if taken_by is not None:
        raise TagRefused("taken", taken_by)
    before = find_tag(session, tag_id)
    if before is None:
        return False
    values = {"name": name, "name_folded": fold(name)}
    session.execute(update(Tag).where(Tag.id == tag_id).values(values))
    if name != before.name:
        record_event(session, "tag_renamed", {}, now, by=by, tag_id=tag_id)
    bump_data_version(session)
    return True


def delete_tag(session: Session, tag_id: int, now: datetime, *, by: Person) -> bool:
    """Delete a tag with its notes, but not its Pages; False when it does not exist."""
    require(session, by, "operator")
    tag = find_tag(session, tag_id)
    if tag is None:
        return False
    facts = {"pages": tag.pages_count}
    record_event(session, "tag_deleted", facts, now, by=by, tag_id=tag_id)
    session.execute(delete(Tag).where(Tag.id == tag_id))
    bump_data_version(session)
    return True


def tag_pages(
    session: Session,
    tag_id: int,
    *,
    filter: Filter,
    until: date,
    now: datetime,
    by: Person,
) -> int:
    """Give every Page of ``filter`` a tag; return how many did not have it before.

    ``until`` is the day by which the filter judges attention.
    """
    require(session, by, "operator")
    # SQLite needs a WHERE here: without one it reads the ON of "ON CONFLICT" as part of a join.
    pages = select(Page.id).where(Page.id.is_not(None), *filter_conditions(filter, until))
    count = _insert(session, tag_id, pages)
    _record(session, "tagged", tag_id, count, now, by)
    return count


def untag_pages(
    session: Session,
    tag_id: int,
    *,
    filter: Filter,
    until: date,
    now: datetime,
    by: Person,
) -> int:
    """Take a tag from every Page of ``filter``; return how many had it. ``until`` as tag_pages."""
    require(session, by, "operator")
    pages = select(Page.id).where(*filter_conditions(filter, until))
    tagged = delete(PageTag).where(PageTag.tag_id == tag_id, PageTag.page_id.in_(pages))
    count = count_changed(session, tagged)
    _record(session, "untagged", tag_id, count, now, by)
    return count


def tag_page(session: Session, tag_id: int, page_id: str, now: datetime, *, by: Person) -> bool:
    """Give one Page a tag; False when it has it already, or Page or tag does not exist."""
    require(session, by, "operator")
    count = _insert(session, tag_id, select(Page.id).where(Page.id == page_id))
    _record(session, "tagged", tag_id, count, now, by, page_id)
    return count == 1


def untag_page(session: Session, tag_id: int, page_id: str, now: datetime, *, by: Person) -> bool:
    """Take a tag from one Page; False when it did not have it."""
    require(session, by, "operator")
    tagged = delete(PageTag).where(PageTag.tag_id == tag_id, PageTag.page_id == page_id)
    count = count_changed(session, tagged)
    _record(session, "untagged", tag_id, count, now, by, page_id)
    return count == 1


def set_tags_of(
    session: Session,
    page_id: str,
    tag_ids: Collection[int],
    now: datetime,
    *,
    by: Person,
) -> None:
    """Give a Page exactly these tags; those that are gone are ignored."""
    require(session, by, "operator")
    before = {tag.id for tag in list_tags_of(session, page_id)}
    for tag_id in sorted(set(tag_ids) - before):
        tag_page(session, tag_id, page_id, now, by=by)
    for tag_id in sorted(before - set(tag_ids)):
        untag_page(session, tag_id, page_id, now, by=by)


def count_pages(session: Session, *, filter: Filter, until: date, tag_id: int | None = None) -> int:
    """Return the number of Pages of the filter; with ``tag_id``, of those with that tag."""
    pages = filter_conditions(filter, until)
    if tag_id is not None:
        pages.append(Page.id.in_(select(PageTag.page_id).where(PageTag.tag_id == tag_id)))
    return session.scalar(select(func.count()).select_from(Page).where(*pages)) or 0


def list_tags(session: Session, *, search: str = "", limit: int = MAX_LISTED) -> list[TagCount]:
    """Return at most ``limit`` tags whose name contains every word of ``search``, by name."""
    words = fold(one_line(search)[:MAX_NAME]).split()
    matches = [Tag.name_folded.contains(word, autoescape=True) for word in words]
    return _counted(session, _with_counts().where(*matches).limit(limit))


def count_tags(session: Session) -> int:
    """Return the number of all tags."""
    return session.scalar(select(func.count()).select_from(Tag)) or 0


def find_tag(session: Session, tag_id: int) -> TagCount | None:
    """Return the tag with this id; None when it does not exist."""
    return next(iter(_counted(session, _with_counts().where(Tag.id == tag_id))), None)


def find_tag_named(session: Session, name: str) -> TagCount | None:
    """Return the tag with this name, ignoring case and accents; None without any."""
    same = _with_counts().where(Tag.name_folded == fold(one_line(name)))
    return next(iter(_counted(session, same)), None)


def list_tags_of(session: Session, page_id: str) -> list[TagCount]:
    """Return the tags of a Page, by name."""
    tagged = select(PageTag.tag_id).where(PageTag.page_id == page_id)
    return _counted(session, _with_counts().where(Tag.id.in_(tagged)))


def _judge(name: str) -> str:
    name = one_line(name)
    if not fold(name):
        raise TagRefused("empty")
    if len(name) > MAX_NAME:
        raise TagRefused("too_long")
    return name


def _insert(session: Session, tag_id: int, pages: Select[str]) -> int:
    is_there = select(Tag.id).where(Tag.id == tag_id).scalar_subquery()
    rows = pages.add_columns(literal(tag_id)).where(is_there.is_not(None))
    statement = insert_into(session, PageTag).from_select(["page_id", "tag_id"], rows)
    # Without this option SQLAlchemy drops the row count of an INSERT on some drivers.
    result = session.execute(
        statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _record(
    session: Session,
    kind: str,
    tag_id: int,
    pages_count: int,
    now: datetime,
    by: Person,
    page_id: str | None = None,
) -> None:
    """Record an event and raise the data version, unless no Page changed."""
    if pages_count:
        facts = {"pages": pages_count}
        record_event(session, kind, facts, now, by=by, tag_id=tag_id, page_id=page_id)
        bump_data_version(session)


def _with_counts() -> Select[int, str, int]:
    pages = (
        select(func.count())
        .select_from(PageTag)
        .where(PageTag.tag_id == Tag.id, PageTag.page_id.not_in(archived_ids()))
        .correlate(Tag)
        .scalar_subquery()
    )
    return select(Tag.id, Tag.name, pages).order_by(Tag.name_folded, Tag.id)


def _counted(session: Session, query: Select[int, str, int]) -> list[TagCount]:
    rows: list[Row[int, str, int]] = list(session.execute(query))
    return [TagCount(*row) for row in rows]
