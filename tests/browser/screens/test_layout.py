"""What stands where: the first chart above the fold, and tiles that nothing makes jump."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.kit.browsing import NewPage, by_key, expect_soon, settle, visit
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import LARGEST

FOLD = 900
SCROLL_BAR = 15


def bounds(element: Locator) -> dict[str, float]:
    """Where an element stands in the window, in whole pixels."""
    box = element.bounding_box()
    assert box is not None
    return {
        "top": round(box["y"]),
        "bottom": round(box["y"] + box["height"]),
        "left": round(box["x"]),
        "right": round(box["x"] + box["width"]),
    }


def test_the_first_chart_stands_above_the_fold(full: Server, new_page: NewPage) -> None:
    page = new_page(viewport={"width": 1440, "height": FOLD})
    visit(page, full.url)
    card = by_key(page, "growth-card")
    assert bounds(card.get_by_test_id("stVegaLiteChart"))["bottom"] <= FOLD
    assert bounds(card)["bottom"] <= FOLD, "its caption too"
    assert bounds(by_key(page, "pages-table"))["top"] < 2 * FOLD


@pytest.mark.parametrize("screen", ["overview", "page", "compare"])
def test_a_scroll_bar_makes_nothing_jump(full: Server, page: Page, screen: str) -> None:
    """The row of the period is one line high with and without it."""
    ids = ",".join(page_id for page_id, _ in full.query(LARGEST))
    paths = {"overview": "", "page": f"page?id={page_id_of(full)}", "compare": f"compare?ids={ids}"}
    below = {"overview": "tiles", "page": "tiles", "compare": "compare-card"}
    tops = set()
    visit(page, f"{full.url}/{paths[screen]}")
    for width in (1440, 1440 - SCROLL_BAR):
        page.set_viewport_size({"width": width, "height": FOLD})
        settle(page)
        assert (
            bounds(by_key(page, "period-days"))["bottom"]
            <= bounds(by_key(page, below[screen]))["top"]
        )
        tops.add(bounds(by_key(page, below[screen]))["top"])
    assert len(tops) == 1


def test_the_number_of_a_mover_is_whole(full: Server, page: Page) -> None:
    visit(page, full.url)
    card = by_key(page, "movers-card")
    links = card.get_by_role("link").all()
    assert len(links) == 10
    for width in (1440, 768, 390):
        page.set_viewport_size({"width": width, "height": 1600})
        settle(page)
        right = bounds(card)["right"]
        for link in links:
            number = link.locator("p > :last-child")
            assert bounds(number)["right"] <= right
            assert number.evaluate(
                "number => number.scrollWidth <= number.clientWidth || !number.clientWidth"
            )


def test_the_focus_is_seen_and_a_chosen_segment_read(full: Server, new_page: NewPage) -> None:
    page = new_page(viewport={"width": 1440, "height": FOLD}, color_scheme="dark")
    visit(page, full.url)
    mover = by_key(page, "movers-card").get_by_role("link").first
    for each in (
        page.get_by_role("link", name="Compare", exact=True),
        page.get_by_role("button", name="Refresh now"),
        by_key(page, "filter").get_by_role("button"),
        mover,
    ):
        page.keyboard.press("Tab")  # so that focus is shown as it is to a keyboard
        each.focus()
        expect(each).to_have_css("outline-style", "solid")
        expect(each).to_have_css("outline-width", "2px")
        expect(each).to_have_css("outline-color", "rgb(47, 118, 210)")
    chosen = by_key(page, "metric").get_by_role("radio", name="Fans")
    expect(chosen).to_have_css("color", "rgb(230, 235, 241)")  # the theme's text
    settle(page)


def test_nothing_is_offered_that_export_does_better(full: Server, page: Page) -> None:
    visit(page, full.url)
    page.get_by_test_id("stVegaLiteChart").first.hover()
    tools = by_key(page, "growth-card").get_by_test_id("stElementToolbar").get_by_role("button")
    expect(tools).to_have_count(1)
    expect(tools).to_have_accessible_name(re.compile("^Fullscreen"))
    page.get_by_test_id("stMainMenuButton").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Print"])
    expect(page.get_by_text("Made with Streamlit")).to_be_hidden()


def test_a_printed_screen_has_its_figures_without_controls(full: Server, page: Page) -> None:
    visit(page, full.url)
    page.emulate_media(media="print")
    expect(by_key(page, "tiles")).to_be_visible()
    expect(by_key(page, "sandbox-strip").get_by_text("Sandbox")).to_be_visible()
    for hidden in (by_key(page, "filter"), by_key(page, "refresh-now"), by_key(page, "q")):
        expect(hidden.locator("button, input").first).to_be_hidden()


def test_who_wants_no_motion_gets_none(full: Server, new_page: NewPage) -> None:
    page = new_page(reduced_motion="reduce")
    visit(page, full.url)
    expect(page.get_by_role("button", name="Refresh now")).to_have_css("transition-duration", "0s")


def test_an_open_screen_follows_the_scheme(full: Server, page: Page) -> None:
    """The server paints cells, and hears of another scheme with a run."""
    ids = ",".join(page_id for page_id, _ in full.query(LARGEST))
    received = [0]
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda frame: received.append(received.pop() + len(frame))
        ),
    )
    visit(page, f"{full.url}/compare?ids={ids}")
    before = received[0]
    page.emulate_media(color_scheme="dark")
    # Ticks have some 2 kB each, of which two come in this time; a run has ten times as many.
    expect_soon(page, lambda: received[0] - before > 8_000, wanted=True)
