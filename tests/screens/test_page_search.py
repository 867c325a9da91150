"""Where is my Page?: one row for each Page found, with a sentence and one action that works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.connections.page_search import MAX_ROWS, NOT_SEEN, describe
from storage.accounts.archive import archive_pages
from storage.accounts.page_moves import MovedPage
from storage.accounts.page_profile import PageHolder
from storage.accounts.seen_pages import SeenKind, Sighting, replace_sightings
from storage.figures.page_search import FoundPage, SeenBy
from storage.models import Grant, Page
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import hold
from tests.screens.conftest import HOSTILE, NOW, Stage, press, words_of
from tests.screens.figures import connect, give_page

BOTH = ("ANALYZE", "MESSAGING")
HOLDER = PageHolder(
    grant_id=7,
    account_id="1",
    account_name="Anna *Keller*",
    connection="connected",
    status="ok",
    status_at=NOW,
    reason_code=None,
    reason_subcode=None,
    grant_status="ok",
    grant_reason_code=None,
    grant_reason_subcode=None,
    tasks=BOTH,
)


def found(connection: Any, *holders: PageHolder, **changes: Any) -> FoundPage:
    held = tuple(replace(each, connection=connection) for each in holders)
    page = FoundPage("1", "Café", True, None, connection, held)
    return replace(page, **changes)


LEFT_OUT = replace(HOLDER, status="left_out")
OLD = replace(HOLDER, grant_id=6, status="left_out", grant_status="disconnected")


@pytest.mark.parametrize(
    ("page", "label", "said", "action", "grant_id"),
    [
        (found("connected", HOLDER), "Connected", r"Read through Anna \*Keller\*.", "open", None),
        (
            found("connected", replace(HOLDER, tasks=("ANALYZE",))),
            "Works in part",
            "Messages need the Messages permission on the Page. Ask an admin",
            "open",
            None,
        ),
        (
            found("works_in_part", replace(HOLDER, tasks=("MESSAGING",))),
            "Works in part",
            "Views and engagement need the Insights permission on the Page. Ask an admin",
            "open",
            None,
        ),
        (
            found("works_in_part", HOLDER, is_published=False),
            "Works in part",
            "The Page is not published. Its figures may stand still.",
            "open",
            None,
        ),
        (
            found("needs_renewal", replace(HOLDER, grant_reason_subcode=460)),
            "Needs renewal",
            "password was changed",
            "renew",
            7,
        ),
        (found("frozen", HOLDER), "Frozen", "is frozen", "unfreeze", 7),
        (
            found("missing", replace(HOLDER, status="missing")),
            "Missing",
            "connect again and tick it in Facebook's page chooser",
            "connect_again",
            7,
        ),
        (
            found("no_access", replace(HOLDER, status="no_access")),
            "No access",
            "sent no access for this Page. Ask one of its admins for full control",
            "connect_again",
            7,
        ),
        (
            found("no_access", replace(HOLDER, status="role_lost")),
            "Role lost",
            "no longer has a role on this Page. Ask one of its admins to connect it.",
            "open",
            None,
        ),
        (
            found("disconnected", OLD, LEFT_OUT),
            "Left out",
            "You left this Page out. To bring it back, connect again and leave it",
            "connect_again",
            7,
        ),
        (
            found("disconnected", replace(HOLDER, grant_status="disconnected")),
            "Disconnected",
            "No connected account gives access to this Page any more.",
            "connect_again",
            7,
        ),
        (found("disconnected"), "Disconnected", "No connected account", "open", None),
        (
            found("connected", HOLDER, move=MovedPage("1", "Café", "2", "Café", None)),
            "Moved",
            "another id: `2`. Its history is still under the old one.",
            "take_along",
            None,
        ),
        (
            found("connected", HOLDER, move=MovedPage("1", "Café", "2", None, None)),
            "Moved",
            "Connect again and leave it ticked; then its history can be taken along.",
            "connect_again",
            7,
        ),
        (
            found("connected", archived_at=NOW, move=MovedPage("1", "Café", "2", "Café", NOW)),
            "Moved",
            "Its history was taken along on",
            "open_new",
            None,
        ),
        (
            found("missing", HOLDER, archived_at=NOW),
            "Archived",
            "Archived since",
            "bring_back",
            None,
        ),
    ],
)
def test_every_state_has_a_sentence_and_one_action(
    page: FoundPage, label: str, said: str, action: str, grant_id: int | None
) -> None:
    answer = describe(page)
    assert (answer.label, answer.action, answer.grant_id) == (label, action, grant_id)
    assert said in answer.sentence


@pytest.mark.parametrize(
    ("kind", "label", "said"),
    [
        ("not_ticked", "Not ticked", r"Left unticked when Anna \*Keller\* was connected"),
        ("in_portfolio", "In a portfolio", r"Of a business portfolio of Anna \*Keller\*, without"),
        ("not_listed", "Not listed", r"Ticked for Anna \*Keller\*, but not in Facebook's list"),
    ],
)
def test_a_page_that_facebook_only_named(kind: SeenKind, label: str, said: str) -> None:
    page = FoundPage("1", "Café", None, None, None, seen_by=(SeenBy(7, "Anna *Keller*", kind),))
    answer = describe(page)
    assert (answer.label, answer.action, answer.grant_id) == (label, "connect_again", 7)
    assert said in answer.sentence


def test_a_missing_page_says_where_it_was_left_unticked() -> None:
    seen_by = (SeenBy(7, "Anna", "not_ticked"),)
    page = found("missing", replace(HOLDER, status="missing"), seen_by=seen_by)
    assert describe(page).label == "Not ticked"
    assert describe(found("connected", HOLDER, seen_by=seen_by)).label == "Connected"


def search(stage: Stage, text: str) -> AppTest:
    at = stage.open("connections")
    return at.text_input(key="page-search").set_value(text).run()


def give(stage: Stage, page_id: str, name: str, status: str, tasks: Sequence[str] = BOTH) -> None:
    give_page(stage, page_id, name=name)
    with stage.installation.database.writing() as session:
        hold(session, 1, page_id, status, tasks=tasks)


def test_without_an_account_there_is_no_search(stage: Stage) -> None:
    assert not stage.open("connections").text_input


def test_hostile_names_are_text_and_a_lost_page_is_renewed_from_its_row(stage: Stage) -> None:
    connect(stage, HOSTILE, id=1)
    give(stage, "11", HOSTILE, "missing")
    give(stage, "12", "Optik Keller", "ok")
    assert "Optik" not in words_of(stage.open("connections")).split("Programs")[0]
    at = search(stage, "evil")
    said = words_of(at)
    assert ":material/delete:" not in said
    assert "This Page is not in Facebook's newest answer" in said
    assert 'href="/oauth/start?renew=1">Connect again</a>' in said
    assert not at.exception
    assert NOT_SEEN in words_of(search(stage, "nowhere"))


def test_a_page_that_was_only_named_is_in_the_search_and_nowhere_else(stage: Stage) -> None:
    connect(stage, id=1)
    give(stage, "12", "Optik Keller", "ok")
    with stage.installation.database.writing() as session:
        replace_sightings(session, 1, [Sighting("99", HOSTILE, "in_portfolio")], NOW)
    said = words_of(search(stage, "evil"))
    assert "Of a business portfolio of Anna Keller, without access" in said
    assert ":material/delete:" not in said
    assert "**1 Page**" not in words_of(stage.open("overview"))
    assert "evil" not in words_of(stage.open("overview"))


def test_a_page_opens_from_its_row(stage: Stage) -> None:
    connect(stage, id=1)
    give(stage, "12", "Optik Keller", "ok")
    at = press(search(stage, "12"), "Open")
    assert not at.exception
    assert at.title[0].value == "Optik Keller"


def test_a_frozen_account_and_an_archived_page_come_back_from_the_row(stage: Stage) -> None:
    connect(stage, id=1, status="frozen")
    give(stage, "12", "Optik Keller", "ok")
    give(stage, "13", "Café", "ok")
    with stage.installation.database.writing() as session:
        archive_pages(session, ["13"], NOW, by=THIS_COMPUTER)
    at = press(search(stage, "optik"), "Unfreeze")
    assert [toast.value for toast in at.toast] == ["Anna Keller is no longer frozen."]
    with stage.installation.database.reading() as session:
        assert session.get_one(Grant, 1).status == "ok"
    press(search(stage, "café"), "Bring back")
    with stage.installation.database.reading() as session:
        assert session.get_one(Page, "13").archived_at is None


def test_only_the_first_rows_are_shown(stage: Stage) -> None:
    connect(stage, id=1)
    for number in range(MAX_ROWS + 1):
        give(stage, str(100 + number), f"Shop {number:02d}", "ok")
    said = words_of(search(stage, "shop"))
    assert "Shop 19" in said
    assert "Shop 20" not in said
    assert f"The first {MAX_ROWS} Pages by name." in said
