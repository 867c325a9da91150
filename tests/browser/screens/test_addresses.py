"""Addresses that no screen has, and the menu of a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import NewPage, expect_title, settle, visit, words
from tests.browser.kit.serving import Server

UNKNOWN = "There is no screen at this address"


@pytest.mark.parametrize("path", ["/nonsense", "/overview", "/past-figures", "/connect/x"])
def test_an_unknown_address_has_a_screen_of_ours(empty: Server, page: Page, path: str) -> None:
    """In the frame, without Streamlit's own box; the first link leads to what was meant."""
    visit(page, empty.url + path)
    expect_title(page, UNKNOWN)
    assert path in words(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name="Connections")).to_be_visible()
    meant = {"/overview": "See how your Facebook Pages grow", "/past-figures": "Past figures"}
    if path in meant:
        page.get_by_test_id("stMain").get_by_test_id("stPageLink").first.click()
        expect_title(page, meant[path])
    else:
        page.reload()
        expect_title(page, UNKNOWN)


def test_a_phones_menu_begins_closed_and_closes_with_a_choice(
    empty: Server, new_page: NewPage
) -> None:
    page = new_page(
        viewport={"width": 390, "height": 844},
        user_agent="Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
        is_mobile=True,
        has_touch=True,
    )
    visit(page, empty.url)
    closed = page.get_by_test_id("stSidebar")
    expect(closed).not_to_be_in_viewport()
    page.get_by_test_id("stExpandSidebarButton").tap()
    expect(closed).to_be_in_viewport()
    page.get_by_test_id("stSidebarNavLink").get_by_text("Setup").tap()
    expect_title(page, "Setup")
    expect(closed).not_to_be_in_viewport()
    page.reload()
    settle(page)
    expect(closed).not_to_be_in_viewport()
