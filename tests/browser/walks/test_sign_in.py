"""A team signs in, works by role, and is out at once: Chromium, nginx with TLS, two dashboards."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from fb.sandbox.serve import serve as serve_sandbox
from fb.web.sign_in_routes import REFUSALS, WHY
from pages.text import wording
from pages.ui.links import SCREENS
from storage.people.person import THIS_COMPUTER, Person, Role
from storage.sign_in.people import (
    change_role,
    find_by_address,
    let_in,
    remove,
    sign_out_everywhere,
)
from tests.browser.conftest import Browsers, Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    NAMES,
    button,
    expect_title,
    launch,
    open_popover,
    settle,
    visit,
    words,
)
from tests.browser.kit.looks import SCHEMES, WIDTHS, keep_picture, open_screen
from tests.browser.kit.proxied import (
    ORIGIN,
    PATIENCE_SECONDS,
    PUBLIC,
    SESSION_COOKIE,
    Site,
    find_nginx,
    serving_replicas,
)
from tests.browser.kit.serving import LIVE_APP_ID, LIVE_APP_SECRET
from tests.present import tell_servers_time
from tests.sandbox_faults import create_faulty_sandbox
from tests.sign_in_service import ANN
from tests.waiting import wait_until

OLGA, VERA = "olga@agency.example", "vera@agency.example"
LEAVES_WITHIN = 3.0  # seconds
BUSY = 2.0  # that a busy machine takes to press and to show
SIGN_IN = re.compile(rf"^{ORIGIN}/signin(\?|$)")


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both replicas, and one person of each role. No test counts on coming before another."""
    find_nginx()
    facebook = create_faulty_sandbox(
        app_id=LIVE_APP_ID,
        app_secret=LIVE_APP_SECRET,
        redirect_uri=f"{ORIGIN}/connect",
        real_now=lambda: datetime.now(UTC),
    )
    with (
        serve_sandbox(facebook) as url,
        serving_replicas(serve, tmp_path_factory.mktemp("nginx"), url) as site,
    ):
        with site.writing() as session:
            roles: dict[str, Role] = {ANN: "admin", OLGA: "operator", VERA: "viewer"}
            for address, role in roles.items():
                let_in(session, address, role, tell_servers_time(), by=THIS_COMPUTER)
        yield site


@pytest.fixture(scope="module")
def chromium(chromium: Browser, site: Site) -> Iterator[Browser]:
    """A Chromium for which the public name leads to nginx, and its certificate is good."""
    names = f"MAP {PUBLIC} 127.0.0.1:{site.port}, {NAMES}"
    # For a context alone ("ignore_https_errors") each connection is made again, at times too often.
    browser = launch(chromium.browser_type, names, "--ignore-certificate-errors")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def connected(site: Site, chromium: Browser) -> Site:
    """The site with Anna's 57 Pages, which Olga has connected."""
    opened = Browsers(chromium)
    try:
        page = enter(opened, OLGA, "/connect")
        trips.travel(page)
        trips.save(page)
    finally:
        opened.close()
    return site


def open_tab(browsers: Browsers) -> Page:
    """A tab of a new browser."""
    page = browsers.open()
    # What a tab says that is led away from an open screen, or meets a screen of another role.
    browsers.watches[-1].forgiven += ["401 (Unauthorized)"]
    return page


def sign_in_there(page: Page, address: str) -> None:
    """Sign in on the page of the sign-in service."""
    expect(page.get_by_role("heading", name="Sign-in service")).to_be_visible()
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Sign in").click()


def enter(browsers: Browsers, address: str, path: str = "/activity") -> Page:
    """A tab of a new browser where somebody is signed in, at this screen."""
    page = open_tab(browsers)
    page.goto(f"{ORIGIN}{path}")
    page.get_by_role("link", name="Sign in").click()
    sign_in_there(page, address)
    page.wait_for_url(f"{ORIGIN}{path}")
    settle(page)
    return page


def move_to(page: Page, replica: str) -> None:
    """Have whatever this browser opens next be of this replica."""
    page.context.add_cookies([{"name": "pagekeeper_replica", "value": replica, "url": ORIGIN}])


def silence(page: Page) -> None:
    """Have the tab send nothing more; by itself it asks every few seconds."""
    page.evaluate("WebSocket.prototype.send = () => undefined")


def act(site: Site, change: Callable[[Session, int, datetime], object], address: str) -> float:
    """Do something to a person, as the command line does; return when (monotonic seconds)."""
    with site.writing() as session:
        person_id = find_by_address(session, address)
        assert person_id is not None
        change(session, person_id, tell_servers_time())
    return time.monotonic()


