"""Report headings: stores the title and the logo of reports, for a tag or for all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, insert, select
from sqlalchemy.orm import Session

from storage.db.text import one_line
from storage.jobs.events import record_event
from storage.models import ReportHeading, Tag
from storage.people.person import Person, require

MAX_TITLE = 90  # characters


@dataclass(frozen=True)
class Logo:
    """A picture that has been checked; ``content_type``: "image/png" or "image/jpeg"."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class Heading:
    """Title and logo of reports; None where the default is used, or no logo."""

    title: str | None = None
    logo: Logo | None = None


def find_heading(session: Session, tag_id: int | None) -> Heading:
    """Return what is stored for a tag, or for None for all other reports; empty without any."""
    columns = select(ReportHeading.title, ReportHeading.logo, ReportHeading.logo_type)
    newest = columns.where(_is_of(tag_id)).order_by(ReportHeading.id.desc()).limit(1)
    row = session.execute(newest).first()
    if row is None:
        return Heading()
    title, logo, logo_type = row
    return Heading(title, None if logo is None else Logo(logo, logo_type or "image/png"))


def find_shown_heading(session: Session, tag_id: int | None) -> Heading:
    """Return the heading of a report: a tag without a logo has that of all other reports."""
    heading = find_heading(session, tag_id)
    if tag_id is None or heading.logo is not None:
        return heading
    return replace(heading, logo=find_heading(session, None).logo)


def save_heading(
    session: Session,
    tag_id: int | None,
    heading: Heading,
    now: datetime,
    *,
    by: Person,
) -> bool:
    """Store title and logo for a tag, or for all other reports; False when the tag is gone.

    A title of spaces is none. Raises ValueError for a title of more than MAX_TITLE characters.
    """
    require(session, by, "operator")
    title = one_line(heading.title or "") or None
    if title is not None and len(title) > MAX_TITLE:
        raise ValueError(f"a title has at most {MAX_TITLE} characters")
    if tag_id is not None and not session.scalar(select(exists().where(Tag.id == tag_id))):
        return False
    logo = heading.logo
    values = {
        "tag_id": tag_id,
        "title": title,
        "logo": None if logo is None else logo.content,
        "logo_type": None if logo is None else logo.content_type,
        "created_at": now,
        "by": by.key,
    }
    session.execute(delete(ReportHeading).where(_is_of(tag_id)))
    session.execute(insert(ReportHeading).values(values))
    record_event(session, "report_headed", {}, now, by=by, tag_id=tag_id)
    return True


def _is_of(tag_id: int | None) -> ColumnElement[bool]:
    return ReportHeading.tag_id.is_(None) if tag_id is None else ReportHeading.tag_id == tag_id
