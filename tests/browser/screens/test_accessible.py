"""Every screen against axe-core's rules, in both schemes, and what the console says meanwhile.

What stays, since it is Streamlit's own, is a list with reasons. It is held from both sides: what is
found and not listed fails, and so does what is listed and not found any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import requests
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Locator, Page, ViewportSize, expect

from tests.browser.conftest import Serve
from tests.browser.kit import trips
from tests.browser.kit.browsing import (
    TALL,
    WIDTH,
    NewPage,
    button,
    by_key,
    expect_soon,
    expect_title,
    settle,
    upload,
    visit,
)
from tests.browser.kit.furnishing import (
    LAST_DAY,
    find_the_key,
    furnish,
    give_server_posts,
    lose_the_key,
    page_id_of,
)
from tests.browser.kit.grids import pages_table
from tests.browser.kit.looks import Scheme, look_at_widths, open_screen, show_scheme
from tests.browser.kit.serving import Server
from tests.browser.kit.stored import LARGEST

SECOND_LOOK_MS = 1500
# What axe leaves out: what keeps the rules, and the styles that it would fetch once more.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
RUN = """([part, options]) => axe.run(part ?? document, options).then(
    found => found.violations.flatMap(each => each.nodes.map(node => [each.id, node.html])))"""
COLOURS = {"runOnly": ["color-contrast"]}
SHAPES = {"rules": {"color-contrast": {"enabled": False}}}
POPOVER = "[data-testid=stPopoverBody]"
DIALOG = "[role=dialog]"
LIST = "[role=listbox]"
MENU = "[role=menu]"
SMALLEST = "SELECT page_id FROM snapshots WHERE fans_count IS NOT NULL ORDER BY fans_count LIMIT 1"
ONE_POST = "SELECT post_id FROM post_checkpoints WHERE age_days = 28 ORDER BY post_id LIMIT 1"
ARCHIVED = "SELECT id FROM pages WHERE archived_at IS NOT NULL"
PHONE: ViewportSize = {"width": 390, "height": TALL}
DESK: ViewportSize = {"width": WIDTH, "height": TALL}


@dataclass(frozen=True)
class Listed:
    """What stays: a rule or a kind of message, a regular expression of where, and why."""

    rule: str
    where: str
    why: str


FINDINGS = [
    Listed(
        "empty-table-header",
        r'^<th role="columnheader"[^>]*></th>$',
        "Columns of pictures and of buttons are too narrow for a heading: their cells say it.",
    ),
    Listed(
        "landmark-unique",
        r'aria-label="Pagination"',
        "Streamlit calls all page numbers alike; Activity has those of refreshes and of events.",
    ),
    Listed(
        "presentation-role-conflict",
        r'data-testid="stFileUploaderDropzone"',
        "Streamlit gives its box for files a name and calls it a mere decoration.",
    ),
]
CONSOLE = [
    Listed(
        "error",
        r"status of 404 .*/[a-z]+/_stcore/(health|host-config)$",
        "On a deep link Streamlit's front end looks for its server below that address first. It "
        "would stay with whatever answers there, so nothing does.",
    ),
]


@dataclass
class Walk:
    """What was found on all screens: rules with elements, and kinds with messages."""

    page: Page
    scheme: Scheme = "light"
    findings: list[tuple[str, str]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)

    def look(self, url: str, *, is_plain: bool = False) -> None:
        """Look at the screen at ``url`` in both schemes; a plain one has no colours of its own."""
        if is_plain:
            self.show("light")
        open_screen(self.page, url)
        if is_plain:
            self._run()
        else:
            self.look_here()

    def look_here(self) -> None:
        """Look at what stands there; in the dark at its colours alone.

        The scheme in which the screen stands comes first: each change is a run of the server.
        """
        self._run()
        self.show("dark" if self.scheme == "light" else "light")
        self._run()

    def show(self, scheme: Scheme) -> None:
        """Let the screen be light or dark."""
        if scheme != self.scheme:
            show_scheme(self.page, scheme)
            self.scheme = scheme

    def look_at_widths(self, name: str) -> None:
        """Look whether the screen is whole at each width, and keep it as a picture if asked to."""
        look_at_widths(self.page, f"{name}-{self.scheme}")
        self.page.set_viewport_size(DESK)

    def look_narrowly(self) -> None:
        """Look at the screen as a phone shows it; colours are those of the wide one."""
        self.page.set_viewport_size(PHONE)
        self._run(None, SHAPES)
        self.page.set_viewport_size(DESK)

    def open_popover(self, key: str, inside: str | None = None) -> None:
        """Press the button of a popover; look at what opens in this scheme, and close it.

        What is folded ``inside`` it is opened, too.
        """
        by_key(self.page, key).get_by_test_id("stPopoverButton").click()
        # What is in it comes with a run of its own.
        expect(
            self.page.locator(POPOVER).get_by_test_id("stElementContainer").first
        ).to_be_visible()
        settle(self.page)
        if inside is not None:
            by_key(self.page, inside).locator("summary").click()
        self.look_at(POPOVER)
        self.close(POPOVER)

    def open_dialog(self, button: Locator) -> None:
        """Press a button that asks back; look at the dialog in this scheme, and close it."""
        button.click()
        expect(self.page.locator(DIALOG).get_by_role("button").last).to_be_visible()
        self.look_at(DIALOG)
        self.close(DIALOG)

    def look_at(self, part: str) -> None:
        """Look at a part of the screen in this scheme."""
        self._run(part)

    def close(self, part: str) -> None:
        """Close what lies over the screen."""
        self.page.keyboard.press("Escape")
        expect(self.page.locator(part)).to_have_count(0)
        settle(self.page)

    def _run(self, part: str | None = None, options: Mapping[str, object] | None = None) -> None:
        if options is None:
            options = {} if self.scheme == "light" else COLOURS
        found = find_violations(self.page, part, options)
        if differences(found, FINDINGS, gone=False):
            self.page.wait_for_timeout(SECOND_LOOK_MS)  # a run may have been under way
            found = find_violations(self.page, part, options)
        self.findings += found

    def check(self, *, gone: bool = False) -> None:
        """Fail when something was found that is not listed, or, with ``gone``, was not found."""
        wrong = differences(self.findings, FINDINGS, gone=gone)
        wrong += differences(self.messages, CONSOLE, gone=gone)
        assert not wrong, "\n".join(wrong)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep a message that is more than a remark."""
        if message.type in ("error", "warning"):
            self.messages.append((message.type, f"{message.text} {message.location['url']}"))


