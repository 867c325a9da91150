"""The walk of a marketer: connect, look, let time pass, mend what breaks, and begin again."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import trips
from tests.browser.browsing import (
    Watch,
    button,
    by_key,
    expect_title,
    settle,
    tiles,
    visit,
    words,
)
from tests.browser.conftest import Browsers, Serve
from tests.browser.grids import figures_in, pages_table
from tests.browser.serving import Server

FANS = """
    SELECT sum(fans_count) FROM snapshots AS newest WHERE fans_count IS NOT NULL AND day = (
        SELECT max(day) FROM snapshots
        WHERE page_id = newest.page_id AND fans_count IS NOT NULL)
"""
HISTORY = "SELECT page_id, day, fans_count, followers_count FROM snapshots ORDER BY page_id, day"
DAYS = "SELECT count(DISTINCT day) FROM snapshots"
PAGES = "SELECT count(*) FROM pages"
RED_LINE = "account needs you"


def test_from_an_empty_installation_to_the_figures(serve: Serve, browsers: Browsers) -> None:
    """Steps 1 to 5, begun at 127.0.0.1."""
    page = browsers.open()
    with serve() as server:
        come_by_the_other_name(page, server, browsers.watches[0])
        see_the_empty_screen(page)
        cancel_in_the_dialog(page)
        check_what_was_found(page)
        save_and_watch_the_history(page, server)
        compare_the_tiles_with_the_database(page, server)


def come_by_the_other_name(page: Page, server: Server, watch: Watch) -> None:
    """127.0.0.1 leads to localhost before anything is shown: cookies of one miss the other."""
    answer = page.goto(f"http://127.0.0.1:{server.port}/")
    assert answer is not None
    first = answer.request.redirected_from
    assert first is not None
    seen = first.response()
    assert seen is not None
    assert seen.status == 307
    assert page.url == f"{server.url}/"
    assert watch.addresses == [f"http://127.0.0.1:{server.port}/", f"{server.url}/"]
    settle(page)


def see_the_empty_screen(page: Page) -> None:
    """One sentence, the sandbox by name, one link which is a real one."""
    expect_title(page, "See how your Facebook Pages grow")
    expect(page).to_have_title("Overview · Pagekeeper")
    expect(by_key(page, "sandbox-strip")).to_contain_text("Sandbox")
    link = page.get_by_role("link", name=trips.CONNECT)
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", "/oauth/start")
    assert link.get_attribute("target") is None
    expect(page.get_by_role("main").get_by_role("button", name="Save")).to_have_count(0)


def cancel_in_the_dialog(page: Page) -> None:
    """Untick a Page and a permission, then think better of it."""
    trips.set_out(page)
    expect(page.get_by_role("heading", name="Stand-in for Facebook’s dialog")).to_be_visible()
    expect(page.locator("input[type=password]")).to_have_count(0)
    expect(page.get_by_text("Anna Keller gives access to 58 Pages.")).to_be_visible()
    trips.choose(page, without=["Café Lindenhof", "Read views and engagement"])
    expect(page.get_by_text("Anna Keller gives access to 57 Pages.")).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect_title(page, "Nothing was connected")
    expect(page).to_have_url(trips.ATTEMPT)
    assert "You cancelled in Facebook's dialog" in words(page)


def check_what_was_found(page: Page) -> None:
    """Try again; the preview counts, names reasons and what a declined permission costs."""
    trips.travel(page, "Try again", without=["Café Lindenhof", "Read views and engagement"])
    expect(page).to_have_title("Connect · Pagekeeper")
    said = words(page)
    assert "Anna Keller gives this dashboard access to 56 Pages. Nothing is saved yet." in said
    assert "1 permission was declined" in said
    assert "Without read_insights there are no views and engagements." in said
    assert tiles(page) == {
        "New": "56",
        "Connected already": "0",
        "Missing now": "0",
        "Can't be used": "1",
    }
    reasons = page.get_by_test_id("stDataFrame").first.locator("[role=gridcell]")
    expect(reasons.filter(has_text="Facebook sent no access for this Page.")).to_be_attached()
    assert {"Can't be used", "Works in part"} <= set(reasons.all_text_contents())
    expect(page.get_by_text(re.compile("^1–25 of 56 Pages"))).to_be_visible()
    expect(button(page, "save")).to_have_text(re.compile("Save 56 Pages"))
    untick_in_our_list(page)
    expect(button(page, "discard")).to_be_visible()
    expect(page.get_by_role("link", name="Open Facebook's page chooser again")).to_be_visible()


def untick_in_our_list(page: Page) -> None:
    """Untick the first Page, then have them all back."""
    trips.click_first_tick(page)
    expect(button(page, "save")).to_have_text(re.compile("Save 55 Pages"))
    button(page, "tick-all").click()
    expect(button(page, "save")).to_have_text(re.compile("Save 56 Pages"))


def save_and_watch_the_history(page: Page, server: Server) -> None:
    """Nothing is stored before Save; after it 90 days are made, with progress."""
    assert server.query(PAGES) == [0]
    assert server.query("SELECT count(*) FROM grants") == [0]
    button(page, "save").click()
    making = re.compile(r"Making 90 days of history… \d+ of 90")
    expect(page.get_by_test_id("stMain").get_by_text(making)).to_be_visible()
    expect_title_after_history(page)
    assert server.query(DAYS) == [91]  # today's came with Save
    assert server.query(PAGES) == [56]  # none of those that can't be used
    assert server.query("SELECT DISTINCT kind, status FROM runs") == [("history", "done")]


def expect_title_after_history(page: Page) -> None:
    """Overview, when the history is made."""
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible(
        timeout=trips.HISTORY_MS
    )
    settle(page)


def compare_the_tiles_with_the_database(page: Page, server: Server) -> None:
    """The figures on the screen are the stored ones."""
    expect(page.get_by_role("heading", name="Fans over time")).to_be_visible()
    (fans,) = server.query(FANS)
    (followers,) = server.query(FANS.replace("fans_count", "followers_count"))
    shown = tiles(page)
    assert shown["Fans"] == f"{fans:,d}"
    assert shown["Followers"] == f"{followers:,d}"
    assert shown["Pages"] == "56"
    assert shown["Net new fans"].startswith(("+", "-"))
    first_page = figures_in(pages_table(page), "fans")
    stored = server.query(
        "SELECT fans_count FROM snapshots WHERE day = (SELECT max(day) FROM snapshots) "
        "ORDER BY fans_count DESC LIMIT 25"
    )
    assert first_page == stored


def test_time_trouble_and_the_end(serve: Serve, full: Server, page: Page) -> None:
    """Steps 7 to 10: fast-forward, a dead connection mended, a second account, start over."""
    with serve(data_of=full) as server:
        visit(page, server.url)
        fast_forward(page, server)
        refresh_twice(page, server)
        let_the_password_be_changed(page, server)
        renew(page, server)
        connect_a_second_account(page, server)
        disconnect_it(page, server)
        start_over(page, server)


def open_controls(page: Page) -> None:
    """The sandbox's popover."""
    by_key(page, "sandbox-strip").get_by_role("button", name="Controls").click()
    expect(by_key(page, "fast-forward-30")).to_be_visible()


