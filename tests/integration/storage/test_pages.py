"""Pages, page grants, pictures: described anew without losing anything, tokens erased in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

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
from storage.accounts.pages import PageDetails, list_page_names, read_details, upsert_pages
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
from storage.models import Page, PageGrant, Picture
from tests.integration.storage_rows import KEY, LATER, NOW, add_grant, add_pages, page_token

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])
# Nothing that PostgreSQL could compress until it fits into an index.
LONG = "".join(chr(0x20000 + number * 7_919 % 40_000) for number in range(5_000))
FULL = PageDetails(
    id="90071992547409931",
    name="Café Straße",
    category="Bakery",
    about="Bread",
    website="https://example.org",
    link="https://facebook.com/x",
    username="x",
    phone="1",
    emails=("a@example.org",),
    location={"city": "Łódź", "latitude": 51.7},
    verification_status="not_verified",
    is_published=False,
    is_new_page_experience=True,
)


def get_page(database: Database, page_id: str) -> Page:
    with database.reading() as session:
        return session.scalars(select(Page).where(Page.id == page_id)).one()


def status_of(database: Database, page_id: str) -> tuple[str, bool]:
    """The status of the only page grant of a Page, and whether it has a token."""
    with database.reading() as session:
        row = session.scalars(select(PageGrant).where(PageGrant.page_id == page_id)).one()
    assert (row.sealed_page_token is None) == (row.key_id is None)
    return row.status, row.sealed_page_token is not None


def ids_with_token(session: Session, grant_id: int) -> set[str]:
    query = select(PageGrant.page_id).where(PageGrant.grant_id == grant_id)
    return set(session.scalars(query.where(PageGrant.sealed_page_token.is_not(None))))


def test_a_page_is_kept_as_described(database: Database) -> None:
    with database.writing() as session:
        upsert_pages(session, [FULL], NOW, graph_version="v26.0")
    page = get_page(database, FULL.id)
    assert PageDetails(**read_details(page)) == FULL
    assert page.graph_version == "v26.0"
    assert (page.name_folded, page.first_seen_at, page.described_at) == ("cafe strasse", NOW, NOW)


def test_a_later_description_replaces_all_but_the_first_day(database: Database) -> None:
    with database.writing() as session:
        upsert_pages(session, [FULL], NOW)
        upsert_pages(session, [PageDetails(id=FULL.id, name="Renamed")], LATER)
        assert get_data_version(session) == 2
    page = get_page(database, FULL.id)
    assert (page.name, page.name_folded) == ("Renamed", "renamed")
    assert (page.first_seen_at, page.described_at) == (NOW, LATER)
    assert (page.about, page.emails, page.location, page.is_published) == (None, None, None, None)


def test_what_facebook_leaves_out_is_null_and_not_the_word_null(database: Database) -> None:
    with database.writing() as session:
        upsert_pages(session, [PageDetails(id="1", name="x")], NOW)
        absent = select(Page.id).where(Page.emails.is_(None), Page.location.is_(None))
        assert session.scalars(absent).all() == ["1"]


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
    with database.writing() as session:
        row = replace(FULL, name=name, about=name, emails=(name,), location={"city": name})
        upsert_pages(session, [row], NOW)
    page = get_page(database, FULL.id)
    assert (page.name, page.emails) == (stored, [name])


def test_names_are_found_for_more_pages_than_one_statement_takes(database: Database) -> None:
    ids = [str(n) for n in range(2_500)]
    with database.writing() as session:
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


def test_another_accounts_token_for_the_page_is_left(database: Database) -> None:
    with database.writing() as session:
        one = add_grant(session, VAULT, "1", ["10"])
        two = add_grant(session, VAULT, "2", ["10"])
        withdraw_page_grants(session, one, ["10"], LATER)
        assert ids_with_token(session, two) == {"10"}


def test_a_status_of_one_page_changes_once(database: Database) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10"])
        change = {"code": 190, "subcode": None, "now": LATER}
        assert set_page_grant_status(session, "10", grant_id, "role_lost", **change)  # type: ignore[arg-type] # all fit
        assert not set_page_grant_status(session, "10", grant_id, "role_lost", **change)  # type: ignore[arg-type] # all fit
        row = session.scalars(select(PageGrant)).one()
        assert (row.status, row.status_at, row.reason_code) == ("role_lost", LATER, 190)


def test_an_answer_about_the_token_before_does_not_erase_a_new_one(database: Database) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10"], LATER)
        assert not set_page_grant_status(
            session,
            "10",
            grant_id,
            "role_lost",
            code=190,
            subcode=None,
            now=LATER,
            token_read_at=NOW,
        )
    assert status_of(database, "10") == ("ok", True)


@pytest.mark.parametrize("status", ["no_access", "missing", "left_out", "role_lost"])
def test_the_database_itself_refuses_a_token_with_another_status(
    database: Database, status: str
) -> None:
    with database.writing() as session:
        add_grant(session, VAULT, "1", ["10"])
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(update(PageGrant).values(status=status))


def test_the_newest_grant_is_tried_first(database: Database) -> None:
    with database.writing() as session:
        old = add_grant(session, VAULT, "1", ["10", "11"], NOW)
        new = add_grant(session, VAULT, "2", ["11", "12"], LATER)
        found = [(row.grant_id, row.page_id) for row in list_page_tokens(session)]
        assert found == [(new, "11"), (new, "12"), (old, "10"), (old, "11")]
        row = list_page_tokens(session)[0]
        opened = VAULT.open_page_token("2", "11", row.key_id, row.sealed_page_token)
        assert opened == page_token("2", "11")
        assert (row.account_id, row.account_name) == ("2", "Account 2")
        assert row.sealed_page_token not in repr(row)


@pytest.mark.parametrize("status", ["needs_renewal", "frozen"])
def test_grants_that_do_not_work_are_not_read(database: Database, status: str) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10"])
        set_grant_status(session, grant_id, status, code=None, subcode=None, now=NOW)
        assert list_page_tokens(session) == []


URL = "https://scontent.fbcdn.net/v/1_n.jpg?oh=signature"


def test_a_picture_is_due_until_it_is_fetched_and_a_week_later(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1", "2"])
        upsert_picture_sources(session, {"1": URL, "2": None}, NOW)
        assert list_pictures_due(session, NOW) == [("1", URL)]
        assert find_picture(session, "1") is None
        before = get_data_version(session)
        save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=NOW)
        assert get_data_version(session) == before + 1
        picture = find_picture(session, "1")
        assert picture is not None
        assert (picture.content, picture.content_type) == (b"jpeg", "image/jpeg")
        assert picture.etag is not None
        assert list_pictures_due(session, NOW + REFETCH_AFTER - timedelta(seconds=1)) == []
        assert list_pictures_due(session, NOW + REFETCH_AFTER) == [("1", URL)]
        save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=LATER)
        assert get_data_version(session) == before + 1


def test_a_new_signature_is_no_new_picture_and_a_new_path_is(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1"])
        upsert_picture_sources(session, {"1": URL}, NOW)
        save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=NOW)
        upsert_picture_sources(session, {"1": URL + "2"}, LATER)
        assert list_pictures_due(session, LATER) == []
        upsert_picture_sources(session, {"1": URL.replace("1_n", "2_n")}, LATER)
        assert list_pictures_due(session, LATER) == [("1", URL.replace("1_n", "2_n"))]
        assert find_picture(session, "1") is not None


def test_links_that_have_died_are_not_due(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1"])
        upsert_picture_sources(session, {"1": URL}, NOW)
        assert list_pictures_due(session, NOW + LINK_LIFETIME) == []


def test_a_failed_fetch_keeps_the_older_copy_and_is_not_tried_at_once(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1"])
        upsert_picture_sources(session, {"1": URL}, NOW)
        save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=NOW)
        later = NOW + REFETCH_AFTER
        save_picture(session, "1", content=None, content_type=None, now=later)
        assert list_pictures_due(session, later) == []
        assert find_picture(session, "1") is not None


def test_a_picture_that_facebook_took_away_is_dropped(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["1"])
        upsert_picture_sources(session, {"1": URL}, NOW)
        save_picture(session, "1", content=b"jpeg", content_type="image/jpeg", now=NOW)
        upsert_picture_sources(session, {"1": None}, LATER)
        assert find_picture(session, "1") is None
        assert list_pictures_due(session, LATER) == []
        upsert_picture_sources(session, {"1": URL}, LATER)
        assert list_pictures_due(session, LATER) == [("1", URL)]


def test_pictures_of_many_pages_at_once(database: Database) -> None:
    ids = [str(n) for n in range(2_500)]
    with database.writing() as session:
        add_pages(session, ids)
        upsert_picture_sources(session, dict.fromkeys(ids, URL), NOW)
        assert len(list_pictures_due(session, NOW)) == 2_500
        assert len(list_pictures_due(session, NOW, limit=7)) == 7
        assert session.scalars(select(Picture.fetched_at).distinct()).all() == [None]