@pytest.fixture
def walk(new_page: NewPage) -> Walk:
    """A browser as wide as a desk's, in which nothing moves."""
    walk = Walk(new_page(viewport=DESK, reduced_motion="reduce"))
    walk.page.on("console", walk.hear)
    return walk


@pytest.fixture(scope="module")
def used(serve: Serve, full: Server) -> Iterator[Server]:
    """A sandbox with all that operators add: tests that use it only look."""
    with serve(data_of=full) as server:
        furnish(server)
        use(server)
        give_server_posts(server)
        yield server


def test_nothing_yet(walk: Walk, empty: Server) -> None:
    """The way to the preview; nothing is saved."""
    for path in ("connect", ""):
        walk.look(f"{empty.url}/{path}")
    trips.travel(walk.page)
    walk.look_here()
    walk.check()


def test_every_screen(walk: Walk, used: Server) -> None:
    """Also as narrow as on a phone; all that is listed is found here."""
    server = used
    page_id = page_id_of(server)
    ids = ",".join(page_id for page_id, _ in server.query(LARGEST))
    for path in (
        "",
        "connections",
        "setup",
        f"page?id={page_id}&forecast=true",
        f"compare?ids={ids}",
        "posts",
        f"posts?post={server.query(ONE_POST)[0]}",
        "imports",
    ):
        walk.look(f"{server.url}/{path}")
        walk.look_narrowly()
    for path in (
        "activity",
        "?show=Needs+attention&view=Daily+change&period=90+days",
        "compare",
    ):
        walk.look(f"{server.url}/{path}")
    for path in ("?q=caf", "page?id=1"):
        walk.look(f"{server.url}/{path}", is_plain=True)
    walk.check(gone=True)


