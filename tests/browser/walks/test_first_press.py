"""The first press after a restart acts: the new session has drawn nothing yet."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit.browsing import button, by_key, settle, visit
from tests.browser.kit.serving import Server


def test_a_press_after_a_restart_counts(
    serve: Serve, full: Server, browsers: Browsers, page: Page
) -> None:
    # While the server is away the browser says so.
    browsers.watches[0].forgiven += ["_stcore/health", "Is Streamlit still running?"]
    with serve(data_of=full) as server:
        (run_id,) = server.query("SELECT max(id) FROM job_runs WHERE kind = 'snapshots'")
        visit(page, f"{server.url}/activity?run={run_id}")
        expect(by_key(page, "chosen-run")).to_be_visible()
        server.stop()
        server.start()
        settle(page)
        button(page, "close-run").click()
        expect(by_key(page, "chosen-run")).to_have_count(0)
