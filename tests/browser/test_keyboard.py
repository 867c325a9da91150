"""What can be done without a mouse: Tab reaches everything that matters."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import trips
from tests.browser.browsing import by_key, expect_title, focused, tab_until, visit
from tests.browser.serving import Server


def test_the_connect_link_is_reached_and_followed(empty: Server, page: Page) -> None:
    visit(page, empty.url)
    tab_until(page, lambda: focused(page) == trips.CONNECT)
    # Our own anchor, so showing the focus is our own business; Streamlit cares for its widgets.
    width = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert width == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url(trips.DIALOG)
    tab_until(page, lambda: focused(page) == "Continue", presses=150)


def test_overview_is_reached_from_top_to_bottom(full: Server, page: Page) -> None:
    """In the order in which a person reads."""
    visit(page, full.url)
    for key in ("refresh-now", "period", "metric", "view", "movers", "movers-card", "q", "sort"):
        tab_until(page, lambda key=key: focused(page) == key)  # type: ignore[misc]
    tab_until(page, lambda: focused(page) == "page")


def test_the_period_is_changed_by_keyboard(full: Server, page: Page) -> None:
    visit(page, full.url)
    tab_until(page, lambda: focused(page) == "period")
    page.keyboard.press("Enter")
    expect(by_key(page, "period").get_by_role("radio", name="7 days")).to_be_checked()
    expect(page).to_have_url(f"{full.url}/?period=7+days")


def test_a_mover_is_opened_by_keyboard(full: Server, page: Page) -> None:
    visit(page, full.url)
    tab_until(page, lambda: focused(page) == "movers-card")
    name, _, _ = page.evaluate("() => document.activeElement.innerText").partition("\n")
    page.keyboard.press("Enter")
    expect_title(page, name)


def test_save_is_reached_in_the_preview(empty: Server, page: Page) -> None:
    visit(page, empty.url)
    trips.travel(page)
    tab_until(page, lambda: focused(page) == "save")
    tab_until(page, lambda: focused(page) == "discard")
