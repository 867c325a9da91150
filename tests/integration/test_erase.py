"""Erasing an account or a Page: nothing about it is left in any table or file.

The rows are made from the models, so that a new table or column is looked through without a change
here. A table that belongs neither to accounts nor to Pages has to say why.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from fb.accounts import erase
from fb.installation import Installation, open_installation
from fb.settings import read_settings
from storage.accounts.attempts import record_progress
from storage.accounts.erasure import ERASED_FILE_NAME, ErasureKind
from storage.accounts.vault import Vault
from storage.db.errors import JobRunning
from storage.db.upsert import table_of
from storage.jobs.events import list_events, record_event
from storage.jobs.leases import renew_leases
from storage.jobs.runs import SNAPSHOTS, start_run
from storage.ledger.verification import verify_ledger
from storage.models import (
    Attempt,
    Base,
    EventSubject,
    Import,
    Page,
    PageGrant,
    SeenPage,
    Snapshot,
    UtcDateTime,
)
from storage.notes.saved_views import save_view
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import APP_ID
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    OTHER_KEY,
    add_attempt,
    add_grant,
    expire_leases,
)

# Words that stand in no text of the program.
ERASED, KEPT = "doomed", "spared"
FILLED = {"installation", "vault_keys", "insight_metrics"}  # when a database is made
# Tables without a Page or an account in them, and why. A table with either has a foreign key to it.
OF_NOBODY = {
    "installation": "the mode of this installation",
    "vault_keys": "canaries of encryption keys",
    "deletions": "keyed hashes of ids",
    "deletion_requests": "keyed hashes of ids; what is still to erase is sealed until then",
    "tags": "operators' groups; their Pages are page_tags",
    "saved_views": "operators' names and addresses; those that filter by an account go with it",
    "report_headings": "operators' titles and logos of reports; of a tag, or of all others",
    "imports": "files; their names are erased apart from their rows",
    "insight_metrics": "Facebook's metrics",
    "job_runs": "counts of a run; its Pages are job_failures",
    "events": "pseudonyms; what they stand for is event_subjects",
    "ledger_keys": "keys of the ledger, sealed",
    "job_leases": "runs' rights to work; deleted before an erasure",
    "warning_channels": "where operators want warnings, sealed",
    "warning_topics": "kinds of messages",
    "calendar_feeds": "hashes of secret addresses",
    "people": "the team, who sign in; not Facebook's accounts",
    "sign_in_sessions": "browsers of the team",
    "sign_in_attempts": "ways to the sign-in service",
    "start_views": "the team's start screens",
    "observations": "Graph's version, and how much of Facebook's limits is used",
}
OWNERS: dict[ErasureKind, set[str]] = {"account": {"grants", "pages"}, "page": {"pages"}}
KINDS = pytest.mark.parametrize("kind", list(OWNERS))
# Values that the tables' own conditions, or the events' (nothing but code words), ask for.
FITTING: dict[str, dict[str, Any]] = {
    "grants": {"status": "ok"},
    "page_grants": {"status": "ok"},
    "attempts": {"status": "saved", "sealed_result": None},
    "notes": {"tag_id": None},
    "token_allowances": {"tag_id": None},
    "imports": {"undone_at": None},
    "deletion_requests": {"status": "pending"},
    "events": {"kind": "goal_removed", "facts": {}, "by": None},
    "people": {"role": "viewer"},
}


@contextmanager
def opened(root: Path, url: str, *keys: str) -> Iterator[Installation]:
    environ = {
        "FACEBOOK_APP_ID": APP_ID,
        "FACEBOOK_APP_SECRET": "0123456789abcdef0123456789abcdef",
        "STATE_TOKEN_SECRET": "q8Zr3-vT6yLw2mKx9Nf4cHs7Jb5Gd1Pa0Ue",
        "TOKEN_ENCRYPTION_KEYS": ",".join(keys or (KEY,)),
        "DATABASE_URL": url,
    }
    startup = open_installation(read_settings(environ, root), now=lambda: NOW)
    assert startup.installation is not None, startup.report.problems
    yield startup.installation
    startup.installation.close()


@pytest.fixture
def installation(tmp_path: Path, live_database_url: str) -> Iterator[Installation]:
    with opened(tmp_path, live_database_url) as installation:
        yield installation


def is_owned(table: Table, kind: ErasureKind) -> bool:
    targets = {key.column.table.name for key in table.foreign_keys}
    return table.name in OWNERS[kind] or bool(targets & (OWNERS[kind] | {"posts"}))


def value_of(column: Column[Any], mark: str, number: int) -> Any:
    """A value of the column's type, with the mark in every text."""
    values: dict[type, Any] = {
        Boolean: True,
        Integer: number,
        BigInteger: number,
        Text: f"{mark} {column.name}",
        JSON: {"a": [mark]},
        LargeBinary: mark.encode(),
        Date: NOW.date(),
        UtcDateTime: NOW,
    }
    return next(value for type_, value in values.items() if isinstance(column.type, type_))


