"""Ledger file: makes a CSV file of the ledger's entries, with their digests and check values.

A digest in the file is one that `python -m fb ledger verify --head` takes. Names are the present
ones, also of people; the entries themselves have none, and ``by`` is what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.orm import Session

from storage.export.csv_xlsx import Cell, Column, make_file
from storage.jobs.events import EventFilter, EventRecord, list_events
from storage.ledger.subjects import SUBJECTS

LEDGER_COLUMNS = (
    Column("entry", "number"),
    Column("time_utc", "time"),
    Column("what_happened", "text"),
    Column("kind", "text"),
    Column("facts", "text"),
    Column("by", "text"),
    Column("who", "text"),
    Column("account_name", "text"),
    Column("page_name", "text"),
    *(Column(f"{subject}_pseudonym", "text") for subject in SUBJECTS.values()),
    Column("digest", "text"),
    Column("check_value", "text"),
    Column("key_id", "text"),
)


def export_ledger(
    session: Session,
    filter: EventFilter,
    tell: Callable[[EventRecord], str],
    tell_who: Callable[[EventRecord], str],
) -> bytes:
    """Return the entries of a filter as CSV, newest first.

    ``tell`` puts one into words, ``tell_who`` who did it.
    """
    return make_file(LEDGER_COLUMNS, _iterate_rows(session, filter, tell, tell_who), "csv")


def _iterate_rows(
    session: Session,
    filter: EventFilter,
    tell: Callable[[EventRecord], str],
    tell_who: Callable[[EventRecord], str],
) -> Iterator[Sequence[Cell]]:
    for event in list_events(session, filter, limit=None):
        facts = json.dumps(dict(event.facts), sort_keys=True)
        who = (event.by, tell_who(event))
        about = (event.account_name, event.page_name, *event.subjects)
        chain = (event.digest, event.mac, event.key_id)
        yield event.sequence, event.at, tell(event), event.kind, facts, *who, *about, *chain
