"""Texts that have broken real programs, on Pages and as operators would type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Page, expect

from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.notes.notes import NoteDraft, add_note
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.browser.kit.browsing import settle
from tests.browser.kit.furnishing import LAST_DAY, open_beside, page_id_of
from tests.browser.kit.serving import Server

NAME = ":material/delete: <b>x</b> www.evil.com"
SCRIPT = "<script>alert(1)</script> & Söhne"
TAG = ":bomb: <u>A</u> [B](data:,) www.evil.com"
NOTE = "<b>Sale</b> :material/bomb: <script>alert(2)</script> **www.evil.com** $x^2$"
FILE = ":material/bomb: <b>old</b> [x](javascript:alert(1)) **www.evil.com**.csv"


def plant(server: Server) -> None:
    """Let the Page with that name gain most, and bear a tag and notes with such texts."""
    page_id, now = page_id_of(server, NAME), datetime.now(UTC)
    today = date.fromisoformat(server.query(LAST_DAY)[0])
    database = open_beside(server)
    days = list(map(date.fromisoformat, server.query("SELECT DISTINCT day FROM snapshots")))
    with database.writing() as session:
        fans = {day: 990_000 if day == today else 900 for day in days}
        rows = [
            SnapshotRow(page_id, day, n, None, "snapshot", now, None) for day, n in fans.items()
        ]
        upsert_snapshots(session, rows)
        tag_id = create_tag(session, TAG, now, by=THIS_COMPUTER)
        tag_page(session, tag_id, page_id, now, by=THIS_COMPUTER)
        tag_page(session, tag_id, page_id_of(server, SCRIPT), now, by=THIS_COMPUTER)
        add_note(session, NoteDraft(today - timedelta(days=5), NOTE), now, by=THIS_COMPUTER)
        add_note(
            session, NoteDraft(today - timedelta(days=6), NOTE, page_id), now, by=THIS_COMPUTER
        )
        add_note(
            session, NoteDraft(today - timedelta(days=7), NOTE, None, tag_id), now, by=THIS_COMPUTER
        )
    database.engine.dispose()


def expect_harmless(page: Page) -> None:
    """Nothing that a person typed became an element: no link, no bold, no icon, no script."""
    settle(page)
    expect(page.locator("b, u, marquee, script:text('alert')")).to_have_count(0)
    expect(page.locator("a[href*='//www.evil.com'], a[href^='javascript']")).to_have_count(0)
    icons = page.get_by_test_id("stMain").get_by_test_id("stIconMaterial")
    assert "bomb" not in icons.all_inner_texts()


def shown(text: str) -> str:
    """What one sees: an invisible joiner keeps links and icons from being made."""
    return text.replace("\u2060", "")
