"""Notes on a day that operators write: for all Pages, for the Pages of a tag, or for one Page.

A note for all concerns every chart; one for a tag the charts of that tag and of the Pages in it;
one for a Page that Page. What a note says is plain text on one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from storage.errors import AnnotationRefused
from storage.models import Annotation, Page, PageTag, Tag
from storage.text import one_line
from storage.upsert import count_changed

LONGEST_TEXT = 200  # characters
FARTHEST_AHEAD = timedelta(days=366)
EARLIEST = date(2004, 2, 4)  # nothing happened on Facebook before there was one
MOST_LISTED = 1_000


@dataclass(frozen=True)
class AnnotationRow:
    """One note; at most one of ``page_id`` and ``tag_id`` says whom it is for, and by what name."""

    id: int
    day: date
    text: str
    page_id: str | None = None
    page_name: str | None = None
    tag_id: int | None = None
    tag_name: str | None = None


def add_annotation(
    session: Session,
    *,
    day: date,
    text: str,
    today: date,
    now: datetime,
    page_id: str | None = None,
    tag_id: int | None = None,
) -> int:
    """Keep a note and return its id; for all Pages when neither a Page nor a tag is named.

    AnnotationRefused when the text is empty or too long, when ``day`` is more than a year after
    ``today`` or before there was a Facebook, or when what it is for is gone.
    """
    values = {**_judged(session, day, text, today, page_id, tag_id), "created_at": now}
    added: int = session.execute(
        insert(Annotation).values(values).returning(Annotation.id)
    ).scalar_one()
    return added


def change_annotation(
    session: Session,
    annotation_id: int,
    *,
    day: date,
    text: str,
    today: date,
    page_id: str | None = None,
    tag_id: int | None = None,
) -> bool:
    """Have a note say all this from now on; False when it is gone. Refuses as add_annotation."""
    values = _judged(session, day, text, today, page_id, tag_id)
    changed = update(Annotation).where(Annotation.id == annotation_id).values(values)
    return count_changed(session, changed) == 1


def delete_annotation(session: Session, annotation_id: int) -> bool:
    """Delete a note for good; False when it is gone already."""
    gone = delete(Annotation).where(Annotation.id == annotation_id)
    return count_changed(session, gone) == 1


def list_annotations(
    session: Session,
    *,
    since: date,
    until: date,
    page_id: str | None = None,
    tag_id: int | None = None,
) -> list[AnnotationRow]:
    """The notes from ``since`` to ``until`` that concern a chart, oldest first.

    A chart of all Pages, or of those of ``tag_id``, or of one Page; the newest MOST_LISTED where
    there are more.
    """
    newest = (
        _rows()
        .where(Annotation.day.between(since, until), _concerns(page_id, tag_id))
        .order_by(Annotation.day.desc(), Annotation.id.desc())
        .limit(MOST_LISTED)
    )
    return [AnnotationRow(*row) for row in session.execute(newest)][::-1]


def find_annotation(session: Session, annotation_id: int) -> AnnotationRow | None:
    """One note; None when it is gone."""
    found = session.execute(_rows().where(Annotation.id == annotation_id)).first()
    return AnnotationRow(*found) if found is not None else None


def _rows() -> Select[tuple[Any, ...]]:
    """Every note, its cells in the order of AnnotationRow."""
    cells = (Annotation.id, Annotation.day, Annotation.text)
    whom: tuple[Any, ...] = (Annotation.page_id, Page.name, Annotation.tag_id, Tag.name)
    return (
        select(*cells, *whom)
        .outerjoin(Page, Page.id == Annotation.page_id)
        .outerjoin(Tag, Tag.id == Annotation.tag_id)
    )


def _concerns(page_id: str | None, tag_id: int | None) -> ColumnElement[bool]:
    either = [and_(Annotation.page_id.is_(None), Annotation.tag_id.is_(None))]
    if tag_id is not None:
        either.append(Annotation.tag_id == tag_id)
    if page_id is not None:
        tags = select(PageTag.tag_id).where(PageTag.page_id == page_id)
        either += [Annotation.page_id == page_id, Annotation.tag_id.in_(tags)]
    return or_(*either)


def _judged(
    session: Session, day: date, text: str, today: date, page_id: str | None, tag_id: int | None
) -> dict[str, object]:
    text = one_line(text)
    if not text:
        raise AnnotationRefused("empty")
    if len(text) > LONGEST_TEXT:
        raise AnnotationRefused("too_long")
    if day > today + FARTHEST_AHEAD:
        raise AnnotationRefused("too_far")
    if day < EARLIEST:
        raise AnnotationRefused("too_early")
    if page_id is not None and not session.scalar(select(exists().where(Page.id == page_id))):
        raise AnnotationRefused("gone")
    if tag_id is not None and not session.scalar(select(exists().where(Tag.id == tag_id))):
        raise AnnotationRefused("gone")
    return {"day": day, "text": text, "page_id": page_id, "tag_id": tag_id}
