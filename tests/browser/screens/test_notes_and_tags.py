"""Groups and notes as an operator makes them: in bulk, on one Page, on a day, and gone again."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from pages.text.periods import A_DAY
from tests.browser.conftest import Serve
from tests.browser.kit.browsing import (
    WIDTH,
    by_key,
    expect_soon,
    open_popover,
    query_of,
    settle,
    visit,
    words,
)
from tests.browser.kit.grids import pages_table
from tests.browser.kit.looks import SCHEMES, WIDTHS, check_look, keep_picture, show_scheme
from tests.browser.kit.serving import Server
from tests.present import TODAY

SEARCH = "&"  # stands in three names
TAG = "Kunde <b>A</b> :material/delete:"
NOTE = "<b>Autumn</b> campaign :material/delete: www.evil.com begins"
TAGGED = """
    SELECT pages.name FROM pages JOIN page_tags ON page_tags.page_id = pages.id
    JOIN tags ON tags.id = page_tags.tag_id WHERE tags.name = ? ORDER BY pages.name
"""
# In the month that the calendar opens with, and in the period that the chart shows.
DAY = TODAY.replace(day=max(1, TODAY.day - 14))


def test_tags_and_notes_from_first_to_last(serve: Serve, full: Server, page: Page) -> None:
    """Tag three Pages found by a search, filter by them, note a day, see it, delete it."""
    with serve(data_of=full) as server:
        names = tag_three(page, server)
        filter_by_them(page, names)
        note_a_day(page, server)
        see_it_on_a_page(page, server, names[0])
        look_into_popovers(page, server)
        delete_the_note(page, server)


def close_popover(page: Page, inside: str) -> None:
    """Leave it as people do; it is gone from the screen."""
    page.keyboard.press("Escape")
    expect(by_key(page, inside)).to_have_count(0)
    settle(page)


def tag_three(page: Page, server: Server) -> list[str]:
    """A search leaves three Pages: all three go into a new tag at once, and no others."""
    visit(page, server.url)
    page.get_by_label("Search by name").fill(SEARCH)
    expect(page.get_by_text("3 Pages, most fans first")).to_be_visible()
    settle(page)
    opened = open_popover(page, "tags-bulk", "tags-open")
    expect(opened).to_contain_text("Tag these 3 Pages")
    opened.get_by_label("New tag").fill(TAG)
    opened.get_by_role("button", name="Create and add to these 3 Pages").click()
    expect(page.get_by_test_id("stToast")).to_contain_text("3 Pages were tagged")
    settle(page)
    names = server.query(TAGGED, TAG)
    assert len(names) == 3
    assert all(SEARCH in name.casefold() for name in names)
    close_popover(page, "tags-open")
    return [str(name) for name in names]


def filter_by_them(page: Page, names: list[str]) -> None:
    """The tag is one of the filters; tiles and table count its Pages alone."""
    page.get_by_label("Search by name").fill("")
    expect(page.get_by_text(re.compile("^1–25 of "))).to_be_visible()
    origin = page.url.partition("?")[0]
    visit(page, f"{origin}?tag={TAG.replace(' ', '+').replace('<', '%3C').replace('>', '%3E')}")
    expect(page.get_by_text("3 Pages, most fans first")).to_be_visible()
    rows = [row[1] for row in pages_table(page).rows()]
    assert sorted(rows) == sorted(names)
    assert TAG in words(page)


def note_a_day(page: Page, server: Server) -> None:
    """A note for all Pages, written on Overview, is a rule on its day with its text on hover."""
    visit(page, server.url)
    opened = open_popover(page, "notes-overview", "notes-open")
    opened.get_by_label("What happened").fill(NOTE)
    opened.get_by_test_id("stDateInput").get_by_role("button").first.click()
    page.get_by_role("button", name=f"{DAY:%A}, {DAY.day} {DAY:%B %Y}").click()
    opened.get_by_role("button", name="Add note").click()
    expect(page.get_by_test_id("stToast")).to_contain_text("Note added.")
    settle(page)
    assert NOTE in opened.inner_text().replace("\u2060", "")
    close_popover(page, "notes-open")
    assert server.query("SELECT day, text FROM notes") == [(f"{DAY}", NOTE)]
    hover_note(page)
    look_at_the_day(page)


def look_at_the_day(page: Page) -> None:
    """A click on the note's rule tells of its day; the list below the chart says the note in full.

    From the list another day is chosen by keyboard, and a note is written for it.
    """
    page.mouse.move(0, 0)
    rule(page).click(force=True)
    panel, days = by_key(page, "day-panel"), by_key(page, "day-overview")
    expect(panel).to_contain_text(f"{DAY:%a} {DAY.day} {DAY:%b %Y}")
    assert NOTE in panel.inner_text().replace("\u2060", "")
    expect(panel.get_by_test_id("stPageLink").first).to_be_visible()
    expect_soon(page, lambda: query_of(page).get("day", ""), f"{DAY}")
    settle(page)
    days.get_by_role("button", name="Clear value").click()
    expect(panel).to_have_count(0)
    settle(page)
    rule(page).click(force=True)  # the same day again
    expect(panel).to_contain_text(f"{DAY:%a} {DAY.day} {DAY:%b %Y}")
    settle(page)
    notes = by_key(page, "days-and-notes").locator("summary")
    notes.focus()
    page.keyboard.press("Enter")
    expect(by_key(page, "days-and-notes").get_by_role("list")).to_contain_text("campaign")
    box = days.get_by_role("combobox")
    box.focus()
    page.keyboard.press("ControlOrMeta+a")
    other = DAY - A_DAY
    page.keyboard.type(f"{other:%a} {other.day} {other:%b}", delay=20)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text(f"{other.day} {other:%b %Y}")
    settle(page)
    expect_soon(page, lambda: query_of(page).get("day", ""), f"{other}")
    days.get_by_role("button", name="Clear value").click()
    expect(panel).to_have_count(0)


def hover_note(page: Page) -> None:
    """The rule stands there, and its tooltip says all of it as plain text."""
    expect(rule(page)).to_have_count(1)
    rule(page).hover(force=True)
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text(NOTE)
    expect(tooltip).to_contain_text(f"{DAY:%a} {DAY.day} {DAY:%b %Y}")
    expect(tooltip.locator("b")).to_have_count(0)


def rule(page: Page) -> Locator:
    """What takes the pointer on the note's day; Vega says to whoever can't see it what it is."""
    chart = page.get_by_test_id("stVegaLiteChart").first
    return chart.locator(f'line[aria-label*="{NOTE}"][opacity="0.001"]')


def see_it_on_a_page(page: Page, server: Server, name: str) -> None:
    """It concerns every Page; the Page also shows its tag, and loses it there."""
    (page_id,) = server.query("SELECT id FROM pages WHERE name = ?", name)
    visit(page, f"{server.url}/page?id={page_id}")
    hover_note(page)
    assert TAG in by_key(page, "page-tags").inner_text().replace("\u2060", "")
    opened = open_popover(page, "tags-page", "tags-open")
    opened.get_by_role("button", name=re.compile("^Delete|^Remove")).first.click()
    expect(by_key(page, "page-tags").get_by_text("Kunde")).to_have_count(0)
    assert len(server.query(TAGGED, TAG)) == 2
    close_popover(page, "tags-open")
    newest = "SELECT kind FROM events ORDER BY sequence DESC LIMIT 1"
    assert server.query(newest) == ["untagged"]


def look_into_popovers(page: Page, server: Server) -> None:
    """What stands in the popovers fits at every width."""
    for scheme in SCHEMES:
        show_scheme(page, scheme)
        for key, inside in (("notes-overview", "notes-open"), ("tags-bulk", "tags-open")):
            visit(page, server.url)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 2200})
                open_popover(page, key, inside)
                check_look(page, width)
                keep_picture(page, f"{inside}-{scheme}-{width}")
                close_popover(page, inside)
    show_scheme(page, "light")
    page.set_viewport_size({"width": WIDTH, "height": 2200})


def delete_the_note(page: Page, server: Server) -> None:
    """Said twice, it is gone from the list and from the chart."""
    visit(page, server.url)
    opened = open_popover(page, "notes-overview", "notes-open")
    opened.get_by_role("button", name="Delete").click()
    expect(opened).to_contain_text("Delete this note for good?")
    # By its key: the button of the first question may not have gone yet.
    opened.locator("[class*='st-key-really-delete-']").get_by_role("button").click()
    expect(page.get_by_test_id("stToast")).to_contain_text("Note deleted.")
    settle(page)
    expect(rule(page)).to_have_count(0)
    assert server.query("SELECT count(*) FROM notes") == [0]