def fast_forward(page: Page, server: Server) -> None:
    """30 days later by the sandbox's clock, each of them with its snapshot."""
    ((before, days),) = server.query("SELECT max(day), count(DISTINCT day) FROM snapshots")
    open_controls(page)
    button(page, "fast-forward-30").click()
    page.keyboard.press("Escape")
    expect(by_key(page, "sandbox-strip").get_by_text("Fast-forward…")).to_be_visible()
    expect(by_key(page, "sandbox-strip").get_by_text("Made-up figures")).to_be_visible(
        timeout=trips.HISTORY_MS
    )
    assert server.query(DAYS) == [days + 30]
    assert server.query("SELECT max(day) = date(?, '+30 days') FROM snapshots", before) == [1]
    compare_fans(page, server)


def compare_fans(page: Page, server: Server) -> None:
    """The tile is the stored sum."""
    (fans,) = server.query(FANS)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"{fans:,d}")


def refresh_twice(page: Page, server: Server) -> None:
    """A second refresh on a day changes nothing but the newest figures."""
    history = server.query(HISTORY)
    trips.refresh(page, server)
    trips.refresh(page, server)
    assert server.query(HISTORY) == history
    manual = "SELECT status, pages_done, pages_failed FROM runs WHERE kind = 'manual'"
    assert server.query(manual) == [("done", 57, 0), ("done", 57, 0)]


