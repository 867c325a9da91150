"""Grants: saved, renewed, ended, and disconnected with no token left anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.accounts.grants import (
    find_grant_by_account,
    forget_tokens,
    get_grant,
    list_grants,
    list_unchecked_grants,
    record_check,
    record_expiries,
    record_permissions,
    save_grant,
    set_grant_status,
)
from storage.accounts.vault import PURPOSE_USER_TOKEN, Vault
from storage.db.engine import Database
from storage.db.errors import GrantNotFound
from storage.db.installation import get_data_version
from storage.models import Grant, PageGrant
from tests.integration.storage_rows import KEY, LATER, NOW, add_grant, facts_of, user_token

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])


def end(session: Session, grant_id: int, now: datetime = NOW, **facts: Any) -> bool:
    """Let Facebook have refused the grant's token."""
    changes: dict[str, Any] = {"code": 190, "subcode": None, "now": now}
    return set_grant_status(session, grant_id, "needs_renewal", **{**changes, **facts})


def test_a_new_grant_works(database: Database) -> None:
    with database.writing() as session:
        sealed = VAULT.seal(PURPOSE_USER_TOKEN, "1", user_token("1"))
        grant_id = save_grant(session, facts_of("1", "Ann\ud83d \x00"), sealed, NOW)
    with database.reading() as session:
        grant = get_grant(session, grant_id)
        assert find_grant_by_account(session, "1") is grant
        assert find_grant_by_account(session, "2") is None
        data_version = get_data_version(session)
    assert (grant.status, grant.status_at, grant.reason_code) == ("ok", NOW, None)
    assert grant.account_name == "Ann\ufffd \ufffd"
    assert (grant.granted_permissions, grant.declined_permissions) == (
        ["pages_show_list"],
        ["read_insights"],
    )
    assert (grant.created_at, grant.renewed_at, grant.last_used_at) == (NOW, NOW, NOW)
    assert grant.expires_at == NOW + timedelta(days=60)
    assert user_token("1") not in str(vars(grant))
    assert data_version == 1


