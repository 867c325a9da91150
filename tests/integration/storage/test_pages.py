"""Pages, page grants, pictures: described anew without losing anything, tokens erased in time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.accounts.grants import (
    set_grant_status,
    set_page_grant_status,
    withdraw_page_grants,
)
from storage.accounts.page_tokens import list_page_tokens
from storage.accounts.pages import PageDetails, list_page_names, upsert_pages
from storage.accounts.pictures import (
    LINK_LIFETIME,
    REFETCH_AFTER,
    find_picture,
    list_pictures_due,
    save_picture,
    upsert_picture_sources,
)
from storage.accounts.vault import Vault
from storage.db.engine import Database
from storage.db.installation import get_data_version
from storage.models import Page, PageGrant
from tests.integration.storage_rows import KEY, LATER, NOW, add_grant, add_pages, page_token

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])
# Nothing that PostgreSQL could compress until it fits into an index.
LONG = "".join(chr(0x20000 + number * 7_919 % 40_000) for number in range(5_000))


def status_of(database: Database, page_id: str) -> tuple[str, bool]:
    """The status of the only page grant of a Page, and whether it has a token."""
    with database.reading() as session:
        row = session.scalars(select(PageGrant).where(PageGrant.page_id == page_id)).one()
    assert (row.sealed_page_token is None) == (row.key_id is None)
    return row.status, row.sealed_page_token is not None


def ids_with_token(session: Session, grant_id: int) -> set[str]:
    query = select(PageGrant.page_id).where(PageGrant.grant_id == grant_id)
    return set(session.scalars(query.where(PageGrant.sealed_page_token.is_not(None))))


def test_a_later_description_replaces_all_but_the_first_day(session: Session) -> None:
    first = PageDetails(
        id="1", name="Café", emails=("a@b.example",), location={"city": "Łódź"}, is_published=False
    )
    upsert_pages(session, [first], NOW)
    upsert_pages(session, [PageDetails(id="1", name="Renamed")], LATER)
    assert get_data_version(session) == 2
    page = session.scalars(select(Page)).one()
    assert (page.name, page.name_folded) == ("Renamed", "renamed")
    assert (page.first_seen_at, page.described_at, page.is_published) == (NOW, LATER, None)
    absent = select(Page.id).where(Page.emails.is_(None), Page.location.is_(None))
    assert session.scalars(absent).all() == ["1"], "null, and not the word null"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Robert'); DROP TABLE pages;--", "Robert'); DROP TABLE pages;--"),
        ("🍞 مخبز بيت", "🍞 مخبز بيت"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("nul\x00 half\ud83d", "nul\ufffd half\ufffd"),
        ("", ""),
        (LONG, LONG),
    ],
    ids=lambda name: ascii(name[:12]),
)
def test_any_name_is_stored(database: Database, name: str, stored: str) -> None:
    details = PageDetails(id="1", name=name, about=name, emails=(name,), location={"city": name})
    with database.writing() as session:
        upsert_pages(session, [details], NOW)
    with database.reading() as session:
        page = session.scalars(select(Page)).one()
        assert (page.name, page.emails) == (stored, [name])


def test_names_are_found_for_more_pages_than_one_statement_takes(session: Session) -> None:
    ids = [str(n) for n in range(2_500)]
    add_pages(session, ids)
    names = list_page_names(session, [*ids, "unknown"])
    assert names == {id: f"Page {id}" for id in ids}


def test_a_page_grant_is_renewed_in_place(database: Database) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10"])
        set_page_grant_status(session, "10", grant_id, "role_lost", code=190, subcode=3, now=NOW)
    assert status_of(database, "10") == ("role_lost", False)
    with database.writing() as session:
        add_grant(session, VAULT, "1", ["10"], LATER)
        row = session.scalars(select(PageGrant)).one()
        assert (row.status, row.status_at, row.granted_at) == ("ok", LATER, LATER)
        assert (row.reason_code, row.reason_subcode, row.tasks) == (None, None, ["ANALYZE"])
        opened = VAULT.open_page_token("1", "10", row.key_id or "", row.sealed_page_token or "")
        assert opened == page_token("1", "10")


@pytest.mark.parametrize("status", ["missing", "left_out", "no_access"])
def test_taking_pages_from_a_grant_erases_their_tokens_only(
    database: Database, status: str
) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10", "11"])
        before = get_data_version(session)
        withdraw_page_grants(session, grant_id, ["10", "never had"], LATER, status=status)
        assert get_data_version(session) > before
        assert set(session.scalars(select(PageGrant.page_id))) == {"10", "11"}
        assert ids_with_token(session, grant_id) == {"11"}
    assert status_of(database, "10") == (status, False)
    assert status_of(database, "11") == ("ok", True)
    with database.writing() as session:
        withdraw_page_grants(session, grant_id, ["10"], LATER + timedelta(days=1), status=status)
        since = select(PageGrant.status_at).where(PageGrant.page_id == "10")
        assert session.scalars(since).one() == LATER


def test_another_accounts_token_for_the_page_is_left(session: Session) -> None:
    one = add_grant(session, VAULT, "1", ["10"])
    two = add_grant(session, VAULT, "2", ["10"])
    withdraw_page_grants(session, one, ["10"], LATER)
    assert ids_with_token(session, two) == {"10"}


def test_a_status_of_one_page_changes_once_and_not_for_an_older_token(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", ["10"], LATER)
    lose = partial(
        set_page_grant_status,
        session,
        "10",
        grant_id,
        "role_lost",
        code=190,
        subcode=None,
        now=LATER,
    )
    assert not lose(token_read_at=NOW), "the answer is about the token before"
    assert ids_with_token(session, grant_id) == {"10"}
    assert lose(token_read_at=LATER)
    assert not lose()
    row = session.scalars(select(PageGrant)).one()
    assert (row.status, row.status_at, row.reason_code) == ("role_lost", LATER, 190)


@pytest.mark.parametrize("status", ["no_access", "missing", "left_out", "role_lost"])
def test_the_database_itself_refuses_a_token_with_another_status(
    database: Database, status: str
) -> None:
    with database.writing() as session:
        add_grant(session, VAULT, "1", ["10"])
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(PageGrant).values(status=status))


def test_the_newest_grant_is_tried_first(session: Session) -> None:
    old = add_grant(session, VAULT, "1", ["10", "11"], NOW)
    new = add_grant(session, VAULT, "2", ["11", "12"], LATER)
    found = [(row.grant_id, row.page_id) for row in list_page_tokens(session)]
    assert found == [(new, "11"), (new, "12"), (old, "10"), (old, "11")]
    row = list_page_tokens(session)[0]
    opened = VAULT.open_page_token("2", "11", row.key_id, row.sealed_page_token)
    assert opened == page_token("2", "11")
    assert row.account_id == "2"
    assert row.sealed_page_token not in repr(row)


@pytest.mark.parametrize("status", ["needs_renewal", "frozen"])
def test_grants_that_do_not_work_are_not_read(session: Session, status: str) -> None:
    grant_id = add_grant(session, VAULT, "1", ["10"])
    set_grant_status(session, grant_id, status, code=None, subcode=None, now=NOW)
    assert list_page_tokens(session) == []


URL = "https://scontent.fbcdn.net/v/1_n.jpg?oh=signature"


def test_a_picture_is_due_until_it_is_fetched_and_a_week_later(session: Session) -> None:
    add_pages(session, ["1", "2"])
    upsert_picture_sources(session, {"1": URL, "2": None}, NOW)
    assert list_pictures_due(session, NOW, limit=9) == [("1", URL)]
    assert list_pictures_due(session, NOW, limit=0) == []
    assert list_pictures_due(session, NOW + LINK_LIFETIME, limit=9) == [], "its link has died"
    assert find_picture(session, "1") is None
    before = get_data_version(session)
    save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=NOW)
    assert get_data_version(session) == before + 1
    picture = find_picture(session, "1")
    assert picture is not None
    assert (picture.content, picture.content_type) == (b"jpeg", "image/jpeg")
    assert picture.etag is not None
    assert list_pictures_due(session, NOW + REFETCH_AFTER - timedelta(seconds=1), limit=9) == []
    assert list_pictures_due(session, NOW + REFETCH_AFTER, limit=9) == [("1", URL)]
    save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=LATER)
    assert get_data_version(session) == before + 1, "the same picture again"
    due = LATER + REFETCH_AFTER
    save_picture(session, "1", content=None, content_type=None, now=due)
    assert list_pictures_due(session, due, limit=9) == [], (
        "a failed fetch is not tried again at once"
    )
    assert find_picture(session, "1") is not None, "and keeps the older copy"
