"""A Page may bear any name: it is shown letter by letter, and does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Dialog, Page, expect

from pages.text.formats import one_line
from tests.browser.conftest import Browsers, Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    button,
    by_key,
    expect_title,
    open_popover,
    settle,
    upload,
    visit,
    words,
)
from tests.browser.kit.furnishing import page_id_of
from tests.browser.kit.grids import column, names_in, pages_table
from tests.browser.kit.hostility import FILE, NAME, NOTE, SCRIPT, TAG, expect_harmless, plant, shown
from tests.browser.kit.serving import Server


@pytest.fixture(scope="module")
def server(serve: Serve, full: Server) -> Iterator[Server]:
    """A copy in which the Page with that name has gained most, with tags and notes like it."""
    with serve(data_of=full) as server:
        plant(server)
        yield server


# Tables are drawn on a canvas: what they write there is what one sees.
LISTEN = """
    window.drawn = new Set();
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        window.drawn.add(text);
        return draw.call(this, text, ...rest);
    };
"""


def test_movers_table_title_and_search_show_the_name_as_it_is(server: Server, page: Page) -> None:
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
    grid.click_cell(0, column("name"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("evil.com")
    assert shown(title.inner_text()) == NAME
    expect(page).to_have_title(f"{NAME} · Pagekeeper")
    expect_harmless(page)
    visit(page, f"{server.url}/?q=evil.com")
    hit = by_key(page, "search-hits").get_by_role("link").first
    expect(hit).to_be_visible()
    assert shown(hit.inner_text()).split("\n")[-1].startswith(":material/delete: <b>x</b>")
    expect_harmless(page)


def test_the_preview_shows_names_as_they_are(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/connections")
    trips.travel(page, "Connect another account", person="Carla Stein")
    cells = page.get_by_test_id("stDataFrame").last.locator("[role=gridcell]")
    expect(cells.first).to_be_attached()
    everything = " ".join(cells.all_text_contents())
    assert "alert(1)" not in words(page)  # cells are drawn, not written into the page
    assert len(everything) > 100


def test_the_search_for_a_page_shows_names_as_they_are(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/connections")
    page.get_by_label("Where is my Page?").fill("evil.com")
    rows = by_key(page, "page-search-rows")
    expect(rows).to_contain_text("<b>x</b>")
    assert ":material/delete: <b>x</b> www.evil.com" in shown(rows.inner_text())
    expect(rows.get_by_role("button", name="Open")).to_be_visible()
    expect_harmless(page)


def test_every_name_of_the_sandbox_is_in_the_table(server: Server, page: Page) -> None:
    """Arabic, emoji, 300 letters, quotes, formulas: none is altered. What would turn the direction
    of the rest of its cell is not shown."""
    seen: set[str] = set()
    for number in (1, 2, 3):
        visit(page, f"{server.url}/?sort=Name+A+to+Z&page={number}")
        seen |= set(names_in(pages_table(page)))
    expect_title(page, "Overview")
    stored = set(server.query("SELECT name FROM pages"))
    assert seen == {one_line(name) for name in stored}
    assert any("\u202e" in name for name in stored - seen)
    assert SCRIPT in seen


def test_tag_and_notes_are_shown_as_they_are(server: Server, page: Page) -> None:
    """As a filter, in popovers, beside a Page's name, on charts, and in Activity."""
    visit(page, f"{server.url}/?{urlencode({'tag': TAG})}")
    expect(by_key(page, "filtered")).to_contain_text(".evil.com")
    assert TAG in words(page)
    for opener, inside, text in (
        ("notes-overview", "notes-open", NOTE),
        ("tags-bulk", "tags-open", TAG[:30]),
    ):
        opened = open_popover(page, opener, inside)
        expect(opened).to_contain_text(".evil.com" if text == NOTE else "Tag these 2 Pages")
        assert text in shown(opened.inner_text())
        expect_harmless(page)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    visit(page, f"{server.url}/page?id={page_id_of(server, NAME)}")
    assert TAG in shown(by_key(page, "page-tags").inner_text())
    rules = page.get_by_test_id("stVegaLiteChart").first.locator('line[aria-label*="<b>Sale</b>"]')
    expect(rules.first).to_be_attached()
    rules.last.hover(force=True)
    expect(page.locator("#vg-tooltip-element")).to_contain_text("<b>Sale</b>")
    expect_harmless(page)
    visit(page, f"{server.url}/activity")
    expect_harmless(page)


def test_compare_shows_hostile_names_as_they_are(server: Server, page: Page) -> None:
    """In chips, at the ends of the lines, in the table, the tooltip and the suggestions."""
    query = "SELECT id, name FROM pages WHERE name LIKE '%evil%' OR name LIKE '%alert(1)%'"
    names = dict(server.query(query))
    assert len(names) >= 4
    visit(page, f"{server.url}/compare?ids={next(iter(names))}")
    expect_harmless(page)
    visit(page, f"{server.url}/compare?ids={','.join(names)}")
    table = by_key(page, "compare-figures").locator("[role=gridcell]")
    expect(table.first).to_be_attached()
    cells = {shown(text) for text in table.all_text_contents()}
    for name in names.values():
        assert any(cell.startswith(name[:30]) for cell in cells), name
    assert NAME in words(page)
    # The lines of the tooltip are named after the Pages.
    settle(page)
    chart = by_key(page, "compare-card").get_by_test_id("stVegaLiteChart")
    chart.hover(position={"x": 400, "y": 150})
    expect(page.locator("#vg-tooltip-element")).to_contain_text(":material/delete: <b>")
    expect_harmless(page)


def test_the_name_of_an_imported_file_is_shown_as_it_is(server: Server, page: Page) -> None:
    """Before the import, in the list of imports, when it is undone, and in the daily table."""
    visit(page, f"{server.url}/imports")
    content = f"page_name,date,fans\n{NAME},2024-02-01,1200\n{NOTE},2024-02-01,5\n"
    upload(page, FILE, content)
    expect(button(page, "import")).to_be_enabled()
    assert f"Check before importing {FILE}" in words(page)
    expect_harmless(page)
    button(page, "import").click()
    undo = page.get_by_role("button", name="Undo…")
    expect(undo).to_be_visible()
    assert FILE[:50] in words(page)
    expect_harmless(page)
    undo.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("leave charts and tables again")
    assert FILE[:50] in shown(dialog.inner_text())
    expect_harmless(page)
    button(page, "undo-no").click()
    visit(page, f"{server.url}/page?id={page_id_of(server, NAME)}&period=12+months")
    expect_harmless(page)


def test_the_report_shows_names_as_they_are(
    server: Server, browsers: Browsers, tmp_path: Path
) -> None:
    """Opened as a file, where our server's headers don't help."""
    page = browsers.open()
    file, asked, said = tmp_path / "report.html", list[str](), list[str]()
    reader = browsers.chromium.new_context().new_page()
    reader.on("request", lambda request: asked.append(request.url))

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    reader.on("dialog", hear)
    for path in ("?period=7+days", f"page?id={page_id_of(server, NAME)}"):
        visit(page, f"{server.url}/{path}")
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as caught:
            button(page, "export-report").click()
        assert not set(caught.value.suggested_filename) & set('<>:/\\"')
        caught.value.save_as(file)
        reader.goto(file.as_uri())
        text = reader.locator("main").inner_text()
        assert ":material/delete: <b>x</b> www.evil.com" in text
        expect(reader.locator("a, b, u, script, iframe")).to_have_count(0)
        expect(reader).to_have_title(re.compile(r"Pagekeeper$"))
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    reader.context.close()
