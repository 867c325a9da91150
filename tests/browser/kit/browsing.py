"""A browser on the dashboard: Chromium, what it may ask for, and when a screen stands still."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Request,
    expect,
)

# The shell draws what Chromium draws, with a fifth less work.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",  # letters as wide in the shell as in a browser with a window
]
# Whatever a screen should try to fetch from elsewhere stays a try.
NAMES = "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
OWN_NAMES = ("localhost", "127.0.0.1", "pages.example")
# On a screen that is not at "/" Streamlit's front end first looks for its server below the address
# it was opened at. Nobody is there, which the browser reports, and it goes on at the right place.
PROBES = re.compile(r"/[a-z]+/_stcore/(health|host-config)$")
# What open tabs say when a server is stopped on purpose.
CUT = (
    *("ERR_CONNECTION_REFUSED", "WebSocket connection", "disconnected from server"),
    *("reaching server endpoint", "Is Streamlit still running?", "CLOSING or CLOSED state"),
)
WAIT_MS = 40_000  # a machine under load is no reason to fail
expect.set_options(timeout=WAIT_MS)

# Streamlit scrolls inside a container of its own, so a picture shows what fits: be tall.
TALL = 2200
WIDTH = 1440
# Whose numbers, days and times every test reads that does not say otherwise.
READER: dict[str, Any] = {"locale": "en-GB", "timezone_id": "UTC"}

T = TypeVar("T")
NewPage = Callable[..., Page]


def launch(chromium: BrowserType, names: str = NAMES, *more: str) -> Browser:
    """Start Chromium, which looks names up as ``names`` says; ``more``: arguments of its own.

    Without one the tests are skipped, in CI they fail.
    """
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        sentence = "No Chromium here. Install it: apt-get install chromium-headless-shell"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    arguments = [*ARGUMENTS, f"--host-resolver-rules={names}", *more]
    browser = chromium.launch(executable_path=path, args=arguments)
    browser.contexts  # noqa: B018 - fails here and now when it died at once
    return browser


@dataclass
class Watch:
    """What one browser asked for and complained about, over all its tabs."""

    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)  # parts of complaints that a test expects
    addresses: list[str] = field(default_factory=list, repr=False)

    def attach(self, context: BrowserContext) -> None:
        """Begin to listen; before the first tab is opened."""
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on(
            "page", lambda page: page.on("websocket", lambda socket: self._judge(socket.url))
        )

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.addresses.append(request.url)
        self._judge(request.url)

    def _judge(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in OWN_NAMES:
            self.foreign.append(url)

    def _console(self, message: ConsoleMessage) -> None:
        path = urlsplit(message.location["url"]).path
        is_probe = "404" in message.text and PROBES.search(path) is not None
        is_forgiven = any(text in message.text for text in (*CUT, *self.forgiven))
        # Vega warns of a scale without an extent, and of layers that contradict each other.
        is_bad = message.type == "error" or message.text.startswith("WARN")
        if is_bad and not is_probe and not is_forgiven:
            self.complaints.append(f"{message.text} at {message.location['url']}")

    def check(self) -> None:
        """Fail when a request left this machine, or the browser complained."""
        assert not self.foreign, f"asked others: {self.foreign}"
        assert not self.complaints, f"the browser complained: {self.complaints}"


# The script is done, the server is there, and nothing of an earlier run stands there any more.
_STANDS_STILL = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    return app !== null && app.checkVisibility()
        && app.dataset.testScriptState === 'notRunning'
        && app.dataset.testConnectionState === 'CONNECTED'
        && document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]') === null;
}"""


def settle(page: Page) -> None:
    """Wait until the script is done and everything it drew stands there; no error among it."""
    # Asked often: an expectation is tried again twice a second only.
    page.wait_for_function(_STANDS_STILL, polling=50, timeout=WAIT_MS)
    errors = page.get_by_test_id("stException").or_(page.get_by_text("Something went wrong"))
    expect(errors).to_have_count(0)


def visit(page: Page, url: str) -> None:
    """Open an address as if it had been typed, and wait for the screen."""
    page.goto(url)
    settle(page)


def expect_title(page: Page, title: str) -> None:
    """The screen has this heading, and is done."""
    expect(page.get_by_role("heading", name=title, exact=True, level=1)).to_be_visible()
    settle(page)


def expect_page_title(page: Page, name: str) -> None:
    """The screen is that of the Page with this name, which may be cut, and may be any text."""
    heading, begin = page.get_by_role("heading", level=1), name.replace("\u2060", "").rstrip("…")

    def begins_so() -> bool:
        return any(
            text.replace("\u2060", "").startswith(begin) for text in heading.all_inner_texts()
        )

    expect_soon(page, begins_so, wanted=True)
    settle(page)


def words(page: Page) -> str:
    """Everything a person can read on the screen, without the marks that defuse names."""
    return page.get_by_test_id("stMain").inner_text().replace("\u2060", "")


def tiles(page: Page) -> dict[str, str]:
    """The tiles' figures by their labels."""
    found = page.get_by_test_id("stMetric")
    labels = found.get_by_test_id("stMetricLabel").all_inner_texts()
    values = found.get_by_test_id("stMetricValue").all_inner_texts()
    return {label.strip(): value.strip() for label, value in zip(labels, values, strict=True)}


def query_of(page: Page) -> dict[str, str]:
    """What the address bar says after the question mark."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def by_key(page: Page, key: str) -> Locator:
    """What stands under a key of ours."""
    return page.locator(f".st-key-{key}")


def button(page: Page, key: str) -> Locator:
    """The button with this key."""
    return by_key(page, key).get_by_role("button")


def click_day(page: Page, chart: Locator, share: float) -> None:
    """Click into a chart, at a ``share`` of its width."""
    expect(chart.locator("svg .mark-rule").first).to_be_attached()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    settle(page)


def open_popover(page: Page, key: str, inside: str) -> Locator:
    """Press a popover's button; what is in it comes with a run of its own."""
    settle(page)
    by_key(page, key).get_by_role("button").first.click()
    opened = by_key(page, inside)
    expect(opened).to_be_visible()
    settle(page)
    return opened


def upload(page: Page, name: str, content: str) -> None:
    """Choose a CSV file in the screen's file box."""
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content.encode()}
    page.locator("input[type=file]").set_input_files(file)


def expect_soon(page: Page, look: Callable[[], T], wanted: T) -> None:
    """Look again and again until one sees what is wanted: canvases are drawn when they like."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while look() != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    found = look()
    assert found == wanted, f"{found!r} is not {wanted!r}"


def focused(page: Page) -> str:
    """The key of the widget that has the focus, else the words on what has it."""
    found = page.evaluate(
        """() => {
            const at = document.activeElement;
            const key = at.closest('[class*="st-key-"]')?.className.match(/st-key-([^ ]+)/);
            if (key) return key[1];
            return ['BODY', 'MAIN'].includes(at.tagName) ? at.tagName : at.innerText;
        }"""
    )
    return str(found)


def tab_until(page: Page, reached: Callable[[], bool], presses: int = 80) -> None:
    """Press Tab until the focus is where it should come to."""
    seen = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        if reached():
            return
        seen.append(focused(page)[:40])
    raise AssertionError(f"Tab does not get there, only to {seen}")
