"""The walk of a marketer from an empty installation to the first figures."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Browsers, Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import Watch, button, by_key, expect_title, settle, tiles, words
from tests.browser.kit.grids import figures_in, pages_table
from tests.browser.kit.moments import Moment, begin_to_watch, end_watching
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import DAYS, FANS, PAGES


def test_from_an_empty_installation_to_the_figures(serve: Serve, browsers: Browsers) -> None:
    """Begun at 127.0.0.1, with Cancel on the way."""
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
    assert "Without read_insights there are no views and engagement." in said
    assert tiles(page) == {
        "New": "56",
        "Connected already": "0",
        "Missing now": "0",
        "Can't be used": "1",
    }
    reasons = by_key(page, "not-fully-usable")
    expect(reasons).to_contain_text("Facebook sent no access for it.")
    expect(reasons).to_contain_text("Works in part")
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
    begin_to_watch(page)
    button(page, "save").click()
    making = re.compile(r"Making 90 days of history… \d+ of 90")
    expect(page.get_by_test_id("stMain").get_by_text(making)).to_be_visible()
    expect_title_after_history(page)
    check_that_nothing_was_over(end_watching(page))
    assert server.query(DAYS) == [91]  # today's came with Save
    assert server.query(PAGES) == [56]  # none of those that can't be used
    assert server.query(
        "SELECT DISTINCT started_by, status FROM job_runs WHERE kind = 'snapshots'"
    ) == [("history", "done")]


# The screens from the press on Save, in their order, with words that stand on no later one.
STAGES = {
    "Check before saving": ("Nothing is saved yet", "Will be saved", "Discard"),
    "Saving your Pages": ("Saving 56 Pages",),
    "Making the sandbox's history": ("days of history", "You can leave this screen"),
    "Overview": (),
}
ANSWER_MS = 1_500  # a press is answered in 0.2 s; the tests' machine may be busy
DRAWING_MS = 150  # within which a browser has replaced all elements of a screen


def check_that_nothing_was_over(moments: list[Moment]) -> None:
    """Every screen follows the one before, and shows nothing of an earlier one once it is drawn."""
    titles = list(STAGES)
    at, over_since = 0, None
    for moment in moments:
        assert len(moment.titles) <= 1, moment
        for title in moment.titles:
            assert titles.index(title) >= at, f"{title!r} came back after {titles[at]!r}"
            at = titles.index(title)
        over = [text for title in titles[:at] for text in STAGES[title] if text in moment.text]
        over_since = (over_since or moment.at_ms) if over else None
        assert over_since is None or moment.at_ms - over_since <= DRAWING_MS, (
            f"{over} at {moment.at_ms:.0f} ms, when {titles[at]!r} stood there"
        )
        assert at > 0 or moment.at_ms < ANSWER_MS, "the press was not answered"
    assert at == len(titles) - 1
    seen = "\n".join(moment.text for moment in moments)
    assert "Saving 56 Pages of Anna Keller" in seen
    assert re.search(r"\d+ of 90, (about \d+ (s|min)|a few seconds) left", seen)
    assert "Anna Keller is connected with 56 Pages." in seen


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
    assert shown["Net new fans"].startswith(("+", "−"))
    first_page = figures_in(pages_table(page), "fans")
    stored = server.query(
        "SELECT fans_count FROM snapshots WHERE day = (SELECT max(day) FROM snapshots) "
        "ORDER BY fans_count DESC LIMIT 25"
    )
    assert first_page == stored
