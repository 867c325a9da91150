"""Staged Pages: shown as they stand, saved as the tables want them, erased without trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.engine import Database
from storage.grants import save_grant
from storage.models import AttemptPage, Page, PageGrant, Picture, Snapshot
from storage.pages import PageRow, mark_missing, upsert_pages
from storage.pictures import find_picture, list_pictures_due, save_picture
from storage.saving import save_staged
from storage.snapshots import SnapshotRow, upsert_snapshots
from storage.staging import (
    Sight,
    StagedPage,
    Standing,
    erase_staged,
    leave_out,
    list_sights,
    list_standings,
    list_unlisted,
    stage_pages,
)
from storage.vault import PURPOSE_PAGE_TOKEN, PURPOSE_USER_TOKEN, Vault
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    add_attempt,
    add_grant,
    add_pages,
    facts_of,
    page_token,
    staged_page,
    staging,
)

pytestmark = pytest.mark.both_databases

VAULT = Vault([KEY])
URL = "https://scontent.fbcdn.net/v/1_n.jpg?oh=signature"


def page(page_id: str = "10", **changes: Any) -> StagedPage:
    """A Page of account 1 of which Facebook said all it was asked for."""
    full: StagedPage = {**staged_page(VAULT, "1", page_id), "depth": "full"}
    return cast(StagedPage, {**full, **changes})


def no_access(page_id: str) -> StagedPage:
    return page(page_id, sealed_page_token=None, key_id=None)


def save(session: Session, pages: Sequence[StagedPage], at: datetime = NOW) -> int:
    """Stage Pages and save them as account 1's; return the id of its grant."""
    sealed = VAULT.seal(PURPOSE_USER_TOKEN, "1", "user token")
    grant_id = save_grant(session, facts_of("1"), sealed, at)
    with staging(session) as attempt_id:
        stage_pages(session, attempt_id, pages)
        save_staged(session, attempt_id, grant_id, read_at=at, graph_version="v26.0", now=at)
    return grant_id


def one(session: Session, model: type[Any]) -> Any:
    return session.scalars(select(model), execution_options={"populate_existing": True}).one()


def test_pages_stand_as_the_database_has_them(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["11", "12"])
        with staging(session) as attempt_id:
            stage_pages(session, attempt_id, [page("12"), page("10"), no_access("11")])
            assert list_standings(session, attempt_id) == [
                Standing("12", is_known=True, has_access=True),
                Standing("10", is_known=False, has_access=True),
                Standing("11", is_known=True, has_access=False),
            ]
            add_pages(session, ["10"])
            assert all(page.is_known for page in list_standings(session, attempt_id))
            assert list_standings(session, "another") == []


def test_what_is_shown_of_a_page(database: Database) -> None:
    shown = page(
        name="Café \x00", category="Café", fans_count=0, tasks=("ANALYZE", "X"), is_published=False
    )
    with database.writing() as session, staging(session) as attempt_id:
        stage_pages(session, attempt_id, [shown, no_access("11")])
        assert list_sights(session, attempt_id) == [
            Sight("10", False, True, "Café \ufffd", "Café", 0, ["ANALYZE", "X"], False, False),
            Sight("11", False, False, "Page 11", None, None, ["ANALYZE"], None, False),
        ]


def test_what_is_unticked_is_remembered_with_the_pages_of_its_attempt(database: Database) -> None:
    def left_out(session: Session, attempt_id: str) -> list[str]:
        return [s.page_id for s in list_sights(session, attempt_id) if s.is_left_out]

    with (
        database.writing() as session,
        staging(session, "other") as other,
        staging(session) as attempt_id,
    ):
        for each in (other, attempt_id):
            stage_pages(session, each, [page(str(n)) for n in range(4)])
        for some in ({"1", "3"}, {"3", "0", "unknown"}, set[str]()):
            leave_out(session, attempt_id, some)
            assert set(left_out(session, attempt_id)) == some - {"unknown"}
            assert left_out(session, other) == []


def test_pages_that_a_grant_can_read_and_that_are_not_staged(database: Database) -> None:
    with database.writing() as session:
        grant_id = add_grant(session, VAULT, "1", ["10", "11", "12"])
        add_grant(session, VAULT, "2", ["13"])
        mark_missing(session, grant_id, ["12"], NOW)
        with staging(session, "other") as other, staging(session) as attempt_id:
            stage_pages(session, other, [page("11")])
            stage_pages(session, attempt_id, [no_access("10")])
            assert list_unlisted(session, attempt_id, grant_id) == [("11", "Page 11")]


