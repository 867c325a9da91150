"""What Facebook said of a Page before it said something else, on both databases and both ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fb.listing import PageFields
from fb.saving import describe_pages
from storage.engine import Database
from storage.importing import ImportCounts, add_import
from storage.models import PageChange
from storage.page_changes import FIELDS, FactChange, list_fact_changes
from storage.page_history import get_page_history, list_import_names
from storage.saving import save_staged
from storage.staging import stage_pages
from storage.vault import Vault
from tests.integration.figure_rows import add_page, day
from tests.integration.storage_rows import (
    KEY,
    LATER,
    NOW,
    add_grant,
    staged_page,
    staging,
)

pytestmark = pytest.mark.both_databases

TOMORROW = NOW + timedelta(days=1)
FACTS: dict[str, Any] = {
    "name": "Optik Keller",
    "category": "Optician",
    "about": "Brillen seit 1924",
    "emails": ("a@b.example",),
    "location": {"city": "Hamburg", "zip": "20095"},
    "is_published": True,
}


def fields(id: str = "1", depth: str = "full", **facts: Any) -> PageFields:
    """What Facebook says of a Page, and nothing of the rest."""
    said = {**FACTS, **facts}
    nothing = {
        name: None for name in PageFields.__dataclass_fields__ if name not in {*said, "id", "depth"}
    }
    return PageFields(id=id, depth=depth, **nothing, **said)  # type: ignore[arg-type]  # by name


def stage(session: Session, vault: Vault, *pages: dict[str, Any], at: Any, grant_id: int) -> None:
    with staging(session) as attempt_id:
        rows = [{**staged_page(vault, "9", page["page_id"]), **page} for page in pages]
        stage_pages(session, attempt_id, rows)  # type: ignore[arg-type]  # rows of a test
        save_staged(session, attempt_id, grant_id, read_at=at, graph_version="v26.0", now=at)


def test_a_new_page_has_no_changes(database: Database) -> None:
    with database.writing() as session:
        describe_pages(session, [fields()], "v26.0", NOW)
        assert list_fact_changes(session, "1") == {}


def test_saying_the_same_again_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        for at in (NOW, LATER):
            describe_pages(session, [fields(), fields("2")], "v26.0", at)
        assert session.scalar(select(func.count()).select_from(PageChange)) == 0


def test_what_was_said_before_is_kept_with_the_moment(database: Database) -> None:
    with database.writing() as session:
        describe_pages(session, [fields(), fields("2")], "v26.0", NOW)
        changed = fields(
            name="Optik Keller & Söhne", emails=None, location={"city": "Bremen"}, phone="+49 40"
        )
        describe_pages(session, [changed, fields("2")], "v26.0", LATER)
        assert list_fact_changes(session, "1") == {
            "name": FactChange(LATER, "Optik Keller"),
            "emails": FactChange(LATER, ["a@b.example"]),
            "location": FactChange(LATER, {"city": "Hamburg", "zip": "20095"}),
            "phone": FactChange(LATER, None),
        }
        assert list_fact_changes(session, "2") == {}


def test_the_newest_change_counts(database: Database) -> None:
    with database.writing() as session:
        for about, at in (("One", NOW), ("Two", LATER), ("One", TOMORROW)):
            describe_pages(session, [fields(about=about)], "v26.0", at)
        assert list_fact_changes(session, "1") == {"about": FactChange(TOMORROW, "Two")}


@pytest.mark.parametrize("depth", ["figures", "basic"])
def test_less_than_the_whole_answer_says_nothing(database: Database, depth: str) -> None:
    with database.writing() as session:
        describe_pages(session, [fields()], "v26.0", NOW)
        describe_pages(session, [fields(depth=depth, about=None)], "v26.0", LATER)
        assert list_fact_changes(session, "1") == {}


def test_text_that_no_database_takes_is_compared_as_it_is_stored(database: Database) -> None:
    with database.writing() as session:
        for at in (NOW, LATER):
            describe_pages(session, [fields(about="a\0b")], "v26.0", at)
        assert list_fact_changes(session, "1") == {}


def test_a_save_of_staged_pages_records_them_too(database: Database) -> None:
    vault = Vault([KEY])
    known = {"page_id": "1", "depth": "full", "name": "Alt", "emails": ["a@b.example"]}
    with database.writing() as session:
        grant_id = add_grant(session, vault, "9", [])
        stage(session, vault, known, at=NOW, grant_id=grant_id)
        assert list_fact_changes(session, "1") == {}
        stage(session, vault, known, at=LATER, grant_id=grant_id)
        assert list_fact_changes(session, "1") == {}
        renamed = {**known, "name": "Neu", "emails": ["c@d.example"]}
        less = {"page_id": "2", "depth": "figures", "name": "Zwei"}
        stage(session, vault, renamed, less, at=TOMORROW, grant_id=grant_id)
        assert list_fact_changes(session, "1") == {
            "name": FactChange(TOMORROW, "Alt"),
            "emails": FactChange(TOMORROW, ["a@b.example"]),
        }
        assert list_fact_changes(session, "2") == {}
        poorer = {"page_id": "1", "depth": "figures", "name": "Neu", "emails": None}
        stage(session, vault, poorer, at=TOMORROW + timedelta(days=1), grant_id=grant_id)
        assert list_fact_changes(session, "1")["emails"].changed_at == TOMORROW


def test_both_ways_store_json_alike(database: Database) -> None:
    """A Page that was staged and is described by a refresh has not changed."""
    vault = Vault([KEY])
    page = {
        "page_id": "1",
        "depth": "full",
        "name": "Café",
        "emails": ["ä@b.example"],
        "location": {"city": "Köln", "zip": "5"},
    }
    nothing = dict.fromkeys(FACTS)
    told: dict[str, Any] = {**nothing, "name": "Café", "location": page["location"]}
    same = fields(**{**told, "emails": ("ä@b.example",)})
    with database.writing() as session:
        grant_id = add_grant(session, vault, "9", [])
        stage(session, vault, page, at=NOW, grant_id=grant_id)
        describe_pages(session, [same], "v26.0", LATER)
        stage(session, vault, page, at=TOMORROW, grant_id=grant_id)
        assert list_fact_changes(session, "1") == {}


def test_every_field_is_a_column_that_is_described() -> None:
    assert set(FIELDS) <= set(PageFields.__dataclass_fields__)


def test_the_history_of_a_page(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1", {-3: 10, 0: None, 2: 0}, {2: 7})
        history = get_page_history(session, "1")
        assert history.fans == {day(-3): 10, day(0): None, day(2): 0}
        assert list(history.of("followers").values()) == [None, None, 7]
        assert get_page_history(session, "404").fans == {}
        counts = ImportCounts(new=1, equal=0, conflicting=0, refused=0)
        id = add_import(session, "=fans.csv", counts, NOW)
        assert list_import_names(session) == {f"import:{id}": ("=fans.csv", NOW.date())}
