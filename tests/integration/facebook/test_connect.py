"""The trip to Facebook and back, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fb.graph.client import GraphClient
from fb.graph.debug_token import TokenFacts, debug_token
from fb.graph.errors import PermissionMissing
from fb.jobs.worker import heartbeat
from fb.login.attempt import AttemptGone, open_result
from fb.login.fetch import ProgressReport, fetch_account
from fb.login.save import PreviewOvertaken, discard, leave_out, save
from fb.login.start import ReturnRefused
from storage.accounts.archive import archive_pages, unarchive_pages
from storage.accounts.attempts import (
    PREVIEW_SECONDS,
    TRIP_SECONDS,
    UNUSED_SECONDS,
    fail_attempt,
    wipe_expired,
)
from storage.accounts.erasure import erase_grant
from storage.accounts.page_tokens import list_page_tokens
from storage.accounts.pages import PageDetails, upsert_pages
from storage.accounts.vault import Vault
from storage.figures.page_search import find_pages
from storage.models import Attempt, Grant, Page, PageGrant, SeenPage, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import START, Scene, Traveller, opened_scene
from tests.integration.killing import die, dump, run_until_killed
from tests.integration.storage_rows import age_attempts

ReturnParameters = dict[str, list[str]]  # as Facebook sends a browser back


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url) as scene:
        yield scene


@pytest.fixture
def back(scene: Scene) -> ReturnParameters:
    """What Facebook sends back after Continue."""
    return scene.traveller.answer(scene.traveller.set_out())


def count(scene: Scene, table: type) -> int:
    with scene.installation.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def sealed_result(scene: Scene) -> str | None:
    """What waits in the only attempt's row."""
    with scene.installation.database.reading() as session:
        return session.scalars(select(Attempt.sealed_result)).one()


def let_pass(scene: Scene, *, seconds: float) -> None:
    with scene.installation.database.writing() as session:
        age_attempts(session, seconds=seconds)


def refusal(traveller: Traveller, parameters: ReturnParameters) -> str:
    with pytest.raises(ReturnRefused) as refused:
        traveller.come_back(parameters)
    return refused.value.kind


