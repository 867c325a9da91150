"""The screen of an address that no screen has."""

from __future__ import annotations

import pytest

from pages.ui.links import SCREENS, guess_screen
from tests.screens.conftest import HOSTILE, Stage, links_of, words_of
from tests.screens.test_setup import LIVE

ALL = ["Overview", "Posts", "Compare", "Connections", "Activity", "Setup", "Past figures"]


def test_it_says_so_and_leads_on(stage: Stage) -> None:
    at = stage.open("unknown", {"address": "/nonsense"})
    assert at.title[0].value == "There is no screen at this address"
    assert "`/nonsense`" in words_of(at)
    assert links_of(at)[-len(ALL) :] == ALL


def test_the_likely_screen_comes_first_and_once(stage: Stage) -> None:
    at = stage.open("unknown", {"address": "/past-figures"})
    assert "Perhaps you want Past figures" in words_of(at)
    assert links_of(at)[-len(ALL) :] == ["Past figures", *ALL[:-1]]


@pytest.mark.parametrize("address", ["", "``", HOSTILE, "/" + "x" * 10_000])
def test_any_address_is_only_text(stage: Stage, address: str) -> None:
    at = stage.open("unknown", {"address": address})
    assert at.title[0].value == "There is no screen at this address"
    assert "<b>" not in words_of(at)
    assert len(words_of(at)) < 4_000


def test_in_live_mode_too(stage: Stage) -> None:
    stage.restart(LIVE)
    assert stage.open("unknown").title[0].value == "There is no screen at this address"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/overview", "overview"),
        ("/Overview/", "overview"),
        ("/past-figures", "imports"),
        ("/past_figures", "imports"),
        ("/import", "imports"),
        ("/conections", "connections"),
        ("/connections/3", "connections"),
        ("/compare/x", "compare"),
        ("/setup.html", "setup"),
        ("/nonsense", None),
        ("/", None),
        ("", None),
    ],
)
def test_guesses(address: str, name: str | None) -> None:
    screen = guess_screen(address)
    assert (screen.name if screen else None) == name


def test_it_is_no_screen_that_somebody_chooses() -> None:
    (screen,) = (screen for screen in SCREENS if screen.name == "unknown")
    assert screen.is_hidden
