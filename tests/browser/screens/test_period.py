"""Period, comparison and filter in a browser: chosen, kept in the address, and found again."""

from __future__ import annotations

import re
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from pages.text.formats import signed
from pages.text.periods import MORE, SEGMENTS
from tests.browser.kit.browsing import (
    NewPage,
    by_key,
    expect_page_title,
    expect_soon,
    expect_title,
    query_of,
    settle,
    tiles,
    visit,
)
from tests.browser.kit.grids import names_in, pages_table
from tests.browser.kit.serving import Server

NET = """
    SELECT sum(late.fans_count - early.fans_count) FROM snapshots late
    JOIN snapshots early USING (page_id) WHERE late.day = ? AND early.day = ?
"""
PRESS = '[data-testid="stPopoverButton"]'


def last_day(full: Server) -> date:
    (day,) = full.query("SELECT max(day) FROM snapshots")
    return date.fromisoformat(day)


def choose_period(page: Page, label: str) -> None:
    if label in MORE:
        by_key(page, "period-choice").get_by_test_id("stMenuButton").get_by_role("button").click()
        page.get_by_role("menuitem", name=label).click()
    else:
        by_key(page, "period").get_by_role("radio", name=label).click()
    settle(page)


def pick(page: Page, key: str, option: str | re.Pattern[str]) -> None:
    """Choose from a box of choices."""
    by_key(page, key).get_by_role("combobox").click()
    page.get_by_role("option", name=option).click()
    page.keyboard.press("Escape")  # a list of several stays open for the next one
    settle(page)


def type_day(page: Page, name: str, day: date) -> None:
    """Type a day into its box, which heeds it once it is left."""
    by_key(page, name).get_by_role("spinbutton").first.click()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Overview", level=1).click()
    expect(page).to_have_url(re.compile(f"{name}={day}"))
    settle(page)


def test_custom_days_and_comparison_survive_reload_and_other_screens(
    overview: Page, full: Server
) -> None:
    until = last_day(full) - timedelta(days=10)
    since = until - timedelta(days=6)
    choose_period(overview, "Custom")
    for name, day in (("since", since), ("until", until)):
        type_day(overview, name, day)
    (net,) = full.query(NET, f"{until}", f"{since - timedelta(days=1)}")
    expect_soon(overview, lambda: tiles(overview)["Net new fans"], signed(net))
    pick(overview, "comparison", "No comparison")
    wanted = {
        "period": "Custom",
        "since": f"{since}",
        "until": f"{until}",
        "comparison": "No comparison",
    }
    expect_soon(overview, lambda: query_of(overview), wanted)
    shown = tiles(overview)
    overview.reload()
    settle(overview)
    assert tiles(overview) == shown
    assert query_of(overview) == wanted
    overview.get_by_role("link", name="Activity").click()
    expect_title(overview, "Activity")
    overview.get_by_role("link", name="Overview").click()
    expect_title(overview, "Overview")
    expect_soon(overview, lambda: tiles(overview), shown)
    expect_soon(overview, lambda: query_of(overview), wanted)
    choose_period(overview, "7 days")
    expect_soon(
        overview, lambda: query_of(overview), {"period": "7 days", "comparison": "No comparison"}
    )


def test_the_bar_fits_a_phone_and_the_menu_keeps_its_choice(
    full: Server, new_page: NewPage
) -> None:
    page = new_page(viewport={"width": 390, "height": 900})
    visit(page, full.url)
    expect_title(page, "Overview")
    bar = by_key(page, "period-choice")
    menu = bar.get_by_test_id("stMenuButton").get_by_role("button")
    expect(menu).to_have_text(re.compile("^More"))
    # The longest name: with it the bar is as wide as it gets.
    choose_period(page, "Last month")
    expect(menu).to_have_text(re.compile("^Last month"))
    settle(page)
    segments = [each for each in bar.get_by_role("radio").all() if each.is_visible()]
    assert [each.inner_text() for each in segments] == list(SEGMENTS)
    boxes = [each.bounding_box() for each in (*segments, menu)]
    assert len({round(box["y"]) for box in boxes if box}) == 1
    assert bar.evaluate("bar => bar.getBoundingClientRect().right <= innerWidth")
    for each in (bar, bar.get_by_role("radiogroup")):
        assert each.evaluate("each => each.scrollWidth <= each.clientWidth")
    shown = tiles(page)
    page.reload()
    settle(page)
    expect(menu).to_have_text(re.compile("^Last month"))
    assert tiles(page) == shown
    assert query_of(page) == {"period": "Last month"}
    choose_period(page, "90 days")
    expect(menu).to_have_text(re.compile("^More"))
    expect_soon(page, lambda: query_of(page), {"period": "90 days"})


def test_a_filter_turns_everything_and_back_takes_it_away(overview: Page) -> None:
    every = tiles(overview)
    by_key(overview, "filter").locator(PRESS).click()
    pick(overview, "filter-category", re.compile("^Bookstore"))
    expect(by_key(overview, "filtered").get_by_text("of the category “Bookstore”")).to_be_visible()
    settle(overview)
    shops = tiles(overview)
    assert shops["Pages"] != every["Pages"]
    expect_soon(overview, lambda: query_of(overview), {"category": "Bookstore"})
    expect_soon(overview, lambda: len(names_in(pages_table(overview))), int(shops["Pages"]))
    pick(overview, "filter-state", re.compile("^Connected"))
    expect(by_key(overview, "filtered").get_by_text("“Connected”")).to_be_visible()
    overview.keyboard.press("Escape")
    overview.reload()
    settle(overview)
    assert query_of(overview) == {"category": "Bookstore", "state": "Connected"}
    expect(by_key(overview, "filtered").get_by_text("“Connected”")).to_be_visible()
    overview.go_back()
    settle(overview)
    expect_soon(overview, lambda: tiles(overview), shops)
    by_key(overview, "show-every").get_by_role("button").click()
    expect_soon(overview, lambda: tiles(overview), every)
    expect_soon(overview, lambda: not query_of(overview), wanted=True)


def test_the_last_week_leads_to_its_pages(overview: Page) -> None:
    card = by_key(overview, "digest-card")
    expect(card.get_by_text("57 Pages have")).to_be_visible()
    card.locator(PRESS).first.click()
    expect(overview.get_by_test_id("stCode")).to_contain_text("gained most")
    overview.keyboard.press("Escape")
    link = by_key(overview, "digest-movers").get_by_role("link").first
    name, _, moved = link.inner_text().partition(" gained most ")
    link.click()
    expect_page_title(overview, name)
    expect_soon(overview, lambda: query_of(overview)["period"], "7 days")
    expect_soon(overview, lambda: tiles(overview)["Net new fans"], moved.strip())


def test_the_pages_that_need_attention_are_listed_where_they_are_counted(overview: Page) -> None:
    by_key(overview, "digest-attention").locator(PRESS).click()
    show = by_key(overview, "digest-attention-list").get_by_role("button")
    expect(show).to_be_visible()
    expect(overview.get_by_text("The Page is not published.").first).to_be_visible()
    show.click()
    expect_soon(overview, lambda: query_of(overview), {"show": "Needs attention"})
    expect(by_key(overview, "digest-attention")).to_contain_text("3 Pages need attention")
    expect_soon(overview, lambda: len(names_in(pages_table(overview))), 3)
