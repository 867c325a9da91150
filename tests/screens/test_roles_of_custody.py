"""Roles on Connections, Connect, Past figures, Setup and the strip: all that each may press."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from streamlit.errors import FragmentHandledException
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Node

from fb.accounts import erase
from fb.graph.pages import ListedPage
from fb.login import preview as login_preview
from fb.login.attempt import LoginResult, cookie_name
from fb.login.preview import AttemptView
from fb.login.start import StartedAttempt, start_attempt
from fb.sandbox_secrets import SANDBOX_SECRETS_FILE
from fb.warnings import calendar_feed, sender
from fb.warnings.webhook import SlackSettings
from pages.connections import OPERATORS_CONNECT
from pages.text import wording
from pages.text.warning_text import TOPICS
from pages.ui import signed_in
from pages.ui.sandbox_strip import CONTROLS
from storage.accounts.allowances import allow, count_handout
from storage.accounts.attempts import store_result
from storage.accounts.keys import KeyReport
from storage.accounts.page_moves import remember_move
from storage.accounts.pages import PageReport
from storage.csv_import.importer import add_import
from storage.csv_import.plan import ImportCounts
from storage.figures.moved_history import take_along
from storage.jobs.observations import observe_graph
from storage.models import Attempt, PersonRow
from storage.models.base import Base
from storage.people.person import THIS_COMPUTER, NotAllowed, Person, Role
from storage.sign_in.people import let_in
from storage.warnings.feeds import list_feeds
from tests.integration.storage_rows import facts_of
from tests.screens.conftest import NOW, SIGN_IN, Stage, open_dialog, words_of
from tests.screens.figures import TODAY, connect, give_page
from tests.screens.test_connect import make_page, make_preview, ready
from tests.screens.test_imports import FILE, upload
from tests.screens.test_setup import LIVE

BOT, MESSAGES = "messenger-bot", "pages_messaging"
ENDED = {"status": "needs_renewal", "reason_code": 190, "reason_subcode": 460}
PASSWORD = "password was changed"
LINK = re.compile(r'<a class="pk-link[^"]*" href="([^"]*)">([^<]*)</a>')


# What is drawn


def controls_in(nodes: Iterator[Node]) -> list[str]:
    """Everything among these that somebody can press, choose or fill in, in order.

    Streamlit gives each such element an id. Links to Facebook are HTML.
    """
    controls = []
    for node in nodes:
        proto: Any = getattr(node, "proto", None)
        if isinstance(node, Block):
            if node.type == "popover" and proto.id:
                controls.append(f"popover {node.key}")
        elif node.type == "html":
            found = LINK.findall(html.unescape(node.value))
            controls += [f"{href} {label}" for href, label in found]
        elif node.type == "menu_button":
            controls.append(f"menu {', '.join(node.options)}")
        elif node.type == "page_link":
            controls.append(f"screen {node.label}")
        elif getattr(proto, "id", ""):
            controls.append(f"{node.type} {getattr(proto, 'label', '')}".strip())
    return controls


def controls_of(at: AppTest) -> list[str]:
    """The controls of a screen, from its title on: what is above belongs to the frame."""
    nodes = iter(at._tree)
    assert any(node.type == "title" for node in nodes)
    return controls_in(nodes)


def controls_under(at: AppTest, key: str) -> list[str]:
    """The controls in the container with this key."""
    (block,) = (
        node for node in at._tree if getattr(node, "proto", None) is not None and node.key == key
    )
    return controls_in(iter(block))


@dataclass
class Shop:
    """Accounts in each state, Pages, a program, and what it was refused."""

    stage: Stage
    anna: int
    ben: int


@pytest.fixture
def shop(stage: Stage) -> Shop:
    stage.sign_in("admin")
    anna, ben = connect(stage, "Anna", id=1), connect(stage, "Ben", id=2, status="frozen")
    connect(stage, "Cleo", id=3, **ENDED)
    connect(stage, "Dora", id=4, status="disconnected")
    for id, name, grant_id in (
        ("1", "Optik Keller", anna),
        ("2", "Zoo", ben),
        ("3", "Gym", 3),
        ("104", "Café", anna),
        ("204", "Café", anna),
    ):
        figures = {} if id == "204" else {TODAY: 100}
        give_page(stage, id, figures, name=name, grant_id=grant_id)
    with stage.installation.database.writing() as session:
        remember_move(session, "104", "204", NOW)
        allow(session, BOT, MESSAGES, NOW, page_id="1", by=THIS_COMPUTER)
        count_handout(session, BOT, MESSAGES, "2", NOW, is_refused=True)
    return Shop(stage, anna, ben)


OF_OPERATORS = [
    "/oauth/start Connect another account",
    "text_input Where is my Page?",
    "/oauth/start?renew=3 Renew",
    "menu Check now, Disconnect…",
    "/oauth/start?renew=1 Renew",
    "menu Check now, Freeze, Disconnect…",
    "/oauth/start?renew=2 Renew",
    "menu Check now, Unfreeze, Disconnect…",
    "/oauth/start?renew=4 Connect again",
]
OF_ADMINS = [
    "/oauth/start Connect another account",
    "text_input Where is my Page?",
    "/oauth/start?renew=3 Renew",
    "menu Check now, Disconnect…, Erase…",
    "/oauth/start?renew=1 Renew",
    "menu Check now, Freeze, Disconnect…, Erase…",
    "/oauth/start?renew=2 Renew",
    "menu Check now, Unfreeze, Disconnect…, Erase…",
    "/oauth/start?renew=4 Connect again",
    "menu Erase…",
    "popover allow-program-0",
    "button Withdraw",
    "button Allow",
]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", ["text_input Where is my Page?"]),
        ("operator", OF_OPERATORS),
        ("admin", OF_ADMINS),
    ],
)
def test_connections_draws_what_the_role_may_do(
    shop: Shop, role: Role, expected: list[str]
) -> None:
    shop.stage.sign_in(role)
    at = shop.stage.open("connections")
    assert controls_of(at) == expected
    said = words_of(at)
    is_viewer = role == "viewer"
    assert (OPERATORS_CONNECT in said) == is_viewer
    assert (PASSWORD in said) != is_viewer
    assert "Facebook no longer accepts Cleo's access." in said or not is_viewer
    assert ("Programs" in said) != is_viewer
    assert bool(at.expander) != is_viewer


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_without_an_account_only_operators_are_led_to_facebook(stage: Stage, role: Role) -> None:
    stage.sign_in(role)
    at = stage.open("connections")
    link = "/oauth/start Connect Facebook Pages"
    assert controls_of(at) == ([] if role == "viewer" else [link])
    assert "No Facebook account is connected yet." in words_of(at)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", {"1": ["button Open"], "2": [], "3": [], "104": []}),
        (
            "operator",
            {
                "1": ["button Open"],
                "2": ["button Unfreeze"],
                "3": ["/oauth/start?renew=3 Renew"],
                "104": ["button Take along…"],
            },
        ),
    ],
)
def test_the_search_offers_what_the_role_may_do(
    shop: Shop, role: Role, expected: dict[str, list[str]]
) -> None:
    shop.stage.sign_in(role)
    at = shop.stage.open("connections")
    for page_id, controls in expected.items():
        at.text_input(key="page-search").set_value(page_id).run()
        assert controls_under(at, "page-search-rows") == controls, page_id
        assert role == "operator" or PASSWORD not in words_of(at)


@pytest.mark.parametrize(
    ("role", "choices"), [("operator", ["disconnect-what"]), ("admin", ["what", "history"])]
)
def test_only_administrators_may_erase_what_they_disconnect(
    shop: Shop, role: Role, choices: list[str]
) -> None:
    shop.stage.sign_in(role)
    at = shop.stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    keys = [f"disconnect-{name.removeprefix('disconnect-')}" for name in choices]
    assert [radio.key for radio in at.radio] == keys


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_more_accounts_than_cards_are_a_table_to_choose_from(stage: Stage, role: Role) -> None:
    stage.sign_in(role)
    for number in range(1, 12):
        connect(stage, f"Account {number:02}", id=number)
    at = stage.open("connections")
    controls = controls_of(at)
    assert "dataframe" in controls
    assert ("renew it or disconnect it" in words_of(at)) == (role != "viewer")
    if role == "viewer":
        assert controls == ["text_input Where is my Page?", "dataframe"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_taking_a_history_along_and_undoing_it_is_for_operators(shop: Shop, role: Role) -> None:
    shop.stage.sign_in(role)
    keys = {button.key for button in shop.stage.open("page", {"id": "104"}).button}
    assert ("moved-take-104" in keys) == (role == "operator")
    with shop.stage.installation.database.writing() as session:
        take_along(session, "104", NOW, by=THIS_COMPUTER)
    keys = {button.key for button in shop.stage.open("page", {"id": "104"}).button}
    assert "moved-open-104" in keys
    assert ("moved-undo-104" in keys) == (role == "operator")


SAVING = [
    "button Tick all",
    "button Untick all",
    "dataframe",
    "screen A Page is missing? See where it is",
    "button Save 1 Page",
    "/oauth/start Open Facebook's page chooser again",
    "button Discard",
]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_a_preview_is_saved_or_discarded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    view = ready(make_preview(make_page(1)))
    monkeypatch.setattr(login_preview, "get_view", lambda *_, **__: view)
    stage.sign_in(role)
    assert controls_of(stage.open("connect", {"attempt": "a" * 32})) == SAVING


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_connect_without_an_answer_leads_to_facebook(stage: Stage, role: Role) -> None:
    stage.sign_in(role)
    assert controls_of(stage.open("connect")) == ["/oauth/start Connect Facebook Pages"]


def test_an_attempt_of_somebody_else_is_said_and_offers_a_new_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = AttemptView("other_person")
    monkeypatch.setattr(login_preview, "get_view", lambda *_, **__: view)
    stage.sign_in("operator")
    at = stage.open("connect", {"attempt": "a" * 32})
    assert [title.value for title in at.title] == ["Somebody else began this"]
    assert controls_of(at) == ["/oauth/start Start again"]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_past_figures_are_for_operators_and_administrators(shop: Shop, role: Role) -> None:
    with shop.stage.installation.database.writing() as session:
        add_import(session, "old.csv", ImportCounts(1, 0, 0, 0), NOW, by=THIS_COMPUTER)
    shop.stage.sign_in(role)
    at = shop.stage.open("imports")
    assert controls_of(at) == ["file_uploader File of past figures", "button Undo…"]
    assert controls_of(upload(at, FILE)) == [
        "file_uploader File of past figures",
        "button Import 2 days",
        "button Change the columns…",
        "download_button Download 1 row",
        "download_button Download 2 rows",
        "button Undo…",
    ]


@pytest.mark.parametrize("screen", ["connect", "imports", "setup"])
def test_a_viewer_who_types_the_address_is_told_the_role(stage: Stage, screen: str) -> None:
    stage.sign_in("viewer")
    at = stage.open(screen)
    assert "It takes the role operator." in words_of(at)
    assert controls_of(at) == ["button Go to Overview"]


@pytest.mark.parametrize(
    ("role", "left_out"), [("viewer", ["Setup", "Past figures"]), ("operator", [])]
)
def test_a_wrong_address_leads_to_screens_of_the_role(
    stage: Stage, role: Role, left_out: list[str]
) -> None:
    stage.sign_in(role)
    controls = controls_of(stage.open("unknown", {"address": "/past-figures"}))
    assert {"screen Setup", "screen Past figures"} - {*controls} == {
        f"screen {x}" for x in left_out
    }


# Setup

WARNINGS = [
    "button Set up e-mail…",
    "button Set up webhook…",
    "button Change Slack…",
    "button Test Slack",
    "button Remove Slack",
]
ALL_OF_SETUP = [
    "button Fetch now",
    "screen Import past figures",
    *WARNINGS,
    *(f"toggle {title}" for title, _ in TOPICS.values()),
    "button Make an address",
    "button Revoke address 1",
    "text_area Ids of accounts or Pages, or a signed request of Facebook's",
    "button Show what goes",
    "screen People",
]


@pytest.fixture
def furnished(stage: Stage) -> Stage:
    """A channel, a calendar's address, and a figure that Facebook refuses by now."""
    stage.sign_in("admin")
    sender.set_up(stage.installation, SlackSettings("https://hooks.slack.com/x"), by=THIS_COMPUTER)
    calendar_feed.make_feed(stage.installation, by=THIS_COMPUTER)
    with stage.installation.database.writing() as session:
        observe_graph(session, version_served="v99.0", dropped_fields={"about"}, usage={}, now=NOW)
    return stage