def test_what_opens_on_overview(walk: Walk, used: Server) -> None:
    """Its popovers, and the dialog that asks back; in the dark what has colours of its own."""
    page = walk.page
    visit(page, used.url)
    for key in ("sandbox-strip", "copy-link", "digest-copy", "columns-box"):
        walk.open_popover(key)
    walk.open_popover("export", "report-heading")
    walk.open_popover("tags-bulk", "tag-manage")
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        walk.show(scheme)
        for key in ("views", "filter", "notes-overview", "digest-attention"):
            walk.open_popover(key)
    pages_table(page).tick(1)
    expect(by_key(page, "ticked-archive")).to_be_visible()
    settle(page)
    walk.look_at(".st-key-ticked-bar")
    walk.open_dialog(button(page, "ticked-archive"))
    walk.show("light")
    walk.look_at(".st-key-ticked-bar")
    walk.check()


def test_what_opens_on_a_page(walk: Walk, used: Server) -> None:
    """Its popovers and dialogs, the form for a note on a day, and what an archived one says."""
    page = walk.page
    visit(page, f"{used.url}/page?id={used.query(ARCHIVED)[0]}")
    walk.look_at(".st-key-archived-line")
    visit(page, f"{used.url}/page?id={page_id_of(used)}&day={used.query(LAST_DAY)[0]}")
    walk.look_at(".st-key-day-panel")
    for key in ("tags-page", "notes-page", "day-note-0", "goal", "export"):
        walk.open_popover(key)
    for key in ("archive-page", "erase-page"):
        walk.open_dialog(button(page, key))
    walk.check()


def test_what_opens_elsewhere(walk: Walk, used: Server) -> None:
    """Menus and dialogs of Compare, Connections and Imports; a file before its import."""
    page, page_id, server = walk.page, page_id_of(used), used
    visit(page, f"{server.url}/compare?ids={page_id}")
    by_key(page, "compare-picker").get_by_role("combobox").click()
    walk.look_at(LIST)
    walk.close(LIST)
    open_screen(page, f"{server.url}/connections")
    more = page.get_by_role("button", name="More", exact=True)
    more.click()
    walk.look_at(MENU)
    walk.close(MENU)
    for action in ("Disconnect…", "Erase…"):
        more.click()
        walk.open_dialog(page.get_by_role("menuitem", name=action))
    visit(page, f"{server.url}/imports")
    walk.open_dialog(page.get_by_role("button", name="Undo…"))
    upload(page, "old.csv", f"page_id,date,fans\n{page_id},2024-02-01,40000\nnobody,x,1\n")
    expect(by_key(page, "import")).to_be_visible()
    walk.look_here()
    button(page, "change-columns").click()
    expect(by_key(page, "change-columns")).to_have_count(0)
    walk.look_here()
    walk.check()


def test_warnings(walk: Walk, serve: Serve, full: Server) -> None:
    """A dialog, a channel that fails, switches, and the calendar's address, which is read."""
    page = walk.page
    with serve(data_of=full) as server:
        visit(page, f"{server.url}/setup")
        walk.open_dialog(button(page, "warnings-email-set"))
        button(page, "warnings-slack-set").click()
        page.get_by_label("Its address", exact=True).fill("https://10.0.0.1/services/s3cret")
        button(page, "warnings-save").click()
        button(page, "warnings-slack-test").click()
        expect(page.get_by_text("the server is within your own network")).to_be_visible()
        page.get_by_text("A goal that was missed").click()
        expect_soon(page, lambda: server.query("SELECT topic FROM warning_topics"), ["goal_missed"])
        button(page, "warnings-feed").click()
        address = by_key(page, "warnings-calendar").locator("code").inner_text()
        walk.look(f"{server.url}/setup")
        walk.look_narrowly()
        answer = requests.get(address, timeout=20)
        assert answer.headers["content-type"].startswith("text/calendar")
        assert answer.text.count("BEGIN:VEVENT") == 2
        page.get_by_role("button", name="Revoke address 1").click()
        expect_soon(page, lambda: server.query("SELECT * FROM calendar_feeds"), [])
        assert requests.get(address, timeout=20).status_code == 404
        for secret in ("s3cret", address.rpartition("/")[2]):
            assert secret not in server.log
    walk.check()