def let_the_password_be_changed(page: Page, server: Server) -> None:
    """The connection dies; the screens say why, who, and what is safe."""
    open_controls(page)
    by_key(page, "sandbox-trouble").get_by_role("combobox").click()
    page.get_by_role("option", name="Password changed").click()
    expect(page.get_by_text("All access given so far ends")).to_be_visible()
    page.keyboard.press("Escape")
    trips.refresh(page, server)
    line = by_key(page, "trouble-line")
    expect(line.get_by_text(RED_LINE)).to_be_visible()
    expect(line).to_contain_text("Anna Keller's password was changed and ended this access")
    expect(page.get_by_role("link", name="Connections (1)")).to_be_visible()
    expect(button(page, "refresh-now")).to_be_disabled()
    compare_fans(page, server)
    assert server.query("SELECT status, reason_subcode FROM grants") == [("needs_renewal", 460)]


def renew(page: Page, server: Server) -> None:
    """Renewing keeps every Page and its history; the line of growth does not move."""
    history, line = server.query(HISTORY), growth_line(page)
    (sealed,) = server.query("SELECT sealed_user_token FROM grants")
    by_key(page, "trouble-line").get_by_role("link", name="Renew").click()
    expect_title(page, "Connections")
    expect(page.get_by_text("Needs renewal")).to_be_visible()
    trips.travel(page, "Renew")
    assert tiles(page)["Kept, access renewed"] == "57"
    assert tiles(page)["New"] == "0"
    trips.save(page)
    expect(page.get_by_text("Anna Keller's access is renewed.")).to_be_visible()
    expect(by_key(page, "trouble-line")).to_have_count(0)
    expect(page.get_by_role("link", name="Connections", exact=False)).to_have_text(
        re.compile(r"Connections$")
    )
    assert server.query(HISTORY) == history
    assert growth_line(page) == line
    assert server.query("SELECT status FROM grants") == ["ok"]
    assert server.query("SELECT sealed_user_token FROM grants") != [sealed]


def growth_line(page: Page) -> str:
    """What the chart says to those who can't see it, and the total's sparkline."""
    told = page.get_by_test_id("stVegaLiteChart").get_attribute("aria-label") or ""
    return f"{told} {pages_table(page).rows()[0]}"


def connect_a_second_account(page: Page, server: Server) -> None:
    """Ben brings two Pages of his own, one that Anna got no access to, and eleven of hers."""
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    trips.travel(page, "Connect another account", person="Ben Ortiz")
    assert "You are signed in to Facebook as Ben Ortiz" in words(page)
    assert tiles(page)["New"] == "3"
    assert tiles(page)["Connected already"] == "11"
    trips.save(page)
    assert tiles(page)["Pages"] == "60"
    assert server.query("SELECT status FROM grants") == ["ok", "ok"]


def disconnect_it(page: Page, server: Server) -> None:
    """It says which Pages lose their only access; their history stays, their access doesn't."""
    history = server.query(HISTORY)
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    (ben,) = server.query("SELECT id FROM grants WHERE account_name = 'Ben Ortiz'")
    card = by_key(page, f"account-{ben}")
    card.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Disconnect…").or_(
        page.get_by_role("button", name="Disconnect…")
    ).or_(page.get_by_role("option", name="Disconnect…")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 Pages lose the only access")
    expect(dialog).to_contain_text("Musikschule Allegro")
    button(page, "disconnect-yes").click()
    expect(card.get_by_text(re.compile("^Disconnected on "))).to_be_visible()
    assert server.query(HISTORY) == history
    left = "SELECT count(*) FROM page_grants WHERE grant_id = ? AND sealed_page_token IS NOT NULL"
    assert server.query(left, ben) == [0]
    assert server.query("SELECT sealed_user_token FROM grants WHERE id = ?", ben) == [None]
    page.get_by_role("link", name="Overview").click()
    expect_title(page, "Overview")
    assert tiles(page)["Pages"] == "60"


def start_over(page: Page, server: Server) -> None:
    """Everything made up is gone, and can be made again."""
    open_controls(page)
    button(page, "start-over").click()
    button(page, "start-over-yes").click()
    expect_title(page, "See how your Facebook Pages grow")
    page.keyboard.press("Escape")
    assert server.query(PAGES) == [0]
    assert server.query("SELECT count(*) FROM snapshots") == [0]
    trips.travel(page)
    assert tiles(page)["New"] == "57"