def test_setup_of_an_administrator_has_everything(furnished: Stage) -> None:
    controls = controls_of(furnished.open("setup"))
    assert controls == ALL_OF_SETUP


def test_setup_of_an_operator_has_what_is_broken_and_no_value(furnished: Stage) -> None:
    (furnished.root / "data" / SANDBOX_SECRETS_FILE).chmod(0o644)
    furnished.restart(SIGN_IN)
    assert furnished.startup.report.warnings
    furnished.sign_in("operator")
    at = furnished.open("setup")
    assert controls_of(at) == ["screen Import past figures"]
    titles = [warning.proto.title for warning in at.warning]
    assert titles == [
        "Sandbox mode",
        "Facebook serves another version",
        "Facebook no longer knows the field `about`",
    ]
    said = words_of(at)
    settings = furnished.installation.settings
    assert settings.redirect_uri in said
    rows = furnished.startup.report.rows
    shown = {row.shown for row in rows if row.name != "FACEBOOK_REDIRECT_URI" and row.shown != "—"}
    values = {value for value in shown if len(value) > 3 and value not in settings.redirect_uri}
    values -= {"text", "dashboard", "email"}  # words of any sentence
    assert {settings.graph_version, "pagekeeper", "https://id.agency.example"} <= values
    assert not [value for value in values if value in said]
    assert "crontab" not in said
    assert str(furnished.root) not in said


