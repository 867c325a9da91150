"""A Page may bear any name: it is shown letter by letter, and does nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import trips
from tests.browser.browsing import by_key, expect_title, visit, words
from tests.browser.conftest import Serve
from tests.browser.grids import SUMMARY_ROWS, column, names_in, pages_table
from tests.browser.serving import Server

NAME = ":material/delete: <b>x</b> www.evil.com"
SCRIPT = "<script>alert(1)</script> & Söhne"


@pytest.fixture(scope="module")
def server(serve: Serve, full: Server) -> Iterator[Server]:
    """Yesterday nobody was a fan of the Page with that name, so it has gained most."""
    with serve(data_of=full) as server:
        server.change(
            "UPDATE snapshots SET fans_count = 900 WHERE day < (SELECT max(day) FROM snapshots) "
            "AND page_id = (SELECT id FROM pages WHERE name = ?)",
            NAME,
        )
        server.change(
            "UPDATE snapshots SET fans_count = 990000 WHERE day = (SELECT max(day) FROM snapshots) "
            "AND page_id = (SELECT id FROM pages WHERE name = ?)",
            NAME,
        )
        yield server


def shown(text: str) -> str:
    """What one sees: an invisible joiner keeps links and icons from being made."""
    return text.replace("\u2060", "")


# Tables are drawn on a canvas: what they write there is what one sees.
LISTEN = """
    window.drawn = new Set();
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.drawn.add(text);
        return draw.call(this, text, ...rest);
    };
"""


def test_movers_table_and_title_show_the_name_as_it_is(server: Server, page: Page) -> None:
    page.add_init_script(LISTEN)
    visit(page, server.url)
    mover = by_key(page, "movers-card").get_by_role("link").first
    name, _, number = shown(mover.inner_text()).partition("\n")
    assert NAME.startswith(name.rstrip("…"))
    assert name.startswith(":material/delete: <b>x</b>")
    assert number.startswith("+")
    expect(by_key(page, "movers-card").get_by_test_id("stIconMaterial")).to_have_count(0)
    grid = pages_table(page)
    assert names_in(grid)[0] == NAME
    drawn = {shown(text) for text in page.evaluate("() => [...window.drawn]")}
    assert NAME in drawn
    grid.click_cell(SUMMARY_ROWS, column("name"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("evil.com")
    assert shown(title.inner_text()) == NAME
    expect(page).to_have_title(f"{NAME} · Pagekeeper")
    expect(page.locator("a[href*='//www.evil.com']")).to_have_count(0)
    expect(page.get_by_role("main").locator("b")).to_have_count(0)


def test_a_search_hit_shows_the_name_as_it_is(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/?q=evil.com")
    hit = by_key(page, "search-hits").get_by_role("link").first
    expect(hit).to_be_visible()
    assert shown(hit.inner_text()).split("\n")[-1].startswith(":material/delete: <b>x</b>")
    expect(page.locator("a[href*='//www.evil.com']")).to_have_count(0)


def test_the_preview_shows_names_as_they_are(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/connections")
    trips.travel(page, "Connect another account", person="Carla Stein")
    cells = page.get_by_test_id("stDataFrame").last.locator("[role=gridcell]")
    expect(cells.first).to_be_attached()
    everything = " ".join(cells.all_text_contents())
    assert "alert(1)" not in words(page)  # cells are drawn, not written into the page
    assert len(everything) > 100


def test_every_name_of_the_sandbox_is_in_the_table(server: Server, page: Page) -> None:
    """Arabic, right to left marks, emoji, 300 letters, quotes, formulas: none is altered."""
    seen: set[str] = set()
    for number in (1, 2, 3):
        visit(page, f"{server.url}/?sort=Name+A+to+Z&page={number}")
        seen |= set(names_in(pages_table(page)))
    expect_title(page, "Overview")
    stored = {" ".join(name.split()) for name in server.query("SELECT name FROM pages")}
    assert seen == stored
    assert SCRIPT in seen
