"""Posts in a browser: the list, its ages and orders, one post and the way back, days and hours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pages.parts.posts.post_table import WIDTHS
from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    NewPage,
    by_key,
    expect_soon,
    expect_title,
    open_popover,
    query_of,
    settle,
    tiles,
    visit,
    words,
)
from tests.browser.kit.furnishing import give_server_posts
from tests.browser.kit.grids import Grid
from tests.browser.kit.looks import look_at_screens
from tests.browser.kit.serving import Server

NEWEST = "SELECT id FROM posts WHERE message IS NOT NULL ORDER BY published_at LIMIT 1 OFFSET 400"


@pytest.fixture(scope="module")
def posted(serve: Serve, full: Server) -> Iterator[Server]:
    """The sandbox with 120 days of posts by 57 Pages: tests that use it only look."""
    with serve(data_of=full) as server:
        give_server_posts(server)
        yield server


def posts_table(page: Page) -> Grid:
    frame = by_key(page, "posts-table").get_by_test_id("stDataFrame")
    expect(frame.locator("[role=gridcell]").first).to_be_attached()
    grid = Grid(frame, ())
    has_state = any("State" in header for header in grid.headers())
    names = [name for name in WIDTHS if has_state or name != "state"]
    return Grid(frame, tuple(WIDTHS[name] for name in names))


def views_in(page: Page) -> list[int]:
    return [int(row[2]) for row in posts_table(page).rows()]


def test_from_the_list_to_a_post_and_back(page: Page, posted: Server) -> None:
    visit(page, posted.url)
    page.get_by_role("navigation", name="App pages").get_by_text("Posts").click()
    expect_title(page, "Posts")
    at_seven_days = tiles(page)
    by_key(page, "age").get_by_text("Now", exact=True).click()
    expect_soon(page, lambda: query_of(page).get("age", ""), "Now")
    before = at_seven_days["Median views"]
    expect_soon(page, lambda: tiles(page).get("Median views", before) != before, wanted=True)
    settle(page)
    assert tiles(page)["Posts per week"] == at_seven_days["Posts per week"]
    posts_table(page).click_header(list(WIDTHS).index("views"))
    expect_soon(page, lambda: query_of(page).get("order", ""), "Most views first")
    expect_soon(page, lambda: views_in(page) == sorted(views_in(page), reverse=True), wanted=True)
    settle(page)
    views = views_in(page)
    posts_table(page).click_cell(1, 1)
    expect(page.get_by_role("heading", name="How it grew")).to_be_visible()
    settle(page)
    chart = page.get_by_test_id("stVegaLiteChart")
    expect(chart.locator("svg, canvas").first).to_be_visible()
    expect_soon(page, lambda: tiles(page).get("Views", ""), f"{views[1]:,d}")
    address = page.url
    by_key(page, "all-posts").get_by_role("button").click()
    expect_title(page, "Posts")
    expect_soon(page, lambda: query_of(page), {"age": "Now", "order": "Most views first"})
    page.go_back()
    expect(page.get_by_role("heading", name="How it grew")).to_be_visible()
    expect(page).to_have_url(address)
    page.go_back()
    expect_title(page, "Posts")
    expect_soon(page, lambda: views_in(page), views)


def test_days_and_hours_and_the_file(page: Page, posted: Server, tmp_path: Path) -> None:
    visit(page, f"{posted.url}/posts?period=90+days&kind=Photo")
    chart = by_key(page, "when-card").get_by_test_id("stVegaLiteChart")
    expect(chart.locator("svg")).to_contain_text("Hour of publishing, UTC")
    expect(chart.locator("svg")).to_contain_text("18–21")
    assert "Nothing is said of fewer than 5 posts." in words(page)
    opened = open_popover(page, "export-posts", "export-posts-open")
    with page.expect_download() as download:
        opened.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "posts.csv")
    text = (tmp_path / "posts.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["kind"] for row in rows} == {"photo"}
    assert f"{len(rows):,d} posts" in words(page)
    assert all(row["reading_age_days"] in ("7", "") for row in rows)


def test_posts_at_every_width(new_page: NewPage, posted: Server) -> None:
    (post_id,) = posted.query(NEWEST)
    screens = {"posts": "posts", "post": f"posts?post={post_id}", "no-post": "posts?text=zebra"}
    look_at_screens(new_page(), posted.url, "full", screens)