def test_giving_up_a_key_is_for_administrators(stage: Stage) -> None:
    for role in ("operator", "admin"):
        stage.sign_in(role)
        keys = KeyReport(ok=False, unopenable=("abc123",), account_names=("Anna",))
        stage.installation.keys = keys
        at = stage.open("setup")
        assert [error.proto.title for error in at.error] == ["The stored access can't be opened"]
        assert ("forget-key abc123" in words_of(at)) == (role == "admin")
        assert ("abc123" in words_of(at)) == (role == "admin")


def test_where_people_sign_in_a_broken_start_shows_no_value(stage: Stage) -> None:
    broken = stage.root / "broken.db"
    broken.write_bytes(b"this is no database " * 100)
    database = {"DATABASE_URL": f"sqlite:///{broken}"}
    stage.restart(LIVE | database)
    assert LIVE["FACEBOOK_APP_ID"] in words_of(stage.open("setup"))
    stage.restart(LIVE | database | SIGN_IN)
    at = stage.open("setup")
    assert [error.proto.title for error in at.error] == ["The database can't be reached"]
    assert LIVE["FACEBOOK_APP_ID"] not in words_of(at)
    assert "broken.db" not in words_of(at)


def test_setup_says_who_gets_in(stage: Stage) -> None:
    assert "People sign in" not in words_of(stage.open("setup"))
    stage.sign_in("admin")
    said = words_of(stage.open("setup"))
    assert "People sign in at `id.agency.example`; 1 person, 1 administrator." in said
    with stage.installation.database.writing() as session:
        let_in(session, "ben@agency.example", "viewer", NOW, by=THIS_COMPUTER)
    assert "2 people, 1 administrator." in words_of(stage.open("setup"))


