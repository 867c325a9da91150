"""What tagging writes: the change, its event for Activity and the new version, in one transaction.

Each function returns how many Pages changed; nothing is recorded where none did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from fb.installation import Installation
from storage import tags
from storage.filtering import Filter
from storage.installation import bump_data_version
from storage.jobs.events import record_event


def add_all(installation: Installation, tag_id: int, filter: Filter, until: date) -> int:
    """Put every Page of a filter into a tag."""
    with _writing(installation) as session:
        count = tags.tag_pages(session, tag_id, filter=filter, until=until)
        _record(installation, session, "tagged", _name_of(session, tag_id), count)
    return count


def remove_all(installation: Installation, tag_id: int, filter: Filter, until: date) -> int:
    """Take every Page of a filter out of a tag."""
    with _writing(installation) as session:
        count = tags.untag_pages(session, tag_id, filter=filter, until=until)
        _record(installation, session, "untagged", _name_of(session, tag_id), count)
    return count


def create_for_all(installation: Installation, name: str, filter: Filter, until: date) -> int:
    """Make a tag and put every Page of a filter into it; TagRefused when it can't be made."""
    with _writing(installation) as session:
        tag_id = tags.create_tag(session, name, installation.now())
        count = tags.tag_pages(session, tag_id, filter=filter, until=until)
        _record(installation, session, "tagged", _name_of(session, tag_id), count)
    return count


def create_for_page(installation: Installation, name: str, page_id: str) -> None:
    """Put a Page into the tag of this name, made if there is none; TagRefused: it can't be."""
    with _writing(installation) as session:
        found = tags.find_tag_named(session, name)
        tag_id = found.id if found else tags.create_tag(session, name, installation.now())
        count = int(tags.tag_page(session, tag_id, page_id))
        _record(installation, session, "tagged", _name_of(session, tag_id), count)


def set_tags_of(installation: Installation, page_id: str, tag_ids: Collection[int]) -> None:
    """Have a Page be in exactly these tags; those that are gone are ignored."""
    with _writing(installation) as session:
        before = {tag.id for tag in tags.list_tags_of(session, page_id)}
        for tag_id in sorted(set(tag_ids) - before):
            count = int(tags.tag_page(session, tag_id, page_id))
            _record(installation, session, "tagged", _name_of(session, tag_id), count)
        for tag_id in sorted(before - set(tag_ids)):
            count = int(tags.untag_page(session, tag_id, page_id))
            _record(installation, session, "untagged", _name_of(session, tag_id), count)


def rename(installation: Installation, tag_id: int, name: str) -> None:
    """Call a tag something else; TagRefused when it can't have that name."""
    with _writing(installation) as session:
        before = _name_of(session, tag_id)
        tags.rename_tag(session, tag_id, name)
        after = _name_of(session, tag_id)
        if before != after:
            facts = {"tag": before, "new": after}
            record_event(session, "tag_renamed", None, facts, installation.now())


def delete(installation: Installation, tag_id: int) -> None:
    """Delete a tag and the notes for it."""
    with _writing(installation) as session:
        found = tags.find_tag(session, tag_id)
        if found is not None and tags.delete_tag(session, tag_id):
            facts = {"tag": found.name, "pages": found.pages_count}
            record_event(session, "tag_deleted", None, facts, installation.now())


@contextmanager
def _writing(installation: Installation) -> Iterator[Session]:
    with installation.database.writing() as session:
        yield session
        bump_data_version(session)


def _name_of(session: Session, tag_id: int) -> str:
    found = tags.find_tag(session, tag_id)
    return found.name if found else ""


def _record(
    installation: Installation, session: Session, kind: str, name: str, pages_count: int
) -> None:
    if pages_count:
        facts: dict[str, Any] = {"tag": name, "pages": pages_count}
        record_event(session, kind, None, facts, installation.now())
