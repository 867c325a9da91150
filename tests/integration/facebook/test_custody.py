"""Custody over HTTP: who gets which token, what is counted, and who takes over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from fb.accounts import custody
from fb.accounts.custody import CustodyError, PageAccess
from fb.accounts.disconnect import forget_page, freeze, load_cost
from fb.graph.client import GraphClient
from fb.graph.errors import AccessEnded, RateLimited
from storage.accounts.allowances import allow, find_last_use, list_allowances, list_uses, withdraw
from storage.accounts.archive import archive_pages
from storage.accounts.page_tokens import PageHolding, PageToken, list_holdings
from storage.jobs.events import list_events
from storage.models import Grant, PageGrant
from storage.notes.tags import create_tag, tag_page, untag_page
from storage.people.person import THIS_COMPUTER
from tests import present
from tests.integration.facebook.traveller import Scene, opened_scene

BOT, MESSAGES = "messenger-bot", "pages_messaging"


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url) as scene:
        ben = next(each for each in scene.sandbox.world.people if each.name == "Ben Ortiz")
        scene.traveller.connect(person=ben.id)
        scene.clock.move(minutes=5)
        scene.traveller.connect()
        scene.sandbox.clear_faults()
        yield scene


@pytest.fixture
def page_id(scene: Scene) -> str:
    """A Page that Anna and Ben hold, and both may write messages for; Anna connected last."""
    with scene.installation.database.reading() as session:
        of_ben = select(PageGrant.page_id).join(Grant).where(Grant.account_name == "Ben Ortiz")
        shared = session.scalars(
            select(PageGrant.page_id)
            .join(Grant)
            .where(Grant.account_name != "Ben Ortiz", PageGrant.page_id.in_(of_ben))
            .order_by(PageGrant.page_id)
        )
        return next(
            id
            for id in shared
            if all(custody.has_task(each.tasks, MESSAGES) for each in list_holdings(session, id))
        )


def permit(scene: Scene, page_id: str, **changes: Any) -> None:
    with scene.installation.database.writing() as session:
        whom = changes or {"page_id": page_id}
        allow(session, BOT, MESSAGES, scene.clock(), **whom, by=THIS_COMPUTER)


def ask(scene: Scene, page_id: str, permission: str = MESSAGES) -> PageAccess:
    return custody.page_access_token(
        scene.installation, page_id, consumer=BOT, permission=permission
    )


def account_of(scene: Scene, access: PageAccess) -> str:
    with scene.installation.database.reading() as session:
        return session.scalars(select(Grant.account_name).where(Grant.id == access.grant_id)).one()


def statuses(scene: Scene) -> Mapping[str, str]:
    with scene.installation.database.reading() as session:
        return {grant.account_name: grant.status for grant in session.scalars(select(Grant))}


def counts(scene: Scene, page_id: str) -> tuple[int, int]:
    with scene.installation.database.reading() as session:
        uses = list_uses(session, scene.clock() - timedelta(hours=24))
    (use,) = [each for each in uses if each.page_id == page_id]
    return use.handed_out_count, use.refused_count


def test_a_program_is_refused_until_it_is_allowed_and_again_afterwards(
    scene: Scene, page_id: str
) -> None:
    with pytest.raises(custody.NotAllowed) as refused:
        ask(scene, page_id)
    assert "Connections" in str(refused.value)
    permit(scene, page_id)
    access = ask(scene, page_id)
    assert access.access_token not in repr(access)
    assert access.appsecret_proof not in repr(access)
    with pytest.raises(custody.NotAllowed):
        ask(scene, page_id, "read_insights")
    with scene.installation.database.writing() as session:
        (allowance,) = list_allowances(session)
        assert withdraw(session, allowance.id, scene.clock(), by=THIS_COMPUTER)
        assert not withdraw(session, allowance.id, scene.clock(), by=THIS_COMPUTER)
    with pytest.raises(custody.NotAllowed):
        ask(scene, page_id)


def test_the_token_is_facebooks_and_works_with_its_proof(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    access = ask(scene, page_id)
    client = scene.installation.client()
    assert client.get(page_id, {"fields": "id"}, access.access_token)["id"] == page_id
    client.close()
    assert account_of(scene, access) == "Anna Keller"
    assert access.graph_url.startswith(scene.graph_url)


def test_every_answer_is_counted_and_the_first_of_an_hour_is_an_event(
    scene: Scene, page_id: str
) -> None:
    with pytest.raises(custody.NotAllowed):
        ask(scene, page_id)
    permit(scene, page_id)
    scene.clock.at = scene.clock.at.replace(minute=0)
    for _ in range(3):
        ask(scene, page_id)
    assert counts(scene, page_id) == (3, 1)
    scene.clock.move(hours=1)
    ask(scene, page_id)
    assert counts(scene, page_id) == (4, 1)
    with scene.installation.database.reading() as session:
        kinds = [each.kind for each in list_events(session)]
        last = find_last_use(session, page_id)
    assert kinds.count("token_handed_out") == 2
    assert last is not None
    assert (last.consumer, last.last_at) == (BOT, scene.clock())


def test_a_forgotten_access_is_replaced_by_another_accounts(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    anna = ask(scene, page_id).grant_id
    forget_page(scene.installation, anna, page_id, by=THIS_COMPUTER)
    assert account_of(scene, ask(scene, page_id)) == "Ben Ortiz"
    cost = load_cost(scene.installation, ask(scene, page_id).grant_id)
    assert page_id in cost.only_held
    assert page_id not in load_cost(scene.installation, anna).held
    forget_page(scene.installation, cost.grant_id, page_id, by=THIS_COMPUTER)
    with pytest.raises(custody.NoAccess):
        ask(scene, page_id)
    assert set(statuses(scene).values()) == {"ok"}


def test_a_tag_holds_for_the_pages_that_have_it_at_the_moment(scene: Scene, page_id: str) -> None:
    with scene.installation.database.writing() as session:
        tag_id = create_tag(session, "Shops", scene.clock(), by=THIS_COMPUTER)
    permit(scene, page_id, tag_id=tag_id)
    with pytest.raises(custody.NotAllowed):
        ask(scene, page_id)
    with scene.installation.database.writing() as session:
        tag_page(session, tag_id, page_id, scene.clock(), by=THIS_COMPUTER)
    assert ask(scene, page_id).page_id == page_id
    with scene.installation.database.writing() as session:
        untag_page(session, tag_id, page_id, scene.clock(), by=THIS_COMPUTER)
    with pytest.raises(custody.NotAllowed):
        ask(scene, page_id)


def use(scene: Scene, page_id: str, client: GraphClient) -> tuple[str, list[str]]:
    """Read a Page as a program would; whose access it was at last, and whose were tried."""
    tried: list[str] = []

    def call(access: PageAccess) -> str:
        tried.append(account_of(scene, access))
        client.get(page_id, {"fields": "id"}, access.access_token)
        return tried[-1]

    return custody.use_page_access(
        scene.installation, page_id, call, consumer=BOT, permission=MESSAGES
    ), tried


@pytest.mark.fault(
    "an account dies while a program asks for a token",
    "the token, through another account, in the same call",
)
def test_another_account_takes_over_in_the_same_call(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    anna = next(each for each in scene.sandbox.world.people if each.name == "Anna Keller")
    scene.sandbox.end_access(anna.id, 460)
    client = scene.installation.client()
    assert use(scene, page_id, client) == ("Ben Ortiz", ["Anna Keller", "Ben Ortiz"])
    assert statuses(scene) == {"Anna Keller": "needs_renewal", "Ben Ortiz": "ok"}
    # Now that it is known, she is not tried again.
    assert use(scene, page_id, client) == ("Ben Ortiz", ["Ben Ortiz"])
    ben = next(each for each in scene.sandbox.world.people if each.name == "Ben Ortiz")
    scene.sandbox.end_access(ben.id, 458)
    with pytest.raises(custody.AccountEnded):
        use(scene, page_id, client)
    client.close()


@pytest.mark.fault(
    "a hand-out meets a limit or an outage",
    "every account as it was",
)
def test_only_facebooks_word_on_the_token_changes_an_account(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)

    def limited(access: PageAccess) -> None:
        raise RateLimited(code=4, scope="app", retry_after_seconds=60)

    def ended(access: PageAccess) -> None:
        raise AccessEnded(code=190)

    with pytest.raises(RateLimited):
        custody.use_page_access(
            scene.installation, page_id, limited, consumer=BOT, permission=MESSAGES
        )
    scene.sandbox.inject("error", path="/debug_token", code=4, times=9)
    with pytest.raises(custody.AccountEnded):
        custody.use_page_access(
            scene.installation, page_id, ended, consumer=BOT, permission=MESSAGES
        )
    assert set(statuses(scene).values()) == {"ok"}
    scene.sandbox.clear_faults()
    assert account_of(scene, ask(scene, page_id)) == "Anna Keller"


def test_a_role_lost_on_one_page_is_no_dead_account(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)

    def lost(access: PageAccess) -> str:
        if account_of(scene, access) == "Anna Keller":
            raise AccessEnded(code=190, subcode=492)
        return account_of(scene, access)

    by = custody.use_page_access(
        scene.installation, page_id, lost, consumer=BOT, permission=MESSAGES
    )
    assert by == "Ben Ortiz"
    assert set(statuses(scene).values()) == {"ok"}
    assert account_of(scene, ask(scene, page_id)) == "Ben Ortiz"


def test_frozen_accounts_hand_out_nothing(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    with scene.installation.database.reading() as session:
        ids = session.scalars(select(Grant.id)).all()
    freeze(scene.installation, ids[0], by=THIS_COMPUTER)
    assert ask(scene, page_id).grant_id == ids[1]
    freeze(scene.installation, ids[1], by=THIS_COMPUTER)
    with pytest.raises(custody.AccountFrozen) as frozen:
        ask(scene, page_id)
    assert "Unfreeze" in str(frozen.value)


@pytest.mark.parametrize("page", ["", "404", "x\0y"])
def test_pages_that_are_not_here_are_unknown(scene: Scene, page: str) -> None:
    with pytest.raises(custody.PageUnknown):
        ask(scene, page)


def test_an_archived_page_hands_out_nothing(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    with scene.installation.database.writing() as session:
        archive_pages(session, [page_id], scene.clock(), by=THIS_COMPUTER)
    with pytest.raises(custody.PageUnknown):
        ask(scene, page_id)


def test_what_does_not_open_is_not_counted(scene: Scene, page_id: str) -> None:
    permit(scene, page_id)
    with scene.installation.database.writing() as session:
        session.execute(update(PageGrant).values(key_id="another"))
    with pytest.raises(custody.KeysWrong):
        ask(scene, page_id)
    with scene.installation.database.reading() as session:
        assert find_last_use(session, page_id) is None


@pytest.mark.fault(
    "the program dies between count and token",
    "the count; no token goes out uncounted",
)
def test_the_count_is_committed_before_the_token_is_released(
    scene: Scene, page_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the count can't be written there is no token."""
    permit(scene, page_id)

    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(custody, "count_handout", fail)
    with pytest.raises(RuntimeError):
        ask(scene, page_id)