def test_setup_says_what_a_sign_in_proxy_cannot_do(stage: Stage) -> None:
    closed = "Signing out there does not close tabs that are open."
    assert closed not in words_of(stage.open("setup"))
    proxy = {"BEHIND_SIGN_IN_PROXY": "yes", "PROXY_SECRET": Fernet.generate_key().decode()}
    stage.restart(LIVE | {"FACEBOOK_REDIRECT_URI": "https://pages.example/connect"} | proxy)
    said = words_of(stage.open("setup"))
    assert closed in said
    assert "`127.0.0.1`" in said


# Strip and banner


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", []),
        (
            "operator",
            [
                "popover sandbox-controls",
                "button 30 days",
                "button 90 days",
                "selectbox **Make trouble**",
            ],
        ),
        (
            "admin",
            [
                "popover sandbox-controls",
                "button 30 days",
                "button 90 days",
                "selectbox **Make trouble**",
                "button Start over with an empty sandbox…",
                "screen Use my own Facebook app",
            ],
        ),
    ],
)
def test_the_strip_has_the_controls_of_the_role(
    stage: Stage, role: Role, expected: list[str]
) -> None:
    stage.sign_in(role)
    at = stage.open("unknown", popover=CONTROLS)
    assert controls_under(at, "sandbox-strip") == expected
    assert "Made-up figures" in words_of(at)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_banner_leads_on_whom_it_may(shop: Shop, role: Role) -> None:
    shop.stage.sign_in(role)
    at = shop.stage.open("overview")
    is_operator = role == "operator"
    assert controls_under(at, "trouble-line") == (["screen Renew"] if is_operator else [])
    said = words_of(at)
    assert "1 account needs you" in said
    assert (PASSWORD in said.split("Optik Keller")[0]) == is_operator
    shop.stage.installation.keys = replace(shop.stage.installation.keys, ok=False)
    at = shop.stage.open("overview")
    assert controls_under(at, "trouble-line") == (["screen Open Setup"] if is_operator else [])


