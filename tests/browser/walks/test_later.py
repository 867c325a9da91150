"""What comes after the first day: time, trouble and its end, more accounts, and a new beginning."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    button,
    by_key,
    expect_soon,
    expect_title,
    settle,
    tiles,
    visit,
    words,
)
from tests.browser.kit.grids import pages_table
from tests.browser.kit.serving import Server, clean_environment
from tests.browser.kit.stored import DAYS, FANS, HISTORY, MANUAL_RUNS, PAGES
from tests.waiting import wait_until

DROPPED = "Optik Keller"  # held by Anna alone
DROPPED_TOKENS = (
    f"SELECT count(*) FROM page_grants JOIN pages ON pages.id = page_id WHERE name = '{DROPPED}'"
)


def test_time_trouble_and_the_end(serve: Serve, full: Server, page: Page) -> None:
    """Fast-forward, a dead connection mended, a second account, a moved Page, start over."""
    with serve(data_of=full) as server:
        visit(page, server.url)
        fast_forward(page, server)
        refresh_twice(page, server)
        let_the_password_be_changed(page, server)
        renew(page, server)
        connect_a_second_account(page, server)
        hand_out_access(page, server)
        disconnect_it(page, server)
        let_a_page_move(page, server)
        start_over(page, server)


def fast_forward(page: Page, server: Server) -> None:
    """30 days later by the sandbox's clock, each of them with its snapshot."""
    ((before, days),) = server.query("SELECT max(day), count(DISTINCT day) FROM snapshots")
    trips.open_controls(page)
    button(page, "fast-forward-30").click()
    page.keyboard.press("Escape")
    wait_until(lambda: server.query(DAYS) == [days + 30], trips.HISTORY_MS / 1000)
    expect(by_key(page, "sandbox-strip").get_by_text("Made-up figures")).to_be_visible(
        timeout=trips.HISTORY_MS
    )
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
    manual = f"SELECT status, pages_done, pages_failed {MANUAL_RUNS}"
    assert server.query(manual) == [("done", 57, 0), ("done", 57, 0)]


def let_the_password_be_changed(page: Page, server: Server) -> None:
    """The connection dies; the screens say why, who, and what is safe."""
    trips.make_trouble(page, "Password changed", "All access given so far ends")
    trips.refresh(page, server)
    line = by_key(page, "trouble-line")
    expect(line.get_by_text("account needs you")).to_be_visible()
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
    """What the chart says to those who can't see it, and the first Page's row."""
    told = page.get_by_test_id("stVegaLiteChart").get_attribute("aria-label") or ""
    return f"{told} {pages_table(page).rows()[0][:5]}"  # without the connection, which changes


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


def hand_out_access(page: Page, server: Server) -> None:
    """A program is refused until it is allowed; while Anna's account rests, Ben's takes over."""
    held = "SELECT page_id FROM page_grants WHERE sealed_page_token IS NOT NULL GROUP BY page_id"
    page_id = server.query(f"{held} HAVING count(*) = 2 ORDER BY page_id LIMIT 1")[0]
    visit(page, f"{server.url}/page?id={page_id}")
    both = re.compile("held by .*(Anna.* and .*Ben|Ben.* and .*Anna)")
    expect(page.get_by_text(both).first).to_be_visible()
    assert ask_for_token(server, page_id).returncode == 2
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    button(page, f"allow-bot-pages_read_engagement-{page_id}").click()
    withdraw = by_key(page, "programs").get_by_role("button", name="Withdraw")
    expect(withdraw).to_be_visible()
    choose_for(page, server, "Anna Keller", "Freeze")
    assert json.loads(ask_for_token(server, page_id).stdout)["page_id"] == page_id
    choose_for(page, server, "Anna Keller", "Unfreeze")
    withdraw.click()
    expect(withdraw).to_have_count(0)
    assert ask_for_token(server, page_id).stdout == ""