def fill(session: Session, kind: ErasureKind) -> None:
    """Fill every table with a row of what stays, and of what goes where it can have one."""
    keys: dict[tuple[str, str], Any] = {}  # the first key of a row, by its table and mark
    for table in Base.metadata.sorted_tables:
        key = next(iter(table.primary_key))
        if table.name in FILLED:
            keys[table.name, KEPT] = session.scalars(select(key).limit(1)).first()
            continue
        marks = (KEPT, ERASED) if is_owned(table, kind) else (KEPT,)
        for number, mark in enumerate(marks, start=7):
            row: dict[str, Any] = {}
            for column in table.c:
                target = next((each.column.table.name for each in column.foreign_keys), None)
                row[column.name] = (
                    value_of(column, mark, number)
                    if target is None
                    else keys.get((target, mark), keys[target, KEPT])
                )
            session.execute(insert(table).values(row | FITTING.get(table.name, {})))
            keys[table.name, mark] = row[key.name]


def add_loose_ends(session: Session, kind: ErasureKind) -> None:
    """Add what names it without a key to it: files, a trip that is not saved, a saved view."""
    names = {20: f"{ERASED} fans.csv", 21: f"{ERASED} undone.csv"}
    for id, name in names.items():
        counts = {"new_count": 1, "equal_count": 0, "conflicting_count": 0, "refused_count": 0}
        undone_at = NOW if id == 21 else None
        values = {"id": id, "file_name": name, "imported_at": NOW, "undone_at": undone_at}
        session.execute(insert(Import).values(values | counts))
    of_page = update(Snapshot).where(Snapshot.page_id == f"{ERASED} id")
    session.execute(of_page.values(fans_source="import:20"))
    add_attempt(session, "unsaved")
    session.execute(update(Attempt).where(Attempt.id == "unsaved").values(status="reading"))
    record_progress(session, "unsaved", account_name=f"{ERASED} account")
    attempt = session.get(Attempt, "unsaved")
    assert attempt is not None
    attempt.unticked = [f"{ERASED} id"]
    # Another account's trip named the Page, too.
    kept = session.scalars(select(SeenPage.grant_id)).first()
    seen = {"page_id": f"{ERASED} id", "name": ERASED, "kind": "not_ticked", "seen_at": NOW}
    session.execute(insert(SeenPage).values(grant_id=kept, **seen))
    if kind == "account":
        save_view(
            session, "Anna's", urlencode({"account": f"{ERASED} account_id"}), NOW, by=THIS_COMPUTER
        )


def tables_that_name(session: Session, mark: str) -> list[str]:
    return [
        table.name
        for table in Base.metadata.sorted_tables
        if any(mark in str(value) for row in session.execute(select(table)) for value in row)
    ]


def erase_it(installation: Installation, kind: ErasureKind, id: str) -> bool:
    erasure = erase.load_erasure(installation, kind, id)
    assert erasure is not None
    return erase.erase(installation, erasure, by=THIS_COMPUTER)