def test_a_second_connect_renews_the_same_grant(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", ["10"])
    before = get_grant(session, grant_id).sealed_user_token
    end(session, grant_id, subcode=463)
    assert add_grant(session, VAULT, "1", ["10"], LATER) == grant_id
    grant = get_grant(session, grant_id)
    assert (grant.status, grant.status_at, grant.reason_code) == ("ok", LATER, None)
    assert (grant.created_at, grant.renewed_at) == (NOW, LATER)
    assert grant.sealed_user_token != before
    add_grant(session, VAULT, "1", [], LATER + timedelta(days=1))
    assert get_grant(session, grant_id).status_at == LATER, "it has worked since"


def test_grants_are_listed_by_name(session: Session) -> None:
    for account_id in ("3", "1", "2"):
        add_grant(session, VAULT, account_id, [])
    assert [grant.account_id for grant in list_grants(session)] == ["1", "2", "3"]


def test_an_unknown_grant_is_an_error(session: Session) -> None:
    with pytest.raises(GrantNotFound):
        get_grant(session, 7)


def test_a_status_changes_once_and_says_so(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", [])
    before = get_data_version(session)
    assert end(session, grant_id, subcode=1)
    assert not end(session, grant_id, LATER, subcode=1)
    assert get_data_version(session) == before + 1
    assert not end(session, grant_id, LATER, code=10**12), "only the reason is another one"
    grant = get_grant(session, grant_id)
    assert (grant.status, grant.status_at) == ("needs_renewal", NOW)
    assert (grant.reason_code, grant.reason_subcode) == (10**12, None)
    assert get_data_version(session) == before + 2


def test_an_answer_about_the_token_before_does_not_end_a_renewed_grant(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", [], LATER)
    assert not end(session, grant_id, LATER, token_read_at=NOW)
    assert get_grant(session, grant_id).status == "ok"
    assert end(session, grant_id, LATER, token_read_at=LATER)


def test_disconnecting_erases_every_token_of_the_account_and_nothing_else(
    session: Session,
) -> None:
    gone = add_grant(session, VAULT, "1", ["10", "11"])
    kept = add_grant(session, VAULT, "2", ["11"])
    before = get_data_version(session)
    forget_tokens(session, gone, LATER)
    assert get_data_version(session) > before
    session.expire_all()
    grant = get_grant(session, gone)
    assert (grant.status, grant.status_at) == ("disconnected", LATER)
    assert (grant.sealed_user_token, grant.key_id) == (None, None)
    assert get_grant(session, kept).sealed_user_token is not None
    sealed = select(PageGrant.grant_id, PageGrant.page_id, PageGrant.sealed_page_token.is_(None))
    assert {tuple(row) for row in session.execute(sealed)} == {
        (gone, "10", True),
        (gone, "11", True),
        (kept, "11", False),
    }


def test_a_disconnected_grant_stays_so_until_it_is_renewed(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", ["10"])
    forget_tokens(session, grant_id, NOW)
    for status in ("ok", "needs_renewal", "frozen"):
        assert not set_grant_status(session, grant_id, status, code=190, subcode=None, now=LATER)
    assert get_grant(session, grant_id).status == "disconnected"
    add_grant(session, VAULT, "1", ["10"], LATER)
    assert get_grant(session, grant_id).status == "ok"


def test_the_database_itself_refuses_a_token_on_a_disconnected_grant(database: Database) -> None:
    with database.writing() as session:
        add_grant(session, VAULT, "1", [])
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(Grant).values(status="disconnected"))


def test_nothing_of_a_token_lingers_in_the_files(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        return
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", [str(n) for n in range(50)])
        rows = session.scalars(select(PageGrant.sealed_page_token))
        sealed = [get_grant(session, grant_id).sealed_user_token, *rows]
    texts = [text.encode() for text in sealed if text is not None]
    assert len(texts) == 51
    files = [tmp_path / "data" / f"pagekeeper.db{end}" for end in ("", "-wal")]
    assert any(texts[0] in file.read_bytes() for file in files)
    with database.writing() as session:
        forget_tokens(session, grant_id, LATER)
    content = b"".join(file.read_bytes() for file in files)
    assert not [text for text in texts if text in content]


def test_a_reader_in_the_way_does_not_hold_up_a_disconnect(database: Database) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10"])
    with database.reading() as reader:
        assert get_grant(reader, grant_id).status == "ok"
        with database.writing() as session:
            forget_tokens(session, grant_id, LATER)
        assert get_grant(reader, grant_id).status == "ok"
    with database.writing() as session:
        assert get_grant(session, grant_id).status == "disconnected"


def test_use_and_expiries_are_noted(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", [])
    before = get_data_version(session)
    for _ in range(2):
        record_check(session, grant_id, LATER, is_alive=True)
        record_expiries(session, grant_id, expires_at=None, data_access_expires_at=LATER)
        grant = get_grant(session, grant_id)
        assert (grant.last_used_at, grant.checked_at, grant.expires_at) == (LATER, LATER, None)
        assert grant.data_access_expires_at == LATER
        assert get_data_version(session) == before + 1, "once"


def test_unchanged_permissions_change_no_version(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", [])
    granted = get_grant(session, grant_id).granted_permissions
    record_permissions(session, grant_id, granted=granted, declined=["x"])
    before = get_data_version(session)
    record_permissions(session, grant_id, granted=granted[::-1], declined=["x"])
    assert get_data_version(session) == before
    record_permissions(session, grant_id, granted=granted, declined=[])
    assert get_data_version(session) == before + 1
    assert get_grant(session, grant_id).declined_permissions == []


def test_what_an_operator_ended_is_not_to_be_checked(session: Session) -> None:
    ids = [add_grant(session, VAULT, str(number), []) for number in range(4)]
    assert list_unchecked_grants(session, NOW) == []
    for grant_id, status in zip(ids, ("ok", "needs_renewal", "frozen", "ok"), strict=True):
        set_grant_status(session, grant_id, status, code=None, subcode=None, now=NOW)
    forget_tokens(session, ids[3], NOW)
    assert list_unchecked_grants(session, LATER) == ids[:2]
    record_check(session, ids[0], LATER, is_alive=True)
    record_check(session, ids[1], LATER, is_alive=False)
    assert list_unchecked_grants(session, LATER) == []
    assert get_grant(session, ids[1]).last_used_at == NOW
