"""Views and engagement in a browser: fetched by themselves after the history, chosen, explained."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import (
    by_key,
    click_day,
    expect_soon,
    query_of,
    settle,
    visit,
    words,
)
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import INSIGHTS_DONE
from tests.waiting import wait_until

DAYS = "SELECT count(*) FROM insight_values WHERE page_id = ? AND metric = 'page_media_view'"
DAYS_SINCE = f"{DAYS} AND day >= ?"


def test_a_metric_is_chosen_and_kept_in_the_address(page: Page, full: Server) -> None:
    page_id = page_id_of(full, "Hofladen Apfelgarten")
    assert full.query(DAYS, page_id) == [728]
    visit(page, f"{full.url}/page?id={page_id}&period=90+days")
    since = datetime.now(UTC).date() - timedelta(days=89)
    (days,) = full.query(DAYS_SINCE, page_id, since.isoformat())
    assert days in (88, 89), "in the first hours of a day (UTC) yesterday is not over in California"
    said = re.compile(f"viewers a day on {days} days")
    card = by_key(page, "insights-card")
    expect(card.get_by_test_id("stVegaLiteChart").locator("svg, canvas").first).to_be_visible()
    assert "they end at midnight Pacific time (07:00 or 08:00 UTC)" in words(page)
    card.get_by_role("combobox", name="Metric").click()
    page.get_by_role("option", name="Viewers", exact=True).click()
    expect(card.get_by_text(said)).to_be_visible()
    settle(page)
    expect_soon(page, lambda: query_of(page).get("insight", ""), "Viewers")
    page.reload()
    settle(page)
    expect(card.get_by_text(said)).to_be_visible()


def test_a_click_on_a_day_tells_of_the_metric(page: Page, full: Server) -> None:
    page_id = page_id_of(full, "Hofladen Apfelgarten")
    visit(page, f"{full.url}/page?id={page_id}")
    card, panel = by_key(page, "insights-card"), by_key(page, "insight-day-panel")
    click_day(page, card.get_by_test_id("stVegaLiteChart"), 0.5)
    expect(panel).to_be_visible()
    expect_soon(page, lambda: "insight-day" in query_of(page), wanted=True)
    day = query_of(page)["insight-day"]
    of_day = "SELECT value FROM insight_values WHERE page_id = ? AND metric = ? AND day = ?"
    (views,) = full.query(of_day, page_id, "page_media_view", day)
    expect(panel).to_contain_text(f"Pacific time · {views:,d} views")
    expect(by_key(page, "day-panel")).to_have_count(0)
    growth = by_key(page, "audience-card").get_by_test_id("stVegaLiteChart")
    click_day(page, growth, 0.3)
    expect(by_key(page, "day-panel")).to_be_visible()
    expect(panel).to_be_visible()
    assert query_of(page)["insight-day"] == day
    page.reload()
    settle(page)
    expect(panel).to_contain_text(f"{views:,d} views")


def test_fetch_now_fetches_and_says_when(page: Page, full: Server) -> None:
    (before,) = full.query(INSIGHTS_DONE)
    visit(page, f"{full.url}/page?id={page_id_of(full, 'Hofladen Apfelgarten')}")
    by_key(page, "fetch-insights").get_by_role("button").click()
    wait_until(lambda: full.query(INSIGHTS_DONE)[0] == before + 1, 60)
    expect(by_key(page, "fetch-insights").get_by_role("button")).to_be_enabled()
    settle(page)
    expect(by_key(page, "insights-card").get_by_test_id("stProgress")).to_have_count(0)
