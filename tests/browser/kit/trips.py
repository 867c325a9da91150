"""What a person does on the way to Facebook and back, in the stand-in's dialog and after it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from tests.browser.kit.browsing import button, by_key, expect_title, settle, visit
from tests.browser.kit.grids import HEADER_HEIGHT, ROW_HEIGHT
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import MANUAL_RUNS
from tests.waiting import wait_until

CONNECT = "Connect Facebook Pages"
DIALOG = re.compile(r"/dialog/oauth\?")
ATTEMPT = re.compile(r"/connect\?attempt=([0-9a-f]{32})$")
HISTORY_MS = 90_000


def set_out(page: Page, link: str = CONNECT) -> None:
    """Click the link to Facebook; end in the dialog."""
    page.get_by_role("link", name=link, exact=True).first.click()
    page.wait_for_url(DIALOG)


def tick_box(page: Page, name: str) -> Locator:
    """A Page or a permission in the dialog."""
    return page.get_by_role("checkbox", name=re.compile(rf"^{re.escape(name)}"))


def choose(
    page: Page, *, person: str | None = None, without: Sequence[str] = (), **_: object
) -> None:
    """Say who one is in the dialog, and untick Pages and permissions by what they are called."""
    if person is not None:
        page.get_by_role("link", name=re.compile(person)).click()
        page.wait_for_url(DIALOG)
    for name in without:
        box = tick_box(page, name)
        expect(box).to_be_checked()
        box.click()
        expect(tick_box(page, name)).not_to_be_checked()


def agree(page: Page) -> None:
    """Press Continue; end on our screen, wherever the reading stands."""
    page.get_by_role("link", name="Continue", exact=True).click()
    page.wait_for_url(re.compile(r"/connect\?"))


def wait_for_preview(page: Page) -> str:
    """Wait for the list that is checked before saving; return the attempt's id."""
    expect_title(page, "Check before saving")
    expect(page).to_have_url(ATTEMPT)
    return attempt_id(page)


def attempt_id(page: Page) -> str:
    """The attempt in the address."""
    found = ATTEMPT.search(page.url)
    assert found is not None, page.url
    return found[1]


def travel(
    page: Page, link: str = CONNECT, *, person: str | None = None, without: Sequence[str] = ()
) -> str:
    """From the link on the present screen to the preview; return the attempt's id."""
    set_out(page, link)
    choose(page, person=person, without=without)
    agree(page)
    return wait_for_preview(page)


def click_first_tick(page: Page) -> None:
    """Click the tick of the first Page in the list that will be saved."""
    grid = page.get_by_test_id("stDataFrame").last
    expect(grid.locator("[role=gridcell]").first).to_be_attached()
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 30, "y": HEADER_HEIGHT + ROW_HEIGHT // 2}, force=True)


def save(page: Page) -> None:
    """Press Save and wait until Overview stands there, with the sandbox's history made."""
    button(page, "save").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible(timeout=HISTORY_MS)
    settle(page)


def connect(page: Page, url: str) -> None:
    """Make the whole first trip, from an empty installation to Overview."""
    visit(page, url)
    travel(page)
    save(page)
    expect(page.get_by_role("heading", name="Fans over time", level=2)).to_be_visible()


def open_controls(page: Page) -> None:
    """Open the sandbox's popover."""
    by_key(page, "sandbox-strip").get_by_role("button", name="Controls").click()
    expect(button(page, "fast-forward-30")).to_be_visible()


def make_trouble(page: Page, name: str, sentence: str) -> None:
    """Choose a trouble, of which the sandbox says this sentence."""
    open_controls(page)
    by_key(page, "sandbox-trouble").get_by_role("combobox").click()
    page.get_by_role("option", name=name).click()
    expect(page.get_by_text(sentence)).to_be_visible()
    page.keyboard.press("Escape")


def refresh(page: Page, server: Server) -> None:
    """Press Refresh now and wait until that refresh is over, well or not."""
    over = f"SELECT count(*) {MANUAL_RUNS} AND finished_at IS NOT NULL"
    (before,) = server.query(over)
    # A toast lies over the button for ten seconds, and may leave while it is looked for.
    page.evaluate("document.querySelector('[data-testid=stToast] [slot=close]')?.click()")
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    expect(button(page, "refresh-now")).to_be_enabled()
    button(page, "refresh-now").click()
    # Looked at with every frame that is drawn: a refresh of so few Pages is over in a moment.
    page.wait_for_function("() => !document.querySelector('.st-key-refresh-now button:enabled')")
    wait_until(lambda: server.query(over) == [before + 1], 60)
    expect(page.get_by_text(re.compile("^Refreshed "))).to_be_visible()
    settle(page)
