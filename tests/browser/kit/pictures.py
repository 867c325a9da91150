"""Takes the README's pictures anew: ``python -m tests.browser.kit.pictures`` fills docs/."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FETCH_SECONDS
from tests.browser.kit import trips
from tests.browser.kit.browsing import READER, TALL, WIDTH, expect_title, launch, visit
from tests.browser.kit.furnishing import furnish, page_id_of
from tests.browser.kit.grids import pages_table
from tests.browser.kit.looks import check_look
from tests.browser.kit.serving import ROOT, Server, copy_program, serving
from tests.browser.kit.stored import INSIGHTS_DONE
from tests.waiting import wait_until

DOCS = ROOT / "docs"
MAX_BYTES = 300_000
LEFT_OUT = ("Café Lindenhof", "Optik Keller", "Read views and engagement")
# Of the same kind and not too far from each other in size.
COMPARED = ("Hofladen Apfelgarten", "Bluebird Bakery", "Café Lindenhof", "Padaria Pão da Vila")


def main() -> None:
    """Make a sandbox with 90 days of history, tags, notes and a goal, and take the pictures."""
    with (
        tempfile.TemporaryDirectory(prefix="pagekeeper-pictures-") as folder,
        serving(copy_program(Path(folder))) as server,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright.chromium)
        page = browser.new_page(**READER)
        page.set_viewport_size({"width": WIDTH, "height": TALL})
        trips.connect(page, server.url)
        wait_until(lambda: server.query(INSIGHTS_DONE)[0] > 0, FETCH_SECONDS)
        furnish(server)
        take_overview(page, server)
        take_page(page, server)
        take_compare(page, server)
        take_connect(page, server)
        browser.close()


def take_overview(page: Page, server: Server) -> None:
    """Tiles, chart, movers, and the top of the table."""
    visit(page, f"{server.url}/?sort=Most+net+new+first")
    pages_table(page)
    page.mouse.move(0, 0)
    take(page, "overview", height=1458)


def take_page(page: Page, server: Server) -> None:
    """One Page over 90 days, with its forecast, down to views and engagement."""
    visit(page, f"{server.url}/page?id={page_id_of(server)}&period=90+days&forecast=true")
    take(page, "page", height=1840)


def take_compare(page: Page, server: Server) -> None:
    """Four Pages over 90 days, each begun at 100."""
    ids = ",".join(page_id_of(server, name) for name in COMPARED)
    visit(page, f"{server.url}/compare?ids={ids}&period=90+days")
    take(page, "compare", height=1060)


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
    assert size < MAX_BYTES, f"{path.name} has {size:,d} bytes"


if __name__ == "__main__":
    main()
