"""Two viewers at once: each reads numbers, days and times as the own browser writes them."""

from __future__ import annotations

import re
from functools import partial

from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import (
    NewPage,
    by_key,
    expect_soon,
    expect_title,
    settle,
    tiles,
    visit,
)
from tests.browser.kit.serving import Server

# A table is a canvas: what it draws is noted as it is drawn. The cells beside it are plain values.
NOTE_TEXTS = """
    window.drawn = [];
    const fill = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.drawn.push(String(text));
        return fill.call(this, text, ...rest);
    };
"""


def open_overview(page: Page, url: str) -> None:
    """Overview, with the texts of its table noted."""
    page.add_init_script(NOTE_TEXTS)
    visit(page, url)
    expect_title(page, "Overview")


def is_drawn(page: Page, pattern: str) -> bool:
    """Whether a table has drawn such a text."""
    return bool(
        page.evaluate("like => window.drawn.some(text => RegExp(`^${like}$`).test(text))", pattern)
    )


def axis_of(page: Page) -> list[str]:
    """The labels on the axes of the first chart."""
    labels = page.locator(".role-axis-label text")
    expect(labels.first).to_be_attached()
    return labels.all_text_contents()


def test_two_tabs_write_alike_within_and_not_like_each_other(
    full: Server, new_page: NewPage
) -> None:
    german = new_page(locale="de-DE", timezone_id="Europe/Berlin")
    american = new_page(locale="en-US", timezone_id="America/New_York")
    for page in (german, american):
        open_overview(page, full.url)
    for _ in range(2):  # the second time while both were drawn before
        for page, number, cell, short, day, zone in (
            (
                german,
                r"1\.\d{3}\.\d{3}",
                r"\d\d\.\d{3}",
                r"1,\d+M",
                r"\d+ [A-Z][a-z]{2}",
                r"(CET|CEST)",
            ),
            (
                american,
                r"1,\d{3},\d{3}",
                r"\d\d,\d{3}",
                r"1\.\d+M",
                r"[A-Z][a-z]{2} \d+",
                r"(EST|EDT)",
            ),
        ):
            fans = tiles(page)["Fans"]
            assert re.fullmatch(number, fans)
            expect_soon(page, partial(is_drawn, page, cell), wanted=True)
            assert any(re.fullmatch(short, label) for label in axis_of(page))
            assert any(re.fullmatch(day, label) for label in axis_of(page))
            refreshed = page.get_by_text(re.compile(rf"Refreshed .*\d\d:\d\d {zone}"))
            expect(refreshed.first).to_be_visible()
            by_key(page, "period").get_by_role("radio", name="90 days").click()
            settle(page)
