"""Keys and the database: the wrong ones are noticed and change nothing, new ones take over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from storage.accounts.attempts import consume_attempt, store_result
from storage.accounts.vault import KeyReport, Vault, check_keys, key_id_of, rotate_keys
from storage.db.engine import Database
from storage.db.errors import SealBroken, WrongKey
from storage.models import Attempt, Grant, PageGrant, VaultKey
from tests.integration.storage_rows import (
    BINDING,
    KEY,
    NOW,
    OTHER_KEY,
    add_attempt,
    add_grant,
    page_token,
    user_token,
)

pytestmark = pytest.mark.both_databases

OLD, NEW = Vault([KEY]), Vault([OTHER_KEY])
BOTH = Vault([OTHER_KEY, KEY])
RIGHT = KeyReport(ok=True, unopenable=())
WRONG = KeyReport(ok=False, unopenable=(OLD.current_key_id,))


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
        consume_attempt(session, id="a1", nonce_hash="n1", binding=BINDING, now=NOW)
        store_result(
            session,
            "a1",
            vault.seal_login_result("a1", "result"),
            account_name="Account 2",
            access_until=None,
            now=NOW,
            preview_expires_at=NOW + timedelta(minutes=30),
        )


def opened(database: Database, vault: Vault) -> list[str]:
    """Open everything that is sealed."""
    with database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        pages = session.scalars(select(PageGrant).order_by(PageGrant.page_id)).all()
        attempt = session.scalars(select(Attempt)).one()
    return [
        vault.open_user_token("1", grant.key_id or "", grant.sealed_user_token or ""),
        *(
            vault.open_page_token("1", p.page_id, p.key_id or "", p.sealed_page_token or "")
            for p in pages
        ),
        vault.open_login_result("a1", attempt.key_id or "", attempt.sealed_result or ""),
    ]


SECRETS = [user_token("1"), page_token("1", "10"), page_token("1", "11"), "result"]


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


@pytest.mark.parametrize("model", [Grant, PageGrant, Attempt])
def test_a_lost_key_is_noticed_wherever_it_was_used(
    database: Database, model: type[Grant | PageGrant | Attempt]
) -> None:
    fill(database, NEW)
    with database.writing() as session:
        session.execute(update(model).values(key_id="000000000000"))
    assert check(database, NEW) == KeyReport(ok=False, unopenable=("000000000000",))


def test_a_sealed_value_without_a_key_id_is_noticed(database: Database) -> None:
    fill(database, NEW)
    with database.writing() as session:
        session.execute(update(Grant).values(key_id=None))
    assert not check(database, NEW).ok


def test_a_canary_of_this_key_id_that_does_not_open_is_noticed(database: Database) -> None:
    check(database, OLD)
    with database.writing() as session:
        session.execute(update(VaultKey).values(sealed_canary="gAAAAA"))
    assert check(database, OLD) == WRONG


def test_rotating_seals_everything_with_the_first_key(database: Database) -> None:
    check(database, OLD)
    fill(database, OLD)
    with database.writing() as session:
        assert rotate_keys(session, BOTH) == 4
    assert opened(database, NEW) == SECRETS
    assert check(database, NEW) == RIGHT
    assert canaries(database) == [NEW.current_key_id]
    with pytest.raises(WrongKey):
        opened(database, OLD)
    with database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        assert (grant.status, grant.renewed_at) == ("ok", NOW), "the rest of the rows is kept"
        assert session.scalars(select(Attempt)).one().status == "ready"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from([BOTH, Vault([KEY, OTHER_KEY])]), max_size=4))
def test_everything_opens_after_any_rotations(database: Database, order: list[Vault]) -> None:
    with database.writing() as session:
        for model in (Attempt, PageGrant, Grant, VaultKey):
            session.execute(delete(model))
    check(database, OLD)
    fill(database, OLD)
    for vault in order:
        with database.writing() as session:
            rotate_keys(session, vault)
    newest = Vault([KEY if not order or order[-1].current_key_id == key_id_of(KEY) else OTHER_KEY])
    assert opened(database, newest) == SECRETS
    assert check(database, newest) == RIGHT


def test_rotating_without_the_old_key_changes_nothing(database: Database) -> None:
    check(database, OLD)
    fill(database, OLD)
    with pytest.raises(WrongKey), database.writing() as session:
        rotate_keys(session, NEW)
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
    with pytest.raises(SealBroken), database.writing() as session:
        rotate_keys(session, BOTH)


def test_a_lost_key_with_nothing_sealed_is_mended_by_rotating(database: Database) -> None:
    check(database, OLD)
    with database.writing() as session:
        assert rotate_keys(session, NEW) == 0
    assert check(database, NEW) == RIGHT


def test_rotating_notices_a_result_moved_to_another_attempt(database: Database) -> None:
    fill(database, OLD)
    with database.writing() as session:
        session.execute(update(Attempt).values(id="a2"))
    with pytest.raises(SealBroken), database.writing() as session:
        rotate_keys(session, BOTH)
