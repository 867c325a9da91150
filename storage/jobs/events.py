"""Events: records actions of operators and changes of connections, and lists them with names.

An event is an entry of the ledger, which is never changed or deleted: numbers, days, code words and
pseudonyms. The name or text that a pseudonym stands for is looked up when the event is listed, and
is gone with its owner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.ledger.chain import BEGUN, REKEYED, append_entry, digest_of
from storage.ledger.subjects import GONE, SUBJECTS, load_names
from storage.models import Event, EventSubject, Grant, Page
from storage.models.folding import fold
from storage.people.person import Person, key_of, load_people_names

_CODE_WORD = re.compile(r"[a-z0-9_-]{1,30}")  # "fans", "csv", "2026-11-08", a program's name

MAX_SEARCH = 200  # characters
A_DAY = timedelta(days=1)

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
# ``channel``: of `storage.warnings.channels.CHANNELS`.
_CHANNEL = EventKind((), ("channel",))

_PERSON = EventKind((), ("person", "role", "sessions"))

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
    "channel_set": _CHANNEL,
    "channel_removed": _CHANNEL,
    # ``reason``: of `fb.warnings.target.Failure`; ``status``: the HTTP or SMTP status.
    "warnings_sent": EventKind((), ("channel", "count")),
    "warnings_failed": EventKind((), ("channel", "reason", "status")),
    # ``topic``: of `storage.warnings.topics.TOPICS`; ``is_on``: 0 or 1.
    "topic_switched": EventKind((), ("topic", "is_on")),
    "feed_made": EventKind(),
    "feed_revoked": EventKind(),
    "account_erased": EventKind((), ("pages", "days")),
    "page_erased": EventKind((), ("days",)),
    "keys_rotated": EventKind((), ("values",)),
    # ``person``: the id of whom it was done to.
    "let_in": _PERSON,
    "role_changed": _PERSON,
    "person_removed": _PERSON,
    "binding_freed": _PERSON,
    "signed_out_everywhere": _PERSON,
    "signed_in": EventKind(),
    "signed_out": EventKind(),
    # ``job``: a `storage.jobs.runs.JobKind`.
    "run_asked": EventKind((), ("job",), ("page_id",)),
    # Of the ledger itself; ``entries``: how many come before.
    BEGUN: EventKind((), ("entries",)),
    REKEYED: EventKind((), ("entries",)),
}
# What only administrators get to see: who is let in, and when somebody signs in or out.
PEOPLE_KINDS = (
    *("let_in", "role_changed", "person_removed", "binding_freed"),
    *("signed_out_everywhere", "signed_in", "signed_out"),
)


def record_event(
    session: Session,
    kind: str,
    facts: Mapping[str, Fact],
    now: datetime,
    *,
    by: Person | None = None,
    **ids: int | str | None,
) -> None:
    """Append one event to the ledger, with the ids and facts of its kind in EVENT_KINDS.

    ``by``: who did it; None for what Pagekeeper noticed itself. An event about something that is
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
    append_entry(session, kind, facts, now, by=None if by is None else by.key, ids=ids)


@dataclass(frozen=True)
class EventRecord:
    """One event with the present names of what it is about; None where that is gone.

    ``by`` is a `Person.key`, None for Pagekeeper itself; ``by_name``: the present name of a person,
    None for a fixed name. ``person_name``: of whom it was done to. ``file_name`` is empty where it
    was erased. ``subjects``: its pseudonyms, in the order of SUBJECTS. ``digest``, ``mac``,
    ``key_id``: of the entry in the chain; None in one from before it.
    """

    at: datetime
    kind: str
    facts: Mapping[str, Fact]
    by: str | None = None
    by_name: str | None = None
    person_name: str | None = None
    account_name: str | None = None
    page_name: str | None = None
    tag_name: str | None = None
    note_text: str | None = None
    file_name: str | None = None
    sequence: int = 0
    subjects: tuple[str | None, ...] = ()
    digest: str | None = None
    mac: str | None = None
    key_id: str | None = None


