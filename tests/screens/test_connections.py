"""Connections: worst first, one sentence each, and what an operator may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fb.accounts import check, disconnect
from fb.accounts.check import AccountState
from fb.graph.errors import RateLimited
from pages.parts.connections import account_text
from pages.text import formats
from pages.ui.disconnect import disconnect_text
from pages.ui.erase import erase_text
from storage.accounts.allowances import count_handout
from storage.accounts.grants import KEY_GIVEN_UP
from storage.db.errors import GrantNotFound
from storage.jobs.runs import SNAPSHOTS, finish_run, start_run
from storage.models import Page, PageGrant
from tests.integration.figures.figure_rows import hold
from tests.present import TODAY, ago
from tests.screens.conftest import HOSTILE, NOW, Stage, open_dialog, words_of
from tests.screens.figures import connect, give_page

GRANTED = ["pages_show_list", "pages_read_engagement", "public_profile"]


def add_account(stage: Stage, number: int, name: str, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "id": number,
        "granted_permissions": GRANTED,
        "declined_permissions": ["read_insights"],
        "expires_at": NOW + timedelta(days=60),
        "data_access_expires_at": NOW + timedelta(days=89),
        "status_at": NOW,
        "last_used_at": NOW - timedelta(hours=8),
    }
    connect(stage, name, **{**facts, **changes})


def add_page(stage: Stage, number: int, name: str, *grant_ids: int, status: str = "ok") -> None:
    give_page(stage, str(number), name=name)
    for grant_id in grant_ids:
        hold_page(stage, number, grant_id, status)


def statuses_of(stage: Stage, grant_id: int) -> dict[str, str]:
    """The status of each page grant of an account."""
    query = select(PageGrant.page_id, PageGrant.status).where(PageGrant.grant_id == grant_id)
    with stage.installation.database.reading() as session:
        return {row.page_id: row.status for row in session.execute(query)}


def hold_page(stage: Stage, number: int, grant_id: int, status: str = "ok") -> None:
    with stage.installation.database.writing() as session:
        hold(session, grant_id, str(number), status)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the screen asked the use cases to do, instead of doing it."""
    done: list[tuple[Any, ...]] = []
    for name in ("freeze", "thaw"):
        monkeypatch.setattr(
            disconnect, name, lambda _i, grant, by, name=name: done.append((name, grant, by.name))
        )
    monkeypatch.setattr(
        disconnect,
        "disconnect",
        lambda _i, grant, revoke, by: done.append(("disconnect", grant, revoke, by.name)),
    )
    return done


def test_an_empty_installation_offers_the_link(stage: Stage) -> None:
    at = stage.open("connections")
    assert "No Facebook account is connected yet." in words_of(at)
    assert "/oauth/start" in words_of(at)


