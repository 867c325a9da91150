"""The way back from Facebook, when it goes otherwise than planned. Nothing is ever lost.

In live mode, since then the Facebook of the tests counts what it is asked and answers late if told.
"""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from fb.login.state import StateSigner
from tests.browser.conftest import Browsers
from tests.browser.kit import trips
from tests.browser.kit.browsing import button, expect_title, settle, visit, words
from tests.browser.kit.live import READING, Live
from tests.browser.kit.serving import LIVE_APP_ID

EXCHANGES_OF_A_TRIP = 2  # the code for a short-lived token, that one for a long-lived one


def return_address(browsers: Browsers) -> str:
    """The address that Facebook sent the first browser back to."""
    return next(url for url in browsers.watches[0].addresses if "/connect?code=" in url)


def test_a_reload_and_leaving_in_the_middle_of_reading(live: Live, page: Page) -> None:
    """The work goes on, also when the tab is closed; the list is there when one comes back."""
    live.delay_the_list(2)
    attempt = live.begin(page)
    expect_title(page, READING)
    page.reload()
    expect_title(page, READING)
    assert "You can leave this screen; the work goes on." in words(page)
    address, context = page.url, page.context
    page.close()
    again = context.new_page()
    visit(again, address)
    assert trips.wait_for_preview(again) == attempt
    assert live.exchanges() == EXCHANGES_OF_A_TRIP


def test_back_and_the_used_address(live: Live, page: Page, browsers: Browsers) -> None:
    """Neither Back nor the address of the return exchanges a second time."""
    attempt = live.travel(page)
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
    live.travel(page)
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        if trips.DIALOG.search(page.url):
            return
        settle(page)
    raise AssertionError(f"still at {page.url.partition('?')[0]}")


def test_another_browser_sees_and_does_nothing(live: Live, page: Page, browsers: Browsers) -> None:
    """Neither with the attempt's name nor with the whole address of the return."""
    live.travel(page)
    other = browsers.open()
    for address in (page.url, return_address(browsers)):
        visit(other, address)
        expect_title(other, "You started in another browser")
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
    expect_title(thief, "You started in another browser")
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
    old = signer.sign("of-a-trip-that-is-forgotten", nonce_hash)
    new = signer.sign(attempt, nonce_hash)
    forged = StateSigner("another secret of 32 letters or more", "live", LIVE_APP_ID).sign(
        attempt, nonce_hash
    )
    endings = {
        urlencode({"code": "x", "state": old}): "That took longer than 15 minutes",
        urlencode({"code": "x", "state": forged}): "This sign-in did not begin here",
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


def test_facebook_asks_to_slow_down_while_reading(live: Live, page: Page) -> None:
    """Not shown as dead access; nothing is saved."""
    live.facebook.inject("error", path="me/accounts", code=4, times=50)
    before = live.server.query("SELECT count(*) FROM grants")
    live.begin(page)
    expect_title(page, "Facebook asks us to slow down")
    assert "Nothing was saved" in words(page)
    assert live.server.query("SELECT count(*) FROM grants") == before


def test_a_redirect_at_the_exchange_is_not_followed(live: Live, page: Page) -> None:
    """The body with the app's secret goes to nobody else."""
    live.facebook.inject("redirect", path="oauth/access_token")
    live.begin(page)
    expect_title(page, "Facebook is not answering")
    assert not [path for _, path in live.facebook.calls if "elsewhere" in path]
