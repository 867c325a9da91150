"""Page and Compare: what they send, and how long Chromium takes to their last element."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from playwright.sync_api import Browser, expect, sync_playwright

from tests.bench.generator import page_id
from tests.bench.report import Line, at_most
from tests.bench.stage import database_of, make_cold
from tests.bench.tab import opened_tab
from tests.browser.browsing import WIDTH, launch, settle
from tests.browser.serving import Server

SENT_KB = 60
TIMES_EMPTY = 2.5
VISITS = 7
YEAR = "12 months"
HEIGHT = 4000  # whatever is below the edge of the window is drawn late or never
COMPARED = 5


def measure(server: Server, *, visits: int = VISITS) -> list[Line]:
    """Bytes of both screens over a year, then their time beside an empty screen's."""
    addresses = _addresses()
    lines = [
        at_most(f"{name} over {YEAR}, {what}", kilobytes, SENT_KB, "kB")
        for name, (screen, query) in addresses.items()
        for what, kilobytes in _sent(server.port, screen, query).items()
    ]
    times = _times(server, {"an unknown Page": ("page", {"id": "0"}), **addresses}, visits)
    empty = statistics.median(times.pop("an unknown Page"))
    lines.append(Line("empty screen (a Page that nobody brought)", f"{1000 * empty:,.0f} ms"))
    for name, seconds in times.items():
        median = statistics.median(seconds)
        against = f"{name}, cold: {1000 * median:,.0f} ms against {1000 * empty:,.0f} ms"
        lines.append(at_most(against, median / empty, TIMES_EMPTY, "×"))
    return lines


def _addresses() -> dict[str, tuple[str, Mapping[str, str]]]:
    ids = ",".join(page_id(number) for number in range(1, 1 + COMPARED))
    return {
        "Page": ("page", {"id": page_id(1), "period": YEAR}),
        f"Compare of {COMPARED}": ("compare", {"ids": ids, "period": YEAR}),
    }


def _sent(port: int, screen: str, query: Mapping[str, str]) -> dict[str, float]:
    with opened_tab(port, screen, **query) as tab:
        return {
            "first load": tab.rerun().bytes_count / 1000,
            "rerun": tab.rerun().bytes_count / 1000,
        }


def _times(
    server: Server, addresses: Mapping[str, tuple[str, Mapping[str, str]]], visits: int
) -> dict[str, list[float]]:
    """Seconds of every visit, in turn; nothing is remembered, by the browser or the server."""
    times: dict[str, list[float]] = {name: [] for name in addresses}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for turn in range(visits + 1):
            for name, (screen, query) in addresses.items():
                make_cold(database_of(server.folder))
                seconds = _visit(browser, f"{server.url}/{screen}?{urlencode(query)}")
                if turn:  # the first one pays for what the system has not read yet
                    times[name].append(seconds)
        browser.close()
    return times


def _visit(browser: Browser, url: str) -> float:
    with browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context:
        page = context.new_page()
        began_at = time.perf_counter()
        page.goto(url, wait_until="commit")
        expect(page.locator("h1").first).to_be_visible()
        settle(page)
        # A chart is there when its canvas or drawing is.
        for chart in page.get_by_test_id("stVegaLiteChart").all():
            chart.locator("canvas, svg").first.wait_for()
        for table in page.get_by_test_id("stDataFrame").all():
            table.locator("canvas").first.wait_for()
        return time.perf_counter() - began_at
