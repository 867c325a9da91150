"""Views and engagement in a browser: fetched by themselves after the history, chosen, explained."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import INSIGHTS_SECONDS
from tests.browser.kit.browsing import by_key, expect_soon, query_of, settle, visit, words
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import INSIGHTS_DONE
from tests.waiting import wait_until

DAYS = "SELECT count(*) FROM insight_values WHERE page_id = ? AND metric = 'page_media_view'"
DAYS_SINCE = f"{DAYS} AND day >= ?"


@pytest.fixture
def fetched(full: Server) -> Server:
    """The sandbox with 90 days of history, once two years of insights have followed."""
    wait_until(lambda: full.query(INSIGHTS_DONE)[0] > 0, INSIGHTS_SECONDS)
    return full


def test_a_metric_is_chosen_and_kept_in_the_address(page: Page, fetched: Server) -> None:
    page_id = page_id_of(fetched, "Hofladen Apfelgarten")
    assert fetched.query(DAYS, page_id) == [728]
    visit(page, f"{fetched.url}/page?id={page_id}&period=90+days")
    since = datetime.now(UTC).date() - timedelta(days=89)
    (days,) = fetched.query(DAYS_SINCE, page_id, since.isoformat())
    assert days in (88, 89), "in the first hours of a day (UTC) yesterday is not over in California"
    said = re.compile(f"viewers a day on {days} days")
    card = by_key(page, "insights-card")
    expect(card.get_by_test_id("stVegaLiteChart").locator("svg, canvas").first).to_be_visible()
    assert "they end at midnight Pacific time (07:00 or 08:00 UTC)" in words(page)
    card.get_by_role("combobox").click()
    page.get_by_role("option", name="Viewers", exact=True).click()
    expect(card.get_by_text(said)).to_be_visible()
    settle(page)
    expect_soon(page, lambda: query_of(page).get("insight", ""), "Viewers")
    page.reload()
    settle(page)
    expect(card.get_by_text(said)).to_be_visible()


def test_fetch_now_fetches_and_says_when(page: Page, fetched: Server) -> None:
    (before,) = fetched.query(INSIGHTS_DONE)
    visit(page, f"{fetched.url}/page?id={page_id_of(fetched, 'Hofladen Apfelgarten')}")
    by_key(page, "fetch-insights").get_by_role("button").click()
    wait_until(lambda: fetched.query(INSIGHTS_DONE)[0] == before + 1, 60)
    expect(by_key(page, "fetch-insights").get_by_role("button")).to_be_enabled()
    settle(page)
    expect(by_key(page, "insights-card").get_by_test_id("stProgress")).to_have_count(0)
