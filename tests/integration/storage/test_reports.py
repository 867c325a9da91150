"""What Graph answered about Pages, stored: details, figures, pictures, and page grants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.accounts.grants import list_held_pages, withdraw_page_grants
from storage.accounts.pages import DETAILS, PageReport
from storage.accounts.pictures import find_picture, list_pictures_due, save_picture
from storage.accounts.vault import Vault
from storage.db.engine import Database
from storage.figures.snapshots import store_figures, store_reports
from storage.models import Page, PageGrant, Picture, Snapshot
from tests.integration.storage_rows import KEY, LATER, NOW, add_grant, add_pages, bring, page_token

VAULT = Vault([KEY])
URL = "https://scontent.fbcdn.net/v/1_n.jpg?oh=signature"
DESCRIBED: dict[str, Any] = {
    "name": "Café Straße",
    "category": "Bakery",
    "about": "Bread",
    "website": "https://example.org",
    "link": "https://facebook.com/x",
    "username": "x",
    "phone": "1",
    "emails": ("a@example.org", "b@example.org"),
    "location": {"city": "Łódź", "latitude": 51.7},
    "verification_status": "not_verified",
    "is_published": False,
    "is_new_page_experience": True,
}


def report(page_id: str = "10", **said: Any) -> PageReport:
    return PageReport(**{"id": page_id, "name": f"Page {page_id}", **said})


def store(session: Session, *reports: PageReport, at: Any = NOW) -> None:
    store_reports(session, reports, at, "v26.0")


def one(session: Session, model: type[Any]) -> Any:
    return session.scalars(select(model), execution_options={"populate_existing": True}).one()


def test_every_detail_is_a_column() -> None:
    assert set(DETAILS) < set(Page.__table__.columns.keys())


@pytest.mark.both_databases
def test_a_page_is_stored_as_it_was_reported(database: Database) -> None:
    full = report(**DESCRIBED, fans_count=2**40, followers_count=0, picture_url=URL)
    with database.writing() as session:
        bring(session, VAULT, "1", [full], graph_version="v26.0", tasks=("A", "Ü"))
    with database.reading() as session:
        row = one(session, Page)
        stored = {name: getattr(row, name) for name in DESCRIBED}
        assert stored == {**DESCRIBED, "emails": list(DESCRIBED["emails"])}
        assert (row.id, row.name_folded, row.graph_version) == ("10", "cafe strasse", "v26.0")
        assert (row.first_seen_at, row.described_at) == (NOW, NOW)
        taken = one(session, Snapshot)
        assert (taken.page_id, taken.day, taken.fetched_at) == ("10", NOW.date(), NOW)
        assert (taken.fans_count, taken.followers_count) == (2**40, 0)
        picture = one(session, Picture)
        assert (picture.source_url, picture.source_path) == (URL, "v/1_n.jpg")
        assert (picture.source_at, picture.fetched_at, picture.content) == (NOW, None, None)
        held = one(session, PageGrant)
        assert (held.page_id, held.tasks, held.status) == ("10", ["A", "Ü"], "ok")
        assert (held.status_at, held.granted_at, held.reason_code) == (NOW, NOW, None)
        opened = VAULT.open_page_token("1", "10", held.key_id, held.sealed_page_token)
        assert opened == page_token("1", "10")


def test_an_older_token_is_overwritten_and_the_status_begins_anew(session: Session) -> None:
    grant_id = add_grant(session, VAULT, "1", ["10"])
    before = one(session, PageGrant).sealed_page_token
    add_grant(session, VAULT, "1", ["10"], LATER)
    held = one(session, PageGrant)
    assert (held.status_at, held.granted_at) == (NOW, LATER)
    assert held.sealed_page_token != before
    withdraw_page_grants(session, grant_id, ["10"], LATER)
    assert list_held_pages(session, grant_id) == {}
    later = LATER + timedelta(hours=1)
    add_grant(session, VAULT, "1", ["10"], later)
    held = one(session, PageGrant)
    assert (held.status, held.status_at, held.grant_id) == ("ok", later, grant_id)
    assert list_held_pages(session, grant_id) == {"10": "Page 10"}


@pytest.mark.parametrize("depth", ["figures", "basic"])
def test_a_poorer_answer_leaves_the_description_be(session: Session, depth: str) -> None:
    store(session, report(about="Bread", picture_url=URL))
    store(session, report(name="Renamed", depth=depth), report("11", depth=depth), at=LATER)
    rows = session.scalars(select(Page).order_by(Page.id)).all()
    assert [(row.name, row.about, row.described_at) for row in rows] == [
        ("Page 10", "Bread", NOW),
        ("Page 11", None, LATER),
    ]
    assert one(session, Picture).source_at == NOW


def test_the_basics_alone_are_no_snapshot(session: Session) -> None:
    store(session, report(depth="basic"), report("11", depth="figures", fans_count=7))
    assert one(session, Snapshot).page_id == "11"


def test_figures_can_be_stored_alone(session: Session) -> None:
    add_pages(session, ["10"])
    store_figures(session, [report(name="Renamed", fans_count=7)], LATER, None)
    assert (one(session, Page).name, one(session, Snapshot).fans_count) == ("Page 10", 7)
    assert session.scalar(select(func.count()).select_from(Picture)) == 0


@pytest.mark.both_databases
def test_a_picture_is_due_again_when_its_path_is_another_one(session: Session) -> None:
    store(session, report(picture_url=URL))
    save_picture(session, "10", content=b"jpeg", content_type="image/jpeg", now=NOW)
    moved = URL.replace("scontent.", "scontent-2.") + "2"
    store(session, report(picture_url=moved), at=LATER)
    assert list_pictures_due(session, LATER, limit=9) == [], "a new signature is no new picture"
    store(session, report(picture_url=URL.replace("1_n", "2_n")), at=LATER)
    assert list_pictures_due(session, LATER, limit=9) == [("10", URL.replace("1_n", "2_n"))]
    assert find_picture(session, "10") is not None, "the older one until then"
    store(session, report(picture_url=None), at=LATER)
    assert find_picture(session, "10") is None
    assert list_pictures_due(session, LATER, limit=9) == []
    store(session, report(picture_url=URL), at=LATER)
    assert list_pictures_due(session, LATER, limit=9) == [("10", URL)]