@pytest.mark.parametrize(
    ("role", "says_where"), [("viewer", False), ("operator", False), ("admin", True)]
)
def test_another_server_than_facebook_is_named_to_administrators(
    stage: Stage, role: Role, says_where: bool
) -> None:
    urls = ("https://proxy.example/graph", "https://www.facebook.com")
    elsewhere = dict(zip(("FACEBOOK_GRAPH_URL", "FACEBOOK_DIALOG_URL"), urls, strict=True))
    stage.restart(LIVE | SIGN_IN | elsewhere)
    stage.sign_in(role)
    said = words_of(stage.open("connections"))
    assert "Not Facebook itself" in said
    assert ("proxy.example" in said) == says_where
    if role != "viewer":
        said = words_of(stage.open("setup"))
        assert "does not talk to Facebook itself" in said
        assert ("proxy.example" in said) == says_where


# A press on what was drawn before a role was lowered


def rows_of(stage: Stage) -> dict[str, list[str]]:
    """All that is stored, but who is let in."""
    people = ("people", "sign_in_sessions")
    with stage.installation.database.reading() as session:
        return {
            name: sorted(map(repr, session.execute(select(table)).all()))
            for name, table in Base.metadata.tables.items()
            if name not in people
        }


def lower(stage: Stage, person: Person) -> None:
    """Take a role away, as another administrator does meanwhile."""
    with stage.installation.database.writing() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person.id).values(role="viewer"))


Press = Callable[[AppTest], Any]


@dataclass
class Drawn:
    """A screen that was drawn for an administrator, whose role is lowered while they look at it."""

    stage: Stage
    at: AppTest
    before: dict[str, list[str]]
    errors: list[Exception]  # of its runs

    def refuses(self, needed: Role, press: Press) -> None:
        """Press, and see that it takes the role, and that nothing is stored."""
        self.errors.clear()
        press(self.at)
        self.at.run()
        assert [str(error) for error in self.errors] == [f"this takes {needed}"]
        assert isinstance(self.errors[0], NotAllowed)
        assert rows_of(self.stage) == self.before
        self.at.run()  # what came after the press is drawn again


Draw = Callable[..., Drawn]


@pytest.fixture
def draw_then_lower(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Drawn]:
    """Opens a screen whose later runs all draw it as before: a press comes to a fragment alone."""

    errors: list[Exception] = []

    def note(error: Exception, _handler: object) -> None:
        if not isinstance(error, FragmentHandledException):  # noted already, in a dialog
            errors.append(error)

    for name in ("scriptrunner.exec_code", "fragment"):
        # As a server's `on_script_error`, which AppTest has not.
        monkeypatch.setattr(f"streamlit.runtime.{name}.handle_user_script_exception", note)

    def draw(stage: Stage, screen: str, **options: Any) -> Drawn:
        person = stage.sign_in("admin")
        at = stage.open(screen, **options)
        monkeypatch.setattr(signed_in, "find_person", lambda *_: person)
        lower(stage, person)
        return Drawn(stage, at, rows_of(stage), errors)

    return draw


def in_dialog(opens: Press, press: Press) -> Press:
    """A press in a dialog that was opened before."""

    def both(at: AppTest) -> None:
        open_dialog(at, opens)
        press(at)

    return both


def click(key: str) -> Press:
    return lambda at: at.button(key=key).click()


def choose(number: int, label: str) -> Press:
    return lambda at: at.menu_button(key=f"more-{number}").click(label)


def search(page_id: str, press: Press) -> Press:
    def both(at: AppTest) -> None:
        at.text_input(key="page-search").set_value(page_id).run()
        press(at)

    return both


