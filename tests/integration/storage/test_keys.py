"""Keys and the database: a missing one is noticed and changes nothing, new ones take over."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from storage.accounts import keys
from storage.accounts.attempts import consume_attempt, store_result
from storage.accounts.deletion_requests import add_request, list_pending
from storage.accounts.grants import save_grant
from storage.accounts.keys import KeyReport, Rotation, check_keys, rotate_keys
from storage.accounts.vault import Vault, key_id_of
from storage.db.engine import Database
from storage.db.errors import SealBroken, WrongKey
from storage.ledger.ledger_keys import attach_vault
from storage.models import Attempt, DeletionRequest, Grant, PageGrant, VaultKey
from storage.people.person import THIS_COMPUTER
from tests.integration.storage_rows import (
    BINDING,
    KEY,
    NOW,
    OTHER_KEY,
    add_attempt,
    add_grant,
    facts_of,
    page_token,
    user_token,
)

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).resolve().parents[3]
OLD, NEW = Vault([KEY]), Vault([OTHER_KEY])
BOTH = Vault([OTHER_KEY, KEY])
RIGHT = KeyReport(ok=True, unopenable=())
WRONG = KeyReport(ok=False, unopenable=(OLD.current_key_id,), account_names=("Account 1",))


def check(database: Database, vault: Vault) -> KeyReport:
    with database.writing() as session:
        return check_keys(session, vault, NOW)


def canaries(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(VaultKey.key_id).order_by(VaultKey.key_id)))


def fill(database: Database, vault: Vault) -> None:
    """Seal something of every kind."""
    with database.writing() as session:
        add_grant(session, vault, "1", ["10", "11"])
        add_attempt(session)
        consume_attempt(session, id="a1", nonce_hash="n1", binding=BINDING)
        store_result(
            session,
            "a1",
            vault.seal_login_result("a1", "result"),
            account_name="Account 2",
            access_until=None,
        )
        add_request(session, vault, "account", "77", code="c", asked_at=NOW, now=NOW, asked_by=None)


def opened(database: Database, vault: Vault) -> list[str]:
    """Open everything that is sealed."""
    with database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        pages = session.scalars(select(PageGrant).order_by(PageGrant.page_id)).all()
        attempt = session.scalars(select(Attempt)).one()
        (request,) = list_pending(session, vault)
    return [
        vault.open_user_token("1", grant.key_id or "", grant.sealed_user_token or ""),
        *(
            vault.open_page_token("1", p.page_id, p.key_id or "", p.sealed_page_token or "")
            for p in pages
        ),
        vault.open_login_result("a1", attempt.key_id or "", attempt.sealed_result or ""),
        request.id,
    ]


SECRETS = [user_token("1"), page_token("1", "10"), page_token("1", "11"), "result", "77"]


def test_the_first_start_leaves_a_canary(database: Database) -> None:
    assert check(database, OLD) == RIGHT
    assert canaries(database) == [OLD.current_key_id]
    assert check(database, OLD) == RIGHT
    assert canaries(database) == [OLD.current_key_id]


def test_another_key_is_welcome_while_nothing_is_sealed(database: Database) -> None:
    check(database, OLD)
    assert check(database, NEW) == RIGHT
    assert canaries(database) == [NEW.current_key_id]
    fill(database, NEW)
    assert not check(database, OLD).ok


def test_a_new_key_beside_the_old_one_is_right(database: Database) -> None:
    check(database, OLD)
    assert check(database, BOTH) == RIGHT
    assert canaries(database) == sorted([OLD.current_key_id, NEW.current_key_id])


def test_no_canary_is_made_where_something_is_sealed_already(database: Database) -> None:
    fill(database, OLD)
    assert check(database, NEW) == WRONG
    assert check(database, OLD) == RIGHT
    assert check(database, BOTH) == RIGHT
    assert canaries(database) == []


@pytest.mark.parametrize("model", [Grant, PageGrant, Attempt, DeletionRequest])
def test_a_lost_key_is_noticed_wherever_it_was_used(
    database: Database, model: type[Grant | PageGrant | Attempt | DeletionRequest]
) -> None:
    fill(database, NEW)
    with database.writing() as session:
        session.execute(update(model).values(key_id="000000000000"))
    names = ("Account 1",) if model in (Grant, PageGrant) else ()
    assert check(database, NEW) == KeyReport(
        ok=False, unopenable=("000000000000",), account_names=names
    )


def test_a_sealed_value_without_a_key_id_is_noticed(database: Database) -> None:
    fill(database, NEW)
    with database.writing() as session:
        session.execute(update(Grant).values(key_id=None))
    assert not check(database, NEW).ok


def test_a_canary_of_this_key_id_that_does_not_open_is_noticed(database: Database) -> None:
    check(database, OLD)
    with database.writing() as session:
        session.execute(update(VaultKey).values(sealed_canary="gAAAAA"))
    assert check(database, OLD) == KeyReport(ok=False, unopenable=(OLD.current_key_id,))
    rotate(database, OLD)
    assert check(database, OLD) == RIGHT, "rotating makes it anew"


def rotate(database: Database, vault: Vault) -> Rotation:
    attach_vault(database, vault)
    return rotate_keys(database, vault, NOW, by=THIS_COMPUTER)


def test_rotating_seals_everything_with_the_first_key(database: Database) -> None:
    check(database, OLD)
    fill(database, OLD)
    assert rotate(database, BOTH) == Rotation(resealed=len(SECRETS), left=0)
    assert opened(database, NEW) == SECRETS
    assert check(database, NEW) == RIGHT
    assert canaries(database) == [NEW.current_key_id]
    with pytest.raises(WrongKey):
        opened(database, OLD)
    with database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        assert (grant.status, grant.renewed_at) == ("ok", NOW), "the rest of the rows is kept"
        assert session.scalars(select(Attempt)).one().status == "ready"
    assert rotate(database, BOTH) == Rotation(resealed=0, left=0), "there is nothing more to do"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.lists(st.sampled_from([BOTH, Vault([KEY, OTHER_KEY])]), max_size=4),
    batch_rows=st.integers(1, 3),
)
def test_everything_opens_after_any_rotations(
    database: Database, order: list[Vault], batch_rows: int
) -> None:
    with database.writing() as session:
        for model in (Attempt, DeletionRequest, PageGrant, Grant, VaultKey):
            session.execute(delete(model))
    check(database, OLD)
    fill(database, OLD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "BATCH_ROWS", batch_rows)
        for vault in order:
            rotate(database, vault)
    newest = Vault([KEY if not order or order[-1].current_key_id == key_id_of(KEY) else OTHER_KEY])
    assert opened(database, newest) == SECRETS
    assert check(database, newest) == RIGHT


class Stopped(Exception):
    """Somebody pressed Ctrl+C."""


@pytest.mark.parametrize("batches", [1, 2, 3, 4])
def test_a_stopped_rotation_leaves_everything_open_and_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(keys, "BATCH_ROWS", 1)
    check(database, OLD)
    fill(database, OLD)
    said: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        said.append((done, total))
        if len(said) == batches:
            raise Stopped

    with pytest.raises(Stopped):
        rotate_keys(database, BOTH, NOW, stop, by=THIS_COMPUTER)
    assert said == [(done, len(SECRETS)) for done in range(1, batches + 1)]
    assert opened(database, BOTH) == SECRETS
    assert check(database, BOTH) == RIGHT
    assert check(database, OLD).unopenable == (NEW.current_key_id,), "which must be put back"
    assert canaries(database) == sorted([OLD.current_key_id, NEW.current_key_id])
    assert rotate(database, BOTH) == Rotation(resealed=len(SECRETS) - batches, left=0)
    assert opened(database, NEW) == SECRETS
    assert canaries(database) == [NEW.current_key_id]


@pytest.mark.fault(
    "an account is renewed during a rotation of keys",
    "the new access",
)
@pytest.mark.parametrize("renewing", [BOTH, OLD])
def test_what_is_renewed_during_a_rotation_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch, renewing: Vault
) -> None:
    """Between the reading of a row and its writing, by a dashboard with the new or the old keys."""
    check(database, OLD)
    fill(database, OLD)
    replace, renewals = keys._replace, iter([None])

    def renew_first(*arguments: Any) -> int:
        for _ in renewals:
            sealed = renewing.seal_user_token("1", "the newer token")
            with database.writing() as session:
                save_grant(session, facts_of("1"), sealed, NOW)
        return replace(*arguments)

    monkeypatch.setattr(keys, "_replace", renew_first)
    assert rotate(database, BOTH).left == 0
    assert opened(database, NEW) == ["the newer token", *SECRETS[1:]]
    assert check(database, NEW) == RIGHT


def test_a_process_that_goes_on_with_the_older_key_is_said(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(database, OLD)
    fill(database, OLD)
    replace = keys._replace

    def renew_first(*arguments: Any) -> int:
        with database.writing() as session:
            save_grant(session, facts_of("1"), OLD.seal_user_token("1", "newer"), NOW)
        return replace(*arguments)

    monkeypatch.setattr(keys, "_replace", renew_first)
    assert rotate(database, BOTH) == Rotation(resealed=len(SECRETS) - 1, left=1)
    assert opened(database, BOTH) == ["newer", *SECRETS[1:]]
    assert len(canaries(database)) == 2, "the older key is still needed"


def test_no_trace_of_the_older_seals_is_left(database: Database) -> None:
    """Neither in the tables nor in SQLite's log; PostgreSQL's files are not ours to look at."""
    check(database, OLD)
    fill(database, OLD)
    with database.reading() as session:
        sealed = str(session.scalar(select(Grant.sealed_user_token)))
    rotate(database, BOTH)
    with database.reading() as session:
        assert session.scalar(select(Grant.sealed_user_token)) != sealed
    path = Path(str(database.engine.url.database))
    for file in path.parent.glob(f"{path.name}*"):
        assert sealed.encode() not in file.read_bytes(), file.name


def test_rotating_without_the_old_key_changes_nothing(database: Database) -> None:
    check(database, OLD)
    fill(database, OLD)
    with pytest.raises(WrongKey):
        rotate(database, NEW)
    assert opened(database, OLD) == SECRETS
    assert canaries(database) == [OLD.current_key_id]


def test_rotating_notices_a_token_moved_to_another_page(database: Database) -> None:
    fill(database, OLD)
    with database.writing() as session:
        sealed = session.scalar(
            select(PageGrant.sealed_page_token).where(PageGrant.page_id == "10")
        )
        session.execute(
            update(PageGrant).where(PageGrant.page_id == "11").values(sealed_page_token=sealed)
        )
    with pytest.raises(SealBroken):
        rotate(database, BOTH)


def test_a_lost_key_with_nothing_sealed_is_mended_by_rotating(database: Database) -> None:
    check(database, OLD)
    assert rotate(database, NEW) == Rotation(resealed=0, left=0)
    assert check(database, NEW) == RIGHT


def test_rotating_notices_a_result_moved_to_another_attempt(database: Database) -> None:
    fill(database, OLD)
    with database.writing() as session:
        session.execute(update(Attempt).values(id="a2"))
    with pytest.raises(SealBroken):
        rotate(database, BOTH)


ROTATE = """
import sys
import time
from datetime import UTC, datetime
from storage.accounts import keys
from storage.accounts.vault import Vault
from storage.db.engine import open_database
from storage.ledger.ledger_keys import attach_vault
from storage.people.person import THIS_COMPUTER

