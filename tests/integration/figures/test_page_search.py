"""Page search: every Page that was ever saved is found by words of its name or by its id."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from storage.accounts.archive import archive_pages
from storage.figures.page_search import find_pages
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import add_grant, add_page, hold
from tests.integration.storage_rows import NOW

pytestmark = pytest.mark.both_databases


@pytest.fixture
def shops(session: Session) -> Session:
    """Three Pages: connected, archived and missing, and one that came with a file."""
    grant_id = add_grant(session, "1", account_name="Anna Keller")
    for page_id, name, status in (
        ("100", "Café Lindenhof", "ok"),
        ("200", "Café 100 %_", "missing"),
        ("300", "Optik Keller", "ok"),
    ):
        add_page(session, page_id, name=name)
        hold(session, grant_id, page_id, status)
    add_page(session, "400", name="Bäckerei Krone")
    archive_pages(session, ["300"], NOW, by=THIS_COMPUTER)
    return session


@pytest.mark.parametrize(
    ("search", "page_ids"),
    [
        ("cafe", ["200", "100"]),
        ("lindenhof CAFÉ", ["100"]),
        ("100", ["200", "100"]),
        (" 300 ", ["300"]),
        ("%_", ["200"]),
        ("krone", ["400"]),
        ("30", []),
        ("  ", []),
        ("a\x00\ud83d" * 200, []),
    ],
)
def test_pages_are_found_by_name_or_id(shops: Session, search: str, page_ids: list[str]) -> None:
    assert [page.id for page in find_pages(shops, search, limit=5)] == page_ids


def test_a_found_page_has_its_state_and_accounts(shops: Session) -> None:
    (missing, connected) = find_pages(shops, "café", limit=5)
    assert (missing.connection, connected.connection) == ("missing", "connected")
    assert [each.account_name for each in missing.holders] == ["Anna Keller"]
    (imported,) = find_pages(shops, "krone", limit=5)
    assert (imported.connection, imported.holders) == ("disconnected", ())
    (archived,) = find_pages(shops, "optik", limit=5)
    assert archived.archived_at == NOW


def test_not_more_are_returned_than_asked_for(shops: Session) -> None:
    assert len(find_pages(shops, "a", limit=2)) == 2
