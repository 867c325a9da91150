"""A view saved, opened, started with and copied; a Page archived, found and brought back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    by_key,
    expect_page_title,
    expect_soon,
    expect_title,
    open_popover,
    query_of,
    settle,
    tiles,
    visit,
)
from tests.browser.kit.serving import Server

NAME = "Kunde <b>A</b>"
STATE = {"metric": "Followers", "period": "90 days", "q": "a"}


def test_views_and_the_archive_from_first_to_last(serve: Serve, full: Server, page: Page) -> None:
    with serve(data_of=full) as server:
        save_and_open_a_view(page, server)
        start_with_it(page, server)
        archive_and_bring_back(page, server)


def save_and_open_a_view(page: Page, server: Server) -> None:
    """It is one step of the browser's history, and Back leads to what was shown before."""
    visit(page, f"{server.url}/?metric=Followers&period=90+days&q=a")
    opened = open_popover(page, "views", "views-open")
    opened.get_by_label("Save this view as").fill(NAME)
    opened.get_by_role("button", name="Save this view").click()
    expect_soon(page, lambda: query_of(page), STATE | {"saved": NAME})
    visit(page, server.url)
    open_popover(page, "views", "views-open").get_by_role("link", name=NAME).click()
    expect_soon(page, lambda: query_of(page), STATE | {"saved": NAME})
    settle(page)
    expect(by_key(page, "views").get_by_role("button")).to_contain_text(NAME)
    page.go_back()
    expect_soon(page, lambda: page.url.partition("?")[2], "")
    settle(page)
    expect(by_key(page, "views").get_by_role("button")).to_contain_text("Views")


def start_with_it(page: Page, server: Server) -> None:
    """The bare address opens it, the copied address is whole, and there is a way to plain."""
    visit(page, f"{server.url}/?saved=kunde+%3Cb%3Ea%3C/b%3E")
    expect_soon(page, lambda: query_of(page), STATE | {"saved": NAME})
    opened = open_popover(page, "views", "views-open")
    opened.get_by_text("Start with this view").click()
    expect(opened.get_by_role("link", name=f"{NAME} (start screen)")).to_be_visible()
    visit(page, server.url)
    expect_soon(page, lambda: query_of(page), STATE | {"saved": NAME})
    settle(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("period=90+days")
    expect(page.get_by_test_id("stCode")).to_contain_text("metric=Followers")
    page.keyboard.press("Escape")
    open_popover(page, "views", "views-open").get_by_role("link", name="Every Page").click()
    expect_soon(page, lambda: page.url.partition("?")[2], "saved=")
    settle(page)


def archive_and_bring_back(page: Page, server: Server) -> None:
    visit(page, f"{server.url}/?saved=")
    count = int(tiles(page)["Pages"])
    ((page_id, name),) = server.query("SELECT id, name FROM pages WHERE name LIKE 'Riverside A%'")
    visit(page, f"{server.url}/page?id={page_id}")
    button = by_key(page, "archive-page").get_by_role("button")
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").last.click()
    expect(page.get_by_text(re.compile("^Archived since"))).to_be_visible()
    visit(page, f"{server.url}/?q=Riverside+A")
    assert tiles(page)["Pages"] == str(count - 1)
    page.get_by_role("button", name="1 archived Page matches").click()
    expect_soon(page, lambda: query_of(page).get("archived", ""), "yes")
    settle(page)
    page.get_by_test_id("stPageLink").get_by_text(str(name)).first.click()
    expect_page_title(page, str(name))
    by_key(page, "unarchive").get_by_role("button").click()
    expect(page.get_by_text(re.compile("^Archived since"))).to_have_count(0)
    visit(page, f"{server.url}/?saved=")
    expect_title(page, "Overview")
    assert tiles(page)["Pages"] == str(count)