def say(done, total):
    print(done, flush=True)
    if done > 90:  # it must not end before it is killed
        time.sleep(60)


keys.BATCH_ROWS = 7
database, vault = open_database(sys.argv[1]), Vault(sys.argv[2:])
attach_vault(database, vault)
keys.rotate_keys(database, vault, datetime.now(UTC), say, by=THIS_COMPUTER)
"""


@pytest.mark.fault(
    "the program is killed during a rotation of keys",
    "every stored access opens; the next run goes on",
)
@pytest.mark.parametrize("batches", [2, 10])
def test_a_rotation_that_is_killed_leaves_everything_open(database: Database, batches: int) -> None:
    pages = [str(number) for number in range(100, 220)]
    with database.writing() as session:
        add_grant(session, OLD, "1", pages)
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ROTATE, url, OTHER_KEY, KEY]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as rotating:
        assert rotating.stdout is not None
        for _ in range(batches):
            assert rotating.stdout.readline()
        rotating.kill()  # in the next batch, wherever it is
    assert rotating.returncode == -signal.SIGKILL
    assert 0 < keys_in_use(database)[NEW.current_key_id] < len(pages)
    assert tokens(database, BOTH) == {page: page_token("1", page) for page in pages}
    assert rotate(database, BOTH).left == 0
    assert set(keys_in_use(database)) == {NEW.current_key_id}
    assert tokens(database, NEW) == {page: page_token("1", page) for page in pages}


def keys_in_use(database: Database) -> Counter[str | None]:
    """How many page tokens each key seals."""
    with database.reading() as session:
        return Counter(session.scalars(select(PageGrant.key_id)))


def tokens(database: Database, vault: Vault) -> dict[str, str]:
    """Open every page token of account 1."""
    with database.reading() as session:
        held = session.scalars(select(PageGrant)).all()
    return {
        row.page_id: vault.open_page_token(
            "1", row.page_id, row.key_id or "", row.sealed_page_token or ""
        )
        for row in held
    }
