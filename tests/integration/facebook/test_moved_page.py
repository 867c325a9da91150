"""A Page that Facebook gave another id: what notices it, and that it is read on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fb.accounts import custody
from fb.accounts.check import check_now
from fb.accounts.custody import PageAccess, PageHasNewId
from fb.jobs.insights import run_insights
from fb.jobs.snapshots import run_snapshots
from fb.sandbox import make_world
from fb.sandbox.world.platform import NONE, PAGE_MOVED
from storage.accounts.allowances import allow
from storage.accounts.page_moves import MovedPage, find_move
from storage.figures.moved_history import plan_move, take_along
from storage.jobs.events import list_events
from storage.models import Grant, Page
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import Scene, opened_scene

BOT, MESSAGES = "messenger-bot", "pages_messaging"


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """Anna with three Pages, connected; the first of them has a new id since then."""
    with opened_scene(tmp_path, live_database_url, world=make_world(pages=3)) as scene:
        scene.traveller.connect()
        scene.clock.move(days=1)
        scene.sandbox.trouble = PAGE_MOVED
        scene.sandbox.trouble = NONE
        yield scene


def ids(scene: Scene) -> tuple[str, str]:
    world = scene.sandbox.world
    return world.pages[0].id, world.moved_page.id


def move_of(scene: Scene) -> MovedPage | None:
    with scene.installation.database.reading() as session:
        return find_move(session, ids(scene)[0])


def test_a_sync_notices_it_once_and_when_it_is_over(scene: Scene) -> None:
    old_id, new_id = ids(scene)
    for _ in range(2):
        run = run_snapshots(scene.installation, "manual")
        assert (run.pages_done, run.pages_failed) == (2, 1)
    name = scene.sandbox.world.pages[0].name
    assert move_of(scene) == MovedPage(old_id, name, new_id, None, None)
    with scene.installation.database.reading() as session:
        kinds = [each.kind for each in list_events(session)]
        assert session.get_one(Grant, 1).status == "ok"
        assert plan_move(session, old_id) is None, "the new id is not connected yet"
    assert kinds.count("page_moved") == 1

    scene.sandbox.memory.change(lambda state: state.update(has_moved=False))
    run_snapshots(scene.installation, "manual")
    assert move_of(scene) is None, "it answers under its old id"
    scene.sandbox.memory.change(lambda state: state.update(has_moved=True))
    run_insights(scene.installation, "manual")
    assert move_of(scene) is not None, "the insights notice it, too"


def test_a_check_of_an_access_that_ran_out_notices_it_and_reads_on(scene: Scene) -> None:
    scene.clock.move(days=61)
    account = check_now(scene.installation, 1, by=THIS_COMPUTER)
    assert account.is_alive
    assert account.was_answered, "another Page answered"
    assert move_of(scene) is not None


def test_a_hand_out_notices_it_and_names_the_new_id(scene: Scene) -> None:
    old_id, new_id = ids(scene)
    with scene.installation.database.writing() as session:
        allow(session, BOT, MESSAGES, scene.clock(), page_id=old_id, by=THIS_COMPUTER)

    def call(access: PageAccess) -> object:
        client = scene.installation.client()
        try:
            return client.get(access.page_id, {"fields": "id"}, access.access_token)
        finally:
            client.close()

    for _ in range(2):  # the second time nothing is asked
        with pytest.raises(PageHasNewId, match=new_id) as refused:
            custody.use_page_access(
                scene.installation, old_id, call, consumer=BOT, permission=MESSAGES
            )
        assert refused.value.new_id == new_id
    assert move_of(scene) is not None


def test_after_a_renewal_the_history_goes_along_and_is_read_on(scene: Scene) -> None:
    old_id, new_id = ids(scene)
    run_snapshots(scene.installation, "manual")
    _, preview = scene.traveller.travel()
    assert {page.id for page in preview.usable} == {
        new_id,
        *(p.id for p in scene.sandbox.world.pages[1:]),
    }
    scene.traveller.connect()
    with scene.installation.database.writing() as session:
        assert take_along(session, old_id, scene.clock(), by=THIS_COMPUTER) == 1
    run = run_snapshots(scene.installation, "manual")
    assert (run.pages_done, run.pages_failed) == (3, 0)
    with scene.installation.database.reading() as session:
        assert session.get_one(Page, old_id).archived_at == scene.clock()


def test_a_renewal_before_any_refresh_hides_no_move(scene: Scene) -> None:
    scene.traveller.connect()
    assert move_of(scene) is None, "the old id has no access any more"
    scene.sandbox.clear_faults()
    for _ in range(2):
        assert check_now(scene.installation, 1, by=THIS_COMPUTER).is_alive
        assert move_of(scene) is not None
    assert len(scene.sandbox.calls) == 2 * 2 + 1, "what is known is not asked again"
