"""Screens stand whole, however they are changed while fragments ask for progress."""

from __future__ import annotations

import os
import random
import re

from playwright.sync_api import Page, expect

from pages.parts.overview.tables import SUMMARY_ROWS
from tests.browser.conftest import Serve
from tests.browser.kit.browsing import button, by_key, visit
from tests.browser.kit.grids import column, pages_table
from tests.browser.kit.serving import Server

# 500 changes take minutes: that is for whoever works at this.
CHANGES = int(os.environ.get("PAGEKEEPER_SCREEN_CHANGES", "60"))
# The navigation's links, and the heading below the title that each screen ends up with.
BODIES = {
    "Overview": "Fans over time",
    "Compare": None,
    "Connections": "Anna Keller",
    "Activity": "Refreshes",
    "Setup": None,
}


def test_each_screen_stands_whole_while_days_are_made(
    serve: Serve, full: Server, page: Page
) -> None:
    """By the navigation, and by a press that leads on to a Page."""
    moments = random.Random(8)
    with serve(data_of=full) as server:
        visit(page, server.url)
        names = list(BODIES)
        at = "Overview"
        for number in range(CHANGES):
            if number % 10 == 0:
                keep_busy(page)
            if at == "Overview" and number % 3 == 0:
                pages_table(page).click_cell(SUMMARY_ROWS + 2, column("name"))
                expect(page).to_have_url(re.compile(r"/page\?"))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                expect(page.get_by_test_id("stMetric").first).to_be_visible()
            at = moments.choice([name for name in names if name != at])
            page.wait_for_timeout(moments.uniform(0, 1200))
            page.get_by_role("link", name=re.compile(f"^{at}")).first.click()
            expect_whole(page, at)
        page.wait_for_timeout(2000)
        expect_whole(page, at)


def keep_busy(page: Page) -> None:
    """Have days made, if none are."""
    by_key(page, "sandbox-strip").get_by_role("button", name="Controls").click()
    forward = button(page, "fast-forward-30")
    expect(forward).to_be_visible()
    if forward.is_enabled():
        forward.click()
    page.keyboard.press("Escape")


def expect_whole(page: Page, name: str) -> None:
    """The title, something below it, and the navigation that says the same."""
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    body = BODIES[name]
    if body is not None:
        expect(page.get_by_role("heading", name=body, level=2).first).to_be_visible()
    else:
        expect(page.get_by_role("main").get_by_test_id("stMarkdown").first).to_be_visible()
