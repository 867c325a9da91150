"""Figures come in from a file and go out to files: looked at, imported, undone, exported."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import openpyxl
from playwright.sync_api import Download, Page, expect

from storage.export.csv_xlsx import undefuse
from tests.browser.conftest import Browsers, Serve
from tests.browser.kit.browsing import (
    button,
    by_key,
    expect_title,
    open_popover,
    settle,
    tiles,
    visit,
    words,
)
from tests.browser.kit.looks import SCHEMES, check_look, keep_picture, look_at_widths, show_scheme
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import DAYS

IMPORTED = "SELECT count(*) FROM snapshots WHERE fans_source LIKE 'import:%'"


def test_figures_come_in_and_go_out(
    serve: Serve, full: Server, browsers: Browsers, tmp_path: Path
) -> None:
    """One walk: upload, dry run, import, chart, undo; then every file that can be had."""
    page = browsers.open()
    with serve(data_of=full) as server:
        file = write_file(server, tmp_path)
        look_at_the_file(page, server, file)
        import_it(page, server)
        see_it_on_the_page(page, server)
        undo_it(page, server)
        export_the_table(page, server)
        read_the_report(page, server, browsers, tmp_path)


def write_file(server: Server, folder: Path) -> Path:
    """A year before the first snapshot of one Page, with one bad row and one that conflicts."""
    ((page_id, first),) = server.query(
        "SELECT page_id, min(day) FROM snapshots WHERE fans_count > 1000 GROUP BY page_id LIMIT 1"
    )
    day = date.fromisoformat(first)
    rows = [
        f'{page_id};{(day - timedelta(days=n)):%d.%m.%Y};"{5000 - n:,d}"'.replace(",", ".")
        for n in range(1, 31)
    ]
    rows += [f"{page_id};{day:%d.%m.%Y};1", "nobody;01.01.2025;1"]
    file = folder / "old figures.csv"
    file.write_text("\n".join(["Page ID;Datum;Fans", *rows]), encoding="utf-16")
    return file


def look_at_the_file(page: Page, server: Server, file: Path) -> None:
    """Nothing is stored by looking at it."""
    visit(page, f"{server.url}/setup")
    page.get_by_role("link", name="Import past figures").click()
    expect_title(page, "Past figures")
    expect(page).to_have_title("Past figures · Pagekeeper")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("Check before importing")).to_be_visible()
    settle(page)
    assert tiles(page) == {"New": "30", "Equal": "0", "Conflicting": "1", "Refused": "1"}
    assert server.query(IMPORTED) == [0]
    for scheme in SCHEMES:
        show_scheme(page, scheme)
        look_at_widths(page, f"full-imports-{scheme}")
    show_scheme(page, "light")
    page.set_viewport_size({"width": 1440, "height": 2200})


def import_it(page: Page, server: Server) -> None:
    """Pressed once, stored once."""
    button(page, "import").click()
    expect(page.get_by_text("The past figures are imported.")).to_be_visible()
    settle(page)
    assert server.query(IMPORTED) == [30]
    assert "30 days imported on" in words(page)


def see_it_on_the_page(page: Page, server: Server) -> None:
    """The chart of the Page begins where the file does, and Activity tells."""
    imported = "FROM snapshots WHERE fans_source <> 'snapshot'"
    (page_id,) = server.query(f"SELECT DISTINCT page_id {imported}")
    (first,) = server.query(f"SELECT min(day) {imported}")
    visit(page, f"{server.url}/page?id={page_id}&period=12+months")
    chart = by_key(page, "audience-card").get_by_test_id("stVegaLiteChart").first
    day = date.fromisoformat(first)
    expect(chart).to_have_attribute("aria-label", re.compile(f"from 4,970 .*{day.day} {day:%b}"))
    visit(page, f"{server.url}/activity?what=Files+and+reports")
    open_popover(page, "export-events", "export-events-open")
    with page.expect_download() as caught:
        button(page, "export-events-ledger-csv").click()
    rows = csv.DictReader(io.StringIO(caught.value.path().read_bytes().decode("utf-8-sig")))
    assert [row["kind"] for row in rows] == ["imported"]
    assert server.query("SELECT kind FROM events ORDER BY sequence DESC LIMIT 1") == ["exported"]


def undo_it(page: Page, server: Server) -> None:
    """Asked first; then exactly its days are gone."""
    days = server.query(DAYS)
    visit(page, f"{server.url}/imports")
    page.get_by_role("button", name="Undo…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("leave charts and tables again")
    button(page, "undo-yes").click()
    expect(page.get_by_text("The import is undone: 30 days removed.")).to_be_visible()
    settle(page)
    assert server.query(IMPORTED) == [0]
    assert server.query(DAYS) == [days[0] - 30]


def download(page: Page, key: str) -> Download:
    """Press one of the buttons in the popover."""
    if not by_key(page, "export-chart").is_visible():
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as caught:
        button(page, f"export-{key}").click()
    return caught.value


def export_the_table(page: Page, server: Server) -> None:
    """All rows, not 25; the names as they are, but none that a spreadsheet would run."""
    visit(page, server.url)
    names = dict(server.query("SELECT id, name FROM pages"))
    content = download(page, "table-csv").path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert {row["page_id"]: undefuse(row["page_name"]) for row in rows} == names
    book = download(page, "series-xlsx").path().read_bytes()
    sheet = openpyxl.load_workbook(io.BytesIO(book), read_only=True).active
    assert sheet is not None
    header, *figures = sheet.iter_rows(values_only=True)
    assert header[:5] == ("page_id", "page_url", "page_name", "date_utc", "fans")
    (stored,) = server.query(
        "SELECT count(*) FROM snapshots WHERE day > date((SELECT max(day) FROM snapshots), '-28 "
        "days') AND coalesce(fans_count, followers_count) IS NOT NULL"
    )
    assert len(figures) == stored
    assert download(page, "chart").path().read_bytes().startswith(b"\x89PNG")
    page.keyboard.press("Escape")
    check_look(page, 1440)


def read_the_report(page: Page, server: Server, browsers: Browsers, folder: Path) -> None:
    """A file that any browser shows without asking anybody."""
    caught = download(page, "report")
    file = folder / caught.suggested_filename
    caught.save_as(file)
    # A browser of its own: the others may ask nobody but the server, and this one reads a file.
    reader = browsers.chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(file.as_uri())
    expect(reader.get_by_role("heading", name="Facebook Pages")).to_be_visible()
    assert reader.evaluate("() => [...document.images].every(i => i.naturalWidth > 500)")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    (fans,) = server.query(
        "SELECT sum(fans_count) FROM snapshots WHERE day = (SELECT max(day) FROM snapshots)"
    )
    assert f"{fans:,d}" in reader.locator("main").inner_text()
    for scheme in SCHEMES:
        reader.emulate_media(color_scheme=scheme)
        keep_picture(reader, f"report-{scheme}", full_page=True)
    reader.context.close()