HOLDING = PageHolding(
    grant_id=1,
    account_name="Anna Keller",
    grant_status="ok",
    status="ok",
    tasks=("MESSAGING",),
    granted_permissions=(MESSAGES,),
    declined_permissions=(),
    granted_at=present.NOW,
    data_access_expires_at=None,
    checked_at=None,
    last_used_at=None,
    token=PageToken("7", 1, "anna", "key", "sealed"),
)
NOW = datetime.fromisoformat("2026-11-22T14:02:00+00:00")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"token": None}, custody.NoAccess),
        ({"grant_status": "needs_renewal"}, custody.AccountEnded),
        ({"grant_status": "frozen"}, custody.AccountFrozen),
        ({"granted_permissions": ()}, custody.PermissionNotGranted),
        ({"tasks": ("ANALYZE",)}, custody.RoleTooLow),
    ],
)
def test_each_lack_has_its_error(changes: dict[str, Any], error: type[CustodyError]) -> None:
    with pytest.raises(error):
        custody.choose("7", [replace(HOLDING, **changes)], MESSAGES, NOW)
    both = [replace(HOLDING, **changes), replace(HOLDING, grant_id=2)]
    assert [each.grant_id for each in custody.choose("7", both, MESSAGES, NOW)] == [2]


def test_the_healthiest_comes_first() -> None:
    ended = replace(HOLDING, data_access_expires_at=NOW)
    newest = replace(HOLDING, grant_id=2, data_access_expires_at=NOW + timedelta(days=9))
    older = replace(HOLDING, grant_id=3)
    chosen = custody.choose("7", [ended, newest, older], MESSAGES, NOW)
    assert [each.grant_id for each in chosen] == [2, 3, 1]


def test_without_an_account_there_is_no_access() -> None:
    with pytest.raises(custody.NoAccess):
        custody.choose("7", [], MESSAGES, NOW)


def test_a_full_control_role_is_enough_for_everything() -> None:
    assert all(
        custody.has_task(["PROFILE_PLUS_FULL_CONTROL"], name) for name in custody.NEEDED_TASKS
    )
    assert not custody.has_task([], MESSAGES)
    assert custody.has_task([], "pages_read_engagement")
