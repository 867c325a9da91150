"""The way back from Facebook, when it goes otherwise than planned. Nothing is ever lost.

In live mode, since then the Facebook of the tests counts what it is asked and answers late if told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from fb.state import StateSigner
from tests.browser import trips
from tests.browser.browsing import button, expect_title, settle, tiles, visit, words
from tests.browser.conftest import Browsers, Serve
from tests.browser.live import Live, serving_live
from tests.browser.serving import LIVE_APP_ID

READING = "Reading your Pages from Facebook"
EXCHANGES_OF_A_TRIP = 2  # the code for a short-lived token, that one for a long-lived one


@pytest.fixture(scope="module")
def live(serve: Serve) -> Iterator[Live]:
    """One dashboard for all of these trips: each is made by a browser of its own."""
    with serving_live(serve) as live:
        yield live


@pytest.fixture(autouse=True)
def undisturbed(live: Live) -> None:
    """Facebook works, and nobody has asked it anything yet."""
    live.facebook.clear_faults()


def delay_the_list(live: Live, seconds: float) -> None:
    """Let Facebook take its time over the first part of the list."""
    live.facebook.inject("delay", path="me/accounts", seconds=seconds)


def return_address(browsers: Browsers) -> str:
    """The address that Facebook sent the first browser back to."""
    return next(url for url in browsers.watches[0].addresses if "/connect?code=" in url)


def saves(live: Live) -> int:
    """How often a list was saved."""
    kinds = "SELECT count(*) FROM events WHERE kind IN ('connected', 'renewed')"
    return int(live.server.query(kinds)[0])


def begin(page: Page, live: Live, person: str | None = None) -> str:
    """Make a trip up to our screen, as it reads; return the attempt's id."""
    visit(page, f"{live.server.url}/connect")
    trips.set_out(page)
    trips.choose(page, person=person)
    trips.agree(page)
    expect(page).to_have_url(trips.ATTEMPT)
    return trips.attempt_id(page)


def test_a_reload_in_the_middle_of_reading(live: Live, page: Page) -> None:
    delay_the_list(live, 2)
    attempt = begin(page, live)
    expect_title(page, READING)
    page.reload()
    expect_title(page, READING)
    assert "You can leave this screen; the work goes on." in words(page)
    assert trips.wait_for_preview(page) == attempt
    assert live.exchanges() == EXCHANGES_OF_A_TRIP


def test_leaving_in_the_middle_of_reading(live: Live, page: Page) -> None:
    """The tab is closed; the list is there when one comes back."""
    delay_the_list(live, 1)
    begin(page, live)
    address, context = page.url, page.context
    page.close()
    again = context.new_page()
    visit(again, address)
    trips.wait_for_preview(again)
    assert live.exchanges() == EXCHANGES_OF_A_TRIP


def test_back_and_the_used_address(live: Live, page: Page, browsers: Browsers) -> None:
    """Neither Back nor the address of the return exchanges a second time."""
    begin(page, live)
    attempt = trips.wait_for_preview(page)
    page.go_back()
    expect_title(page, "Check before saving")
    page.reload()
    assert trips.wait_for_preview(page) == attempt
    visit(page, return_address(browsers))
    assert trips.wait_for_preview(page) == attempt
    button(page, "discard").click()
    expect_title(page, "Nothing was saved")
    visit(page, return_address(browsers))
    expect_title(page, "Nothing was saved")
    assert live.exchanges() == EXCHANGES_OF_A_TRIP


def test_back_is_no_trap(live: Live, page: Page) -> None:
    """A few times Back leads out of the trip."""
    begin(page, live)
    trips.wait_for_preview(page)
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        if trips.DIALOG.search(page.url):
            return
        settle(page)
    raise AssertionError(f"still at {page.url.partition('?')[0]}")