def expect_to_leave(pages: list[Page], since: float) -> None:
    """Each tab is on the page that asks to sign in, within the time."""
    for page in pages:
        left_ms = max(1.0, (since + LEAVES_WITHIN + BUSY - time.monotonic()) * 1000)
        page.wait_for_url(SIGN_IN, wait_until="commit", timeout=left_ms)
    for page in pages:
        expect(page.get_by_text("You are signed out here")).to_be_visible()


def test_a_deep_link_leads_through_the_sign_in_and_back(site: Site, browsers: Browsers) -> None:
    page = open_tab(browsers)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(f"{ORIGIN}/compare?period=7d")
    expect(page.get_by_role("heading", name="Sign in to Pagekeeper")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    sign_in_there(page, ANN)
    # The screen itself takes what it does not know out of its address.
    page.wait_for_url(re.compile(rf"^{ORIGIN}/compare"))
    settle(page)
    assert asked.count(f"{ORIGIN}/compare?period=7d") == 2
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(ORIGIN)}
    assert cookies[SESSION_COOKIE]["httpOnly"]
    assert cookies[SESSION_COOKIE]["domain"] == PUBLIC
    assert all(cookie["secure"] for name, cookie in cookies.items() if name[0] != "_"), cookies
    addresses = page.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert not [each for each in addresses if each.startswith("http:")]
    theirs = (site.service.url, f"{ORIGIN}/", "data:", "blob:")
    assert not [url for url in asked if not url.startswith(theirs)]
    # The other replica takes the same session, and when one ends its tabs move to the other.
    for replica in site.replicas:
        move_to(page, replica)
        visit(page, f"{ORIGIN}/activity")
        expect_title(page, "Activity")


def test_a_tab_whose_replica_ends_goes_on_at_the_other_signed_in(
    site: Site, browsers: Browsers
) -> None:
    page = enter(browsers, VERA)
    move_to(page, "a")
    visit(page, f"{ORIGIN}/activity")
    site.replicas["a"].stop()
    try:
        expect(page.get_by_text(wording.RECONNECTED)).to_be_visible()
        settle(page)
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    finally:
        site.replicas["a"].start()


def test_signing_out_leaves_in_every_tab_of_this_browser_only(
    connected: Site, browsers: Browsers
) -> None:
    site = connected
    wait_for_both(site)
    page, elsewhere = enter(browsers, VERA), enter(browsers, VERA)
    silent = page.context.new_page()
    for tab, replica in ((page, "a"), (silent, "b")):
        move_to(tab, replica)
        visit(tab, ORIGIN)
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    silence(silent)
    secret = secret_of(page)
    press_in_account_menu(page, "sign-out")
    expect_to_leave([page, silent], time.monotonic())
    # Back shows nothing of what stood there.
    page.go_back(wait_until="commit")
    page.wait_for_url(SIGN_IN)
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    assert site.stranger(**{SESSION_COOKIE: secret}).ask("/").status_code == 401
    visit(elsewhere, f"{ORIGIN}/compare")
    # Everywhere is everywhere.
    back_again = enter(browsers, VERA)
    press_in_account_menu(elsewhere, "sign-out-everywhere")
    expect_to_leave([elsewhere, back_again], time.monotonic())


def test_who_is_removed_is_out_with_a_tab_that_lies_idle(site: Site, browsers: Browsers) -> None:
    rita = "rita@agency.example"
    with site.writing() as session:
        let_in(session, rita, "operator", tell_servers_time(), by=THIS_COMPUTER)
    page = enter(browsers, rita, "/imports")
    silence(page)
    expect_to_leave([page], act(site, take_away, rita))
    page.get_by_role("link", name="Sign in").click()
    sign_in_there(page, rita)
    expect(page.get_by_text("Your access was taken away")).to_be_visible()
    assert SESSION_COOKIE not in {cookie["name"] for cookie in page.context.cookies(ORIGIN)}


def test_a_changed_role_reloads_the_tab_at_its_screen_with_the_new_rights(
    site: Site, browsers: Browsers
) -> None:
    uma = "uma@agency.example"
    with site.writing() as session:
        let_in(session, uma, "operator", tell_servers_time(), by=THIS_COMPUTER)
    page = enter(browsers, uma, "/imports")
    expect_title(page, "Past figures")
    refusal = wording.needs_role("operator").title
    changes: dict[Role, str] = {"viewer": refusal, "admin": "Past figures"}
    for role, title in changes.items():
        with page.expect_event("framenavigated", timeout=(LEAVES_WITHIN + BUSY) * 1000):
            act(site, give(role), uma)
        expect(page).to_have_url(f"{ORIGIN}/imports")
        expect(page.get_by_test_id("stMain").get_by_text(title).first).to_be_visible()
        settle(page)


