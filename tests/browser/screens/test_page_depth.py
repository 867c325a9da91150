"""One Page in depth, as a person walks it: forecast, views, calendar, milestones, and a goal."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    NewPage,
    button,
    by_key,
    focused,
    settle,
    tab_until,
    visit,
    words,
)
from tests.browser.kit.serving import Server

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def address(full: Server) -> str:
    """The screen of the Page with most days and fans."""
    (page_id,) = full.query(
        "SELECT page_id FROM snapshots GROUP BY page_id"
        " ORDER BY count(*) DESC, max(fans_count) DESC LIMIT 1"
    )
    return f"{full.url}/page?id={page_id}"


def expect_words(page: Page, text: str) -> None:
    """Some element says this."""
    expect(page.get_by_text(re.compile(text)).first).to_be_visible()
    settle(page)


def test_forecast_views_calendar_and_milestones(page: Page, address: str) -> None:
    """The forecast and the view of the chart stay in the address."""
    visit(page, address)
    squares = by_key(page, "calendar-card").locator("g.mark-rect.role-mark path")
    expect(squares.nth(30)).to_be_visible()
    assert 80 <= squares.count() <= 371
    card = by_key(page, "goal-card")
    expect(card.get_by_text(re.compile("Next:"))).to_be_visible()
    # Which of the two depends on the day: the sandbox's figures do.
    outlook = "Forecast: most likely|No forecast: "
    expect(page.get_by_text(re.compile(outlook))).to_have_count(0)
    by_key(page, "forecast").get_by_text("Forecast", exact=True).click()
    expect_words(page, outlook)
    expect(page).to_have_url(re.compile(r"forecast=true"))
    visit(page, page.url)
    expect_words(page, outlook)
    for view, word in (("Daily change", "chart=Daily"), ("% since start", "chart=%25")):
        by_key(page, "chart").get_by_role("radio", name=view).click()
        expect(page).to_have_url(re.compile(re.escape(word)))
        settle(page)
        charts = by_key(page, "audience-card").get_by_test_id("stVegaLiteChart")
        expect(charts).to_have_count(1)
    assert "a day on average" in words(page)


def test_a_goal_is_set_and_removed(page: Page, full: Server, serve: Serve, address: str) -> None:
    with serve(data_of=full) as server:
        walk_to_a_goal(page, address.replace(full.url, server.url))


def walk_to_a_goal(page: Page, address: str) -> None:
    visit(page, address)
    page.get_by_role("button", name="Set a goal").click()
    target = page.get_by_label("Fans to reach")
    target.fill("1")
    button(page, "goal-save").click()
    expect_words(page, "choose a higher number")
    if not target.is_visible():
        page.get_by_role("button", name="Set a goal").click()
    target.fill("9000000")
    button(page, "goal-save").click()
    expect_words(page, r"9,000,000 by .*: needs .* a day, (gains|loses)")
    visit(page, address)
    expect_words(page, "9,000,000 by ")
    page.get_by_role("button", name="Change goal").click()
    button(page, "goal-remove").click()
    expect(page.get_by_text("9,000,000 by ")).to_have_count(0)
    settle(page)


def test_the_screen_fits_a_phone_and_a_keyboard(new_page: NewPage, address: str) -> None:
    page = new_page(viewport=PHONE)
    visit(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    tab_until(page, lambda: focused(page) == "forecast" or "goal" in focused(page))