@dataclass(frozen=True)
class EventFilter:
    """Which events are listed. Empty ``kinds``: every kind. The days (UTC) are both included.

    ``search``: words in the name of an account or Page that the event is about, or its id. ``by``:
    the keys of those who did it; empty for everybody. ``has_people``: with those of PEOPLE_KINDS.
    """

    kinds: tuple[str, ...] = ()
    search: str = ""
    since: date | None = None
    until: date | None = None
    by: tuple[str, ...] = ()
    has_people: bool = False


EVERY_EVENT = EventFilter(has_people=True)


def list_events(
    session: Session,
    filter: EventFilter = EVERY_EVENT,
    *,
    limit: int | None = 25,
    offset: int = 0,
) -> list[EventRecord]:
    """Return ``limit`` events from ``offset`` on, newest first; all of them for None."""
    query = _filtered(select(*Event.__table__.c), session, filter)
    newest_first = (Event.at.desc(), Event.sequence.desc())
    rows = session.execute(query.order_by(*newest_first).limit(limit).offset(offset)).all()
    subjects = [tuple(getattr(row, name) for name in SUBJECTS.values()) for row in rows]
    names = load_names(session, (each for some in subjects for each in some if each is not None))
    people = load_people_names(session, (key for row in rows for key in (row.by, _person_of(row))))
    records = []
    for row, (account, page, tag, note, file) in zip(rows, subjects, strict=True):
        records.append(
            EventRecord(
                at=row.at,
                kind=row.kind,
                facts=row.facts,
                by=row.by,
                by_name=people.get(row.by),
                person_name=people.get(_person_of(row)),
                account_name=names.get(account or "", GONE).account_name,
                page_name=names.get(page or "", GONE).page_name,
                tag_name=names.get(tag or "", GONE).tag_name,
                note_text=names.get(note or "", GONE).note_text,
                file_name=names.get(file or "", GONE).file_name,
                sequence=row.sequence,
                subjects=(account, page, tag, note, file),
                digest=None if row.previous is None else digest_of(row, row.previous),
                mac=row.mac,
                key_id=row.key_id,
            )
        )
    return records


def count_events(session: Session, filter: EventFilter = EVERY_EVENT) -> int:
    """Return the number of events of a filter."""
    query = _filtered(select(func.count()).select_from(Event), session, filter)
    return session.scalar(query) or 0


def list_doers(session: Session, *, has_people: bool) -> list[str]:
    """Return the keys of those who did something; ``has_people`` as in `EventFilter`."""
    query = _filtered(select(Event.by), session, EventFilter(has_people=has_people))
    return list(session.scalars(query.where(Event.by.is_not(None)).distinct().order_by(Event.by)))


def _person_of(row: Row[Any]) -> str:
    """Return the key of the person that an event was done to; of nobody where it was to none."""
    return key_of(row.facts.get("person", 0))


def _filtered(query: Select[*tuple[Any, ...]], session: Session, filter: EventFilter) -> Any:
    if filter.kinds:
        query = query.where(Event.kind.in_(filter.kinds))
    if not filter.has_people:
        query = query.where(Event.kind.not_in(PEOPLE_KINDS))
    if filter.by:
        query = query.where(Event.by.in_(filter.by))
    if filter.since is not None:
        query = query.where(Event.at >= datetime.combine(filter.since, time(), UTC))
    if filter.until is not None:
        query = query.where(Event.at < datetime.combine(filter.until + A_DAY, time(), UTC))
    words = fold(storable(filter.search)[:MAX_SEARCH]).split()
    return query.where(_is_about(session, words)) if words else query


def _is_about(session: Session, words: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that an event is about an account or Page with these words."""
    accounts = session.execute(select(Grant.id, Grant.account_id, Grant.account_name))
    grant_ids = [
        id
        for id, account_id, name in accounts
        if words == [account_id] or all(word in fold(name) for word in words)
    ]
    has_name = and_(*(Page.name_folded.contains(word, autoescape=True) for word in words))
    pages = select(Page.id).where(
        or_(Page.id == words[0], has_name) if len(words) == 1 else has_name
    )
    of_accounts = select(EventSubject.pseudonym).where(EventSubject.grant_id.in_(grant_ids))
    of_pages = select(EventSubject.pseudonym).where(EventSubject.page_id.in_(pages))
    return or_(Event.account.in_(of_accounts), Event.page.in_(of_pages))
