"""Ticked Pages: they stay the same Pages whatever the table shows, by mouse and by keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import (
    by_key,
    expect_page_title,
    expect_soon,
    focused,
    query_of,
    settle,
    tab_until,
)
from tests.browser.kit.grids import Grid, column, names_in, pages_table


def ticked_names(page: Page) -> list[str]:
    """The names in the ticked rows of the table."""
    grid = pages_table(page)
    names = names_in(grid)
    return sorted(names[row] for row in grid.ticked())


def expect_bar(page: Page, text: str | re.Pattern[str]) -> None:
    expect(by_key(page, "ticked-bar").get_by_text(text)).to_be_visible()
    settle(page)


def turn_to(page: Page, number: int) -> Grid:
    page.get_by_role("button", name=f"Page {number}", exact=True).click()
    expect_soon(page, lambda: query_of(page).get("page", "1"), str(number))
    settle(page)
    return pages_table(page)


def test_ticks_outlive_page_turns_orders_and_filters(overview: Page) -> None:
    grid = pages_table(overview)
    names = names_in(grid)
    pair = sorted([names[1], names[3]])
    grid.tick(1)
    expect_bar(overview, "1 ticked")
    grid.tick(3)
    expect_bar(overview, "2 ticked")
    assert ticked_names(overview) == pair

    second = turn_to(overview, 2)
    expect_soon(overview, lambda: len(set(names_in(second)) - set(names)), wanted=25)
    assert second.ticked() == []
    turn_to(overview, 1)
    expect_soon(overview, lambda: ticked_names(overview), pair)

    grid.click_header(column("net"))
    expect_soon(overview, lambda: query_of(overview).get("sort", ""), "Most net new first")
    settle(overview)
    grid.click_header(column("net"))
    expect_soon(overview, lambda: query_of(overview).get("sort", ""), "Least net new first")
    expect_bar(overview, "2 ticked")
    grid.click_header(column("fans"))
    expect_soon(overview, lambda: ticked_names(overview), pair)

    overview.get_by_label("Search by name").fill("lindenhof")
    expect_bar(overview, "2 of them not in this list")
    overview.get_by_label("Search by name").fill("")
    expect_soon(overview, lambda: ticked_names(overview), pair)
    settle(overview)

    by_key(overview, "filter").locator("button").first.click()
    by_key(overview, "filter-state").get_by_role("combobox").click()
    overview.get_by_role("option", name=re.compile("^Works in part")).click()
    expect_bar(overview, re.compile("not in this list"))
    overview.keyboard.press("Escape")
    by_key(overview, "show-every").get_by_role("button").click()
    expect_soon(overview, lambda: ticked_names(overview), pair)

    pages_table(overview).tick(3)
    expect_bar(overview, "1 ticked")
    by_key(overview, "ticked-clear").get_by_role("button").click()
    expect(by_key(overview, "ticked-bar").get_by_text("Tick Pages to open")).to_be_visible()
    expect_soon(overview, lambda: len(pages_table(overview).ticked()), 0)


def test_ticked_pages_stay_ticked_behind_a_page(overview: Page) -> None:
    grid = pages_table(overview)
    names = names_in(grid)
    grid.tick(2)
    expect_bar(overview, "1 ticked")
    grid.click_cell(0, column("name"))
    expect_page_title(overview, names[0])
    overview.get_by_role("link", name="All Pages").click()
    expect_soon(overview, lambda: ticked_names(overview), [names[2]])


def test_pages_are_ticked_and_opened_by_keyboard_alone(overview: Page) -> None:
    """Also where Pages of the table are ticked already, as after a page turn."""
    names = names_in(pages_table(overview))
    keyboard = overview.keyboard
    tab_until(overview, lambda: is_in_table(overview))
    keyboard.press("ArrowDown")
    keyboard.press("Shift+Space")
    expect_bar(overview, "1 ticked")
    keyboard.press("ArrowDown")
    keyboard.press("Shift+Space")
    expect_bar(overview, "2 ticked")
    assert ticked_names(overview) == sorted(names[1:3])

    turn_to(overview, 2)
    turn_to(overview, 1)
    expect_soon(overview, lambda: ticked_names(overview), sorted(names[1:3]))
    overview.get_by_role("heading", name="Overview", level=1).click()
    tab_until(overview, lambda: is_in_table(overview))
    keyboard.press("ArrowDown")  # from the first ticked row to the second one
    keyboard.press("Shift+Space")
    expect_bar(overview, "1 ticked")
    assert ticked_names(overview) == [names[1]]

    while not (focused(overview) == "ticked" and "Open" in inner_text(overview)):
        keyboard.press("Shift+Tab")
    # A table that loses the focus says so a moment later, with a run of Overview.
    overview.wait_for_timeout(500)
    settle(overview)
    keyboard.press("Enter")
    expect_page_title(overview, names[1])


def is_in_table(page: Page) -> bool:
    return bool(page.evaluate("() => document.activeElement.tagName === 'CANVAS'")) and bool(
        page.evaluate("() => !!document.activeElement.closest('.st-key-pages-table')")
    )


def inner_text(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.innerText"))


def chosen_columns(page: Page) -> str:
    """Those of the address, without those that follow from the figures."""
    names = query_of(page).get("columns", "").split(",")
    return ",".join(name for name in names if name not in ("views", "engagement", "connection"))


def test_columns_are_chosen_and_stay_in_the_address(overview: Page) -> None:
    by_key(overview, "columns-box").locator("button").first.click()
    by_key(overview, "columns-chosen").get_by_role("combobox").click()
    overview.get_by_role("option", name="Category", exact=True).click()
    wanted = "fans,net,growth,trend,category"
    expect_soon(overview, lambda: chosen_columns(overview), wanted)
    overview.keyboard.press("Escape")
    settle(overview)
    expect_soon(overview, lambda: pages_table(overview).headers()[-1], "Category")
    overview.reload()
    expect_soon(overview, lambda: pages_table(overview).headers()[-1], "Category")