def files_of(installation: Installation) -> bytes:
    folder = Path(str(installation.database.engine.url.database)).parent
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@KINDS
@pytest.mark.both_databases
def test_nothing_is_left_of_what_was_erased(installation: Installation, kind: ErasureKind) -> None:
    database = installation.database
    with database.writing() as session:
        fill(session, kind)
        owned = [each.name for each in Base.metadata.sorted_tables if is_owned(each, kind)]
        assert tables_that_name(session, ERASED) == owned
        add_loose_ends(session, kind)
    with database.reading() as session:
        kept_before = [name for name in tables_that_name(session, KEPT) if name != "job_leases"]
    id = f"{ERASED} account_id" if kind == "account" else f"{ERASED} id"
    assert erase_it(installation, kind, id)
    with database.reading() as session:
        assert tables_that_name(session, ERASED) == []
        assert tables_that_name(session, KEPT) == kept_before, "another one's rows are left alone"
        for name in owned:
            rows = session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
            assert rows == 1, name
        names = session.scalars(select(Import.file_name).order_by(Import.id))
        assert list(names) == [f"{KEPT} file_name", ERASED_FILE_NAME, ERASED_FILE_NAME]
        (left,) = session.scalars(select(EventSubject.pseudonym))
        assert left == f"{KEPT} pseudonym"
    if database.is_sqlite:
        assert ERASED.encode() not in files_of(installation)


def test_a_file_of_many_pages_keeps_no_trace_of_some(tmp_path: Path) -> None:
    """Where a full page of the file was split, zeroing deleted rows leaves copies of them."""
    with opened(tmp_path, f"sqlite:///{tmp_path}/data/pagekeeper.db") as installation:
        ids = [f"PAGE{number:06d}" for number in range(150)]
        gone, kept = ids[::7], [id for id in ids if id not in ids[::7]]
        with installation.database.writing() as session:
            add_grant(session, installation.vault, "11", gone)
            add_grant(session, installation.vault, "12", kept)
        dice = random.Random(1)
        for number in range(1, 90):
            day, order = NOW.date() - timedelta(days=number), dice.sample(ids, len(ids))
            rows = [{"page_id": id, "day": day, "fans_count": 1, "fetched_at": NOW} for id in order]
            with installation.database.writing() as session:
                session.execute(table_of(Snapshot).insert(), rows)
                for id in order[: 30 if number % 6 == 0 else 0]:
                    about = "y" * dice.randrange(3000) + id
                    session.execute(update(Page).where(Page.id == id).values(about=about))
        assert erase_it(installation, "account", "11")
        content = files_of(installation)
    assert not [id for id in gone if id.encode() in content]
    assert all(id.encode() in content for id in kept)


def test_every_table_belongs_to_somebody_or_says_why_not() -> None:
    loose = {table.name for table in Base.metadata.sorted_tables if not is_owned(table, "account")}
    assert loose == set(OF_NOBODY)


def test_every_column_that_names_an_owner_has_a_key_to_it() -> None:
    targets = {"grant_id": "grants", "account_id": "grants", "page_id": "pages"}
    loose = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.name in targets
        and table.name != targets[column.name]
        and targets[column.name] not in {key.column.table.name for key in column.foreign_keys}
    ]
    assert loose == ["seen_pages.page_id"], "of Pages that are stored nowhere else"
    names = {c.name for table in Base.metadata.sorted_tables for c in table.c if "_name" in c.name}
    assert names == {"account_name", "file_name"}, "a name is joined, not copied"


def test_the_ledger_stays_whole_and_tells_nobody_whose_it_was(installation: Installation) -> None:
    with installation.database.writing() as session:
        grant_id = add_grant(session, installation.vault, "1001", ["PAGE2001"])
        record_event(session, "connected", {"saved": 1}, NOW, grant_id=grant_id)
        record_event(session, "archived", {"pages": 1}, NOW, page_id="PAGE2001")
        hash_keys = session.scalars(select(EventSubject.hash_key)).all()
    assert all(each.encode() in files_of(installation) for each in hash_keys)
    assert erase_it(installation, "account", "1001")
    with installation.database.reading() as session:
        verdict = verify_ledger(session, installation.vault)
        assert (verdict.count, verdict.flaw, verdict.exchanged_count) == (3, None, 0)
        events = list_events(session)
    assert {(each.account_name, each.page_name) for each in events} == {(None, None)}
    content = files_of(installation)
    assert not [each for each in (*hash_keys, "PAGE2001") if each.encode() in content]


