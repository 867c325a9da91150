"""What can be done without a mouse: Tab reaches everything that matters."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    by_key,
    expect_page_title,
    expect_soon,
    focused,
    query_of,
    settle,
    tab_until,
    upload,
    visit,
)
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.serving import Server


def test_the_connect_link_is_reached_and_followed(empty: Server, page: Page) -> None:
    visit(page, empty.url)
    tab_until(page, lambda: focused(page) == trips.CONNECT)
    # Our own anchor, so showing the focus is our own business; Streamlit cares for its widgets.
    width = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert width == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url(trips.DIALOG)
    tab_until(page, lambda: focused(page) == "Continue", presses=150)


OVERVIEW = [
    "refresh-now",
    "period",
    "more-periods",
    "comparison",
    "filter",
    "metric",
    "view",
    "notes-overview",
]
OVERVIEW += ["movers", "movers-card", "digest-movers", "digest-attention"]
OVERVIEW += ["q", "sort", "tags-bulk", "export", "columns-box", "pages-table", "page"]
COMPARE = ["period", "compare-picker", "figure", "scale"]


@pytest.mark.parametrize(("screen", "keys"), [("", OVERVIEW), ("compare", COMPARE)])
def test_a_screen_is_reached_from_top_to_bottom(
    full: Server, page: Page, screen: str, keys: list[str]
) -> None:
    """In the order in which a person reads."""
    ids = ",".join(full.query("SELECT id FROM pages ORDER BY id LIMIT 2"))
    visit(page, f"{full.url}/{screen}?ids={ids}")
    for key in keys:
        tab_until(page, partial(has_focus, page, key))


def test_a_period_and_a_filter_are_chosen_and_a_mover_opened(full: Server, page: Page) -> None:
    visit(page, full.url)
    tab_until(page, lambda: focused(page) == "period")
    page.keyboard.press("Enter")
    expect(by_key(page, "period").get_by_role("radio", name="7 days")).to_be_checked()
    expect(page).to_have_url(f"{full.url}/?period=7+days")
    settle(page)
    tab_until(page, partial(has_focus, page, "filter"))
    page.keyboard.press("Enter")
    expect(by_key(page, "filter-category")).to_be_visible()
    settle(page)
    tab_until(page, lambda: focused(page) == "filter-category")
    page.keyboard.type("Florist")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(by_key(page, "filtered")).to_contain_text("Florist")
    expect_soon(page, lambda: query_of(page), {"period": "7 days", "category": "Florist"})
    page.keyboard.press("Escape")  # the list, which stays open for another choice
    page.keyboard.press("Escape")  # the box
    expect(by_key(page, "filter-category")).to_have_count(0)
    settle(page)
    tab_until(page, lambda: focused(page) == "movers-card")
    name, _, _ = page.evaluate("() => document.activeElement.innerText").partition("\n")
    page.keyboard.press("Enter")
    expect_page_title(page, name)


def test_a_page_that_needs_attention_is_opened_and_its_days_explained(
    full: Server, page: Page
) -> None:
    visit(page, full.url)
    tab_until(page, partial(has_focus, page, "digest-attention"))
    page.keyboard.press("Enter")
    expect(by_key(page, "digest-attention-list")).to_be_visible()
    settle(page)
    link = page.get_by_test_id("stPopoverBody").get_by_role("link").first
    name = link.inner_text()
    tab_until(page, lambda: focused(page) == name)
    page.keyboard.press("Enter")
    expect_page_title(page, name)
    tab_until(page, partial(has_focus, page, "daily-sources"), presses=120)
    page.keyboard.press("Space")
    headings = by_key(page, "daily-card").locator("[role=columnheader]")
    expect(headings.filter(has_text="Source")).to_be_attached()


def test_a_page_is_added_to_compare_by_keyboard(full: Server, page: Page) -> None:
    visit(page, f"{full.url}/compare")
    tab_until(page, partial(has_focus, page, "compare-picker"))
    page.keyboard.type("Apfelgarten")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(by_key(page, "compare-picker")).to_contain_text("Hofladen Apfelgarten")
    expect_soon(page, lambda: len(query_of(page).get("ids", "")) > 5, True)


def test_the_import_button_is_reached(full: Server, page: Page) -> None:
    """Not pressed: nothing may be stored here."""
    visit(page, f"{full.url}/imports")
    tab_until(page, lambda: re.search("Upload|past-figures-", focused(page)) is not None)
    content = f"page_id,date,fans\n{page_id_of(full)},2024-02-01,40000\n"
    upload(page, "old.csv", content)
    expect(by_key(page, "import").get_by_role("button")).to_be_enabled()
    settle(page)
    tab_until(page, partial(has_focus, page, "import"))


def has_focus(page: Page, key: str) -> bool:
    """Whether what stands under a key of ours has the focus."""
    return by_key(page, key).locator(":focus").count() > 0


def test_save_is_reached_in_the_preview(empty: Server, page: Page) -> None:
    visit(page, empty.url)
    trips.travel(page)
    tab_until(page, lambda: focused(page) == "save")
    tab_until(page, lambda: focused(page) == "discard")