def test_a_page_is_saved_as_it_was_staged(database: Database) -> None:
    told: Any = {
        "name": "Café Straße",
        "category": "Bakery",
        "about": "Bread",
        "website": "https://example.org",
        "link": "https://facebook.com/x",
        "username": "x",
        "phone": "1",
        "emails": ["a@example.org", "\x00\ud83d"],
        "location": {"city": "Łódź", "latitude": 51.7},
        "verification_status": "not_verified",
        "is_published": False,
        "is_new_page_experience": True,
    }
    counted: Any = {"fans_count": 2**40, "followers_count": 0}
    with database.writing() as session:
        grant_id = save(session, [page(**told, **counted, tasks=("A", "Ü"), picture_url=URL)])
    with database.reading() as session:
        row = one(session, Page)
        assert {name: getattr(row, name) for name in told} == told
        assert (row.id, row.name_folded, row.graph_version) == ("10", "cafe strasse", "v26.0")
        assert (row.first_seen_at, row.described_at) == (NOW, NOW)
        held = one(session, PageGrant)
        assert (held.page_id, held.grant_id, held.tasks) == ("10", grant_id, ["A", "Ü"])
        assert (held.status, held.status_at, held.granted_at) == ("ok", NOW, NOW)
        assert (held.reason_code, held.reason_subcode) == (None, None)
        opened = VAULT.open(PURPOSE_PAGE_TOKEN, "1/10", held.key_id, held.sealed_page_token)
        assert opened == page_token("1", "10")
        taken = one(session, Snapshot)
        assert (taken.page_id, taken.day, taken.source) == ("10", NOW.date(), "snapshot")
        assert (taken.fans_count, taken.followers_count) == (2**40, 0)
        assert (taken.fetched_at, taken.graph_version) == (NOW, "v26.0")
        picture = one(session, Picture)
        assert (picture.source_url, picture.source_path) == (URL, "v/1_n.jpg")
        assert (picture.source_at, picture.fetched_at, picture.content) == (NOW, None, None)


def test_the_same_as_by_rows(database: Database) -> None:
    """A Save and a refresh leave the same behind: saying it twice must not drift apart."""
    told: Any = {"name": "Ärzte", "emails": [], "location": {"city": "x"}}
    by_rows = PageRow(id="10", graph_version="v26.0", **told)
    with database.writing() as session:
        upsert_pages(session, [by_rows], NOW)
        columns = [c for c in Page.__table__.c if c.name not in ("id", "position", "connection")]
        expected = session.execute(select(*columns)).one()
        save(session, [page("11", **told)])
        assert session.execute(select(*columns).where(Page.id == "11")).one() == expected
        save(session, [page("12")])
        absent = select(Page.id).where(Page.emails.is_(None), Page.about.is_(None))
        assert session.scalars(absent).all() == ["12"], "NULL, and not the word null"


@pytest.mark.parametrize(
    "name",
    ["nul\x00 half\ud83d", "🍞 مخبز بيت", "Robert'); DROP TABLE pages;--", "%s :name ? %%", ""],
)
def test_any_text_is_staged_and_saved(database: Database, name: str) -> None:
    stored = name.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    texts = dict.fromkeys(("name", "category", "about", "website", "username", "phone"), name)
    with database.writing() as session:
        save(session, [page(**texts, link=name, verification_status=name, picture_url=name)])
    with database.reading() as session:
        row = one(session, Page)
        saved = {getattr(row, column) for column in (*texts, "link", "verification_status")}
        assert saved == {stored}
        assert one(session, Picture).source_url == stored


def test_without_a_token_nothing_is_saved(database: Database) -> None:
    with database.writing() as session:
        save(session, [no_access("10")])
        assert session.scalar(select(func.count()).select_from(Page)) == 0


def test_an_older_token_is_overwritten_and_the_status_begins_anew(database: Database) -> None:
    with database.writing() as session:
        grant_id = save(session, [page()])
        before = one(session, PageGrant).sealed_page_token
        save(session, [page()], LATER)
        held = one(session, PageGrant)
        assert (held.status_at, held.granted_at) == (NOW, LATER)
        assert held.sealed_page_token != before
        mark_missing(session, grant_id, ["10"], LATER)
        later = LATER + timedelta(hours=1)
        save(session, [page()], later)
        held = one(session, PageGrant)
        assert (held.status, held.status_at, held.grant_id) == ("ok", later, grant_id)


