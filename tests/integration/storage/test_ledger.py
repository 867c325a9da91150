"""The ledger: whatever is changed, dropped, moved or cut is found; nothing tells who was erased."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.accounts.keys import check_keys, find_missing_keys, rotate_keys
from storage.accounts.vault import Vault
from storage.db.engine import Database, open_database
from storage.db.upsert import table_of
from storage.jobs.events import EventFilter, count_events, list_events, record_event
from storage.ledger.chain import BEGUN, REKEYED
from storage.ledger.ledger_keys import attach_vault, open_stored_keys
from storage.ledger.verification import Verdict, verify_ledger
from storage.models import Event, EventSubject, Grant, LedgerKey, Page
from storage.notes.tags import create_tag, delete_tag
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import KEY, NOW, OTHER_KEY, add_grant
from tests.people import ADA

ROOT = Path(__file__).resolve().parents[3]
VAULT = Vault([KEY])
EVENTS: Table = table_of(Event)
LENGTH = 5


def verify(database: Database, head: str | None = None, vault: Vault = VAULT) -> Verdict:
    with database.reading() as session:
        return verify_ledger(session, vault, head)


def fill(database: Database) -> int:
    """Write five entries about one account and one Page, and return the grant's id."""
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1001", ["2001"])
        record_event(session, "connected", {"saved": 1}, NOW, by=ADA, grant_id=grant_id)
        record_event(session, "archived", {"pages": 2}, NOW, by=ADA)
        record_event(session, "unarchived", {"pages": 1}, NOW, page_id="2001")
        record_event(session, "frozen", {}, NOW + timedelta(seconds=1), grant_id=grant_id)
        record_event(session, "thawed", {}, NOW + timedelta(days=1), grant_id=grant_id)
    return grant_id


@pytest.mark.both_databases
def test_a_ledger_that_nobody_touched_fits(database: Database) -> None:
    assert verify(database) == Verdict(0, "", None, 0, 0, None, 0)
    fill(database)
    verdict = verify(database)
    assert (verdict.count, verdict.flaw, verdict.locked_until) == (LENGTH, None, 0)
    with database.writing() as session:
        record_event(session, "archived", {"pages": 3}, NOW)
    later = verify(database, head=verdict.digest)
    assert (later.count, later.head_at) == (LENGTH + 1, LENGTH)
    with database.reading() as session:
        newest = list_events(session, limit=None)
    assert {each.digest for each in newest} >= {verdict.digest, later.digest}


def test_a_changed_column_is_found(database: Database) -> None:
    fill(database)
    forged: dict[str, Any] = {"at": NOW - timedelta(days=9), "facts": {"saved": 2}}
    columns = [each.name for each in EVENTS.c if each.name != "sequence"]
    for column, sequence in itertools.product(columns, (1, 3, LENGTH)):
        with database.writing() as session:
            change = update(EVENTS).where(EVENTS.c.sequence == sequence)
            session.execute(change.values({column: forged.get(column, "forged")}))
            verdict = verify_ledger(session, VAULT)
            session.rollback()
        if column == "key_id":  # a key that isn't there; the next entry covers the change
            assert verdict.flaw == "detached" or verdict.locked_until == LENGTH
        else:
            assert (verdict.flaw is not None, verdict.count) == (True, sequence - 1), column


def drop(session: Session) -> None:
    session.execute(delete(EVENTS).where(EVENTS.c.sequence == 3))


def drop_and_renumber(session: Session) -> None:
    drop(session)
    for sequence in (4, 5):
        move(session, sequence, sequence - 1)


def swap(session: Session) -> None:
    for old, new in ((2, 99), (4, 2), (99, 4)):
        move(session, old, new)


def insert_one(session: Session) -> None:
    row = {"at": NOW, "kind": "frozen", "facts": {}}
    session.execute(insert(EVENTS).values(sequence=6, key_id="k", previous="p", mac="m", **row))