def test_a_stale_press_on_connections_changes_nothing(shop: Shop, draw_then_lower: Draw) -> None:
    drawn = draw_then_lower(shop.stage, "connections", popover="allow-program-0")
    for press in (
        choose(1, "Check now"),
        choose(1, "Freeze"),
        choose(2, "Unfreeze"),
        in_dialog(choose(1, "Disconnect…"), click("disconnect-yes")),
        search("2", click("page-search-unfreeze-2")),
        search("104", in_dialog(click("page-search-take_along-104"), click("moved-yes"))),
    ):
        drawn.refuses("operator", press)
    for press in (
        in_dialog(choose(1, "Erase…"), click("erase-yes")),
        click("withdraw-1"),
        click(f"allow-{BOT}-{MESSAGES}-2"),
        fill_program,
        in_dialog(ask_for_erasure, click("disconnect-yes")),
    ):
        drawn.refuses("admin", press)


def fill_program(at: AppTest) -> None:
    at.text_input(key="program-name-0").set_value("helpdesk")
    at.selectbox(key="program-whom-0").set_value("page 1")
    at.button(key="program-allow-0").click()


def ask_for_erasure(at: AppTest) -> AppTest:
    at.menu_button(key="more-1").click("Disconnect…")
    at.session_state["disconnect-history"] = "erase"
    return at


def test_a_stale_press_on_a_moved_page_changes_nothing(shop: Shop, draw_then_lower: Draw) -> None:
    with shop.stage.installation.database.writing() as session:
        take_along(session, "104", NOW, by=THIS_COMPUTER)
    drawn = draw_then_lower(shop.stage, "page", query={"id": "204"})
    drawn.refuses("operator", click("moved-undo-104"))
    forget = in_dialog(click(f"forget-access-{shop.anna}"), click("disconnect-yes"))
    drawn.refuses("operator", forget)


