"""Erasing: what the dialog says, and that it erases, on Connections and on a Page's screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fb.accounts import erase
from pages.ui.erase import erase_text
from storage.accounts.erasure import Erasure
from storage.jobs.runs import SNAPSHOTS, start_run
from storage.notes.notes import NoteDraft, add_note
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import hold
from tests.screens.conftest import HOSTILE, NOW, Stage, open_dialog, words_of
from tests.screens.figures import connect, give_page, rising

ANNA = Erasure("account", "1", "Anna *K*", 1, ("10",), ("Café",), 0, 90, 1, 0, 1, 2)


def fill(stage: Stage) -> None:
    """An account with two Pages, of which another account holds one."""
    anna, ben = connect(stage, "Anna"), connect(stage, "Ben")
    give_page(stage, "10", rising(100, 1), name=HOSTILE, grant_id=anna)
    give_page(stage, "11", rising(100, 1), name="Optik Keller", grant_id=anna)
    with stage.installation.database.writing() as session:
        hold(session, ben, "11")
        add_note(session, NoteDraft(NOW.date(), "Moved", "10"), NOW, by=THIS_COMPUTER)


def test_an_account_is_erased_from_connections(stage: Stage) -> None:
    fill(stage)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Erase…"))
    said = words_of(at)
    assert "**Anna** is erased here with **1 Page**" in said
    assert "1 note" in said
    assert "<b>" not in said
    assert "1 Page that another account has access to stays." in said
    assert "disconnect the account first" in said
    at.button(key="erase-yes").click().run()
    assert not at.exception
    assert [toast.value for toast in at.toast] == ["Anna was erased with 1 Page."]
    assert [header.value for header in at.header] == ["Ben", "Programs"]
    assert erase.load_erasure(stage.installation, "page", "10") is None
    assert erase.load_erasure(stage.installation, "page", "11") is not None
    table = stage.open("activity").dataframe[0].value
    assert table["what"].iloc[0].startswith("An account was erased with 1 Page and ")
    assert "A note of" in table["what"].iloc[1]
    assert "for a Page that was erased was written" in table["what"].iloc[1]


def test_keeping_it_erases_nothing(stage: Stage) -> None:
    fill(stage)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Erase…"))
    at.button(key="erase-no").click().run()
    assert erase.load_erasure(stage.installation, "account", "Anna") is not None


def test_a_page_is_erased_from_its_screen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    # AppTest runs the whole screen for a press in a dialog, and its read session is in the way.
    monkeypatch.setattr("storage.db.engine.COMPACT_PATIENCE_SECONDS", 0)
    fill(stage)
    at = stage.open("page", {"id": "10"})
    open_dialog(at, lambda at: at.button(key="erase-page").click())
    assert "untick it there to keep it out" in words_of(at)
    at.button(key="erase-yes").click().run()
    assert not at.exception
    assert at.title[0].value == "Overview"
    assert erase.load_erasure(stage.installation, "page", "10") is None
    assert erase.load_erasure(stage.installation, "account", "Anna") is not None


def test_a_refresh_has_to_end_first(stage: Stage) -> None:
    fill(stage)
    with stage.installation.database.writing() as session:
        start_run(session, kind=SNAPSHOTS, started_by="daily", day=NOW.date(), now=NOW)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Erase…"))
    at.button(key="erase-yes").click().run()
    assert at.error[0].value == erase_text.RUNNING
    assert erase.load_erasure(stage.installation, "account", "Anna") is not None


def test_traces_that_may_be_left_are_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stage)
    monkeypatch.setattr(erase, "clean", lambda installation: False)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Erase…"))
    at.button(key="erase-yes").click().run()
    assert [toast.value for toast in at.toast] == [erase_text.TRACES]


def test_an_account_that_was_disconnected_can_be_erased(stage: Stage) -> None:
    connect(stage, "Emil", status="disconnected")
    assert stage.open("connections").menu_button(key="more-1").options == ["Erase…"]


def test_what_is_said_of_it() -> None:
    goes = erase_text.goes(ANNA)
    assert goes == (
        "**Anna \\*K\\*** is erased here with **1 Page** (Café), 90 days of figures, 1 note, "
        "1 picture and 2 sign-ins at Facebook. There is no way back."
    )
    alone = replace(ANNA, page_ids=(), days_count=0, notes_count=0, pictures_count=0)
    assert erase_text.goes(replace(alone, attempts_count=0)) == (
        "**Anna \\*K\\*** is erased here. There is no way back."
    )
    page = replace(ANNA, kind="page", page_ids=("10", "9"), attempts_count=0)
    assert "with its history under 1 other id at Facebook, 90 days" in erase_text.goes(page)
    assert erase_text.done(alone) == "Anna \\*K\\* was erased."
    said = " ".join(erase_text.stays(ANNA, has_access=False, is_sqlite=False))
    assert "VACUUM FULL" in said
    assert "new consent" in said
    assert "disconnect" not in said