def ask_for_token(server: Server, page_id: str) -> subprocess.CompletedProcess[str]:
    """Ask as a program does, while the dashboard runs."""
    words = ("token", page_id, "--consumer", "bot", "--permission", "pages_read_engagement")
    return subprocess.run(
        [sys.executable, "-m", "fb", *words],
        cwd=server.folder,
        env=clean_environment(server.settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


def choose_for(page: Page, server: Server, name: str, action: str) -> None:
    """Choose from the menu of an account's card, and wait until it is done."""
    (grant_id,) = server.query("SELECT id FROM grants WHERE account_name = ?", name)
    by_key(page, f"account-{grant_id}").get_by_role("button", name="More").click()
    page.get_by_text(action, exact=True).click()
    status = "frozen" if action == "Freeze" else "ok"
    expect_soon(
        page, lambda: server.query("SELECT status FROM grants WHERE id = ?", grant_id), [status]
    )
    settle(page)


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
    expect(dialog).to_contain_text("3 Pages lose their only access")
    expect(dialog).to_contain_text("Musikschule Allegro")
    for choice in ("Forget all its access", "Remove our app at", "access to one Page"):
        expect(dialog).to_contain_text(choice)
    dialog.get_by_text("Erase the history for good").click()
    expect(dialog).to_contain_text("is erased here with 3 Pages")
    dialog.get_by_text("Keep the history").click()
    expect(button(page, "disconnect-yes")).to_have_text("Disconnect")
    button(page, "disconnect-yes").click()
    expect(card.get_by_text(re.compile("^Disconnected on "))).to_be_visible()
    assert server.query(HISTORY) == history
    left = "SELECT count(*) FROM page_grants WHERE grant_id = ? AND sealed_page_token IS NOT NULL"
    assert server.query(left, ben) == [0]
    assert server.query("SELECT sealed_user_token FROM grants WHERE id = ?", ben) == [None]
    page.get_by_role("link", name="Overview").click()
    expect_title(page, "Overview")
    assert tiles(page)["Pages"] == "60"


def let_a_page_move(page: Page, server: Server) -> None:
    """A refresh finds out that a Page has a new id; renewed, its history goes along, and back."""
    trips.make_trouble(page, "A Page moved to a new id", "The first Page has another id for good")
    trips.refresh(page, server)
    ((old_id, new_id),) = server.query("SELECT old_id, new_id FROM page_moves")
    count = "SELECT count(*) FROM snapshots WHERE page_id = ?"
    (days,) = server.query(count, old_id)
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    trips.travel(page, "Renew", without=[DROPPED])
    assert tiles(page)["New"] == "1"
    assert re.search(rf"would drop 2 \(.*{DROPPED}.*\)", words(page))
    left = server.query(f"{DROPPED_TOKENS} AND sealed_page_token IS NOT NULL")
    assert left == [1], "until Save"
    kept = server.query(count, server.query("SELECT id FROM pages WHERE name = ?", DROPPED)[0])
    trips.save(page)
    assert server.query(f"{DROPPED_TOKENS} AND sealed_page_token IS NOT NULL") == [0]
    assert (
        server.query(count, server.query("SELECT id FROM pages WHERE name = ?", DROPPED)[0]) == kept
    )
    page.get_by_role("link", name="Connections").click()
    expect_title(page, "Connections")
    by_key(page, "page-search").get_by_role("textbox").fill(old_id)
    expect(by_key(page, "page-search-rows")).to_contain_text("Facebook gave this Page another id")
    button(page, f"page-search-take_along-{old_id}").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{days - 1} days of figures")
    button(page, "moved-yes").click()
    button(page, f"moved-undo-{old_id}").wait_for()
    expect(page).to_have_url(re.compile(f"id={new_id}"))
    assert server.query(count, new_id) == [days]
    button(page, f"moved-undo-{old_id}").click()
    button(page, f"moved-take-{old_id}").wait_for()
    assert server.query(count, old_id) == [days]
    page.get_by_role("link", name="Overview").click()
    expect_title(page, "Overview")


def start_over(page: Page, server: Server) -> None:
    """Everything made up is gone, and can be made again."""
    trips.open_controls(page)
    button(page, "start-over").click()
    button(page, "start-over-yes").click()
    expect_title(page, "See how your Facebook Pages grow")
    page.keyboard.press("Escape")
    assert server.query(PAGES) == [0]
    assert server.query("SELECT count(*) FROM snapshots") == [0]
    trips.travel(page)
    assert tiles(page)["New"] == "57"