def test_trouble_and_the_first_day(walk: Walk, serve: Serve, full: Server) -> None:
    """The wrong encryption key, an account whose password was changed, and figures of one day."""
    page = walk.page
    with serve(data_of=full, prepare=lose_the_key) as server:
        sealed = server.query("SELECT page_id, sealed_page_token FROM page_grants")
        walk.look(server.url + "/", is_plain=True)  # its badge is that of the dead account
        expect(page.get_by_text("The stored access can't be opened").first).to_be_visible()
        walk.look_at_widths("wrong-key-overview")
        walk.look(f"{server.url}/connections", is_plain=True)
        walk.look_at_widths("wrong-key-connections")
        page.goto(f"{server.url}/oauth/start")
        expect_title(page, "Setup")
        walk.look_here()
        assert server.query("SELECT page_id, sealed_page_token FROM page_grants") == sealed
        page.goto("about:blank")  # an open screen would complain that its server has gone
        find_the_key(server, full)
        server.change(
            "UPDATE grants SET status = 'needs_renewal', reason_code = 190, reason_subcode = 460"
        )
        screen_of_page = f"{server.url}/page?id={page_id_of(server)}"
        walk.look(server.url + "/")
        walk.look_at_widths("dead-overview")
        walk.look(screen_of_page, is_plain=True)
        expect(page.get_by_text("password was changed and ended this access")).to_be_visible()
        walk.look_at_widths("dead-page")
        walk.look(f"{server.url}/connections")
        walk.look_at_widths("dead-connections")
        server.change("UPDATE grants SET status = 'ok', reason_code = NULL, reason_subcode = NULL")
        server.change("DELETE FROM snapshots WHERE day < ?", server.query(LAST_DAY)[0])
        walk.look(server.url + "/")
        expect(page.get_by_text("The chart begins today")).to_be_visible()
        walk.look_at_widths("first-day-overview")
        walk.look(screen_of_page, is_plain=True)
        expect(page.get_by_text("the first change shows")).to_be_visible()
        walk.look_at_widths("first-day-page")
    walk.check()


def use(server: Server) -> None:
    """Leave behind a saved view, an import, and an archived Page."""
    server.change(
        "INSERT INTO saved_views (name, name_folded, query, created_at, by) "
        "SELECT 'Mondays', 'mondays', 'period=90+days', created_at, 'this computer' FROM grants"
    )
    server.change(
        "INSERT INTO imports (file_name, imported_at, by, new_count, equal_count, "
        "conflicting_count, refused_count) "
        "SELECT 'old figures.csv', created_at, 'this computer', 30, 0, 1, 1 FROM grants"
    )
    server.change(f"UPDATE pages SET archived_at = first_seen_at WHERE id IN ({SMALLEST})")


def find_violations(
    page: Page, part: str | None, options: Mapping[str, object]
) -> list[tuple[str, str]]:
    """The rules that the screen breaks as it stands, or a part of it, each with an element."""
    settle(page)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [(rule, html) for rule, html in page.evaluate(RUN, [part, {**OPTIONS, **options}])]


def differences(
    found: Iterable[tuple[str, str]], listed: Sequence[Listed], *, gone: bool = True
) -> list[str]:
    """What is found and not listed, and, unless ``gone`` is false, what is listed and not found."""

    def is_of(each: Listed, rule: str, where: str) -> bool:
        return each.rule == rule and re.search(each.where, where) is not None

    found = sorted(set(found))
    new = [
        f"not listed: {rule}: {where[:300]}"
        for rule, where in found
        if not any(is_of(each, rule, where) for each in listed)
    ]
    missing = [
        f"listed, but gone: {each.rule}: {each.where}"
        for each in listed
        if gone and not any(is_of(each, *one) for one in found)
    ]
    return new + missing