@pytest.mark.parametrize("depth", ["figures", "basic"])
def test_a_poorer_answer_leaves_the_description_be(database: Database, depth: str) -> None:
    with database.writing() as session:
        save(session, [page(about="Bread", picture_url=URL)])
        save(session, [page(name="Renamed", depth=depth), page("11", depth=depth)], LATER)
        rows = session.scalars(select(Page).order_by(Page.id)).all()
        assert [(row.name, row.about, row.described_at) for row in rows] == [
            ("Page 10", "Bread", NOW),
            ("Page 11", None, LATER),
        ]
        assert one(session, Picture).source_at == NOW
        assert one_count(session, PageGrant) == 2


def one_count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_basics_alone_are_no_snapshot(database: Database) -> None:
    with database.writing() as session:
        save(session, [page(depth="basic"), page("11", depth="figures", fans_count=7)])
        assert one(session, Snapshot).page_id == "11"


def test_a_figure_that_is_left_out_does_not_take_the_days_figure(database: Database) -> None:
    with database.writing() as session:
        save(session, [page(fans_count=7, followers_count=8)])
        save(session, [page(fans_count=None, followers_count=9)], LATER)
        row = one(session, Snapshot)
        assert (row.fans_count, row.followers_count, row.fetched_at) == (7, 9, LATER)


def test_an_older_report_changes_nothing_that_a_refresh_has_stored(database: Database) -> None:
    with database.writing() as session:
        add_pages(session, ["10"])
        newer = SnapshotRow("10", NOW.date(), 7, 8, "snapshot", LATER, "v26.0")
        upsert_snapshots(session, [newer])
        save(session, [page(fans_count=1, followers_count=1)])
        row = one(session, Snapshot)
        assert (row.fans_count, row.followers_count, row.fetched_at) == (7, 8, LATER)


def test_a_picture_is_due_again_when_its_path_is_another_one(database: Database) -> None:
    with database.writing() as session:
        save(session, [page(picture_url=URL)])
        save_picture(session, "10", content=b"jpeg", content_type="image/jpeg", now=NOW)
        save(session, [page(picture_url=URL.replace("scontent.", "scontent-2.") + "2")], LATER)
        assert list_pictures_due(session, LATER) == []
        save(session, [page(picture_url=URL.replace("1_n", "2_n"))], LATER)
        assert list_pictures_due(session, LATER) == [("10", URL.replace("1_n", "2_n"))]
        assert find_picture(session, "10") is not None
        save(session, [page(picture_url=None)], LATER)
        assert find_picture(session, "10") is None
        assert list_pictures_due(session, LATER) == []
        assert one(session, Picture).etag is None


def test_erasing_takes_what_it_is_told(database: Database) -> None:
    ids = [str(number) for number in range(2_500)]
    sealed = staged_page(VAULT, "1", "0")
    pages: list[StagedPage] = [{**sealed, "page_id": id} for id in ids]
    with database.writing() as session:
        with staging(session, "other") as other, staging(session) as attempt_id:
            stage_pages(session, attempt_id, pages)
            stage_pages(session, other, pages[:1])
            erase_staged(session, attempt_id, ids[1:-1])
            assert [row.page_id for row in list_standings(session, attempt_id)] == [ids[0], ids[-1]]
            erase_staged(session, attempt_id, [])
            assert len(list_standings(session, attempt_id)) == 2
            erase_staged(session, attempt_id)
            assert list_standings(session, attempt_id) == []
            assert len(list_standings(session, other)) == 1
        assert one_count(session, AttemptPage) == 0, "they go with their attempt"


def test_what_is_erased_lingers_in_no_file(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        return
    sealed = VAULT.seal(PURPOSE_PAGE_TOKEN, "1/10", "token").text
    with database.writing() as session:
        add_attempt(session)
        stage_pages(session, "a1", [page(sealed_page_token=sealed)])
    files = [file for file in (tmp_path / "data").iterdir() if file.name != "pagekeeper.db-shm"]
    assert any(sealed.encode() in file.read_bytes() for file in files)
    with database.writing() as session:
        erase_staged(session, "a1")
    assert not any(sealed.encode() in file.read_bytes() for file in files)


def test_no_page_is_staged_twice_or_under_no_attempt(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        stage_pages(session, "no such attempt", [page()])
    with (
        pytest.raises(IntegrityError),
        database.writing() as session,
        staging(session) as attempt_id,
    ):
        stage_pages(session, attempt_id, [page(), page()])
    with database.writing() as session, staging(session) as attempt_id:
        stage_pages(session, attempt_id, [])


def test_a_refused_row_is_not_told(database: Database) -> None:
    token = str(page()["sealed_page_token"])
    with pytest.raises(IntegrityError) as caught, database.writing() as session:
        stage_pages(session, "no such attempt", [page(name="Anna's secret Page")])
    assert token not in str(caught.value)
    assert "secret" not in str(caught.value)
