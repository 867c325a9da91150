"""Two clients side by side, then a tag's report, with title and logo, and a Page's, printed."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit.browsing import (
    by_key,
    expect_soon,
    expect_title,
    open_popover,
    query_of,
    settle,
    visit,
)
from tests.browser.kit.furnishing import NAME, furnish, page_id_of
from tests.browser.kit.serving import Server

TITLE = 'Brazil, <b>November</b> & "more"'
# Boxes of rows and pictures in pixels, and the width that they may have.
BOXES = """() => [...document.querySelectorAll('tr, picture, .tile, h1, h2')].map(e => {
    const box = e.getBoundingClientRect(); return [box.left, box.right, innerWidth] })"""


def test_a_client_is_compared_and_gets_its_report(
    serve: Serve, full: Server, page: Page, browsers: Browsers, tmp_path: Path
) -> None:
    with serve(data_of=full) as server:
        furnish(server)
        compare_two_tags(page, server)
        set_title_and_logo(page, server)
        file = take_the_report(page, tmp_path)
        visit(page, f"{server.url}/page?id={page_id_of(server)}")
        open_popover(page, "export", "export-open")
        of_page = take_the_report(page, tmp_path)
    print_it(browsers, file, TITLE, [[300, 80]])
    print_it(browsers, of_page, NAME, [])


def compare_two_tags(page: Page, server: Server) -> None:
    """Found by name in the box; then a reload, and from a line to its Pages."""
    visit(page, f"{server.url}/compare")
    box = by_key(page, "compare-picker").get_by_role("combobox")
    for name in ("Brazil", "Germany"):
        box.fill(name)
        expect(page.get_by_role("option").first).to_contain_text(f"{name} (tag")
        box.press("Enter")
        expect_soon(page, lambda: len(tags_of(page)), 1 if name == "Brazil" else 2)
        settle(page)
    ids = [str(id) for id in server.query("SELECT id FROM tags ORDER BY name LIMIT 3")]
    assert set(tags_of(page)) <= set(ids)
    page.reload()
    expect_title(page, "Compare")
    chart = by_key(page, "compare-card").get_by_test_id("stVegaLiteChart")
    expect(chart.locator("svg text", has_text=re.compile(r"^[\d.]+ Brazil$"))).to_be_attached()
    by_key(page, "compare-figures").get_by_role("link", name="Brazil").click()
    expect_title(page, "Overview")
    expect_soon(page, lambda: query_of(page).get("tag", ""), "Brazil")


def tags_of(page: Page) -> list[str]:
    return [id for id in query_of(page).get("tags", "").split(",") if id]


def set_title_and_logo(page: Page, server: Server) -> None:
    """A file that is no picture is refused with a sentence, and stores nothing."""
    visit(page, f"{server.url}/?tag=Brazil")
    opened = open_popover(page, "export", "export-open")
    opened.get_by_text("Title and logo…").click()
    opened.get_by_label("Title", exact=True).fill(TITLE)
    choose_logo(page, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    opened.get_by_role("button", name="Save", exact=True).click()
    expect(opened).to_contain_text("This is no PNG or JPEG picture that can be read.")
    assert server.query("SELECT count(*) FROM report_headings") == [0]
    opened.get_by_label("Remove").click()
    out = io.BytesIO()
    Image.new("RGB", (300, 80), "#1D5FB4").save(out, "PNG")
    choose_logo(page, out.getvalue())
    opened.get_by_role("button", name="Save", exact=True).click()
    expect(opened).to_contain_text("Saved. The next report has it.")
    assert server.query("SELECT title FROM report_headings") == [TITLE]


def choose_logo(page: Page, content: bytes) -> None:
    by_key(page, "report-heading").locator("input[type=file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": content}
    )
    expect(by_key(page, "report-heading").get_by_text("logo.png")).to_be_visible()
    settle(page)


def take_the_report(page: Page, folder: Path) -> Path:
    with page.expect_download() as caught:
        by_key(page, "export-report").get_by_role("button").click()
    file = folder / caught.value.suggested_filename
    caught.value.save_as(file)
    return file


def print_it(browsers: Browsers, file: Path, title: str, logos: list[list[int]]) -> None:
    """Light in a dark scheme, nothing wider than the paper, and a few pages."""
    context = browsers.chromium.new_context(
        color_scheme="dark", viewport={"width": 690, "height": 980}
    )
    reader = context.new_page()
    reader.goto(file.as_uri())
    expect(reader.get_by_role("heading", name=title)).to_be_visible()
    expect(reader.get_by_role("heading", name=re.compile("^The week of"))).to_be_visible()
    sizes = "all => all.map(e => [e.naturalWidth, e.naturalHeight])"
    assert reader.locator("img.logo").evaluate_all(sizes) == logos
    ground = "() => getComputedStyle(document.body).backgroundColor"
    picture = "() => document.querySelector('picture img').currentSrc"
    on_screen = reader.evaluate(picture)
    assert reader.evaluate(ground) != "rgb(255, 255, 255)"
    reader.emulate_media(media="print", color_scheme="dark")
    assert reader.evaluate(ground) == "rgb(255, 255, 255)"
    expect_soon(reader, lambda: reader.evaluate(picture) != on_screen, wanted=True)  # the light one
    assert all(left >= 0 and right <= width + 1 for left, right, width in reader.evaluate(BOXES))
    rows = "() => [...document.querySelectorAll('tr')].map(e => getComputedStyle(e).breakInside)"
    assert set(reader.evaluate(rows)) == {"avoid"}
    for paper in ("A4", "Letter"):
        content = reader.pdf(format=paper)
        assert 2 <= len(re.findall(rb"/Type /Page\b(?!s)", content)) <= 8
    context.close()