def test_another_browser_sees_and_does_nothing(live: Live, page: Page, browsers: Browsers) -> None:
    """Neither with the attempt's name nor with the whole address of the return."""
    begin(page, live)
    trips.wait_for_preview(page)
    other = browsers.open()
    for address in (page.url, return_address(browsers)):
        visit(other, address)
        expect_title(other, "This trip began in another browser")
        expect(other.get_by_role("link", name="Start again")).to_be_visible()
        assert "Anna" not in words(other)
        expect(other.locator(".st-key-save")).to_have_count(0)
    assert live.exchanges() == EXCHANGES_OF_A_TRIP
    page.reload()
    trips.wait_for_preview(page)


def test_a_return_that_another_browser_was_first_with(
    live: Live, page: Page, browsers: Browsers
) -> None:
    """A stolen address is worth nothing, and stays good for whom it belongs to."""
    visit(page, f"{live.server.url}/connect")
    trips.set_out(page)
    go_on = page.get_by_role("link", name="Continue", exact=True).evaluate("link => link.href")
    address = page.request.get(go_on, max_redirects=0).headers["location"]
    thief = browsers.open()
    visit(thief, address)
    expect_title(thief, "This trip began in another browser")
    assert live.exchanges() == 0
    visit(page, address)
    trips.wait_for_preview(page)
    assert live.exchanges() == EXCHANGES_OF_A_TRIP


def test_states_that_are_not_taken(live: Live, page: Page) -> None:
    """Each ends in one sentence and a link; nothing is exchanged."""
    visit(page, f"{live.server.url}/connect")
    expect_title(page, "Connect your Facebook Pages")
    trips.set_out(page)
    ((attempt, nonce_hash),) = live.server.query(
        "SELECT id, nonce_hash FROM attempts ORDER BY created_at DESC LIMIT 1"
    )
    signer = StateSigner(live.server.settings["STATE_TOKEN_SECRET"], "live", LIVE_APP_ID)
    old = signer.sign(attempt, nonce_hash, datetime.now(UTC) - timedelta(seconds=901))
    new = signer.sign(attempt, nonce_hash, datetime.now(UTC))
    forged = StateSigner("another secret of 32 letters or more", "live", LIVE_APP_ID).sign(
        attempt, nonce_hash, datetime.now(UTC)
    )
    endings = {
        urlencode({"code": "x", "state": old}): "That took longer than 15 minutes",
        urlencode({"code": "x", "state": forged}): "This trip did not begin here",
        urlencode({"code": "x", "state": "s" * 20_000}): "Facebook's answer can't be read",
        urlencode({"code": ["x", "y"], "state": new}, doseq=True): (
            "Facebook's answer can't be read"
        ),
        urlencode({"code": "x"}): "Facebook's answer came back incomplete",
        urlencode({"state": new}): "Facebook's answer came back incomplete",
    }
    for query, title in endings.items():
        visit(page, f"{live.server.url}/connect?{query}#_=_")
        expect_title(page, title)
        assert "Nothing was changed." in words(page)
        link = page.get_by_role("link", name="Start again")
        expect(link).to_have_attribute("href", "/oauth/start")
    assert live.exchanges() == 0
    # None of them has used the attempt up.
    visit(page, f"{live.server.url}/connect?{urlencode({'error': 'access_denied', 'state': new})}")
    expect_title(page, "Nothing was connected")


def test_save_pressed_in_two_tabs(live: Live, page: Page) -> None:
    """Saved once; the other tab says that it is done."""
    begin(page, live)
    trips.wait_for_preview(page)
    other = page.context.new_page()
    visit(other, page.url)
    trips.wait_for_preview(other)
    before = saves(live)
    for tab in (page, other):
        button(tab, "save").evaluate("button => button.click()")
    done = page.get_by_role("heading", name="Overview", level=1)
    also_done = other.get_by_role("heading", name="Overview", level=1)
    told = "This was already done"
    expect(done.or_(page.get_by_role("heading", name=told))).to_be_visible()
    expect(also_done.or_(other.get_by_role("heading", name=told))).to_be_visible()
    assert saves(live) == before + 1
    assert {done.count(), also_done.count()} == {0, 1}
    assert live.server.query("SELECT count(*) FROM snapshots") == [57]


