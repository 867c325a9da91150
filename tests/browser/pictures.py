"""Takes the README's pictures anew: ``python -m tests.browser.pictures`` writes them into docs/."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import trips
from tests.browser.browsing import TALL, WIDTH, expect_title, launch, visit
from tests.browser.grids import pages_table
from tests.browser.looks import check_look
from tests.browser.serving import ROOT, Server, copy_program, serving

DOCS = ROOT / "docs"
MOST_BYTES = 300_000
LEFT_OUT = ("Café Lindenhof", "Optik Keller", "Read views and engagement")
PAGE = "SELECT id FROM pages WHERE name = 'Hofladen Apfelgarten'"


def main() -> None:
    """Make a sandbox with 90 days of history, and take the three pictures."""
    with (
        tempfile.TemporaryDirectory(prefix="pagekeeper-pictures-") as folder,
        serving(copy_program(Path(folder))) as server,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page(locale="en-GB")
        page.set_viewport_size({"width": WIDTH, "height": TALL})
        trips.connect(page, server.url)
        take_overview(page, server)
        take_page(page, server)
        take_connect(page, server)
        browser.close()


def take_overview(page: Page, server: Server) -> None:
    """Tiles, chart, movers, and the top of the table."""
    visit(page, f"{server.url}/?sort=Most+net+new+first")
    pages_table(page)
    take(page, "overview", height=1330)


def take_page(page: Page, server: Server) -> None:
    """One Page over 90 days."""
    visit(page, f"{server.url}/page?id={server.query(PAGE)[0]}&period=90+days")
    take(page, "page", height=1370)


def take_connect(page: Page, server: Server) -> None:
    """The preview of a second trip with something left out. Save stands at the bottom."""
    visit(page, f"{server.url}/connections")
    trips.travel(page, "Renew", without=LEFT_OUT)
    page.set_viewport_size({"width": WIDTH, "height": 1060})
    page.mouse.move(0, 0)
    expect_title(page, "Check before saving")
    take(page, "connect", height=1060)


def take(page: Page, name: str, *, height: int) -> None:
    """Keep the upper part of the screen as a picture."""
    check_look(page, WIDTH)
    path = DOCS / f"{name}.png"
    page.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path.name} has {size:,d} bytes"


if __name__ == "__main__":
    main()