def strip_seals(session: Session) -> None:
    bare = {"key_id": None, "previous": None, "mac": None}
    session.execute(update(EVENTS).where(EVENTS.c.sequence <= 4).values(bare))


def strip_last(session: Session) -> None:
    bare = {"key_id": None, "previous": None, "mac": None, "by": "Eve"}
    session.execute(update(EVENTS).where(EVENTS.c.sequence == LENGTH).values(bare))


def write_nonsense(session: Session) -> None:
    session.execute(text("UPDATE events SET facts = '{' WHERE sequence = 3"))


def move(session: Session, old: int, new: int) -> None:
    session.execute(update(EVENTS).where(EVENTS.c.sequence == old).values(sequence=new))


@pytest.mark.parametrize(
    ("tamper", "count", "flaw"),
    [
        (drop, 2, "missing"),
        (drop_and_renumber, 2, "detached"),
        (swap, 1, "detached"),
        (insert_one, LENGTH, "detached"),
        (strip_seals, 4, "detached"),
        (strip_last, 4, "unsealed"),
        (write_nonsense, 2, "unreadable"),
    ],
)
def test_what_does_not_fit_is_named(
    database: Database, tamper: Callable[[Session], None], count: int, flaw: str
) -> None:
    fill(database)
    with database.writing() as session:
        tamper(session)
    verdict = verify(database)
    assert (verdict.count, verdict.flaw) == (count, flaw)


def test_only_a_digest_noted_elsewhere_shows_that_the_end_was_cut_off(database: Database) -> None:
    fill(database)
    digest = verify(database).digest
    with database.writing() as session:
        session.execute(delete(EVENTS).where(EVENTS.c.sequence > 3))
    assert verify(database).flaw is None
    assert verify(database, head=digest).head_at is None
    with database.writing() as session:  # and so it stays when the ledger grows again
        for _ in range(4):
            record_event(session, "archived", {"pages": 1}, NOW)
    assert verify(database, head=digest).head_at is None


def test_an_exchanged_account_is_found(database: Database) -> None:
    """Who swaps what two pseudonyms stand for would put the blame on another."""
    fill(database)
    with database.writing() as session:
        ben = add_grant(session, VAULT, "1002", ["2001"])
        session.execute(
            update(EventSubject).where(EventSubject.grant_id.is_not(None)).values(grant_id=ben)
        )
    assert verify(database).exchanged_count == 1


