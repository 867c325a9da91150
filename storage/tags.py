"""Groups of Pages that operators make: a Page may be in many, and a group is found by its name.

A name means the same group whatever its case and accents. What a name says is plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CursorResult, Row, Select, delete, func, literal, select, update
from sqlalchemy.orm import Session

from storage.errors import TagRefused
from storage.filtering import Filter
from storage.folding import fold
from storage.models import Page, PageTag, Tag
from storage.roster import conditions
from storage.text import one_line
from storage.upsert import count_changed, insert_into

LONGEST_NAME = 40  # characters
MOST_LISTED = 1_000


@dataclass(frozen=True)
class TagCount:
    """A tag, and how many Pages it has in all."""

    id: int
    name: str
    pages_count: int


def create_tag(session: Session, name: str, now: datetime) -> int:
    """Make a tag without Pages and return its id; TagRefused when it can't have this name."""
    name = _judged(name)
    # In one statement: two operators may have the same idea at the same moment.
    statement = insert_into(session, Tag).values(name=name, name_folded=fold(name), created_at=now)
    returning = statement.on_conflict_do_nothing().returning(Tag.id)
    created: int | None = session.execute(returning).scalar_one_or_none()
    if created is None:
        raise TagRefused("taken", _name_of(session, fold(name)))
    return created


def rename_tag(session: Session, tag_id: int, name: str) -> bool:
    """Give a tag another name, or the same one in another case; False when there is no such tag.

    TagRefused when it can't have this name.
    """
    name = _judged(name)
    taken = select(Tag.name).where(Tag.name_folded == fold(name), Tag.id != tag_id)
    taken_by = session.scalar(taken)
    if taken_by is not None:
        raise TagRefused("taken", taken_by)
    renamed = update(Tag).where(Tag.id == tag_id).values(name=name, name_folded=fold(name))
    return count_changed(session, renamed) == 1


def delete_tag(session: Session, tag_id: int) -> bool:
    """Delete a tag with the notes for it; its Pages and figures stay. False: there was none."""
    return count_changed(session, delete(Tag).where(Tag.id == tag_id)) == 1


def tag_pages(session: Session, tag_id: int, *, filter: Filter, until: date) -> int:
    """Put every Page of ``filter`` into a tag and return how many were not in it before.

    ``until`` is the day at which the filter judges who needs attention.
    """
    return _put(session, tag_id, _ids_of(session, filter, until))


def untag_pages(session: Session, tag_id: int, *, filter: Filter, until: date) -> int:
    """Take every Page of ``filter`` out of a tag and return how many were in it."""
    ids = select(Page.id).where(*conditions(session, filter, until))
    taken = delete(PageTag).where(PageTag.tag_id == tag_id, PageTag.page_id.in_(ids))
    return count_changed(session, taken)


def tag_page(session: Session, tag_id: int, page_id: str) -> bool:
    """Put one Page into a tag; False when it is in it already, or either does not exist."""
    return _put(session, tag_id, select(Page.id).where(Page.id == page_id)) == 1


def untag_page(session: Session, tag_id: int, page_id: str) -> bool:
    """Take one Page out of a tag; False when it was not in it."""
    taken = delete(PageTag).where(PageTag.tag_id == tag_id, PageTag.page_id == page_id)
    return count_changed(session, taken) == 1


def count_pages(session: Session, *, filter: Filter, until: date, tag_id: int | None = None) -> int:
    """How many Pages the filter leaves; with ``tag_id``, how many of them are in that tag."""
    wanted = conditions(session, filter, until)
    if tag_id is not None:
        wanted.append(Page.id.in_(select(PageTag.page_id).where(PageTag.tag_id == tag_id)))
    return session.scalar(select(func.count()).select_from(Page).where(*wanted)) or 0


def list_tags(session: Session, *, search: str = "", limit: int = MOST_LISTED) -> list[TagCount]:
    """Tags by name with their Pages counted, at most ``limit``; all words of ``search`` in it."""
    words = fold(one_line(search)[:LONGEST_NAME]).split()
    found = [Tag.name_folded.contains(word, autoescape=True) for word in words]
    return _counted(session, _with_counts().where(*found).limit(limit))


def count_tags(session: Session) -> int:
    """How many tags there are."""
    return session.scalar(select(func.count()).select_from(Tag)) or 0


def find_tag(session: Session, tag_id: int) -> TagCount | None:
    """A tag by its id."""
    found = _counted(session, _with_counts().where(Tag.id == tag_id))
    return found[0] if found else None


def find_tag_named(session: Session, name: str) -> TagCount | None:
    """The tag of this name, in whatever case and with whatever accents."""
    found = _counted(session, _with_counts().where(Tag.name_folded == fold(one_line(name))))
    return found[0] if found else None


def list_tags_of(session: Session, page_id: str) -> list[TagCount]:
    """The tags that a Page is in, by name."""
    tagged = select(PageTag.tag_id).where(PageTag.page_id == page_id)
    return _counted(session, _with_counts().where(Tag.id.in_(tagged)))


def _judged(name: str) -> str:
    name = one_line(name)
    if not fold(name):
        raise TagRefused("empty")
    if len(name) > LONGEST_NAME:
        raise TagRefused("too_long")
    return name


def _name_of(session: Session, folded: str) -> str | None:
    return session.scalar(select(Tag.name).where(Tag.name_folded == folded))


def _ids_of(session: Session, filter: Filter, until: date) -> Select[str]:
    # Always with a WHERE: without one SQLite takes the ON of "ON CONFLICT" for a join's.
    return select(Page.id).where(Page.id.is_not(None), *conditions(session, filter, until))


def _put(session: Session, tag_id: int, ids: Select[str]) -> int:
    existing = select(Tag.id).where(Tag.id == tag_id).scalar_subquery()
    source = ids.add_columns(literal(tag_id)).where(existing.is_not(None))
    statement = insert_into(session, PageTag).from_select(["page_id", "tag_id"], source)
    # For an INSERT SQLAlchemy forgets the count of some drivers unless it is asked not to.
    result = session.execute(
        statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _with_counts() -> Select[int, str, int]:
    pages = (
        select(func.count())
        .select_from(PageTag)
        .where(PageTag.tag_id == Tag.id)
        .correlate(Tag)
        .scalar_subquery()
    )
    return select(Tag.id, Tag.name, pages).order_by(Tag.name_folded, Tag.id)


def _counted(session: Session, query: Select[int, str, int]) -> list[TagCount]:
    rows: list[Row[int, str, int]] = list(session.execute(query))
    return [TagCount(id, name, count) for id, name, count in rows]