def test_accounts_stand_worst_first_with_a_sentence_each(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    add_account(stage, 2, "Anna Keller", data_access_expires_at=NOW + timedelta(days=12))
    dead = {"status": "needs_renewal", "reason_code": 190, "reason_subcode": 460}
    add_account(stage, 3, "Ben Ortiz", **dead)
    add_account(stage, 4, "Dora Lang", status="frozen")
    add_account(stage, 5, "Emil Roth", status="disconnected", expires_at=None)
    at = stage.open("connections")
    assert [header.value for header in at.header] == [
        "Ben Ortiz",
        "Anna Keller",
        "Carla Stein",
        "Dora Lang",
        "Emil Roth",
        "Programs",
    ]
    said = words_of(at)
    assert "Facebook reports that Ben Ortiz's password was changed" in said
    assert f"On {formats.day(ago(-12))} figures stop" in said
    assert "Renew within 12 days" in said
    ends = f"Access until {formats.day(ago(-60))} · data access until {formats.day(ago(-89))}"
    assert ends in said
    assert f"Frozen since {formats.day(TODAY)}" in said
    assert f"Disconnected on {formats.day(TODAY)}" in said


def test_renew_says_which_account_is_meant(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    add_account(stage, 2, "Emil Roth", status="disconnected")
    said = words_of(stage.open("connections"))
    assert 'href="/oauth/start?renew=1">Renew</a>' in said
    assert 'href="/oauth/start?renew=2">Connect again</a>' in said
    assert 'href="/oauth/start">Connect another account</a>' in said


def test_a_disconnected_account_is_said_to_open_nothing(stage: Stage) -> None:
    add_account(stage, 1, "Emil Roth", status="disconnected")
    add_account(stage, 2, "Fritz Roth", status="disconnected")
    add_page(stage, 1, "Optik Keller", 1)
    labels = [expander.label for expander in stage.open("connections").expander]
    assert labels == ["1 Page with history", "Details"]


def test_one_account_is_shown_whole_and_several_say_who_renews(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    at = stage.open("connections")
    assert [expander.proto.expanded for expander in at.expander] == [True]
    assert "whoever is signed in" not in words_of(at)
    add_account(stage, 2, "Ben Ortiz")
    at = stage.open("connections")
    assert [expander.proto.expanded for expander in at.expander] == [False, False]
    assert "Facebook renews whoever is signed in there" in words_of(at)


def test_one_link_is_filled_even_when_an_account_waits(stage: Stage) -> None:
    filled = 'class="pk-link pk-filled"'
    add_account(stage, 1, "Carla Stein")
    assert words_of(stage.open("connections")).count(filled) == 1
    add_account(stage, 2, "Ben Ortiz", status="needs_renewal", reason_code=190)
    assert words_of(stage.open("connections")).count(filled) == 1


def test_permissions_are_said_in_words(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    add_page(stage, 1, "Optik Keller", 1)
    at = stage.open("connections")
    assert at.expander[0].label == "1 Page · 2 of 3 permissions"
    said = words_of(at)
    assert "**Fans and followers**: Reads fans" in said
    assert "**Views and engagement** (declined)" in said
    assert "**Pages**: Optik Keller" in said


def test_the_details_tell_of_the_access_without_showing_it(stage: Stage) -> None:
    facts: dict[str, Any] = {
        "issued_at": NOW - timedelta(days=3),
        "checked_at": NOW - timedelta(hours=1),
        "expires_at": None,
        "sealed_user_token": "the sealed text",
        "key_id": "k1",
    }
    add_account(stage, 1, "Carla Stein", **facts)
    add_account(stage, 2, "Emil Roth", status="disconnected")
    add_page(stage, 1, "Optik Keller", 1)
    with stage.installation.database.writing() as session:
        count_handout(session, "messenger-bot", "pages_messaging", "1", NOW, is_refused=False)
    said = words_of(stage.open("connections"))
    for words in (
        "**Kind of access**: a person's",
        f"**Issued**: {formats.day(ago(3))}",
        "**Ends**: never by date.",
        f"**Data access**: until {formats.day(ago(-89))}.",
        f"**Last checked**: {formats.when(NOW - timedelta(hours=1), NOW)}",
        "by Pagekeeper",
        "**Sealed with the key**: `k1`",
        f"**Used by programs**: {formats.plain('messenger-bot')} (Optik Keller, today",
    ):
        assert said.count(words) == 1, words
    assert "the sealed text" not in said


def test_a_hostile_name_is_shown_as_it_is(stage: Stage) -> None:
    add_account(stage, 1, HOSTILE, status="needs_renewal", reason_code=190, reason_subcode=460)
    add_page(stage, 1, HOSTILE, 1)
    said = words_of(stage.open("connections"))
    assert "<b>" not in said
    assert ":material/delete:" not in said
    assert "www.evil" not in said


def test_an_account_without_pages_has_nothing_to_refresh(stage: Stage) -> None:
    add_account(stage, 1, "Ben", status="needs_renewal", reason_code=190, reason_subcode=458)
    assert "Ben removed this app in the Facebook settings. It gives access to no Page." in words_of(
        stage.open("connections")
    )


def test_disconnect_names_the_pages_that_lose_their_only_access(
    stage: Stage, calls: list[tuple[Any, ...]]
) -> None:
    add_account(stage, 1, "Carla Stein")
    add_account(stage, 2, "Ben Ortiz")
    add_page(stage, 1, "Café Lindenhof", 1, 2)
    add_page(stage, 2, "Optik Keller", 1)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    said = words_of(at)
    assert "**1 Page** loses its only access: Optik Keller." in said
    assert "Café Lindenhof. " not in said
    at.radio(key="disconnect-what").set_value("app")
    at.button(key="disconnect-yes").click().run()
    assert calls == [("disconnect", 1, True, "this computer")]
    assert [toast.value for toast in at.toast] == [
        "Carla Stein is disconnected. The history stays."
    ]


def test_a_disconnect_that_facebook_did_not_hear_changes_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_more: Any) -> None:
        raise disconnect.NotRevoked

    monkeypatch.setattr(disconnect, "disconnect", refuse)
    add_account(stage, 1, "Carla Stein")
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    at.button(key="disconnect-yes").click().run()
    assert not at.exception
    assert at.error[0].proto.title == "Facebook could not be told"


def test_an_account_that_was_erased_meanwhile_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def miss(*_args: Any, **_more: Any) -> None:
        raise GrantNotFound(1)

    monkeypatch.setattr(disconnect, "disconnect", miss)
    add_account(stage, 1, "Carla Stein")
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    at.button(key="disconnect-yes").click().run()
    assert [toast.value for toast in at.toast] == [disconnect_text.GONE]


def test_one_page_is_forgotten_and_the_others_stay(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    add_account(stage, 2, "Ben Ortiz")
    add_page(stage, 1, "Café Lindenhof", 1, 2)
    add_page(stage, 2, HOSTILE, 1)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    at.radio(key="disconnect-what").set_value("page")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    assert disconnect_text.CHOOSE_A_PAGE in words_of(at)
    assert at.button(key="disconnect-yes").disabled
    at.selectbox(key="disconnect-page").set_value("1")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    assert "Another account gives access to it too, so its figures go on." in words_of(at)
    assert "disconnect-history" not in [radio.key for radio in at.radio], "it has another reader"
    at.button(key="disconnect-yes").click().run()
    assert [toast.value for toast in at.toast] == [
        "Carla Stein's access to Café Lindenhof was erased. The history stays."
    ]
    assert statuses_of(stage, 1) == {"1": "left_out", "2": "ok"}
    assert statuses_of(stage, 2) == {"1": "ok"}
    said = "\n".join(stage.open("activity").dataframe[-1].value["what"])
    assert "Access to Café Lindenhof through Carla Stein was erased" in said


def test_a_page_is_forgotten_and_erased_from_its_own_screen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # AppTest runs the whole screen for a press in a dialog, and its read session is in the way.
    monkeypatch.setattr("storage.db.engine.COMPACT_PATIENCE_SECONDS", 0)
    add_account(stage, 1, "Carla Stein")
    add_page(stage, 2, HOSTILE, 1)
    at = stage.open("page", {"id": "2"})
    open_dialog(at, lambda at: at.button(key="forget-access-1").click())
    said = words_of(at)
    assert "**1 Page** loses its only access" in said
    assert "<b>" not in said
    at.radio(key="disconnect-history").set_value("erase")
    open_dialog(at, lambda at: at.button(key="forget-access-1").click())
    assert "There is no way back." in words_of(at)
    at.button(key="disconnect-yes").click().run()
    assert not at.exception
    assert statuses_of(stage, 1) == {}
    with stage.installation.database.reading() as session:
        assert session.get(Page, "2") is None


def test_an_account_is_disconnected_and_erased_but_not_during_a_run(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    add_page(stage, 2, "Optik Keller", 1)
    at = stage.open("connections")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    at.radio(key="disconnect-history").set_value("erase")
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    assert "**Carla Stein** is erased here with **1 Page** (Optik Keller)" in words_of(at)
    with stage.installation.database.writing() as session:
        run = start_run(session, kind=SNAPSHOTS, started_by="manual", day=TODAY, now=NOW)
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    assert [warning.value for warning in at.warning] == [erase_text.RUNNING]
    assert at.button(key="disconnect-yes").disabled
    with stage.installation.database.writing() as session:
        finish_run(session, run, status="done", now=NOW)
    open_dialog(at, lambda at: at.menu_button(key="more-1").click("Disconnect…"))
    at.button(key="disconnect-yes").click().run()
    assert [toast.value for toast in at.toast] == ["Carla Stein was erased with 1 Page."]
    assert not stage.open("connections").menu_button


@pytest.mark.parametrize(
    ("status", "chosen", "done"), [("ok", "Freeze", "freeze"), ("frozen", "Unfreeze", "thaw")]
)
def test_freezing_and_unfreezing(
    stage: Stage, calls: list[tuple[Any, ...]], status: str, chosen: str, done: str
) -> None:
    add_account(stage, 1, "Carla Stein", status=status)
    at = stage.open("connections")
    at.menu_button(key="more-1").click(chosen).run()
    assert calls == [(done, 1, "this computer")]


def test_check_now_says_what_facebook_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        check, "check_now", lambda _i, grant, **_more: AccountState(grant, was_answered=True)
    )
    add_account(stage, 1, "Carla Stein")
    at = stage.open("connections")
    at.menu_button(key="more-1").click("Check now").run()
    assert [toast.value for toast in at.toast] == ["Carla Stein's access works."]


def test_a_check_tells_ended_access_from_a_limit() -> None:
    limited = RateLimited(scope="account", retry_after_seconds=None, code=17)
    assert "has ended" in account_text.check_result("Ben", AccountState(1, is_alive=False))
    assert "slow down" in account_text.check_result("Ben", AccountState(1, limited=limited))
    assert "not answering" in account_text.check_result("Ben", AccountState(1))
    for state in (AccountState(1, was_answered=True), AccountState(1, is_alive=False)):
        assert "<b>" not in account_text.check_result(HOSTILE, state)


def test_with_a_wrong_key_nothing_can_be_renewed_or_checked(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein")
    stage.installation.keys = replace(stage.installation.keys, ok=False)
    at = stage.open("connections")
    assert "/oauth/start" not in words_of(at)
    assert "Check now" not in at.menu_button(key="more-1").options


def test_an_account_whose_key_is_lost_is_to_be_renewed_and_nothing_else(stage: Stage) -> None:
    add_account(stage, 1, "Carla Stein", status="needs_renewal", reason_code=KEY_GIVEN_UP)
    said = words_of(stage.open("connections"))
    assert "Carla Stein's access was erased here, since its encryption key is lost." in said
    assert "/oauth/start" in said


def test_many_accounts_are_a_table_with_one_card(stage: Stage) -> None:
    for number in range(1, 13):
        add_account(stage, number, f"Account {number:02}")
    add_account(stage, 99, HOSTILE, status="needs_renewal", reason_code=190)
    at = stage.open("connections")
    table = at.dataframe[0].value
    assert len(table) == 13
    assert table["account"].iloc[0] == HOSTILE
    assert list(table["state"].iloc[0]) == ["Needs renewal"]


@pytest.mark.parametrize("name", ["expires_at", "data_access_expires_at"])
def test_what_has_ended_is_never_counted_in_days(stage: Stage, name: str) -> None:
    ends = NOW - timedelta(days=2), NOW - timedelta(hours=1)
    add_account(stage, 1, "Anna", **{name: ends[0]})
    add_account(stage, 2, "Ben", status="frozen", **{name: ends[1]})
    said = words_of(stage.open("connections"))
    assert "Needs renewal" in said
    assert "-1 day" not in said
    assert "-2 day" not in said
    for end in ends:
        assert f"ended on {formats.day(end.date())}" in said
        assert f"until {formats.day(end.date(), year=False)}" not in said
    assert "runs out" not in said


def test_a_lost_role_stands_on_the_card(stage: Stage) -> None:
    add_account(stage, 1, "Anna")
    add_account(stage, 2, "Ben")
    add_page(stage, 1, "Optik Keller", 1, status="role_lost")
    add_page(stage, 2, "Caf*e", 1, status="no_access")
    said = words_of(stage.open("connections"))
    assert (
        "**1 Page out of reach.** Anna no longer has a role on Optik Keller. Its history is safe."
    ) in said
    assert "**No access sent**: Caf\\*e" in said


def test_a_lost_role_on_a_page_that_another_reads_is_no_trouble(stage: Stage) -> None:
    add_account(stage, 1, "Anna")
    add_account(stage, 2, "Ben")
    add_page(stage, 1, "Optik Keller", 1, status="role_lost")
    hold_page(stage, 1, 2)
    assert "out of reach" not in words_of(stage.open("connections"))


def test_access_that_runs_out_first_is_named(stage: Stage) -> None:
    add_account(stage, 1, "Anna", expires_at=NOW + timedelta(days=5))
    said = words_of(stage.open("connections"))
    assert f"Anna's access runs out on {formats.day(ago(-5))}." in said
