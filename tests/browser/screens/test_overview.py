"""Overview and a Page's screen: period, order, search, pages of the table, and the way back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from pages.text.formats import one_line
from tests.browser.kit.browsing import (
    by_key,
    expect_page_title,
    expect_soon,
    expect_title,
    focused,
    settle,
    tab_until,
    tiles,
    visit,
)
from tests.browser.kit.grids import SUMMARY_ROWS, column, figures_in, names_in, pages_table
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


@pytest.fixture
def overview(full: Server, page: Page) -> Page:
    """Overview of 57 Pages with 91 days."""
    visit(page, full.url)
    expect_title(page, "Overview")
    return page


def query_of(page: Page) -> dict[str, str]:
    """What the address bar says after the question mark."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def expect_caption(page: Page, text: str) -> None:
    """The line above the table, which says what is listed and in which order."""
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=text)).to_be_visible()
    settle(page)


def test_another_period_changes_the_figures_and_the_address(overview: Page, full: Server) -> None:
    before = tiles(overview)
    by_key(overview, "period").get_by_role("radio", name="7 days").click()
    expect(overview).to_have_url(f"{full.url}/?period=7+days")
    (net,) = full.query(
        "SELECT sum(late.fans_count - early.fans_count) FROM snapshots late JOIN snapshots early "
        "USING (page_id) WHERE late.day = (SELECT max(day) FROM snapshots) "
        "AND early.day = date(late.day, '-7 days')"
    )
    expect_soon(overview, lambda: tiles(overview)["Net new fans"], f"{net:+,d}")
    settle(overview)
    after = tiles(overview)
    assert after["Fans"] == before["Fans"]
    assert after["Net new fans"] != before["Net new fans"]
    overview.reload()
    settle(overview)
    assert tiles(overview) == after
    overview.get_by_role("link", name="Activity").click()
    expect_title(overview, "Activity")
    overview.get_by_role("link", name="Overview").click()
    expect_title(overview, "Overview")
    assert tiles(overview) == after


def test_a_header_sorts_all_rows_not_those_on_screen(overview: Page, full: Server) -> None:
    grid = pages_table(overview)
    grid.click_header(column("net"))
    expect_caption(overview, "1–25 of 57 Pages, most net new first")
    assert query_of(overview)["sort"] == "Most net new first"
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


def test_the_table_has_pages_and_the_totals_stay(overview: Page, full: Server) -> None:
    grid = pages_table(overview)
    total, first = grid.rows()[0], names_in(grid)
    overview.get_by_role("button", name="Page 3").click()
    expect_caption(overview, "51–57 of 57 Pages, most fans first")
    expect_soon(overview, lambda: len(names_in(grid)), 7)
    assert query_of(overview) == {"page": "3"}
    last = names_in(grid)
    assert grid.rows()[0] == total
    overview.get_by_role("button", name="Page 2").click()
    expect_caption(overview, "26–50 of 57 Pages")
    expect_soon(overview, lambda: len(names_in(grid)), 25)
    every = {one_line(name) for name in full.query("SELECT name FROM pages")}
    assert {*first, *names_in(grid), *last} == every


def test_search_looks_at_all_rows_and_can_be_cleared(overview: Page) -> None:
    search = by_key(overview, "q").get_by_role("searchbox")
    search.fill("cafe")
    expect_caption(overview, "2 Pages, most fans first")
    grid = pages_table(overview)
    expect_soon(overview, lambda: sorted(names_in(grid)), ["Café Lindenhof", "Café do Porto"])
    assert query_of(overview) == {"q": "cafe"}
    search.fill("no such Page")
    expect(overview.get_by_text("No Page matches “no such Page”")).to_be_visible()
    by_key(overview, "clear").get_by_role("button").click()
    expect_caption(overview, "1–25 of 57 Pages")
    assert query_of(overview) == {}


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
    expect_soon(overview, lambda: fastest.isdisjoint(names_in(grid)), wanted=True)
    rows, shown = grid.rows(), tiles(overview)
    name, fans = (rows[SUMMARY_ROWS + 4][column(each)] for each in ("name", "fans"))

    grid.click_cell(SUMMARY_ROWS + 4, column("name"))
    expect_page_title(overview, name)
    expect(overview).to_have_title(f"{name} · Pagekeeper")
    assert tiles(overview)["Fans"] == f"{int(fans):,d}"
    expect(overview.get_by_role("heading", name="Audience over time")).to_be_visible()
    daily = by_key(overview, "daily-card").locator("[role=gridcell]")
    expect(daily.first).to_be_attached()
    assert fans in daily.all_text_contents()[:4]
    assert "Snapshot" in daily.all_text_contents()[:4]

    overview.reload()  # the way back stands in the address, not in this visit
    expect_page_title(overview, name)
    overview.get_by_role("link", name="All Pages").click()
    expect_caption(overview, "26–50 of 57 Pages, fastest growth first")
    assert tiles(overview) == shown
    expect_soon(overview, lambda: pages_table(overview).rows(), rows)


def test_totals_are_not_pages(overview: Page) -> None:
    """A click on the rows of totals leads nowhere."""
    grid = pages_table(overview)
    grid.click_cell(0, column("name"))
    grid.click_cell(1, column("name"))
    grid.click_header(column("followers"))
    expect_caption(overview, "most followers first")
    expect_title(overview, "Overview")


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
    overview.get_by_role("link", name="Blumen Sommer").click()
    expect_title(overview, "Blumen Sommer")
    overview.go_back()
    expect_title(overview, "Overview")
    expect(overview).to_have_title("Overview · Pagekeeper")


def test_fans_and_followers_turn_together(overview: Page) -> None:
    by_key(overview, "metric").get_by_role("radio", name="Followers").click()
    expect(overview.get_by_role("heading", name="Followers over time")).to_be_visible()
    settle(overview)
    assert "Net new followers" in tiles(overview)
    expect(overview.get_by_test_id("stVegaLiteChart")).to_have_attribute(
        "aria-label", re.compile("^Followers of 5[67] Pages (rose|fell)")
    )
    by_key(overview, "view").get_by_role("radio", name="Daily change").click()
    expect(overview.get_by_test_id("stVegaLiteChart")).to_have_attribute(
        "aria-label", re.compile("^Followers of 5[67] Pages rose on")
    )


def test_an_unknown_page_says_so(full: Server, page: Page) -> None:
    visit(page, f"{full.url}/page?id=1")
    expect_title(page, "Page not found")
    expect(page.get_by_text("This Page is not connected here.")).to_be_visible()
    page.get_by_role("link", name="All Pages").click()
    expect_title(page, "Overview")
