"""Pictures of screens, and what must hold for every one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.browsing import TALL, settle

FOLDER = Path(__file__).parent / "screenshots"
WIDTHS = (1440, 768, 390)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def shoot_screens(
    page: Page,
    url: str,
    state: str,
    screens: Mapping[str, str],
    schemes: Sequence[Scheme] = SCHEMES,
) -> None:
    """Take pictures of screens, given by what they are called and their paths."""
    for scheme in schemes:
        show_scheme(page, scheme)
        for name, path in screens.items():
            page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
            open_screen(page, f"{url}/{path}")
            shoot_widths(page, f"{state}-{name}-{scheme}")


def show_scheme(page: Page, scheme: Scheme) -> None:
    """Let the browser be light or dark, and wait until a screen of ours has followed."""
    page.emulate_media(color_scheme=scheme)
    screen = page.get_by_test_id("stApp")
    if screen.count():
        expect(screen).to_have_css("color-scheme", scheme)


def open_screen(page: Page, target: str) -> None:
    """Go to a screen: by the navigation where that leads to it, since a whole load takes longer."""
    link = page.get_by_role("navigation", name="App pages").locator(f'a[href="{target}"]')
    if page.url.partition("?")[0] != target and link.is_visible():
        before = page.title()
        link.click()
        expect(page).not_to_have_title(before)
    else:
        page.goto(target)
    settle(page)


def shoot_widths(page: Page, name: str) -> None:
    """Take pictures of the present screen at each width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": TALL})
        check_look(page, width)
        page.screenshot(path=FOLDER / f"{name}-{width}.png")


def check_look(page: Page, width: int) -> None:
    """The screen is whole, fits its width, and its tab has a name of ours."""
    settle(page)
    expect(page).to_have_title(re.compile(r"Pagekeeper$"))
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("svg, canvas").first).to_be_visible()
    for table in page.get_by_test_id("stDataFrame").all():
        expect(table.locator("[role=gridcell]").first).to_be_attached()
    for place, widths in list_widths(page):
        assert widths[0] <= widths[1], f"{place} scrolls sideways: {widths} at {width}"
    assert page.evaluate("() => innerWidth") == width


def list_widths(page: Page) -> Iterator[tuple[str, list[int]]]:
    """How wide the inside is, and how wide it may be: of the document and of what scrolls in it."""
    found = page.evaluate(
        """() => {
            const page = document.documentElement;
            const main = document.querySelector('[data-testid="stMain"]');
            return {
                document: [page.scrollWidth, innerWidth],
                screen: [main.scrollWidth, main.clientWidth],
            };
        }"""
    )
    yield from found.items()