def test_save_pressed_twice(live: Live, page: Page) -> None:
    begin(page, live)
    trips.wait_for_preview(page)
    before = saves(live)
    button(page, "save").evaluate("button => { button.click(); button.click(); }")
    expect(
        page.get_by_role("heading", name="Overview", level=1).or_(
            page.get_by_role("heading", name="This was already done")
        )
    ).to_be_visible()
    settle(page)
    assert saves(live) == before + 1


def test_two_trips_in_two_tabs(live: Live, page: Page) -> None:
    """The second tab does not save what the first has overtaken, but shows the new difference."""
    begin(page, live, person="Ben Ortiz")
    trips.wait_for_preview(page)
    other = page.context.new_page()
    begin(other, live, person="Ben Ortiz")
    trips.wait_for_preview(other)
    assert int(tiles(other)["New"]) > 0
    trips.save(page)
    before = saves(live)
    button(other, "save").click()
    expect(other.get_by_text("The list has changed since you opened it")).to_be_visible()
    settle(other)
    assert saves(live) == before
    assert tiles(other)["New"] == "0"
    assert tiles(other)["Kept, access renewed"] == count_on_save(other)
    trips.save(other)
    assert saves(live) == before + 1


def count_on_save(page: Page) -> str:
    """How many Pages Save speaks of."""
    found = re.search(r"Save (\d+) Pages", button(page, "save").inner_text())
    assert found is not None
    return found[1]


def test_facebook_asks_to_slow_down_while_reading(live: Live, page: Page) -> None:
    """Not shown as dead access; nothing is saved."""
    live.facebook.inject("error", path="me/accounts", code=4, times=50)
    before = live.server.query("SELECT count(*) FROM grants")
    begin(page, live)
    expect_title(page, "Facebook asks us to slow down")
    assert "Nothing was saved" in words(page)
    assert live.server.query("SELECT count(*) FROM grants") == before


def test_a_redirect_at_the_exchange_is_not_followed(live: Live, page: Page) -> None:
    """The body with the app's secret goes to nobody else."""
    live.facebook.inject("redirect", path="oauth/access_token")
    begin(page, live)
    expect_title(page, "Facebook is not answering")
    assert not [path for _, path in live.facebook.calls if "elsewhere" in path]


def test_a_tick_can_be_taken_back_at_once(live: Live, page: Page) -> None:
    """Untick, tick, untick: each click counts."""
    begin(page, live)
    trips.wait_for_preview(page)
    every = int(count_on_save(page))
    for wanted in (every - 1, every, every - 1, every):
        trips.click_first_tick(page)
        expect(button(page, "save")).to_have_text(re.compile(f"Save {wanted} Pages"))
        settle(page)


def test_a_server_killed_while_it_reads(serve: Serve, page: Page) -> None:
    """What was there stays; the trip ends in words, and another one works."""
    with serving_live(serve) as live:
        server = live.server
        begin(page, live)
        trips.wait_for_preview(page)
        trips.save(page)
        everything = "SELECT page_id, day, fans_count, followers_count, fetched_at FROM snapshots"
        history = server.query(everything)
        delay_the_list(live, 600)
        attempt = begin(page, live)
        expect_title(page, READING)
        server.kill()
        server.start()
        page.reload()
        expect_title(page, READING)
        # A minute goes by without a sign of life.
        server.change(
            "UPDATE attempts SET heartbeat_at = datetime(heartbeat_at, '-61 seconds') WHERE id = ?",
            attempt,
        )
        expect_title(page, "Reading was interrupted")
        assert "Nothing was saved and nothing was lost." in words(page)
        assert server.query(everything) == history
        live.facebook.clear_faults()
        trips.travel(page, "Start again")
        assert tiles(page)["Kept, access renewed"] == "57"
        trips.save(page)
        assert server.query("SELECT status FROM grants") == ["ok"]
