"""What must hold for every screen, at three widths.

``make pictures`` runs the tests that look at screens with ``PAGEKEEPER_PICTURES`` naming a folder:
then each screen is kept there as a picture for people, in the dark as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.kit.browsing import TALL, expect_soon, settle

FOLDER = os.environ.get("PAGEKEEPER_PICTURES")
WIDTHS = (1440, 768, 390)
KEPT_WIDTHS = (1440, 390)
TALLEST = 7000
Scheme = Literal["light", "dark"]
# The dark screens are as wide as the light ones.
SCHEMES: tuple[Scheme, ...] = ("light", "dark") if FOLDER else ("light",)


def look_at_screens(
    page: Page,
    url: str,
    state: str,
    screens: Mapping[str, str],
    schemes: Sequence[Scheme] = SCHEMES,
    widths: Sequence[int] = WIDTHS,
) -> None:
    """Look at screens, given by what they are called and their paths."""
    for scheme in schemes:
        show_scheme(page, scheme)
        for name, path in screens.items():
            page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
            open_screen(page, f"{url}/{path}")
            look_at_widths(page, f"{state}-{name}-{scheme}", widths)


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


def look_at_widths(page: Page, name: str, widths: Sequence[int] = WIDTHS) -> None:
    """Look at the present screen at each width, down to its end where a picture is kept."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": TALL})
        check_look(page, width)
        if not FOLDER or width not in KEPT_WIDTHS:
            continue
        height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
        if height > TALL:
            page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
            settle(page)
        keep_picture(page, f"{name}-{width}")


def keep_picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Keep what is seen as a picture, where pictures are asked for."""
    if FOLDER:
        page.screenshot(path=Path(FOLDER) / f"{name}.png", full_page=full_page)


def check_look(page: Page, width: int) -> None:
    """The screen is whole, fits its width, and its tab has a name of ours."""
    settle(page)
    expect(page).to_have_title(re.compile(r"Pagekeeper$"))
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("svg, canvas").first).to_be_visible()
    for table in page.get_by_test_id("stDataFrame").all():
        if not table.is_visible():  # in a closed box
            continue
        expect(table.locator("[role=gridcell]").first).to_be_attached()
    # Tables follow the window when they like.
    expect_soon(page, lambda: "; ".join(list_too_wide(page)), "")
    assert page.evaluate("() => innerWidth") == width


def list_too_wide(page: Page) -> list[str]:
    """What scrolls sideways, of the document and of what scrolls in it; with its widths."""
    found: list[str] = page.evaluate(
        """() => {
            const page = document.documentElement;
            const main = document.querySelector('[data-testid="stMain"]');
            const all = [
                ['document', page.scrollWidth, innerWidth],
                ['screen', main.scrollWidth, main.clientWidth],
            ];
            return all.filter(([, inside, most]) => inside > most).map(String);
        }"""
    )
    return found
