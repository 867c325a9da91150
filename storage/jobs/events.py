"""Events: records actions of operators and changes of connections, and lists them with names.

An event stores ids, numbers, days and code words. A name or a text of a person is joined when the
event is listed, and is gone with its owner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage.models import Event, Grant, Import, Note, Page, Tag

_CODE_WORD = re.compile(r"[a-z0-9_-]{1,30}")  # "fans", "csv", "2026-11-08", a program's name

Fact = int | str | None  # a str is a day or a code word


@dataclass(frozen=True)
class EventKind:
    """``ids``: columns that an event of the kind must fill. ``optional_ids``: those that it may.

    ``facts``: the only keys of its facts.
    """

    ids: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    optional_ids: tuple[str, ...] = ()


_CONSENT = EventKind(("grant_id",), ("saved", "added", "kept", "missing"))
_TAGGING = EventKind(("tag_id",), ("pages",), ("page_id",))
# ``scope``: "all", "page" or "tag".
_NOTE = EventKind(("note_id",), ("day", "scope"), ("page_id", "tag_id"))
# ``pages``: how many; ``page_id`` where it is one.
_ARCHIVE = EventKind((), ("pages",), ("page_id",))
_IMPORT = EventKind(("import_id",), ("days",))
# ``consumer``: a program's name. ``permission``: Facebook's name of it.
_CUSTODY = EventKind((), ("consumer", "permission"), ("page_id", "tag_id"))

EVENT_KINDS: Mapping[str, EventKind] = {
    "connected": _CONSENT,
    "renewed": _CONSENT,
    "disconnected": EventKind(("grant_id",), ("revoked",)),
    "needs_renewal": EventKind(("grant_id",), ("code", "subcode")),
    # ``scope``: "account", or "page" for one that removed the app itself.
    "deauthorized": EventKind(("grant_id",), ("scope",), ("page_id",)),
    "key_given_up": EventKind(("grant_id",)),
    "frozen": EventKind(("grant_id",)),
    "thawed": EventKind(("grant_id",)),
    "tagged": _TAGGING,
    "untagged": _TAGGING,
    "tag_renamed": EventKind(("tag_id",)),
    "tag_deleted": EventKind(("tag_id",), ("pages",)),
    "noted": _NOTE,
    "note_changed": _NOTE,
    "note_deleted": _NOTE,
    "archived": _ARCHIVE,
    "unarchived": _ARCHIVE,
    "goal_set": EventKind(("page_id",), ("metric", "target", "due_day")),
    "goal_removed": EventKind(("page_id",), ("metric",)),
    "imported": _IMPORT,
    "import_undone": _IMPORT,
    "exported": EventKind((), ("what", "format", "scope"), ("page_id",)),
    "report_headed": EventKind((), (), ("tag_id",)),
    "token_allowed": _CUSTODY,
    "token_withdrawn": _CUSTODY,
    "token_handed_out": _CUSTODY,
    "page_access_forgotten": EventKind(("grant_id", "page_id")),
    # The Page: of the old id, then of the one that has the history now.
    "page_moved": EventKind(("page_id",)),
    "history_taken_along": EventKind(("page_id",), ("days",)),
    "history_move_undone": EventKind(("page_id",), ("days",)),
    "account_erased": EventKind((), ("pages", "days")),
    "page_erased": EventKind((), ("days",)),
}


def record_event(
    session: Session,
    kind: str,
    facts: Mapping[str, Fact],
    now: datetime,
    *,
    by: str | None = None,
    **ids: int | str | None,
) -> None:
    """Record one event with the ids and facts of its kind in EVENT_KINDS.

    ``by``: the operator; None for what Pagekeeper noticed itself. An event about something that is
    about to be deleted is recorded before that. Raises ValueError for a kind, id or fact that
    EVENT_KINDS doesn't have, an id that it needs, or a text that may be a name.
    """
    shape = EVENT_KINDS.get(kind)
    if shape is None:
        raise ValueError(f"no such kind of event: {kind}")
    given = {name for name, id in ids.items() if id is not None}
    if not set(shape.ids) <= given <= {*shape.ids, *shape.optional_ids}:
        raise ValueError(f"an event {kind} has other ids: {sorted(given)}")
    texts = [fact for fact in facts.values() if isinstance(fact, str)]
    if not set(facts) <= set(shape.facts) or not all(map(_CODE_WORD.fullmatch, texts)):
        raise ValueError(f"an event {kind} has other facts: {sorted(facts)}")
    session.execute(insert(Event).values(at=now, kind=kind, facts=dict(facts), by=by, **ids))


@dataclass(frozen=True)
class EventRecord:
    """One event with the present names of what it is about; None where that is gone.

    ``by`` is None for Pagekeeper itself. ``file_name`` is empty where it was erased.
    """

    at: datetime
    kind: str
    facts: Mapping[str, Fact]
    by: str | None = None
    account_name: str | None = None
    page_name: str | None = None
    tag_name: str | None = None
    note_text: str | None = None
    file_name: str | None = None


def list_events(session: Session, *, limit: int = 25, offset: int = 0) -> list[EventRecord]:
    """Return ``limit`` events from ``offset`` on, newest first."""
    names = (Grant.account_name, Page.name, Tag.name, Note.text, Import.file_name)
    query = (
        select(Event.at, Event.kind, Event.facts, Event.by, *names)
        .outerjoin(Grant, Grant.id == Event.grant_id)
        .outerjoin(Page, Page.id == Event.page_id)
        .outerjoin(Tag, Tag.id == Event.tag_id)
        .outerjoin(Note, Note.id == Event.note_id)
        .outerjoin(Import, Import.id == Event.import_id)
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [EventRecord(*row) for row in session.execute(query)]


def count_events(session: Session) -> int:
    """Return the number of all events."""
    return session.scalar(select(func.count()).select_from(Event)) or 0
