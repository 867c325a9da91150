"""Screens stand whole, however they are changed while fragments ask for progress."""

from __future__ import annotations

import os
import random
import re
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit.browsing import button, by_key, settle, visit
from tests.browser.kit.grids import column, pages_table
from tests.browser.kit.serving import Server
from tests.browser.kit.trips import HISTORY_MS, make_trouble, open_controls, save, travel

# 500 changes take minutes: that is for whoever works at this.
CHANGES = int(os.environ.get("PAGEKEEPER_SCREEN_CHANGES", "10"))
# A refresh and days begin anew with every so many changes.
ROUND = 10
RUNNING = "SELECT DISTINCT started_by FROM job_runs WHERE status = 'running'"
# The navigation's links, and the heading below the title that each screen ends up with.
BODIES = {
    "Overview": "Fans over time",
    "Compare": None,
    "Connections": "Anna Keller",
    "Activity": "Refreshes",
    "Setup": None,
}


@pytest.mark.timeout(300 + 8 * CHANGES)
def test_each_screen_stands_whole_while_days_are_made_and_a_refresh_runs(
    serve: Serve, full: Server, page: Page
) -> None:
    """By the navigation, and by a press that leads on to a Page."""
    moments = random.Random(8)
    running: Counter[str] = Counter()
    with serve(data_of=full) as server:
        visit(page, server.url)
        at = "Overview"
        for number in range(CHANGES):
            if number and number % (2 * ROUND) == 0:
                renew(page, server)
            if number % ROUND == 0:
                at = "Overview"
                refresh_slowly(page)
            elif number % ROUND == 3:
                fast_forward(page)
            elif number % ROUND == 6:
                make_trouble(page, "None", "Everything works.")
            if at == "Overview" and number % 3 == 0:
                pages_table(page).click_cell(2, column("name"))
                expect(page).to_have_url(re.compile(r"/page\?"))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                expect(page.get_by_test_id("stMetric").first).to_be_visible()
            at = moments.choice([name for name in BODIES if name != at])
            page.wait_for_timeout(moments.uniform(0, 1200))
            running.update(server.query(RUNNING))
            go_to(page, at)
        page.wait_for_timeout(2000)
        expect_whole(page, at)
    assert running.total() >= CHANGES // 2, running


def go_to(page: Page, name: str) -> None:
    """Follow the navigation's link; the screen comes whole."""
    page.get_by_role("link", name=re.compile(f"^{name}")).first.click()
    expect_whole(page, name)


def renew(page: Page, server: Server) -> None:
    """Renew the account, whose access the days of two rounds have used up."""
    expect(by_key(page, "sandbox-strip").get_by_text("Made-up figures")).to_be_visible(
        timeout=HISTORY_MS
    )
    visit(page, f"{server.url}/connections")
    travel(page, "Renew")
    save(page)


def refresh_slowly(page: Page) -> None:
    """Begin a refresh from Overview that takes seconds, after the days of the last round."""
    go_to(page, "Overview")
    expect(by_key(page, "sandbox-strip").get_by_text("Made-up figures")).to_be_visible(
        timeout=HISTORY_MS
    )
    settle(page)
    make_trouble(page, "Slow answers", "Every answer takes a few seconds.")
    expect(button(page, "refresh-now")).to_be_enabled()
    button(page, "refresh-now").click()


def fast_forward(page: Page) -> None:
    """Have days made as soon as the refresh has ended."""
    open_controls(page)
    button(page, "fast-forward-30").click()
    page.keyboard.press("Escape")


def expect_whole(page: Page, name: str) -> None:
    """The title, something below it, and the navigation that says the same."""
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    body = BODIES[name]
    if body is not None:
        expect(page.get_by_role("heading", name=body, level=2).first).to_be_visible()
    else:
        expect(page.get_by_role("main").get_by_test_id("stMarkdown").first).to_be_visible()
