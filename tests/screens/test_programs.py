"""Programs: allowing one, what it got, what it was refused, and withdrawing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.connections.programs_card import BAD_NAME, NONE_YET
from storage.accounts.allowances import allow, count_handout, list_allowances
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.screens.conftest import HOSTILE, NOW, Stage, words_of
from tests.screens.figures import connect, give_page

BOT, MESSAGES = "messenger-bot", "pages_messaging"


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """An account with one Page, whose name is any text."""
    connect(stage, "Anna Keller")
    give_page(stage, "1", name=HOSTILE)
    return stage


def count(stage: Stage, *, times: int = 1, is_refused: bool = False) -> None:
    with stage.installation.database.writing() as session:
        for _ in range(times):
            count_handout(session, BOT, MESSAGES, "1", NOW, is_refused=is_refused)


def allowances(stage: Stage) -> list[tuple[str, str, str | None, int]]:
    with stage.installation.database.reading() as session:
        return [
            (each.consumer, each.permission, each.page_id, each.pages_count)
            for each in list_allowances(session)
        ]


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()


def test_without_an_account_there_is_no_card(stage: Stage) -> None:
    assert NONE_YET not in words_of(stage.open("connections"))


def test_at_first_the_card_says_what_it_is_for(shop: Stage) -> None:
    assert NONE_YET in words_of(shop.open("connections"))


def test_what_was_refused_is_allowed_by_one_press(shop: Stage) -> None:
    count(shop, times=3, is_refused=True)
    at = shop.open("connections")
    assert "(Messages) and was refused, 3 times" in words_of(at)
    assert "<b>" not in words_of(at).replace("\\<", "")
    press(at, "Allow")
    assert allowances(shop) == [(BOT, MESSAGES, "1", 1)]
    assert "was refused" not in words_of(shop.open("connections"))
    assert "may use access of" in " ".join(
        map(str, shop.open("activity").dataframe[-1].value["what"])
    )


def test_what_a_program_got_is_said_and_can_be_withdrawn(shop: Stage) -> None:
    with shop.installation.database.writing() as session:
        tag_id = create_tag(session, "Shops", NOW, by=THIS_COMPUTER)
        tag_page(session, tag_id, "1", NOW, by=THIS_COMPUTER)
        allow(session, BOT, MESSAGES, NOW, tag_id=tag_id, by=THIS_COMPUTER)
    assert "asked for nothing" in words_of(shop.open("connections"))
    count(shop, times=12)
    at = shop.open("connections")
    assert "got access 12 times in the last 24 hours" in words_of(at)
    assert "Messages · Pages with the tag Shops (1 Page)" in words_of(at)
    press(at, "Withdraw")
    assert allowances(shop) == []


def test_a_program_is_allowed_by_name(shop: Stage) -> None:
    at = shop.open("connections", popover="allow-program-0")
    press(at, "Allow")
    assert BAD_NAME in words_of(at)
    at.text_input(key="program-name-0").set_value(" messenger-bot ").run()
    press(at, "Allow")
    assert "Choose a tag or a Page." in words_of(at)
    at.selectbox(key="program-whom-0").set_value("page 1").run()
    press(at, "Allow")
    assert allowances(shop) == [(BOT, "pages_messaging", "1", 1)]
