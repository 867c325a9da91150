"""Deletion desk of Setup: what goes is shown, erased, and proven without a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from fb.accounts import erase, removal
from pages.text.formats import moment
from storage.jobs.runs import SNAPSHOTS, start_run
from tests.integration.figures.figure_rows import hold
from tests.screens.conftest import HOSTILE, NOW, Stage, press, words_of
from tests.screens.figures import connect, give_page, rising
from tests.screens.test_setup import LIVE
from tests.signed_requests import payload_of, sign

ERASE = "Erase for good"


@pytest.fixture(autouse=True)
def clean_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest runs the whole screen for a press in a fragment; its read session is in the way."""
    monkeypatch.setattr(erase, "clean", lambda installation: True)


def fill(stage: Stage) -> None:
    """An account with two Pages, of which another account holds one."""
    anna, ben = connect(stage, "77"), connect(stage, "78")
    give_page(stage, "10", rising(100, 1), name=HOSTILE, grant_id=anna)
    give_page(stage, "11", rising(100, 1), name="Optik Keller", grant_id=anna)
    with stage.installation.database.writing() as session:
        hold(session, ben, "11")


def enter(stage: Stage, text: str) -> AppTest:
    at = stage.open("setup").text_area(key="deletion-text").input(text).run()
    assert not at.exception
    return at


def is_stored(stage: Stage, account_id: str) -> bool:
    return erase.load_erasure(stage.installation, "account", account_id) is not None


def test_pasted_ids_are_shown_then_erased_then_listed(stage: Stage) -> None:
    fill(stage)
    assert "Nobody has asked yet." in words_of(stage.open("setup"))
    at = enter(stage, "77\n999")
    said = words_of(at)
    assert "`77`: **77** is erased here with **1 Page**" in said
    assert "`999`: nothing is stored here." in said
    assert "1 Page that another account has access to stays." in said
    assert "Facebook is not told." in said
    assert "<b>" not in said
    assert is_stored(stage, "77"), "showing erases nothing"
    press(at, ERASE)
    assert not at.exception
    assert not is_stored(stage, "77")
    assert is_stored(stage, "78")
    assert at.success[0].value.startswith("Done.")
    said = words_of(at)
    assert "77 http://localhost:8501/facebook/deletion/" in said
    assert "999 http://localhost:8501/facebook/deletion/" in said
    table = stage.open("setup").dataframe[-1].value
    assert sorted(table["status"]) == ["Erased", "Nothing was stored"]
    assert not table.astype(str).map(lambda cell: "77" in cell or "999" in cell).any(axis=None)
    assert f"It was erased on {moment(NOW)}." in words_of(enter(stage, "77"))


def test_a_signed_request_of_facebooks_is_taken_as_it_is(stage: Stage) -> None:
    fill(stage)
    secret = stage.installation.settings.app_secret
    old = sign(payload_of("77", NOW - timedelta(days=4_000)), secret)
    at = enter(stage, old)
    assert "`77`: connected again after this request of " in words_of(at)
    press(at, "Record the request")
    assert is_stored(stage, "77")
    press(enter(stage, sign(payload_of("77"), secret)), ERASE)
    assert not is_stored(stage, "77")


@pytest.mark.parametrize(
    "text", ["Anna Keller", "77 x", sign(payload_of("77"), "another secret"), "1 " * 101 + HOSTILE]
)
def test_what_can_not_be_read_is_refused(stage: Stage, text: str) -> None:
    fill(stage)
    at = enter(stage, text)
    assert len(at.error) == 1
    assert text[:30] not in at.error[0].value
    assert ERASE not in words_of(at)


def test_while_a_refresh_runs_it_waits_and_says_so(stage: Stage) -> None:
    fill(stage)
    with stage.installation.database.writing() as session:
        start_run(session, kind=SNAPSHOTS, started_by="daily", day=NOW.date(), now=NOW)
    at = press(enter(stage, "77"), ERASE)
    assert not at.exception
    assert "is done by itself as soon as that has ended" in at.warning[-1].value
    assert is_stored(stage, "77")
    table = stage.open("setup").dataframe[-1].value
    assert list(table["status"]) == ["Waits"]
    assert table["finished"].isna().all()


def test_the_addresses_for_metas_console(stage: Stage) -> None:
    said = words_of(stage.open("setup"))
    assert "http://localhost:8501/facebook/deauthorize" in said
    assert "http://localhost:8501/facebook/data-deletion" in said
    assert "leave both empty" in said
    public = {
        "FACEBOOK_REDIRECT_URI": "https://pages.example/connect",
        "BEHIND_SIGN_IN_PROXY": "yes",
        "PROXY_SECRET": "proxy-secret-of-the-tests-0123456789abcdef",
    }
    stage.restart(LIVE | public)
    said = words_of(stage.open("setup"))
    assert "https://pages.example/facebook/data-deletion" in said
    assert "leave both empty" not in said


def test_requests_of_facebook_are_listed(stage: Stage) -> None:
    removal.request_deletion(stage.installation, "page", "10", NOW)
    table = stage.open("setup").dataframe[-1].value
    assert (table["about"].iloc[0], table["status"].iloc[0]) == ("A Page", "Waits")
