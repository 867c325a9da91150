"""Compare in a browser: search, add three, switch, remove, reload, share, and the way back."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from pages.charts.chart_parts import LIGHT
from tests.browser.kit.browsing import (
    NewPage,
    by_key,
    click_day,
    expect_soon,
    expect_title,
    query_of,
    settle,
    visit,
    words,
)
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import LARGEST


def ids_of(page: Page) -> list[str]:
    """The Pages in the address bar."""
    return query_of(page).get("ids", "").split(",")


def chips(page: Page) -> list[str]:
    """What the box holds."""
    tags = by_key(page, "compare-picker").locator("[data-tag]")
    return [text.strip() for text in tags.all_inner_texts()]


def ends(page: Page) -> list[str]:
    """The figures and names at the ends of the lines."""
    texts = (
        chart(page)
        .locator(f"svg .mark-text.role-mark text:not([fill='{LIGHT.axis}' i])")
        .all_text_contents()
    )
    return [text for text in texts if text.strip()]


def chart(page: Page) -> Locator:
    return by_key(page, "compare-card").get_by_test_id("stVegaLiteChart")


def add(page: Page, name: str) -> None:
    """Type a name, and take the first match with Enter."""
    before = len(chips(page))
    box = by_key(page, "compare-picker").get_by_role("combobox")
    box.fill(name)
    expect(page.get_by_role("option").first).to_contain_text(name)
    box.press("Enter")
    expect_soon(page, lambda: len(chips(page)), before + 1)
    box.press("Escape")  # the list stays open for the next one
    settle(page)


def test_search_add_switch_remove_reload_and_share(
    full: Server, page: Page, new_page: NewPage
) -> None:
    (first, first_name), (second, second_name), (third, third_name) = full.query(LARGEST)[:3]
    visit(page, full.url)
    page.get_by_role("link", name="Compare", exact=True).click()
    expect_title(page, "Compare")
    assert "Choose two Pages or tags to compare." in words(page)
    for name in (first_name, second_name, third_name):
        add(page, name)
    expect_soon(page, lambda: ids_of(page), [first, second, third])
    expect_soon(page, lambda: chips(page), [first_name, second_name, third_name])
    expect_soon(page, lambda: len(ends(page)), 3)

    by_key(page, "scale").get_by_role("radio", name="Numbers").click()
    (fans,) = full.query(
        "SELECT fans_count FROM snapshots WHERE page_id = ? ORDER BY day DESC LIMIT 1", first
    )
    expect_soon(page, lambda: any(text.startswith(f"{fans:,d} ") for text in ends(page)), True)
    by_key(page, "figure").get_by_role("radio", name="Followers").click()
    expect(page.get_by_role("heading", name="Followers", exact=True)).to_be_visible()
    by_key(page, "period").get_by_role("radio", name="7 days").click()
    expect(page).to_have_url(re.compile("period=7"))
    settle(page)

    by_key(page, "compare-picker").get_by_label(f"Remove {second_name}").click()
    expect_soon(page, lambda: chips(page), [first_name, third_name])
    expect_soon(page, lambda: ids_of(page), [first, third])
    settle(page)
    page.reload()
    expect_title(page, "Compare")
    assert chips(page) == [first_name, third_name]
    expect(page.get_by_role("heading", name="Followers", exact=True)).to_be_visible()

    shared = new_page()
    visit(shared, page.url)
    assert chips(shared) == [first_name, third_name]
    expect_soon(shared, lambda: ends(shared), ends(page))


def test_from_a_page_to_the_one_nearest_in_size_and_back(full: Server, page: Page) -> None:
    ((first, name), *_) = full.query(LARGEST)
    visit(page, f"{full.url}/page?id={first}")
    page.get_by_role("link", name="Compare with").click()
    expect_title(page, "Compare")
    expect_soon(page, lambda: ids_of(page), [first])
    by_key(page, "compare-begin").get_by_role("button").first.click()
    expect_soon(page, lambda: len(chips(page)), 2)
    expect_soon(page, lambda: len(ids_of(page)), 2)
    settle(page)
    pair = ids_of(page)
    assert pair[0] == first
    by_key(page, "compare-figures").get_by_role("link").last.click()
    expect(page).to_have_url(re.compile(rf"/page\?id={pair[1]}"))
    settle(page)
    page.go_back()
    expect_title(page, "Compare")
    expect_soon(page, lambda: ids_of(page), pair)
    expect_soon(page, lambda: name in chips(page), wanted=True)


def test_a_click_on_a_day_tells_of_each_page(full: Server, page: Page) -> None:
    (first, name), (second, _) = full.query(LARGEST)[:2]
    visit(page, f"{full.url}/compare?ids={first},{second}")
    click_day(page, chart(page), 0.4)
    panel, days = by_key(page, "day-panel"), by_key(page, "day-compare")
    expect(panel).to_be_visible()
    expect_soon(page, lambda: "day" in query_of(page), wanted=True)
    day = query_of(page)["day"]
    fans = "SELECT fans_count FROM snapshots WHERE page_id = ? AND day = ?"
    expect(panel).to_contain_text(f"{name} · {full.query(fans, first, day)[0]:,d} fans")
    expect(panel.get_by_role("button", name="Add a note for this day")).to_be_visible()
    click_day(page, chart(page), 0.6)
    expect_soon(page, lambda: query_of(page)["day"] > day, True)
    page.reload()
    settle(page)
    expect(panel).to_be_visible()
    days.get_by_role("button", name="Clear value").click()
    expect(panel).to_have_count(0)
    expect_soon(page, lambda: "day" in query_of(page), False)