@pytest.mark.fault(
    "several programs record at once",
    "one chain",
)
@pytest.mark.both_databases
def test_writers_at_the_same_time_make_one_chain(database: Database, database_url: str) -> None:
    """Threads of one process, and a second process with a pool of its own."""
    other = open_database(database_url)
    attach_vault(other, VAULT)

    def work(number: int) -> None:
        for _ in range(5):
            with (database, other)[number % 2].writing() as session:
                record_event(session, "archived", {"pages": number}, NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    other.close()
    verdict = verify(database)
    assert (verdict.count, verdict.flaw) == (30, None)
    with database.reading() as session:
        assert len(session.scalars(select(LedgerKey.id)).all()) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("same", ["sequence", "previous"])
def test_the_database_refuses_a_second_entry_in_the_same_place(
    database: Database, same: str
) -> None:
    """Should a writer ever get by the lock, it is stopped here."""
    fill(database)
    row = {"sequence": 6, "previous": "p", "at": NOW, "kind": "frozen", "facts": {}}
    with database.reading() as session:
        last = session.execute(select(EVENTS).where(EVENTS.c.sequence == LENGTH)).one()
    statement = insert(EVENTS).values(row | {same: getattr(last, same)})
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(statement)


APPEND = """
import sys
from storage.accounts.vault import Vault
from storage.db.engine import open_database
from storage.jobs.events import record_event
from storage.ledger.ledger_keys import attach_vault, open_stored_keys
from tests.present import NOW

database = open_database(sys.argv[1])
attach_vault(database, Vault(sys.argv[2:]))
while True:
    with database.writing() as session:
        record_event(session, "archived", {"pages": 1}, NOW)
        print(1, flush=True)
"""


@pytest.mark.fault(
    "the program is killed while it records what was done",
    "an unbroken chain",
)
@pytest.mark.both_databases
def test_a_writer_that_is_killed_leaves_no_gap(database: Database, database_url: str) -> None:
    command = [sys.executable, "-c", APPEND, database_url, KEY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as appending:
        assert appending.stdout is not None
        for _ in range(20):
            assert appending.stdout.readline()
        appending.kill()  # before or after it has committed
    assert appending.returncode == -signal.SIGKILL
    fill(database)
    verdict = verify(database)
    assert verdict.flaw is None
    assert verdict.count >= 19 + LENGTH


@pytest.mark.both_databases
def test_deleting_leaves_the_chain_whole_and_nothing_that_tells_who(database: Database) -> None:
    grant_id = fill(database)
    with database.writing() as session:
        tag_id = create_tag(session, "Brand", NOW, by=THIS_COMPUTER)
        record_event(session, "tagged", {"pages": 1}, NOW, tag_id=tag_id)
        delete_tag(session, tag_id, NOW, by=THIS_COMPUTER)
        session.execute(delete(Page))
        session.execute(delete(Grant).where(Grant.id == grant_id))
        again = create_tag(session, "Another", NOW, by=THIS_COMPUTER)  # on SQLite with the same id
        record_event(session, "tagged", {"pages": 1}, NOW, tag_id=again)
    verdict = verify(database)
    assert (verdict.count, verdict.flaw) == (LENGTH + 3, None)
    with database.reading() as session:
        events = list_events(session)
        assert session.scalars(select(EventSubject.tag_id)).all() == [again]
        rows = str(session.execute(select(EVENTS)).all())
    assert {each.tag_name for each in events} == {None, "Another"}
    assert {each.account_name for each in events} == {None}
    assert not re.search(r"\b[12]001\b", rows)  # in a digest they may stand by chance


@pytest.mark.both_databases
def test_rotated_keys_check_the_whole_chain(database: Database) -> None:
    with database.writing() as session:
        check_keys(session, VAULT, NOW)
    fill(database)
    attach_vault(database, VAULT)  # as after a restart, before anything is done
    with database.writing() as session:
        open_stored_keys(session)
    new, both = Vault([OTHER_KEY]), Vault([OTHER_KEY, KEY])
    assert rotate_keys(database, both, NOW, by=THIS_COMPUTER).left == 0
    # A dashboard that was not restarted yet goes on with the key that it has opened.
    with database.writing() as session:
        record_event(session, "archived", {"pages": 1}, NOW)
    verdict = verify(database, vault=new)
    assert (verdict.count, verdict.flaw, verdict.locked_until) == (LENGTH + 2, None, 0)
    with database.reading() as session:
        assert count_events(session, EventFilter(kinds=("keys_rotated",))) == 1
        assert find_missing_keys(session, new).ok


def test_after_a_lost_key_the_chain_goes_on_and_says_so(database: Database) -> None:
    fill(database)
    noted = verify(database).digest
    new = Vault([OTHER_KEY])
    attach_vault(database, new)
    with database.writing() as session:
        assert check_keys(session, Vault([OTHER_KEY, KEY]), NOW).ok
        record_event(session, "archived", {"pages": 1}, NOW)
    verdict = verify(database, noted, new)
    assert (verdict.count, verdict.flaw, verdict.locked_until) == (LENGTH + 2, None, LENGTH)
    assert verdict.head_at == LENGTH, "what was noted earlier still proves the rest"
    with database.reading() as session:
        kinds = [each.kind for each in list_events(session, EventFilter(kinds=(REKEYED,)))]
        assert kinds == [REKEYED]
    # What the lost key sealed is still covered by what follows.
    with database.writing() as session:
        session.execute(update(EVENTS).where(EVENTS.c.sequence == 2).values(by="Eve"))
    assert (verify(database, vault=new).count, verify(database, vault=new).flaw) == (2, "detached")


def test_two_processes_with_different_keys_keep_one_chain(
    database: Database, database_url: str
) -> None:
    """Each goes on with a key that it can open, instead of a new one at every turn."""
    fill(database)
    other = open_database(database_url)
    attach_vault(other, Vault([OTHER_KEY]))
    for turn in range(6):
        with (other, database)[turn % 2].writing() as session:
            record_event(session, "archived", {"pages": 1}, NOW)
    other.close()
    verdict = verify(database, vault=Vault([KEY, OTHER_KEY]))
    assert (verdict.count, verdict.flaw, verdict.locked_until) == (LENGTH + 7, None, 0)


def test_a_lost_key_of_the_ledger_holds_up_nothing_else(database: Database) -> None:
    """No access is sealed with the key of the ledger, so there is nothing to reconnect."""
    with database.writing() as session:
        check_keys(session, VAULT, NOW)
        record_event(session, "archived", {"pages": 1}, NOW)
    new = Vault([Fernet.generate_key().decode()])
    with database.writing() as session:
        assert check_keys(session, new, NOW).ok
    attach_vault(database, new)
    assert rotate_keys(database, new, NOW, by=THIS_COMPUTER).left == 0
    assert verify(database, vault=new).flaw is None


def test_entries_from_before_the_chain_are_covered_by_its_first(database: Database) -> None:
    old = [
        {"sequence": number, "at": NOW, "kind": "frozen", "facts": {"a": number}, "by": "Ada"}
        for number in (1, 2, 3)
    ]
    with database.writing() as session:
        session.execute(insert(EVENTS), old)
    assert verify(database).unsealed_count == 3
    with database.writing() as session:
        record_event(session, "archived", {"pages": 1}, NOW)
    verdict = verify(database)
    assert (verdict.count, verdict.flaw, verdict.unsealed_count) == (5, None, 0)
    with database.reading() as session:
        (begun,) = list_events(session, EventFilter(kinds=(BEGUN,)))
        assert (begun.facts, begun.sequence) == ({"entries": 3}, 4)
    with database.writing() as session:
        session.execute(update(EVENTS).where(EVENTS.c.sequence == 1).values(facts={"a": 7}))
    assert (verify(database).count, verify(database).flaw) == (3, "detached")


def test_a_database_without_its_vault_takes_no_entry(database_url: str) -> None:
    database = open_database(database_url)
    with pytest.raises(LookupError, match="vault"), database.writing() as session:
        record_event(session, "archived", {"pages": 1}, NOW)
    database.close()


@pytest.mark.both_databases
def test_events_are_filtered_by_kind_name_and_day(database: Database) -> None:
    grant_id = fill(database)
    with database.writing() as session:
        session.execute(update(Grant).values(account_name="Änna Keller"))
        session.execute(update(Page).values(name="Café 100 %", name_folded="cafe 100 %"))
        other = add_grant(session, VAULT, "1002", [])
        record_event(session, "frozen", {}, NOW, grant_id=other)

    def kinds(**filter: Any) -> list[str]:
        with database.reading() as session:
            events = list_events(session, EventFilter(**filter))
            assert count_events(session, EventFilter(**filter)) == len(events)
            return sorted(each.kind for each in events)

    assert grant_id
    assert kinds(kinds=("frozen", "thawed")) == ["frozen", "frozen", "thawed"]
    assert kinds(search="keller anna") == ["connected", "frozen", "thawed"]
    assert kinds(search="1002") == ["frozen"]
    assert kinds(search="CAFE %") == kinds(search="2001") == ["unarchived"]
    assert kinds(search="nobody") == []
    assert kinds(since=(NOW + timedelta(days=1)).date()) == ["thawed"]
    assert len(kinds(until=NOW.date())) == LENGTH