def test_the_whole_trip_stores_what_was_ticked(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    assert preview.account_name == "Anna Keller"
    assert not preview.is_known_account
    assert preview.kept_count == 0
    assert preview.cannot_count == 1
    assert {reason for page in preview.pages for reason in page.reasons} == {
        "no_access",
        "no_analyze",
        "not_published",
    }
    assert count(scene, Page) == 0, "nothing is stored before Save"

    unticked = preview.usable[3].id
    outcome = scene.traveller.save(attempt_id, preview, but=[unticked])

    assert outcome["saved"] == outcome["added"] == len(preview.usable) - 1
    assert count(scene, Page) == count(scene, Snapshot) == outcome["saved"]
    with scene.installation.database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        assert set(grant.granted_permissions) >= {"pages_show_list", "read_insights"}
        assert grant.data_access_expires_at is not None
        assert session.get(Page, unticked) is None
        assert set(session.scalars(select(Snapshot.day))) == {START.date()}
        held = session.scalars(select(PageGrant).where(PageGrant.status == "ok")).first()
        assert held is not None
        assert held.key_id is not None
        assert held.sealed_page_token is not None
        token = scene.installation.vault.open_page_token(
            grant.account_id, held.page_id, held.key_id, held.sealed_page_token
        )
        assert token in scene.sandbox.issued_secrets
        attempt = session.get_one(Attempt, attempt_id)
        assert attempt.sealed_result is None, "the result is gone once it is saved"
        assert (attempt.account_name, attempt.grant_id) == (None, grant.id)


def test_a_second_connect_keeps_every_page_and_its_history(scene: Scene) -> None:
    first = scene.traveller.connect()
    pages, days = count(scene, Page), count(scene, Snapshot)
    scene.clock.move(days=1)
    attempt_id, preview = scene.traveller.travel()
    assert preview.is_known_account
    assert preview.new_count == 0
    assert preview.kept_count == first["saved"]
    outcome = scene.traveller.save(attempt_id, preview)
    assert outcome["kept"] == first["saved"]
    assert outcome["added"] == 0
    assert count(scene, Page) == pages
    assert count(scene, Snapshot) == 2 * days


def test_an_archived_page_that_is_granted_again_stays_archived(scene: Scene) -> None:
    first = scene.traveller.connect()
    with scene.installation.database.writing() as session:
        page_id = session.scalars(select(Page.id).order_by(Page.id)).first() or ""
        archive_pages(session, [page_id], scene.clock(), by=THIS_COMPUTER)
    scene.clock.move(days=1)
    attempt_id, preview = scene.traveller.travel()
    assert [page.id for page in preview.archived] == [page_id]
    assert preview.kept_count == first["saved"]
    scene.traveller.save(attempt_id, preview)
    with scene.installation.database.writing() as session:
        of_page = select(Snapshot.day).where(Snapshot.page_id == page_id)
        assert session.get_one(Page, page_id).archived_at == START
        assert list(session.scalars(of_page)) == [START.date()], "it is not read"
        token = select(PageGrant.sealed_page_token).where(PageGrant.page_id == page_id)
        assert session.scalar(token) is not None, "its access is kept"
        assert page_id not in {each.page_id for each in list_page_tokens(session)}
        unarchive_pages(session, [page_id], scene.clock(), by=THIS_COMPUTER)
        assert page_id in {each.page_id for each in list_page_tokens(session)}


def test_what_is_archived_meanwhile_overtakes_the_preview(scene: Scene) -> None:
    scene.traveller.connect()
    attempt_id, preview = scene.traveller.travel()
    with scene.installation.database.writing() as session:
        archive_pages(session, [preview.usable[0].id], scene.clock(), by=THIS_COMPUTER)
    with pytest.raises(PreviewOvertaken):
        scene.traveller.save(attempt_id, preview)


def test_unticked_pages_are_missing_and_lose_only_their_token(scene: Scene) -> None:
    scene.traveller.connect()
    pages, days = count(scene, Page), count(scene, Snapshot)
    scene.clock.move(days=1)
    attempt_id, preview = scene.traveller.travel(unticked_pages=0b11)
    assert len(preview.missing) == 2
    assert all(page.name != page.id for page in preview.missing)
    scene.traveller.save(attempt_id, preview)
    assert count(scene, Page) == pages
    assert count(scene, Snapshot) == days + pages - 2
    with scene.installation.database.reading() as session:
        for page in preview.missing:
            row = session.scalars(select(PageGrant).where(PageGrant.page_id == page.id)).one()
            assert row.status == "missing"
            assert row.sealed_page_token is None


def take_access(session: Session, vault: Vault, attempt_id: str, page_id: str) -> None:
    """Let the waiting result be one in which Facebook sent no token for a Page."""
    attempt = session.get_one(Attempt, attempt_id)
    result = open_result(vault, attempt)
    pages = tuple(
        replace(listed, access_token=None) if listed.page.id == page_id else listed
        for listed in result.pages
    )
    sealed = vault.seal_login_result(attempt_id, replace(result, pages=pages).to_json())
    attempt.sealed_result = sealed.text


def test_what_was_unticked_or_lost_its_token_keeps_its_history(scene: Scene) -> None:
    scene.traveller.connect()
    days = count(scene, Snapshot)
    scene.clock.move(days=1)
    attempt_id, preview = scene.traveller.travel()
    unticked, lost = preview.usable[0].id, preview.usable[1].id
    with scene.installation.database.writing() as session:
        take_access(session, scene.installation.vault, attempt_id, lost)
    preview = scene.traveller.look(attempt_id).preview or preview
    assert next(page for page in preview.pages if page.id == lost).usability == "cannot_be_used"
    outcome = scene.traveller.save(attempt_id, preview, but=[unticked])
    assert outcome["saved"] == outcome["kept"] == len(preview.usable) - 1
    assert count(scene, Snapshot) == days + len(preview.usable) - 1
    with scene.installation.database.reading() as session:
        rows = session.scalars(select(PageGrant).where(PageGrant.status != "ok")).all()
    states = {row.page_id: (row.status, row.sealed_page_token, row.status_at) for row in rows}
    assert states == {
        unticked: ("left_out", None, scene.clock()),
        lost: ("no_access", None, scene.clock()),
    }


def test_ids_that_were_not_on_offer_are_passed_over(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    no_access = next(page.id for page in preview.pages if page.usability == "cannot_be_used")
    outcome = save(
        scene.installation,
        attempt_id,
        scene.traveller.cookies,
        scene.clock(),
        page_ids=frozenset({no_access, "404", preview.usable[0].id}),
        digest=preview.digest,
        by=THIS_COMPUTER,
    )
    assert outcome["saved"] == count(scene, Page) == 1


def test_what_waits_for_the_operator_is_sealed_and_is_erased_when_it_expires(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    with scene.installation.database.reading() as session:
        attempt = session.scalars(select(Attempt)).one()
    assert not any(secret in repr(vars(attempt)) for secret in scene.sandbox.issued_secrets)
    result = open_result(scene.installation.vault, attempt)
    assert result.user_token in scene.sandbox.issued_secrets
    assert [listed.page.id for listed in result.pages] == [page.id for page in preview.pages]
    scene.clock.move(days=1)  # as Fast-forward does; the database's clock counts
    assert scene.traveller.look(attempt_id).status == "ready"
    let_pass(scene, seconds=PREVIEW_SECONDS)
    assert scene.traveller.look(attempt_id).status == "expired"
    with pytest.raises(AttemptGone):
        scene.traveller.save(attempt_id, preview)
    with scene.installation.database.writing() as session:
        wipe_expired(session)
    assert sealed_result(scene) is None
    assert scene.traveller.look(attempt_id).status == "expired"


def test_declined_permissions_are_named(scene: Scene) -> None:
    _, preview = scene.traveller.travel(without=["read_insights"])
    assert preview.declined == ("read_insights",)
    assert not preview.basic_only
    _, preview = scene.traveller.travel(without=["pages_show_list"])
    assert preview.pages == ()


def test_without_pages_read_engagement_the_basics_remain(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel(without=["pages_read_engagement"])
    assert preview.basic_only
    assert all("needs_pages_read_engagement" in page.reasons for page in preview.usable)
    scene.traveller.save(attempt_id, preview)
    assert count(scene, Page) == len(preview.usable)


@pytest.mark.parametrize(
    "declined",
    [
        (),
        ("pages_read_engagement",),
        ("read_insights",),
        ("pages_messaging",),
        ("pages_manage_metadata",),
        ("business_management",),
        ("read_insights", "pages_read_engagement"),
    ],
)
def test_an_account_that_reads_no_figures_needs_renewal_from_the_start(
    scene: Scene, declined: tuple[str, ...]
) -> None:
    attempt_id, preview = scene.traveller.travel(without=declined)
    reads_figures = "pages_read_engagement" not in declined
    assert set(preview.declined) == set(declined)
    assert preview.basic_only is not reads_figures
    assert any(page.fans is not None for page in preview.pages) is reads_figures
    outcome = scene.traveller.save(attempt_id, preview)
    assert outcome["reads_figures"] is reads_figures
    assert state_of_the_account(scene) == (("ok", None) if reads_figures else ("needs_renewal", 10))
    scene.traveller.connect()
    assert state_of_the_account(scene) == ("ok", None)


def state_of_the_account(scene: Scene) -> tuple[str, int | None]:
    with scene.installation.database.reading() as session:
        grant = session.scalars(select(Grant)).one()
        return grant.status, grant.reason_code


def test_another_account_stands_beside_the_first(scene: Scene) -> None:
    scene.traveller.connect()
    person = next(p.id for p in scene.sandbox.world.people if p.name == "Ben Ortiz")
    attempt_id, preview = scene.traveller.travel(person=person)
    assert preview.other_accounts == ("Anna Keller",)
    assert preview.account_name == "Ben Ortiz"
    scene.traveller.save(attempt_id, preview)
    assert count(scene, Grant) == 2


BEN = "10167890123456781"


def grant_of(scene: Scene, account_name: str) -> int:
    with scene.installation.database.reading() as session:
        return session.scalars(select(Grant.id).where(Grant.account_name == account_name)).one()


def test_another_account_than_the_renewed_one_is_asked_about(scene: Scene) -> None:
    scene.traveller.connect()
    anna = grant_of(scene, "Anna Keller")
    attempt_id, preview = scene.traveller.travel(person=BEN, renew=anna)
    assert (preview.account_name, preview.expected_account) == ("Ben Ortiz", "Anna Keller")
    assert scene.traveller.look(attempt_id).renews == anna
    scene.traveller.save(attempt_id, preview)
    assert scene.traveller.look(attempt_id).renews == anna
    _, preview = scene.traveller.travel(renew=anna)
    assert preview.expected_account is None, "the right one came back"
    _, preview = scene.traveller.travel(person=BEN)
    assert preview.expected_account is None, "none was meant"


def test_an_account_that_is_gone_is_not_expected(scene: Scene) -> None:
    scene.traveller.connect()
    anna = grant_of(scene, "Anna Keller")
    dialog = scene.traveller.set_out(anna)
    with scene.installation.database.writing() as session:
        erase_grant(session, anna)
    back = scene.traveller.answer(dialog, person=BEN)
    view = scene.traveller.wait(scene.traveller.come_back(back))
    assert view.preview is not None
    assert (view.renews, view.preview.expected_account) == (None, None)
    _, preview = scene.traveller.travel(person=BEN, renew=404)
    assert preview.expected_account is None


def test_a_renewal_says_what_it_would_drop_and_drops_nothing_before_save(scene: Scene) -> None:
    scene.traveller.connect()
    attempt_id, preview = scene.traveller.travel(unticked_pages=0b11)
    lost, unticked = preview.usable[0], preview.usable[1]
    with scene.installation.database.writing() as session:
        take_access(session, scene.installation.vault, attempt_id, lost.id)
    seen = scene.traveller.look(attempt_id).preview
    assert seen is not None
    assert seen.digest != preview.digest
    names = [*(page.name for page in preview.missing), lost.name]
    assert seen.list_dropped(frozenset()) == names
    assert seen.list_dropped({unticked.id}) == [*names, unticked.name]
    tokens = count_tokens(scene)
    scene.traveller.save(attempt_id, seen)
    assert count_tokens(scene) == tokens - len(names)


@pytest.mark.fault(
    "the program is killed while a renewal is saved",
    "every row; the same Save works after it",
)
def test_a_renewal_that_is_killed_while_it_is_saved_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.traveller.connect()
    attempt_id, preview = scene.traveller.travel(unticked_pages=0b11)
    database = scene.installation.database
    with database.reading() as session:
        before = dump(session)
    with monkeypatch.context() as patch:
        patch.setattr("fb.login.save.record_event", die)  # the last that it stores
        run_until_killed(database, lambda: scene.traveller.save(attempt_id, preview))
    with database.reading() as session:
        assert dump(session) == before
    assert scene.traveller.save(attempt_id, preview)["kept"] == len(preview.usable)


def count_tokens(scene: Scene) -> int:
    with scene.installation.database.reading() as session:
        held = select(func.count()).where(PageGrant.sealed_page_token.is_not(None))
        return session.scalar(held) or 0


def sightings(scene: Scene) -> dict[str, str]:
    with scene.installation.database.reading() as session:
        return {seen.page_id: seen.kind for seen in session.scalars(select(SeenPage))}


def test_pages_that_facebook_only_names_are_told_and_stored_apart(scene: Scene) -> None:
    pages = scene.sandbox.world.pages
    owned = [page for page in pages if page.is_through_business]
    bens = [page.id for page in pages[58:]]
    attempt_id, preview = scene.traveller.travel()
    assert {(page.id, page.kind) for page in preview.seen} == {
        (page_id, "in_portfolio") for page_id in bens
    }
    assert sightings(scene) == {}, "nothing is stored before Save"
    scene.traveller.save(attempt_id, preview)
    assert sightings(scene) == dict.fromkeys(bens, "in_portfolio")
    assert count(scene, Page) == len(preview.usable)

    unticked = 1 << owned[0].index | 0b1
    attempt_id, preview = scene.traveller.travel(unticked_pages=unticked)
    seen = {page.id: (page.name, page.kind) for page in preview.seen}
    assert seen[owned[0].id] == (owned[0].name, "not_ticked")
    scene.traveller.save(attempt_id, preview)
    expected = dict.fromkeys([*bens, owned[0].id, pages[0].id], "not_ticked")
    assert sightings(scene) == expected, "also the Page that no business has"
    with scene.installation.database.reading() as session:
        (found,) = find_pages(session, owned[0].id, limit=5)
        (only_seen,) = find_pages(session, bens[0], limit=5)
    assert (found.connection, found.seen_by[0].kind) == ("missing", "not_ticked")
    assert (only_seen.connection, only_seen.name) == (None, pages[58].name)

    attempt_id, preview = scene.traveller.travel()
    scene.traveller.save(attempt_id, preview)
    assert sightings(scene) == dict.fromkeys(bens, "in_portfolio"), "the last trip counts"


def test_a_granted_page_that_facebook_does_not_list_is_named_by_its_id(scene: Scene) -> None:
    owned = [page.id for page in scene.sandbox.world.pages if page.is_through_business]
    _, preview = scene.traveller.travel(without=["business_management"], unticked_pages=0b1)
    assert {(page.id, page.name, page.kind) for page in preview.seen} == {
        (page_id, page_id, "not_listed") for page_id in owned
    }
    _, preview = scene.traveller.travel(without=["pages_show_list"])
    assert preview.seen == ()


@pytest.mark.fault(
    "`/me/businesses` fails in any way",
    "the trip, with its Pages",
)
def test_businesses_that_can_not_be_read_fail_no_trip(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Iterator[tuple[str, str]]:
        yield "1", "Café"
        raise PermissionMissing(code=10)

    monkeypatch.setattr("fb.login.fetch.iterate_business_pages", refuse)
    _, preview = scene.traveller.travel()
    assert [page.name for page in preview.seen] == ["Café"]
    assert preview.usable


@pytest.mark.fault(
    "`/me/businesses` is refused, or empty",
    "the trip, with its Pages",
)
def test_an_account_without_businesses_and_one_that_is_refused_them_connect(scene: Scene) -> None:
    world = scene.sandbox.world
    alone = next(each for each in world.people if not world.list_businesses(each))
    _, preview = scene.traveller.travel(person=alone.id)
    assert preview.seen == ()
    assert preview.usable
    for code in (200, 4):
        scene.sandbox.inject("error", path="/me/businesses", code=code, times=9)
        _, preview = scene.traveller.travel()
        assert preview.seen == ()
        assert preview.usable
        scene.sandbox.clear_faults()


@pytest.mark.fault(
    "Facebook's dialog ends with no Page ticked",
    "every Page's access",
)
def test_a_dialog_that_ends_without_a_page_changes_nothing(scene: Scene) -> None:
    scene.traveller.connect()
    tokens = count_tokens(scene)
    attempt_id, preview = scene.traveller.travel(unticked_pages=2**60 - 1)
    assert preview.pages == ()
    assert len(preview.missing) == tokens
    discard(
        scene.installation, attempt_id, scene.traveller.cookies, scene.clock(), by=THIS_COMPUTER
    )
    assert count_tokens(scene) == tokens


def test_cancel_changes_nothing(scene: Scene) -> None:
    back = scene.traveller.answer(scene.traveller.set_out(), agree=False)
    view = scene.traveller.look(scene.traveller.come_back(back))
    assert view.status == "failed"
    assert view.failure is not None
    assert view.failure["kind"] == "cancelled"
    assert count(scene, Grant) == 0


def test_a_return_that_makes_no_sense(scene: Scene) -> None:
    returns: list[tuple[ReturnParameters, str]] = [
        ({}, "nothing"),
        ({"code": ["x"]}, "incomplete"),
        ({"state": ["x"]}, "incomplete"),
        ({"error": ["access_denied"]}, "error"),
        ({"error_code": ["1349126"], "error_message": ["App"]}, "error"),
        ({"code": ["x", "y"], "state": ["x"]}, "repeated"),
        ({"code": ["x"], "state": ["x", "x"]}, "repeated"),
        ({"code": ["x"], "state": ["s" * 20_000]}, "malformed"),
        ({"code": ["c" * 20_000], "state": ["s"]}, "malformed"),
    ]
    for parameters, kind in returns:
        assert refusal(scene.traveller, parameters) == kind, parameters


def test_a_forged_state(scene: Scene, back: ReturnParameters) -> None:
    state = back["state"][0]
    forged = state[:-4] + ("AAAA" if not state.endswith("AAAA") else "BBBB")
    assert refusal(scene.traveller, back | {"state": [forged]}) in ("forged", "malformed")


def test_a_state_of_another_browser(scene: Scene, back: ReturnParameters) -> None:
    stranger = Traveller(scene.installation, scene.graph_url)
    assert refusal(stranger, back) == "other_browser"
    # It was not consumed by the stranger: the person's own return still works.
    scene.traveller.come_back(back)


def test_a_return_after_fifteen_minutes(scene: Scene, back: ReturnParameters) -> None:
    let_pass(scene, seconds=TRIP_SECONDS)
    assert refusal(scene.traveller, back) == "expired"
    # The cookie ends, and a day later the attempt is forgotten.
    scene.traveller.cookies.clear()
    assert refusal(scene.traveller, back) == "expired"
    let_pass(scene, seconds=UNUSED_SECONDS)
    scene.traveller.set_out()
    assert count(scene, Attempt) == 1
    assert refusal(scene.traveller, back) == "expired"


def test_a_used_return_leads_to_its_attempt_also_after_fifteen_minutes(
    scene: Scene, back: ReturnParameters
) -> None:
    attempt_id = scene.traveller.come_back(back)
    scene.traveller.wait(attempt_id)
    let_pass(scene, seconds=TRIP_SECONDS)
    assert refusal(scene.traveller, back) == "used"
    assert scene.traveller.look(attempt_id).status == "ready"


def test_a_used_return_leads_to_the_same_attempt_and_exchanges_nothing(
    scene: Scene, back: ReturnParameters
) -> None:
    attempt_id = scene.traveller.come_back(back)
    scene.traveller.wait(attempt_id)
    calls = len(scene.sandbox.calls)
    with pytest.raises(ReturnRefused) as refused:
        scene.traveller.come_back(back)
    assert (refused.value.kind, refused.value.attempt_id) == ("used", attempt_id)
    assert len(scene.sandbox.calls) == calls


def test_of_many_returns_at_once_one_exchanges(scene: Scene, back: ReturnParameters) -> None:

    def arrive(_: int) -> str:
        try:
            scene.traveller.come_back(back)
        except ReturnRefused as refused:
            return refused.kind
        return "accepted"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(arrive, range(8)))
    assert sorted(outcomes) == ["accepted"] + ["used"] * 7


def test_a_return_under_other_settings(scene: Scene, back: ReturnParameters) -> None:
    settings = scene.installation.settings
    object.__setattr__(settings, "graph_url", "http://127.0.0.1:9")
    assert refusal(scene.traveller, back) == "other_settings"


def test_another_browser_sees_nothing_of_an_attempt(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    stranger = Traveller(scene.installation, scene.graph_url)
    view = stranger.look(attempt_id)
    assert view.status == "other_browser"
    assert view.account_name is None
    assert view.preview is None
    with pytest.raises(AttemptGone):
        stranger.save(attempt_id, preview)
    with pytest.raises(AttemptGone):
        discard(scene.installation, attempt_id, {}, scene.clock(), by=THIS_COMPUTER)
    every = frozenset(page.id for page in preview.usable)
    with pytest.raises(AttemptGone):
        leave_out(scene.installation, attempt_id, {}, every, by=THIS_COMPUTER)
    assert scene.traveller.look(attempt_id).preview == preview
    assert count(scene, Page) == 0


def test_what_is_unticked_stays_so_until_all_is_over(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    where = (scene.installation, attempt_id, scene.traveller.cookies)
    some = frozenset(page.id for page in preview.usable[:3])
    leave_out(*where, some, by=THIS_COMPUTER)
    seen = scene.traveller.look(attempt_id).preview
    assert seen is not None
    assert (seen.left_out, seen.digest) == (some, preview.digest), "no other difference"
    scene.traveller.save(attempt_id, seen, but=tuple(some))
    assert count(scene, Page) == len(preview.usable) - 3
    with pytest.raises(AttemptGone):
        leave_out(*where, some, by=THIS_COMPUTER)


def test_save_happens_once(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()

    def press(_: int) -> str:
        try:
            scene.traveller.save(attempt_id, preview)
        except (AttemptGone, PreviewOvertaken) as error:
            return type(error).__name__
        return "saved"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(press, range(4)))
    assert sorted(outcomes) == ["AttemptGone"] * 3 + ["saved"]
    assert scene.traveller.look(attempt_id).status == "saved"


def test_a_page_that_another_account_brought_overtakes_the_preview(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    with scene.installation.database.writing() as session:
        upsert_pages(session, [PageDetails(id=preview.usable[0].id, name="x")], scene.clock())
    with pytest.raises(PreviewOvertaken):
        scene.traveller.save(attempt_id, preview)
    assert count(scene, Grant) == count(scene, Snapshot) == 0
    assert scene.traveller.look(attempt_id).status == "ready"


def test_what_is_read_after_the_end_is_not_kept(scene: Scene, back: ReturnParameters) -> None:
    scene.installation.worker.stopping.set()  # so that the reading begins when the test says so
    attempt_id = scene.traveller.come_back(back)
    with scene.installation.database.writing() as session:
        fail_attempt(session, attempt_id, {"kind": "Unreachable"}, scene.clock())
    scene.installation.worker.stopping.clear()
    fetch_account(scene.installation, attempt_id, back["code"][0])
    assert scene.traveller.look(attempt_id).status == "failed"
    assert sealed_result(scene) is None


def test_progress_is_told_twice_a_second_at_most_and_none_of_it_is_lost(
    scene: Scene, back: ReturnParameters
) -> None:
    scene.installation.worker.stopping.set()
    attempt_id = scene.traveller.come_back(back)
    progress = ProgressReport(scene.installation, attempt_id)
    progress.add(step="listing", account_name="Anna")
    assert scene.traveller.look(attempt_id).step == "exchange"
    scene.clock.move(seconds=0.5)
    progress.add(pages_read=100)
    view = scene.traveller.look(attempt_id)
    assert (view.step, view.account_name, view.pages_read) == ("listing", "Anna", 100)
    scene.clock.move(seconds=0.4)
    progress.add(pages_read=200)
    assert scene.traveller.look(attempt_id).pages_read == 100
    scene.clock.move(seconds=60)
    progress.add(pages_total=300)
    view = scene.traveller.look(attempt_id)
    assert (view.status, view.pages_read, view.pages_total) == ("reading", 200, 300)


def test_an_overtaken_preview_is_not_saved(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    scene.traveller.connect()
    with pytest.raises(PreviewOvertaken):
        scene.traveller.save(attempt_id, preview)
    fresh = scene.traveller.look(attempt_id).preview
    assert fresh is not None
    assert fresh.new_count == 0
    scene.traveller.save(attempt_id, fresh)


def test_discard_leaves_nothing(scene: Scene) -> None:
    attempt_id, preview = scene.traveller.travel()
    discard(
        scene.installation, attempt_id, scene.traveller.cookies, scene.clock(), by=THIS_COMPUTER
    )
    assert scene.traveller.look(attempt_id).status == "discarded"
    assert sealed_result(scene) is None
    with pytest.raises(AttemptGone):
        scene.traveller.save(attempt_id, preview)
    assert count(scene, Page) == 0


@pytest.mark.fault(
    "a dashboard dies right after the return from Facebook's dialog",
    "it is told within 20 s, by the database's clock; nothing is saved",
)
def test_a_reading_whose_heart_stopped_is_interrupted(scene: Scene, back: ReturnParameters) -> None:
    scene.installation.worker.stopping.set()  # a server that dies right after the return
    attempt_id = scene.traveller.come_back(back)
    # The database's clock counts, not that of the machine that looks.
    scene.clock.move(seconds=300)
    assert scene.traveller.look(attempt_id).status == "reading"
    assert not scene.traveller.look(attempt_id).is_slow
    let_pass(scene, seconds=12)
    assert scene.traveller.look(attempt_id).status == "reading"
    assert scene.traveller.look(attempt_id).is_slow
    let_pass(scene, seconds=9)
    assert scene.traveller.look(attempt_id).status == "interrupted"
    with scene.installation.database.reading() as session:
        assert session.scalars(select(Grant)).all() == []


def test_a_reading_beats_every_five_seconds(
    scene: Scene, back: ReturnParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reading is interrupted after 20 s without a beat, so several may be late."""
    asked: list[float] = []

    def note(beat: Callable[[], object], every_seconds: float) -> AbstractContextManager[None]:
        asked.append(every_seconds)
        return heartbeat(beat, every_seconds)

    monkeypatch.setattr("fb.login.fetch.heartbeat", note)
    scene.traveller.wait(scene.traveller.come_back(back))
    assert asked == [5.0]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("redirect", "RedirectRefused"), ("cut", "Unreachable"), ("html", "TemporarilyDown")],
)
def test_an_exchange_that_goes_wrong_is_not_retried(
    scene: Scene, back: ReturnParameters, fault: str, kind: str
) -> None:
    scene.sandbox.inject(fault)
    view = scene.traveller.wait(scene.traveller.come_back(back))
    assert view.failure is not None
    assert (view.status, view.failure["kind"]) == ("failed", kind)
    exchanges = [path for _, path in scene.sandbox.calls if path.endswith("oauth/access_token")]
    assert len(exchanges) == 1
    assert count(scene, Grant) == 0


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"app_id": "999999999999999"}, "wrong_token"),
        ({"app_id": None}, "wrong_token"),
        ({"user_id": "999999999999999"}, "wrong_token"),
        ({"user_id": None}, "wrong_token"),
        ({"type": "PAGE"}, "wrong_token"),
        ({"is_valid": False}, "wrong_token"),
        ({"expires_at": START + timedelta(hours=2)}, "not_long_lived"),
    ],
)
def test_a_token_of_another_app_or_account_ends_the_trip(
    scene: Scene,
    back: ReturnParameters,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, Any],
    kind: str,
) -> None:
    def check(client: GraphClient, token: str) -> TokenFacts:
        return replace(debug_token(client, token), **told)

    monkeypatch.setattr("fb.login.fetch.debug_token", check)
    view = scene.traveller.wait(scene.traveller.come_back(back))
    assert (view.status, view.failure) == ("failed", {"kind": kind})
    assert sealed_result(scene) is None
    assert count(scene, Grant) == 0


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (
            {"error_code": ["1349126"], "error_message": ["<b>App</b>"]},
            {"kind": "cancelled_or_not_live", "code": 1349126},
        ),
        ({"error_message": ["App"]}, {"kind": "cancelled_or_not_live", "code": None}),
        ({"error_reason": ["user_denied"]}, {"kind": "cancelled_or_not_live", "code": None}),
        ({"error_code": ["<b>1"]}, {"kind": "cancelled_or_not_live", "code": None}),
        (
            {"error": ["server_error"], "error_code": ["1349126"]},
            {"kind": "dialog_error", "code": 1349126},
        ),
        (
            {"error": ["access_denied"], "error_code": ["200"]},
            {"kind": "cancelled", "code": 200},
        ),
    ],
)
def test_an_error_of_the_dialog_keeps_its_number(
    scene: Scene, sent: dict[str, list[str]], failure: dict[str, object]
) -> None:
    back = scene.traveller.answer(scene.traveller.set_out(), agree=False)
    view = scene.traveller.look(scene.traveller.come_back({"state": back["state"], **sent}))
    assert (view.status, view.failure) == ("failed", failure)