def test_a_page_that_another_account_holds_stays(installation: Installation) -> None:
    with installation.database.writing() as session:
        anna = add_grant(session, installation.vault, "1", ["10", "11"])
        ben = add_grant(session, installation.vault, "2", ["11", "12"])
    erasure = erase.load_erasure(installation, "account", "1")
    assert erasure is not None
    assert (erasure.page_ids, erasure.page_names, erasure.kept_count) == (("10",), ("Page 10",), 1)
    assert (erasure.days_count, erasure.grant_id) == (0, anna)
    assert erase.erase(installation, erasure, by=THIS_COMPUTER)
    with installation.database.reading() as session:
        held = session.execute(select(PageGrant.page_id, PageGrant.grant_id)).all()
        assert [tuple(row) for row in held] == [("11", ben), ("12", ben)]
        event = list_events(session)[0]
    assert (event.kind, event.facts) == ("account_erased", {"days": 0, "pages": 1})
    assert erase.load_erasure(installation, "account", "1") is None
    assert erase.erase(installation, erasure, by=THIS_COMPUTER), "what is gone counts as erased"


def test_a_run_has_to_end_first(installation: Installation) -> None:
    with installation.database.writing() as session:
        add_grant(session, installation.vault, "1", ["10"])
        run_id = start_run(session, kind=SNAPSHOTS, started_by="daily", day=NOW.date(), now=NOW)
    with pytest.raises(JobRunning):
        erase_it(installation, "page", "10")
    assert erase.load_erasure(installation, "page", "10") is not None
    expire_leases(installation.database)
    assert erase_it(installation, "page", "10")
    assert erase.load_erasure(installation, "page", "10") is None
    with installation.database.writing() as session:
        assert not renew_leases(session, run_id), "it wakes up, and must not store what it read"


def connect_again(installation: Installation, now: datetime) -> None:
    with installation.database.writing() as session:
        add_grant(session, installation.vault, "1", ["10"], now)


def list_again(installation: Installation) -> list[tuple[str, str]]:
    return [(each.kind, each.id) for each in erase.list_erased_again(installation)]


def test_a_restored_copy_is_found_and_a_new_consent_is_not(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/pagekeeper.db"
    files = [tmp_path / "data" / f"pagekeeper.db{end}" for end in ("", "-wal", "-shm")]
    with opened(tmp_path, url) as installation:
        connect_again(installation, NOW - timedelta(days=3))
    shutil.copy(files[0], tmp_path / "backup")
    with opened(tmp_path, url) as installation:
        assert list_again(installation) == []
        assert erase_it(installation, "account", "1")
        assert list_again(installation) == []
        connect_again(installation, LATER)
        assert list_again(installation) == [], "they have consented again since"
    for file in files:
        file.unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup", files[0])
    with opened(tmp_path, url, OTHER_KEY, KEY) as installation:
        assert list_again(installation) == [("account", "1"), ("page", "10")]
        assert erase.count_unknown_keys(installation) == 0
        erase.merge_lists(installation)
        assert erase.erase(installation, *erase.list_erased_again(installation), by=THIS_COMPUTER)
        assert list_again(installation) == []
        installation.vault = Vault([OTHER_KEY])
        assert erase.count_unknown_keys(installation) == 2
    listed = (tmp_path / "data" / "deletions.csv").read_text()
    assert listed.count("account,") == 2
    assert (tmp_path / "data" / "deletions.csv").stat().st_mode & 0o777 == 0o600


def test_damaged_lines_of_the_list_are_passed_over(tmp_path: Path) -> None:
    with opened(tmp_path, f"sqlite:///{tmp_path}/data/pagekeeper.db") as installation:
        connect_again(installation, NOW)
        assert erase_it(installation, "page", "10")
        (line,) = (tmp_path / "data" / "deletions.csv").read_text().splitlines()
        damaged = ["", "page,a", f'page,"{"x" * 200_000}', line.replace("+00:00", "")]
        (tmp_path / "data" / "deletions.csv").write_text("\n".join([*damaged, line]))
        connect_again(installation, NOW - timedelta(days=3))
        assert list_again(installation) == [("page", "10")]


def test_a_list_that_can_not_be_written_stops_nothing(installation: Installation) -> None:
    blocked = replace(installation.settings, root=Path("/proc/nowhere"))
    installation.settings = blocked
    connect_again(installation, NOW)
    assert erase_it(installation, "page", "10")
    assert list_again(installation) == []
