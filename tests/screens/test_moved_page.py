"""A Page that Facebook gave another id: the search and both its screens, the dialog, and Undo."""

from __future__ import annotations

import pytest

from pages.ui.moved import moved_text
from storage.accounts.page_moves import MovedPage, remember_move
from storage.db.errors import DatabaseBusy
from storage.figures.moved_history import MovePlan
from tests.screens.conftest import HOSTILE, NOW, Stage, open_dialog, press, tiles_of, words_of
from tests.screens.figures import TODAY, connect, give_page, rising


@pytest.fixture
def moved(stage: Stage) -> Stage:
    """Page 104 with two months of figures, and the same Page under the id 204 since today."""
    grant_id = connect(stage)
    give_page(
        stage, "104", rising(1000, 10, range(TODAY - 60, TODAY)), name=HOSTILE, grant_id=grant_id
    )
    give_page(stage, "204", {TODAY: 1700}, name="Café", grant_id=grant_id)
    with stage.installation.database.writing() as session:
        remember_move(session, "104", "204", NOW)
    return stage


def test_the_history_is_taken_along_from_the_search_and_undone_on_the_page(moved: Stage) -> None:
    at = moved.open("connections")
    at = at.text_input(key="page-search").set_value("104").run()
    open_dialog(at, lambda at: at.button(key="page-search-take_along-104").click())
    said = words_of(at)
    assert ":material/delete:" not in said
    assert "(`104`) to **Café** (`204`): **60 days** of figures." in said
    assert moved_text.STAYS in said
    at = at.button(key="moved-yes").click().run()
    assert not at.exception
    assert [title.value for title in at.title] == ["Café"]
    said = words_of(at)
    assert "Before, Facebook called this Page `104`. That history was taken along on" in said
    assert tiles_of(at)["Fans"] == "1,700"
    old = moved.open("page", {"id": "104"})
    assert "Bring back" not in words_of(old)
    assert [title.value for title in press(old, "Open the new one").title] == ["Café"]
    at = press(moved.open("page", {"id": "204"}), "Undo")
    assert [toast.value for toast in at.toast] == [moved_text.undone(60)]
    assert "Its history up to then is still under the old id." in words_of(at)
    said = "\n".join(moved.open("activity").dataframe[-1].value["what"])
    for sentence in ("another id", "taken along to its new id: 60 days", "went back to its old id"):
        assert sentence in said


def test_while_the_database_is_held_nothing_is_changed(
    moved: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DatabaseBusy

    monkeypatch.setattr("pages.ui.moved.dialog.take_along", refuse)
    at = moved.open("page", {"id": "204"})
    open_dialog(at, lambda at: at.button(key="moved-take-104").click())
    at.button(key="moved-yes").click().run()
    assert [error.value for error in at.error] == [moved_text.BUSY]


def test_the_new_page_is_to_be_connected_first(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10), grant_id=connect(stage))
    with stage.installation.database.writing() as session:
        remember_move(session, "104", "204", NOW)
    said = words_of(stage.open("page", {"id": "104"}))
    assert "Facebook gave this Page another id: `204`. Connect again" in said
    assert 'href="/oauth/start">Connect again</a>' in said


def test_the_dialog_names_what_goes_and_what_both_have() -> None:
    move = MovedPage("1", "Old", "2", "New", None)
    goes = {"snapshots": 1, "notes": 2, "token_allowances": 1, "goals": 0}
    plan = MovePlan(move, goes, {"snapshots": 3, "goals": 1})
    assert moved_text.goes(plan) == (
        "From **Old** (`1`) to **New** (`2`): **1 day** of figures, 2 notes and 1 program's "
        "allowance."
    )
    stays = moved_text.stays(plan)
    assert stays is not None
    assert stays.startswith(
        "Both have **3 days** of figures and 1 goal: what the new id has counts"
    )
    empty = MovePlan(move, {}, {})
    assert moved_text.goes(empty).endswith("nothing is left to go.")
    assert moved_text.stays(empty) is None
