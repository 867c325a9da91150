"""A press acts, whatever became of the server or of the figures since the screen was drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit.browsing import button, by_key, expect_soon, settle, visit
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import MANUAL_RUNS


@pytest.fixture(scope="module")
def server(serve: Serve, full: Server) -> Iterator[Server]:
    with serve(data_of=full) as server:
        yield server


def test_a_press_after_a_restart_counts(server: Server, browsers: Browsers, page: Page) -> None:
    """The new session has drawn nothing yet."""
    # While the server is away the browser says so.
    browsers.watches[0].forgiven += ["_stcore/health", "Is Streamlit still running?"]
    (run_id,) = server.query("SELECT max(id) FROM job_runs WHERE kind = 'snapshots'")
    visit(page, f"{server.url}/activity?run={run_id}")
    expect(by_key(page, "chosen-run")).to_be_visible()
    server.stop()
    server.start()
    settle(page)
    button(page, "close-run").click()
    expect(by_key(page, "chosen-run")).to_have_count(0)


def test_a_press_counts_though_figures_changed_meanwhile(server: Server, page: Page) -> None:
    """Another tab or the timer was busy since this screen was drawn: the press is not lost."""
    visit(page, server.url)
    server.change("UPDATE pages SET about = 'changed' WHERE id = (SELECT min(id) FROM pages)")
    button(page, "refresh-now").click()
    expect_soon(page, lambda: server.query(f"SELECT status {MANUAL_RUNS}"), ["done"])