@pytest.mark.parametrize(
    ("address", "role"), [(VERA, "viewer"), (OLGA, "operator"), (ANN, "admin")]
)
def test_each_role_finds_its_screens_and_a_sentence_on_the_others(
    connected: Site, browsers: Browsers, address: str, role: Role
) -> None:
    page = enter(browsers, address)
    person = Person("somebody", role)
    links = page.get_by_role("navigation", name="App pages").get_by_role("link")
    shown = set(links.evaluate_all("links => links.map(link => link.pathname)"))
    assert shown == {
        "/" if screen.is_default else f"/{screen.name}"
        for screen in SCREENS
        if not screen.is_hidden and person.may(screen.role)
    }
    for screen in SCREENS:
        open_screen(page, f"{ORIGIN}/" if screen.is_default else f"{ORIGIN}/{screen.name}")
        is_refused = wording.needs_role(screen.role).title in words(page)
        assert is_refused != person.may(screen.role), screen.name
        expect(page).to_have_title(re.compile(r"Pagekeeper$"))


def test_a_session_that_ends_during_a_trip_to_facebook(site: Site, browsers: Browsers) -> None:
    page = enter(browsers, OLGA, "/connect")
    trips.set_out(page)
    act(site, leave_everywhere, OLGA)
    watch = browsers.watches[-1]
    watch.addresses.clear()
    page.get_by_role("link", name="Continue", exact=True).click()
    page.wait_for_url(SIGN_IN)
    returned, _ = watch.addresses[-2:]
    assert returned.startswith(f"{ORIGIN}/connect?")
    (code,) = parse_qs(urlsplit(returned).query)["code"]
    page.get_by_role("link", name="Sign in").click()
    sign_in_there(page, OLGA)
    expect_title(page, "Connect your Facebook Pages")
    assert page.url == f"{ORIGIN}/connect"
    assert [each for each in watch.addresses if code in each] == [returned]
    logs = [replica.log for replica in site.replicas.values()]
    assert not [log for log in (*logs, site.access_log) if code in log]
    page.go_back()
    assert code not in page.url


def test_a_browser_without_cookies_is_told(site: Site, browsers: Browsers) -> None:
    page = open_tab(browsers)
    page.goto(ORIGIN)
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{site.service.url}/**")
    page.context.clear_cookies()  # which is what the server sees of a browser that keeps none
    sign_in_there(page, ANN)
    expect(page.get_by_text("Does this browser refuse cookies?")).to_be_visible()
    assert "code=" not in page.url


def test_the_page_that_asks_to_sign_in_fits_any_screen(site: Site, browsers: Browsers) -> None:
    page = open_tab(browsers)
    for why in ("", *WHY, *REFUSALS):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{ORIGIN}/signin?why={why}")
            wide = "document.documentElement.scrollWidth > innerWidth"
            assert not page.evaluate(wide), (why, width)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                keep_picture(page, f"sign-in-{why or 'welcome'}-{scheme}-{width}")


def wait_for_both(site: Site) -> None:
    """Wait until nginx asks both replicas: after one was away it waits for some seconds."""

    def is_asked(replica: str) -> bool:
        visitor = site.stranger(pagekeeper_replica=replica)
        visitor.ask("/signin")
        return visitor.replica == replica

    wait_until(lambda: all(map(is_asked, site.replicas)), PATIENCE_SECONDS)


def press_in_account_menu(page: Page, key: str) -> None:
    """Press one of the two ways out."""
    open_popover(page, "own-account", "own-account-open")
    button(page, key).click()


def secret_of(page: Page) -> str:
    """What this browser holds of its session."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(ORIGIN)}
    return cookies[SESSION_COOKIE]


def leave_everywhere(session: Session, person_id: int, now: datetime) -> None:
    assert sign_out_everywhere(session, person_id, now, by=THIS_COMPUTER)


def take_away(session: Session, person_id: int, now: datetime) -> None:
    remove(session, person_id, now, by=THIS_COMPUTER)


def give(role: Role) -> Callable[[Session, int, datetime], None]:
    def change(session: Session, person_id: int, now: datetime) -> None:
        change_role(session, person_id, role, now, by=THIS_COMPUTER)

    return change
