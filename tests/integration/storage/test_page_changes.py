"""What Facebook said of a Page before it said something else, and when it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.accounts.pages import FactChange, PageReport, list_fact_changes
from storage.csv_import.importer import add_import, list_import_names
from storage.csv_import.plan import ImportCounts
from storage.figures.series import get_page_history
from storage.figures.snapshots import store_reports
from storage.models import PageChange
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.storage_rows import LATER, NOW

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


def report(id: str = "1", **facts: Any) -> PageReport:
    """What Facebook says of a Page, and nothing of the rest."""
    return PageReport(**{"id": id, **FACTS, **facts})


def store(session: Session, *reports: PageReport, at: Any) -> None:
    store_reports(session, reports, at, "v26.0")


def test_saying_the_same_again_changes_nothing(session: Session) -> None:
    for at in (NOW, LATER):
        store(session, report(), report("2", about="a\0b"), at=at)
    assert session.scalar(select(func.count()).select_from(PageChange)) == 0


def test_what_was_said_before_is_kept_with_the_moment(session: Session) -> None:
    store(session, report(), report("2"), at=NOW)
    changed = report(
        name="Optik Keller & Söhne", emails=None, location={"city": "Bremen"}, phone="+49 40"
    )
    store(session, changed, report("2"), at=LATER)
    assert list_fact_changes(session, "1") == {
        "name": FactChange(LATER, "Optik Keller"),
        "emails": FactChange(LATER, ["a@b.example"]),
        "location": FactChange(LATER, {"city": "Hamburg", "zip": "20095"}),
        "phone": FactChange(LATER, None),
    }
    assert list_fact_changes(session, "2") == {}


def test_the_newest_change_counts(session: Session) -> None:
    for about, at in (("One", NOW), ("Two", LATER), ("One", TOMORROW)):
        store(session, report(about=about), at=at)
    assert list_fact_changes(session, "1") == {"about": FactChange(TOMORROW, "Two")}


@pytest.mark.parametrize("depth", ["figures", "basic"])
def test_less_than_the_whole_answer_says_nothing(session: Session, depth: str) -> None:
    store(session, report(), at=NOW)
    store(session, report(depth=depth, about=None), at=LATER)
    assert list_fact_changes(session, "1") == {}


def test_the_history_of_a_page(session: Session) -> None:
    add_page(session, "1", {-3: 10, 0: None, 2: 0}, {2: 7})
    history = get_page_history(session, "1")
    assert history.fans == {day(-3): 10, day(0): None, day(2): 0}
    assert list(history.of("followers").values()) == [None, None, 7]
    assert get_page_history(session, "404").fans == {}
    counts = ImportCounts(new=1, equal=0, conflicting=0, refused=0)
    id = add_import(session, "=fans.csv", counts, NOW, by=THIS_COMPUTER)
    assert list_import_names(session) == {f"import:{id}": ("=fans.csv", NOW.date())}
