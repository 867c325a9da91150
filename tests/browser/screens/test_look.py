"""Every screen in every state is whole at three widths; `make pictures` keeps what is seen here."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import by_key, expect_title, visit, words
from tests.browser.kit.furnishing import NOTE, page_id_of
from tests.browser.kit.live import serving_live
from tests.browser.kit.looks import (
    FOLDER,
    SCHEMES,
    WIDTHS,
    look_at_screens,
    look_at_widths,
    show_scheme,
)
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import LARGEST

EVERYWHERE = {"connections": "connections", "activity": "activity", "setup": "setup"}
LEFT_OUT = ("Café Lindenhof", "Optik Keller", "Read views and engagement")


def page_path(server: Server) -> str:
    """The path of one Page's screen."""
    return f"page?id={page_id_of(server)}"


def test_empty(empty: Server, page: Page) -> None:
    screens = {"overview": "", **EVERYWHERE, "connect": "connect"}
    look_at_screens(page, empty.url, "empty", screens)


def test_full(furnished: Server, page: Page) -> None:
    """With tags, notes, a goal, a forecast, and views and engagement."""
    deep = f"{page_path(furnished)}&period=90+days&forecast=true"
    ids = ",".join(page_id for page_id, _ in furnished.query(LARGEST))
    screens = {
        "overview": "",
        "filtered": "?tag=Brazil&period=90+days",
        "page": deep,
        **EVERYWHERE,
        "compare": f"compare?ids={ids}&period=90+days",
    }
    look_at_screens(page, furnished.url, "full", screens)
    more = {
        "no-page": "page?id=1",
        "search": "?q=caf",
        "nothing-found": "?q=nothing+of+this+name",
        "daily": "?metric=Followers&view=Daily+change&period=90+days&movers=Rate",
        "percent": "?view=%25+since+start&comparison=No+comparison&period=12+months",
        "custom": "?period=Custom&since=2001-01-01&until=2001-01-02",
        "page-daily": f"{page_path(furnished)}&chart=Daily+change&figure=Followers",
        "page-percent": f"{page_path(furnished)}&chart=%25+since+start",
        "numbers": f"compare?ids={ids}&scale=Numbers&figure=Followers",
        "begin": "compare",
        "imports": "imports",
    }
    # What is wider than a phone is laid out as above.
    widths = WIDTHS if FOLDER else WIDTHS[-1:]
    look_at_screens(page, furnished.url, "full", more, schemes=["light"], widths=widths)


def test_the_screens_of_the_furnished_show_it(furnished: Server, page: Page) -> None:
    """The screens above show what they are named after."""
    visit(page, f"{furnished.url}/{page_path(furnished)}&period=90+days&forecast=true")
    # "Forecast: most likely" or "No forecast: in the last 14 days": the sandbox's figures decide.
    for text in ("orecast: ", "Next:", "Best day", "midnight Pacific time"):
        assert text in words(page), text
    expect(page.get_by_role("heading", name="Daily change, 12 months")).to_be_visible()
    expect(by_key(page, "goal-card").get_by_role("button", name="Change goal")).to_be_visible()
    expect_note(page)
    visit(page, f"{furnished.url}/?tag=Brazil")
    expect(by_key(page, "filtered")).to_contain_text("Brazil")
    expect_note(page)
    visit(page, f"{furnished.url}/setup")
    expect(page.get_by_role("heading", name="Facebook's daily metrics")).to_be_visible()


def expect_note(page: Page) -> None:
    """The note for all Pages is on the first chart, in words for those who can't see it."""
    chart = page.get_by_test_id("stVegaLiteChart").first
    expect(chart.locator(f'line[aria-label*="{NOTE}"]').first).to_be_attached()


def test_preview(serve: Serve, full: Server, page: Page) -> None:
    """A second trip, with Pages and a permission left out."""
    with serve(data_of=full) as server:
        visit(page, f"{server.url}/connections")
        trips.travel(page, "Renew", without=LEFT_OUT)
        expect(page.get_by_text("2 Pages are missing")).to_be_visible()
        for scheme in SCHEMES:
            show_scheme(page, scheme)
            page.reload()  # the server paints cells, and hears of the scheme with a run
            trips.wait_for_preview(page)
            look_at_widths(page, f"full-preview-{scheme}")


def test_before_the_first_day(serve: Serve, page: Page) -> None:
    """In live mode, where nobody makes a history; and the reading on the way there."""
    with serving_live(serve) as live:
        url = live.server.url
        look_at_screens(page, url, "empty-live", {"overview": "", "setup": "setup"})
        visit(page, url)
        trips.set_out(page)
        live.facebook.inject("delay", path="me/accounts", call=2, times=2, seconds=2.5)
        trips.agree(page)
        expect(page.get_by_text(re.compile("Pages? read"))).to_be_visible()
        look_at_widths(page, "reading-dark")
        trips.wait_for_preview(page)


def test_settings_wrong(serve: Serve, page: Page) -> None:
    with serve(settings={"FACEBOOK_APP_ID": "12", "DATABASE_URL": "mysql://x"}) as server:
        screens = {"overview": "", "setup": "setup", "connect": "connect"}
        look_at_screens(page, server.url, "settings", screens, schemes=["dark"])
        visit(page, server.url)
        expect_title(page, "Facebook is not set up yet")
        visit(page, f"{server.url}/setup")
        said = words(page)
        for name in ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET", "DATABASE_URL"):
            assert name in said
