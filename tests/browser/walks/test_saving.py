"""Save, pressed in every wrong way: once is once, and only what was seen is saved."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import button, expect_title, settle, tiles, visit, words
from tests.browser.kit.live import READING, Live, serving_live


def test_save_pressed_in_two_tabs(live: Live, page: Page) -> None:
    """Saved once; the other tab says that it is done."""
    live.travel(page)
    other = page.context.new_page()
    visit(other, page.url)
    trips.wait_for_preview(other)
    before = live.saves()
    for tab in (page, other):
        button(tab, "save").evaluate("button => button.click()")
    done = page.get_by_role("heading", name="Overview", level=1)
    also_done = other.get_by_role("heading", name="Overview", level=1)
    told = "57 Pages are connected"
    expect(done.or_(page.get_by_role("heading", name=told))).to_be_visible()
    expect(also_done.or_(other.get_by_role("heading", name=told))).to_be_visible()
    assert live.saves() == before + 1
    assert {done.count(), also_done.count()} == {0, 1}


def test_save_pressed_twice(live: Live, page: Page) -> None:
    live.travel(page)
    before = live.saves()
    button(page, "save").evaluate("button => { button.click(); button.click(); }")
    expect(
        page.get_by_role("heading", name="Overview", level=1).or_(
            page.get_by_role("heading", name="57 Pages are connected")
        )
    ).to_be_visible()
    settle(page)
    assert live.saves() == before + 1


def test_two_trips_in_two_tabs(live: Live, page: Page) -> None:
    """The second tab does not save what the first has overtaken, but shows the new difference."""
    live.travel(page, person="Ben Ortiz")
    other = page.context.new_page()
    live.travel(other, person="Ben Ortiz")
    assert int(tiles(other)["New"]) > 0
    trips.save(page)
    before = live.saves()
    button(other, "save").click()
    expect(other.get_by_text("The list has changed since you opened it")).to_be_visible()
    settle(other)
    assert live.saves() == before
    assert tiles(other)["New"] == "0"
    assert tiles(other)["Kept, access renewed"] == count_on_save(other)
    trips.save(other)
    assert live.saves() == before + 1


def count_on_save(page: Page) -> str:
    """How many Pages Save speaks of."""
    found = re.search(r"Save (\d+) Pages", button(page, "save").inner_text())
    assert found is not None
    return found[1]


def test_ticks_are_taken_back_and_survive_a_reload(live: Live, page: Page) -> None:
    """Each click counts at once; who unticks a Page and reloads does not save it unawares."""
    live.travel(page)
    every = int(count_on_save(page))
    for wanted in (every - 1, every, every - 1):
        trips.click_first_tick(page)
        expect_count_on_save(page, wanted)
    for _ in range(2):
        page.reload()
        trips.wait_for_preview(page)
        expect_count_on_save(page, every - 1)
    trips.click_first_tick(page)
    expect_count_on_save(page, every)


def expect_count_on_save(page: Page, count: int) -> None:
    """Save speaks of so many Pages."""
    expect(button(page, "save")).to_have_text(re.compile(f"Save {count} Pages"))
    settle(page)


def test_a_server_killed_while_it_reads(serve: Serve, browsers: Browsers, page: Page) -> None:
    """What was there stays; the trip ends in words, and another one works."""
    # While the server is away the browser says so.
    browsers.watches[0].forgiven += ["_stcore/health", "Is Streamlit still running?"]
    with serving_live(serve) as live:
        server = live.server
        live.travel(page)
        trips.save(page)
        everything = "SELECT page_id, day, fans_count, followers_count, fetched_at FROM snapshots"
        history = server.query(everything)
        live.delay_the_list(600)
        attempt = live.begin(page)
        expect_title(page, READING)
        server.kill()
        move = "UPDATE attempts SET heartbeat_at = datetime(heartbeat_at, ?) WHERE id = ?"
        server.change(move, "+60 seconds", attempt)  # the machine may be slow to start it again
        server.start()
        page.reload()
        expect_title(page, READING)
        # Twenty seconds go by without a sign of life, as when a long import holds the database.
        server.change(move, "-80 seconds", attempt)
        expect_title(page, "Reading was interrupted")
        server.change(move, "+80 seconds", attempt)
        expect_title(page, READING)
        server.change(move, "-80 seconds", attempt)
        expect_title(page, "Reading was interrupted")
        assert "Nothing was saved and nothing was lost." in words(page)
        assert server.query(everything) == history
        live.facebook.clear_faults()
        trips.travel(page, "Start again")
        assert tiles(page)["Kept, access renewed"] == "57"
        trips.save(page)
        assert server.query("SELECT status FROM grants") == ["ok"]
