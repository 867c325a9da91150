"""A press acts, whatever became of the server or of the figures since the screen was drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    button,
    expect_soon,
    open_popover,
    query_of,
    settle,
    upload,
    visit,
)
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import MANUAL_RUNS

NOTE = "Written before the restart"
FETCHES = "SELECT count(*) FROM job_runs WHERE kind = 'insights' AND started_by = 'manual'"
SAVED = r"attempt \w+ saved: account 1, 57 Pages"
TOLD = "The connection was interrupted and is back."


@pytest.fixture(scope="module")
def server(serve: Serve, full: Server) -> Iterator[Server]:
    with serve(data_of=full) as server:
        yield server


@dataclass
class Tabs:
    """Tabs of one browser, each with what is done in it after the restart."""

    page: Page
    server: Server
    presses: list[tuple[Page, Callable[[], None]]] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """A tab on a screen."""
        tab = self.page.context.new_page()
        visit(tab, f"{self.server.url}/{path}")
        return tab

    def add(self, tab: Page, press: Callable[[], None]) -> None:
        """Have ``press`` called after the restart: it fails if the tab's press does nothing."""
        self.presses.append((tab, press))


def test_presses_after_a_restart_count(server: Server, browsers: Browsers, page: Page) -> None:
    """All screens are open while the server restarts; the next press in each of them acts."""
    # While the server is away the browser says so.
    browsers.watches[0].forgiven += ["_stcore/health", "Is Streamlit still running?"]
    tabs = Tabs(page, server)
    # What the screens say is said for seconds only: these two first.
    add_dialog(tabs)
    add_imports(tabs)
    add_pager(tabs)
    add_page(tabs)
    add_connections(tabs)
    add_refresh(tabs)
    add_discard(tabs)
    add_save(tabs)
    server.stop()
    server.start()
    for tab, press in tabs.presses:
        tab.bring_to_front()
        settle(tab)
        press()
    for line in ("starts the dashboard: sandbox mode, SQLite", "Pagekeeper stops"):
        assert line in server.log
    # The line is written after the row: what a tab has seen in the database may not be logged yet.
    expect_soon(page, lambda: len(re.findall(SAVED, server.log)), 1)


def add_pager(tabs: Tabs) -> None:
    tab = tabs.open("")

    def press() -> None:
        tab.get_by_role("button", name="Page 2", exact=True).click()
        expect_soon(tab, lambda: query_of(tab).get("page", ""), "2")
        expect(tab.get_by_text("26–50 of 57")).to_be_visible()

    tabs.add(tab, press)


def add_page(tabs: Tabs) -> None:
    """A note that was begun before."""
    tab = tabs.open(f"page?id={page_id_of(tabs.server)}")
    opened = open_popover(tab, "notes-page", "notes-open")
    opened.get_by_label("What happened").fill(NOTE)

    def press() -> None:
        opened.get_by_role("button", name="Add note").click()
        expect_soon(tab, lambda: tabs.server.query("SELECT text FROM notes"), [NOTE])

    tabs.add(tab, press)


def add_connections(tabs: Tabs) -> None:
    tab = tabs.open("connections")

    def press() -> None:
        tab.get_by_role("button", name="More").click()
        tab.get_by_text("Freeze", exact=True).click()
        expect_soon(tab, lambda: tabs.server.query("SELECT status FROM grants"), ["frozen"])
        settle(tab)
        tab.get_by_role("button", name="More").click()
        tab.get_by_text("Unfreeze", exact=True).click()
        expect_soon(tab, lambda: tabs.server.query("SELECT status FROM grants"), ["ok"])

    tabs.add(tab, press)


def add_dialog(tabs: Tabs) -> None:
    """A new session has no open dialog: it is closed, so that nobody presses in it in vain."""
    tab = tabs.open("connections")
    tab.get_by_role("button", name="More").click()
    tab.get_by_text("Disconnect…", exact=True).click()
    expect(button(tab, "disconnect-yes")).to_be_visible()

    def press() -> None:
        expect(tab.get_by_text(TOLD)).to_be_visible()
        expect(tab.get_by_role("dialog")).to_have_count(0)

    tabs.add(tab, press)


def add_imports(tabs: Tabs) -> None:
    """The file was in the memory of the server: the box is empty, and takes it again."""
    tab = tabs.open("imports")
    content = f"page_id,date,fans\n{page_id_of(tabs.server)},2024-01-01,40000\n"
    upload(tab, "old.csv", content)
    expect(button(tab, "import")).to_be_enabled()

    def press() -> None:
        expect(tab.get_by_text(TOLD)).to_be_visible()
        expect(tab.get_by_text("old.csv")).to_have_count(0)
        upload(tab, "old.csv", content)
        button(tab, "import").click()
        imported = "SELECT fans_count FROM snapshots WHERE day = '2024-01-01'"
        expect_soon(tab, lambda: tabs.server.query(imported), [40000])

    tabs.add(tab, press)


def add_discard(tabs: Tabs) -> None:
    tab = tabs.open("connections")
    attempt = trips.travel(tab, "Connect another account")

    def press() -> None:
        button(tab, "discard").click()
        status = "SELECT status FROM attempts WHERE id = ?"
        expect_soon(tab, lambda: tabs.server.query(status, attempt), ["discarded"])

    tabs.add(tab, press)


def add_save(tabs: Tabs) -> None:
    tab = tabs.open("connections")
    attempt = trips.travel(tab, "Connect another account")

    def press() -> None:
        button(tab, "save").click()
        status = "SELECT status FROM attempts WHERE id = ?"
        expect_soon(tab, lambda: tabs.server.query(status, attempt), ["saved"])

    tabs.add(tab, press)


def add_refresh(tabs: Tabs) -> None:
    tab = tabs.open("")

    def press() -> None:
        button(tab, "refresh-now").click()
        expect_soon(tab, lambda: tabs.server.query(f"SELECT status {MANUAL_RUNS}"), ["done"])

    tabs.add(tab, press)


def test_a_press_counts_though_figures_changed_meanwhile(server: Server, page: Page) -> None:
    """Another tab or the timer was busy since this screen was drawn: the press is not lost."""
    visit(page, server.url)
    before = server.query(f"SELECT count(*) {MANUAL_RUNS}")[0]
    server.change("UPDATE pages SET about = 'changed' WHERE id = (SELECT min(id) FROM pages)")
    button(page, "refresh-now").click()
    over = f"SELECT count(*) {MANUAL_RUNS} AND status = 'done'"
    expect_soon(page, lambda: server.query(over), [before + 1])