def test_a_stale_press_on_setup_changes_nothing(
    furnished: Stage, draw_then_lower: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(sender, "post_slack", lambda *args, **_: sent.append(args))
    connect(furnished, "77")
    with furnished.installation.database.reading() as session:
        (feed,) = list_feeds(session)
    drawn = draw_then_lower(furnished, "setup")
    drawn.refuses("operator", click("fetch-insights"))
    for press in (
        in_dialog(click("warnings-slack-set"), save_slack),
        click("warnings-slack-test"),
        click("warnings-slack-remove"),
        lambda at: at.toggle(key="warnings-week-0").set_value(True),
    ):
        drawn.refuses("admin", press)
    assert not sent
    drawn.at.toggle(key="warnings-week-0").set_value(False).run()
    for press in (
        click("warnings-feed"),
        click(f"warnings-revoke-{feed.secret_hash[:12]}"),
        enter_deletion,
    ):
        drawn.refuses("admin", press)


def save_slack(at: AppTest) -> None:
    at.text_input(key="warnings-url").set_value("https://hooks.slack.com/y")
    at.button(key="warnings-save").click()


def enter_deletion(at: AppTest) -> None:
    at.text_area(key="deletion-text").input("77").run()
    at.button(key="deletion-yes").click()


def test_a_stale_press_on_past_figures_changes_nothing(shop: Shop, draw_then_lower: Draw) -> None:
    with shop.stage.installation.database.writing() as session:
        add_import(session, "old.csv", ImportCounts(1, 0, 0, 0), NOW, by=THIS_COMPUTER)
    drawn = draw_then_lower(shop.stage, "imports")
    drawn.refuses("operator", in_dialog(click("undo-1"), click("undo-yes")))
    upload(drawn.at, FILE)
    drawn.refuses("operator", click("import"))


def test_a_stale_press_in_the_strip_changes_nothing(stage: Stage, draw_then_lower: Draw) -> None:
    drawn = draw_then_lower(stage, "unknown", popover=CONTROLS)
    drawn.at.button(key="start-over").click().run()
    drawn.refuses("admin", click("start-over-yes"))
    drawn.refuses("operator", click("fast-forward-30"))
    assert not stage.installation.sandbox.started_over
    drawn.refuses(
        "operator", lambda at: at.selectbox(key="sandbox-trouble").set_value("rate limit")
    )
    assert stage.installation.sandbox.trouble == "none"


@pytest.mark.parametrize("popover", [True, False])
def test_what_was_drawn_is_gone_in_the_next_run(shop: Shop, popover: bool) -> None:
    stage = shop.stage
    person = stage.sign_in("operator")
    at = stage.open("connections")
    if popover:
        at.session_state[CONTROLS] = True
        at.run()
        at.button(key="fast-forward-90").click()
    else:
        open_dialog(at, choose(1, "Disconnect…"))
        at.button(key="disconnect-yes").click()
    lower(stage, person)
    before = rows_of(stage)
    at.run()
    assert not at.exception
    assert controls_of(at) == ["text_input Where is my Page?"]
    assert rows_of(stage) == before


# Attempts


def begin_attempt(stage: Stage, by: Person) -> str:
    """An attempt of a person in this browser, whose list waits for Save; returns its id."""
    started = start_attempt(stage.installation, NOW, by=by)
    stage.client.cookies = {cookie_name(started.id, stage.installation.settings): started.nonce}
    page = PageReport(id="9", name="Bäckerei", depth="basic")
    result = LoginResult(
        account=facts_of("77", "Emil"),
        user_token="a-user-token",
        pages=(ListedPage(page, ("ANALYZE",), "a-page-token"),),
        basic_only=False,
        read_at=NOW,
        graph_version="v26.0",
    )
    sealed = stage.installation.vault.seal_login_result(started.id, result.to_json())
    with stage.installation.database.writing() as session:
        session.execute(update(Attempt).values(status="reading"))
        until = NOW + timedelta(days=60)
        assert store_result(session, started.id, sealed, account_name="Emil", access_until=until)
    return started.id


def test_an_attempt_belongs_to_who_began_it(stage: Stage) -> None:
    ben = stage.sign_in("admin", "ben@agency.example")
    attempt_id = begin_attempt(stage, ben)
    at = stage.open("connect", {"attempt": attempt_id})
    assert "button Save 1 Page" in controls_of(at)
    stage.sign_in("admin", "ann@agency.example")
    before = rows_of(stage)
    other = stage.open("connect", {"attempt": attempt_id})
    assert [title.value for title in other.title] == [wording.OTHER_PERSON.title]
    assert "Emil" not in words_of(other)
    at.user = stage.user  # ann in ben's tab
    at.button(key="save").click().run()
    at.run()
    assert [title.value for title in at.title] == [wording.OTHER_PERSON.title]
    assert rows_of(stage) == before


def test_an_answer_of_facebook_is_not_taken_from_somebody_else_or_too_late(
    stage: Stage, draw_then_lower: Draw
) -> None:
    ben = stage.sign_in("admin", "ben@agency.example")
    of_ben = start_attempt(stage.installation, NOW, by=ben)
    ann = stage.sign_in("admin")
    of_ann = start_attempt(stage.installation, NOW, by=ann)
    stage.client.cookies = {
        cookie_name(each.id, stage.installation.settings): each.nonce for each in (of_ben, of_ann)
    }
    at = stage.open("connect", answer_to(of_ben))
    assert [title.value for title in at.title] == [wording.OTHER_PERSON.title]
    drawn = draw_then_lower(stage, "connect")
    drawn.refuses("operator", lambda at: at.query_params.update(answer_to(of_ann)))


def answer_to(attempt: StartedAttempt) -> dict[str, str | list[str]]:
    """The parameters that Facebook sends back."""
    (state,) = parse_qs(urlsplit(attempt.authorization_url).query)["state"]
    return {"code": "the-code", "state": state}


def test_a_stale_press_on_connect_changes_nothing(stage: Stage, draw_then_lower: Draw) -> None:
    ann = stage.sign_in("admin")
    attempt_id = begin_attempt(stage, ann)
    view = login_preview.get_view(stage.installation, attempt_id, stage.client.cookies, by=ann)
    with pytest.MonkeyPatch.context() as patch:
        # Seeing it takes the role, too: this run has seen it.
        patch.setattr(login_preview, "get_view", lambda *_, **__: view)
        drawn = draw_then_lower(stage, "connect", query={"attempt": attempt_id})
        drawn.refuses("operator", click("discard"))
        drawn.refuses("operator", lambda at: click("save")(at).run())
        drawn.refuses("operator", click("untick-all"))
    assert erase.load_erasure(stage.installation, "account", "77") is None
