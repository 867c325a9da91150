"""Overview and a Page's screen: period, order, search, pages of the table, and the way back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import (
    by_key,
    expect_page_title,
    expect_soon,
    expect_title,
    focused,
    query_of,
    settle,
    tab_until,
    tiles,
)
from tests.browser.kit.grids import column, figures_in, names_in, pages_table
from tests.browser.kit.serving import Server

FANS_TODAY = """
    SELECT fans_count FROM snapshots
    WHERE day = (SELECT max(day) FROM snapshots) AND fans_count IS NOT NULL
"""
NET = """
    SELECT late.fans_count - early.fans_count FROM snapshots late
    JOIN snapshots early USING (page_id)
    WHERE late.day = (SELECT max(day) FROM snapshots) AND early.day = date(late.day, '-28 days')
    AND late.fans_count IS NOT NULL AND early.fans_count IS NOT NULL
"""


def expect_caption(page: Page, text: str) -> None:
    """The line above the table, which says what is listed and in which order."""
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=text)).to_be_visible()
    settle(page)


def test_a_header_sorts_all_rows_not_those_on_screen(overview: Page, full: Server) -> None:
    grid = pages_table(overview)
    grid.click_header(column("net"))
    expect_caption(overview, "1–25 of 57 Pages, most net new first")
    expect_soon(overview, lambda: query_of(overview).get("sort", ""), "Most net new first")
    every = sorted(full.query(NET), reverse=True)
    expect_soon(overview, lambda: figures_in(grid, "net"), every[:25])
    grid.click_header(column("net"))
    expect_caption(overview, "1–25 of 57 Pages, least net new first")
    expect_soon(overview, lambda: figures_in(grid, "net"), every[::-1][:25])
    expect_soon(overview, lambda: grid.headers()[column("net")], "New fans ↑")

    grid.click_header(column("fans"))
    expect_caption(overview, "1–25 of 57 Pages, most fans first")
    fans = sorted(full.query(FANS_TODAY), reverse=True)
    expect_soon(overview, lambda: figures_in(grid, "fans"), fans[:25])


def test_a_name_leads_to_its_page_and_back_to_the_same_place(overview: Page) -> None:
    """Period, order and page of the table are as they were left."""
    by_key(overview, "period").get_by_role("radio", name="90 days").click()
    grid = pages_table(overview)
    most_fans = names_in(grid)
    grid.click_header(column("growth"))
    expect_caption(overview, "fastest growth first")
    expect_soon(overview, lambda: names_in(grid) != most_fans, wanted=True)
    fastest = set(names_in(grid))
    overview.get_by_role("button", name="Page 2").click()
    expect_caption(overview, "26–50 of 57 Pages, fastest growth first")
    expect_soon(overview, lambda: len(set(names_in(grid)) - fastest), wanted=25)
    rows, shown = grid.rows(), tiles(overview)
    name, fans = (rows[4][column(each)] for each in ("name", "fans"))

    grid.click_cell(4, column("name"))
    expect_page_title(overview, name)
    expect(overview).to_have_title(f"{name} · Pagekeeper")
    assert next(iter(tiles(overview).values())) == f"{int(fans):,d}"
    expect(overview.get_by_role("heading", name="Audience over time")).to_be_visible()
    by_key(overview, "daily-sources").get_by_text("Show where").click()
    daily = by_key(overview, "daily-card").locator("[role=gridcell]")
    expect(daily.first).to_be_attached()
    assert fans in daily.all_text_contents()[:4]
    expect_soon(overview, lambda: "Facebook" in daily.all_text_contents()[:5], wanted=True)

    overview.reload()  # the way back stands in the address, not in this visit
    expect_page_title(overview, name)
    overview.get_by_role("link", name="All Pages").click()
    expect_caption(overview, "26–50 of 57 Pages, fastest growth first")
    assert tiles(overview) == shown
    expect_soon(overview, lambda: pages_table(overview).rows(), rows)


def test_a_page_can_be_opened_by_keyboard(overview: Page) -> None:
    """Search, then Tab to one of the hits, then Enter."""
    tab_until(overview, lambda: focused(overview) == "q")
    overview.keyboard.type("lindenhof")
    expect(by_key(overview, "search-hits").get_by_role("link")).to_have_count(1)
    settle(overview)
    tab_until(overview, lambda: focused(overview) == "search-hits")
    overview.keyboard.press("Enter")
    expect_title(overview, "Café Lindenhof")
    tab_until(overview, lambda: "All Pages" in focused(overview))
    overview.keyboard.press("Enter")
    expect_caption(overview, "1 Page")
    expect(by_key(overview, "q").get_by_role("searchbox")).to_have_value("lindenhof")


def test_the_browsers_back_leads_back_too(overview: Page) -> None:
    by_key(overview, "movers-card").get_by_role("link", name="Blumen Sommer").click()
    expect_title(overview, "Blumen Sommer")
    overview.go_back()
    expect_title(overview, "Overview")
    expect(overview).to_have_title("Overview · Pagekeeper")
