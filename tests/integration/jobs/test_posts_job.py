"""Posts over HTTP: what is read, how often, what refusals cost, and what a restart goes on with."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from fb.graph.batch import BatchItem
from fb.graph.client import GraphClient
from fb.graph.http import exchange
from fb.graph.posts import fetch_answers
from fb.jobs import post_metrics, post_page, post_run, post_steps, posts
from fb.jobs.posts import run_posts
from fb.jobs.schedule import tick
from fb.sandbox import make_world
from fb.sandbox.graph import graph_errors, post_insights, posts_edge
from fb.sandbox.world import posts as world_posts
from fb.sandbox.world.platform import PAGE_MOVED
from fb.sandbox.world.world import Page as SandboxPage
from storage.insights.metric_ledger import LedgerMetric, list_ledger, seed_ledger
from storage.jobs.rate_limits import forget_limits
from storage.jobs.runs import RunRecord, find_last_run
from storage.models import (
    Grant,
    InsightMetric,
    JobRun,
    Page,
    PageMove,
    Post,
    PostCheckpoint,
    PostState,
)
from storage.posts.posts import store_figures
from tests.integration.conftest import LIVE, Templates
from tests.integration.facebook.traveller import START, Scene, opened_scene
from tests.integration.killing import die, dump, run_until_killed
from tests.waiting import wait_until

ORDINARY, OTHER = "Café Lindenhof", "Padaria Pão da Vila"
SMALL = "Harbour Books"  # too few followers for viewers
BUSY = world_posts.BUSY
REELS = "Floricultura Jardim Secreto"  # eight in a hundred days
A_DAY = timedelta(days=1)


class Calls(Counter[str]):
    """What was asked, by kind; an item of a batch counts as a call. ``sizes``: of the batches."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def note(self, items: Sequence[BatchItem]) -> None:
        self.sizes.append(len(items))
        for item in items:
            edge = item.path.partition("/")[2] or "exists"
            self["paid" if "breakdown" in item.query else edge] += 1


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls, batch = Calls(), GraphClient.batch

    def count(client: GraphClient, items: Sequence[BatchItem]) -> Any:
        calls.note(items)
        return batch(client, items)

    monkeypatch.setattr(GraphClient, "batch", count)
    return calls


@pytest.fixture(scope="module")
def shared(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Anna is connected with all of her Pages, once: most tests only read posts."""
    folder = tmp_path_factory.mktemp("posts")
    path = folder / "data" / "pagekeeper.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(templates.get_sqlite(LIVE), path)
    with opened_scene(folder, f"sqlite:///{path}") as scene:
        scene.traveller.connect()
        yield scene


@pytest.fixture
def scene(shared: Scene) -> Scene:
    """The same without any post, on its first day."""
    shared.clock.at, shared.sandbox.trouble = START, "none"
    shared.sandbox.clear_faults()
    with shared.installation.database.writing() as session:
        for model in (JobRun, Post, PostState):
            session.execute(delete(model))
        session.execute(delete(InsightMetric).where(InsightMetric.scope == "post"))
        seed_ledger(session)
        forget_limits(session)
    return shared


@pytest.fixture
def own_scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """A scene in which nobody is connected. Smaller: connecting takes its time."""
    with opened_scene(tmp_path, live_database_url, world=make_world(pages=26)) as scene:
        yield scene


@pytest.fixture(autouse=True)
def few_older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two years take their time: only the tests of them read them."""
    monkeypatch.setattr(post_run, "MAX_OLDER", 0)


def page_named(scene: Scene, name: str) -> SandboxPage:
    return next(page for page in scene.sandbox.world.pages if page.name == name)


def choose(scene: Scene, *names: str) -> list[str]:
    """Archive all Pages but those of these names; return their ids in this order."""
    ids = [page_named(scene, name).id for name in names]
    with scene.installation.database.writing() as session:
        session.execute(update(Page).values(archived_at=None))
        session.execute(update(Page).where(Page.id.not_in(ids)).values(archived_at=START))
    return ids


def connect(scene: Scene, name: str, *, without: Sequence[str] = (), person: str = "") -> str:
    """Connect the Page of this name alone; return its id."""
    people = {each.name: each.id for each in scene.sandbox.world.people}
    attempt_id, preview = scene.traveller.travel(
        without=without, person=people[person] if person else None
    )
    page_id = page_named(scene, name).id
    others = [page.id for page in preview.usable if page.id != page_id]
    scene.traveller.save(attempt_id, preview, others)
    scene.sandbox.clear_faults()
    return page_id


def read(scene: Scene) -> RunRecord:
    return run_posts(scene.installation, "manual")


def days(scene: Scene, count: int) -> list[RunRecord]:
    """Read on each of the next days."""
    runs = []
    for _ in range(count):
        scene.clock.move(days=1)
        runs.append(read(scene))
    return runs


def state(scene: Scene, page_id: str) -> PostState:
    with scene.installation.database.reading() as session:
        row = session.get(PostState, page_id)
        assert row is not None
        session.expunge(row)
        return row


def stored(scene: Scene, *conditions: Any) -> list[Post]:
    """Stored posts, the newest first."""
    with scene.installation.database.reading() as session:
        query = select(Post).where(*conditions).order_by(Post.published_at.desc())
        rows = list(session.scalars(query))
        session.expunge_all()
        return rows


def checkpoints(scene: Scene) -> dict[tuple[str, int], int | None]:
    with scene.installation.database.reading() as session:
        return {
            (row.post_id, row.age_days): row.views
            for row in session.scalars(select(PostCheckpoint))
        }


def ledger(scene: Scene) -> dict[str, LedgerMetric]:
    with scene.installation.database.reading() as session:
        return {row.name: row for row in list_ledger(session, "post")}


def on_facebook(scene: Scene, name: str, days: int = 100) -> list[world_posts.Post]:
    """The posts and Reels of a Page that the sandbox shows now, from the last days."""
    now = scene.clock()
    posts = world_posts.iterate_posts(page_named(scene, name), now)
    return [post for post in posts if post.created_at >= now - days * A_DAY]


def test_the_first_run_reads_ninety_days_with_figures(scene: Scene, calls: Calls) -> None:
    page_id, _ = choose(scene, ORDINARY, OTHER)
    calls.clear()
    run = read(scene)
    assert (run.status, run.pages_done, run.pages_failed) == ("done", 2, 0)
    wanted = {post.id for name in (ORDINARY, OTHER) for post in on_facebook(scene, name)}
    found = {post.id: post for post in stored(scene)}
    assert wanted <= found.keys(), "posts and Reels"
    assert run.posts_new == len(found)
    told = [post for post in found.values() if post.read_at is not None]
    assert run.values_count == len(told) > 50
    assert run.steps_done == run.steps_total == len(checkpoints(scene)) > 5
    row = state(scene, page_id)
    assert (row.state, row.reels_state, row.rows_limit, row.left_out) == ("ok", "ok", 25, [])
    assert (row.covered_until, row.is_complete) == (START, False)
    assert row.covered_since is not None
    assert row.covered_since < START - 100 * A_DAY
    assert calls["published_posts"] == 4, "two of twenty-five for each Page"
    assert max(calls.sizes) <= 10
    same = next(p for p in told if p.kind == "photo" and p.page_id != page_id)
    assert same.views is not None
    assert same.viewers is not None
    assert same.reactions is not None


def test_viewers_of_nobody_beside_views_are_unknown(scene: Scene) -> None:
    choose(scene, ORDINARY)  # Facebook tells 0 viewers for this Page
    read(scene)
    told = stored(scene, Post.views > 0)
    assert told
    assert {post.viewers for post in told} == {None}


def test_reading_twice_on_a_day_changes_nothing(scene: Scene, calls: Calls) -> None:
    choose(scene, ORDINARY)
    read(scene)
    with scene.installation.database.reading() as session:
        before = dump(session, "job_runs", "installation", "insight_metrics", "observations")
    calls.clear()
    assert read(scene).pages_total == 0
    assert not calls, "nothing is asked again"
    with scene.installation.database.reading() as session:
        after = dump(session, "job_runs", "installation", "insight_metrics", "observations")
    assert after == before


def test_at_most_four_calls_a_page_on_a_steady_day(scene: Scene, calls: Calls) -> None:
    names = ("Maple & Oak Furniture", SMALL)  # with Reels, and with many posts
    choose(scene, *names)
    read(scene)
    calls.clear()
    runs = days(scene, 28)
    per_page_and_day = calls.total() / (28 * len(names))
    assert per_page_and_day <= 4, calls
    assert {run.status for run in runs} == {"done"}
    assert sum(run.steps_total - run.steps_done for run in runs) == 0, "no checkpoint was missed"
    now, written = scene.clock(), checkpoints(scene)
    for name in names:  # every post of this time has every checkpoint that its age allows
        for post in on_facebook(scene, name, 27):
            due = {age for age in (1, 3, 7) if now - post.created_at >= (age + 1) * A_DAY}
            assert {(post.id, age) for age in due} <= written.keys(), (name, post.created_at)


def test_two_years_come_in_the_background_within_the_days_calls(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_run, "MAX_OLDER", 4)
    (page_id,) = choose(scene, ORDINARY)
    calls.clear()
    read(scene)
    first = state(scene, page_id)
    assert calls["published_posts"] == 2, "90 days; the rest from the next day on"
    assert first.covered_since is not None
    assert first.older_cursor is not None
    calls.clear()
    scene.clock.move(days=1)
    read(scene)
    assert 4 < calls["published_posts"] <= 4 + 2
    second = state(scene, page_id)
    assert second.covered_since is not None
    assert second.covered_since < first.covered_since - 100 * A_DAY
    days(scene, 4)
    done = state(scene, page_id)
    assert (done.is_complete, done.older_cursor) == (True, None)
    wanted = {post.id for post in on_facebook(scene, ORDINARY, 725)}
    assert wanted <= {post.id for post in stored(scene)}


def test_a_cursor_that_expired_is_replaced_on_the_next_day(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_run, "MAX_OLDER", 1)
    (page_id,) = choose(scene, ORDINARY)
    read(scene)
    with scene.installation.database.writing() as session:
        session.execute(update(PostState).values(older_cursor="nonsense"))
    before = state(scene, page_id).covered_since
    days(scene, 2)
    after = state(scene, page_id)
    assert after.state == "ok"
    assert after.older_cursor not in (None, "nonsense")
    assert after.covered_since == before, "it walks over what is there already, and then on"


def test_seven_hundred_posts_a_year_stay_within_twenty_calls(scene: Scene, calls: Calls) -> None:
    (page_id,) = choose(scene, BUSY)
    calls.clear()
    run = read(scene)
    assert run.status == "done"
    assert calls.total() <= 20
    row = state(scene, page_id)
    assert row.covered_since is not None
    assert row.covered_since < START - 90 * A_DAY
    assert row.is_complete is False


def test_a_list_that_is_cut_proves_no_post_gone(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page_id,) = choose(scene, BUSY)
    read(scene)
    answer = posts_edge.answer

    def cut(call: Any, access: Any, page: Any, edge: str) -> Any:
        if call.params.get("after"):  # it takes three listings to cover a month
            raise graph_errors.GraphError("no", 1234)
        return answer(call, access, page, edge)

    monkeypatch.setattr(posts_edge, "answer", cut)
    scene.clock.move(days=1)
    calls.clear()
    read(scene)
    assert calls["published_posts"] == 2
    assert calls["exists"] == 0
    assert state(scene, page_id).state == "ok"
    assert {post.missed_at for post in stored(scene)} == {None}


def make_gone(monkeypatch: pytest.MonkeyPatch, ids: set[str]) -> None:
    """Let the sandbox delete posts."""
    is_visible = world_posts.Post.is_visible
    monkeypatch.setattr(
        world_posts.Post, "is_visible", lambda post, at: post.id not in ids and is_visible(post, at)
    )


def test_a_post_is_gone_after_two_refusals_a_day_apart(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(scene, BUSY)
    read(scene)
    gone = stored(scene, Post.published_at < START - 3 * A_DAY)[0]
    hidden: set[str] = {gone.id}
    make_gone(monkeypatch, hidden)
    days(scene, 1)
    (row,) = stored(scene, Post.id == gone.id)
    assert (row.missed_at, row.gone_at) == (scene.clock(), None), "once proves nothing"
    scene.clock.move(hours=11)
    read(scene)
    days(scene, 1)
    (row,) = stored(scene, Post.id == gone.id)
    assert row.gone_at == scene.clock()
    assert (row.views, row.kind) == (gone.views, gone.kind), "what it had stays"
    calls.clear()
    days(scene, 1)
    assert calls["exists"] == 0, "it is asked for no more"
    hidden.clear()
    days(scene, 1)
    (row,) = stored(scene, Post.id == gone.id)
    assert (row.missed_at, row.gone_at) == (None, None), "it is there again"


def test_a_post_that_a_listing_leaves_out_is_not_gone(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(scene, BUSY)
    read(scene)
    left_out = stored(scene, Post.published_at < START - 3 * A_DAY)[0]
    iterate = world_posts.iterate_posts
    monkeypatch.setattr(
        posts_edge,
        "iterate_posts",
        lambda page, at: (post for post in iterate(page, at) if post.id != left_out.id),
    )
    calls.clear()
    days(scene, 3)
    assert calls["exists"] == 3, "it is asked for alone, and answers"
    (row,) = stored(scene, Post.id == left_out.id)
    assert (row.missed_at, row.gone_at) == (None, None)


def test_a_boosted_post_has_its_paid_views_at_seven_days(scene: Scene, calls: Calls) -> None:
    choose(scene, "Bäckerei Morgenrot")
    calls.clear()
    read(scene)
    days(scene, 14)
    asked = stored(scene, Post.paid_age_days.is_not(None))
    assert calls["paid"] == len(asked) > 0, "each once"
    paid = [post for post in asked if post.views_paid]
    assert paid
    assert all(post.views_unpaid for post in paid)


def test_reels_have_figures_at_the_ages_of_checkpoints_alone(scene: Scene, calls: Calls) -> None:
    choose(scene, REELS)
    read(scene)
    before = len(checkpoints_of_reels(scene))
    calls.clear()
    days(scene, 9)
    written = checkpoints_of_reels(scene)
    assert len(written) > before
    assert calls["insights"] <= len(written) - before + 8, "and what is tried weekly"
    assert None not in written.values()


def checkpoints_of_reels(scene: Scene) -> dict[tuple[str, int], int | None]:
    ids = {post.id for post in stored(scene, Post.kind == "reel")}
    return {key: views for key, views in checkpoints(scene).items() if key[0] in ids}


def test_reels_whose_figures_are_refused_are_tried_again_weekly(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page_id,) = choose(scene, REELS)
    monkeypatch.setattr(posts_edge, "_REFUSES_FIGURES_OF_REELS", REELS)
    read(scene)
    days(scene, 9)
    assert state(scene, page_id).reels_state == "refused"
    assert state(scene, page_id).state == "ok"
    reels = stored(scene, Post.kind == "reel")
    assert reels, "they are listed all the same"
    assert {post.views for post in reels} == {None}
    assert checkpoints_of_reels(scene) == {}
    monkeypatch.setattr(posts_edge, "_REFUSES_FIGURES_OF_REELS", "nobody")
    days(scene, 7)
    assert state(scene, page_id).reels_state == "ok"


def test_without_read_insights_posts_have_no_figures_and_it_is_said(own_scene: Scene) -> None:
    scene = own_scene
    page_id = connect(scene, ORDINARY, without=["read_insights"])
    run = read(scene)
    assert (run.pages_done, run.pages_failed) == (1, 0)
    assert state(scene, page_id).state == "no_permission"
    assert {post.views for post in stored(scene)} == {None}, "posts are not lost with them"
    assert checkpoints(scene) == {}


def test_a_listing_that_is_refused_is_no_permission(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page_id,) = choose(scene, ORDINARY)

    def refuse(*_: object) -> None:
        raise graph_errors.permission_missing("pages_read_engagement")

    monkeypatch.setattr(posts_edge, "_check_role", refuse)
    run = read(scene)
    assert (run.status, run.pages_done, run.pages_failed) == ("done", 0, 1)
    row = state(scene, page_id)
    assert (row.state, row.code, row.answered_at, row.covered_until) == (
        *("no_permission", 10),
        *(None, None),
    )
    assert stored(scene) == []


def test_a_role_without_analyze_has_posts_and_no_figures(scene: Scene) -> None:
    (page_id,) = choose(scene, "Kletterhalle Gipfel")
    read(scene)
    assert state(scene, page_id).state == "no_permission"
    assert stored(scene)
    assert {post.views for post in stored(scene)} == {None}


def test_a_role_that_may_not_list_is_told_from_a_permission(own_scene: Scene) -> None:
    scene = own_scene
    page_id = connect(scene, "Bluebird Bakery", person="Ben Ortiz")
    run = read(scene)
    assert (run.status, run.pages_failed) == ("done", 1)
    assert state(scene, page_id).state == "no_role_for_posts"
    assert posts.is_due(scene.installation) is False, "tomorrow again"


def test_another_account_reads_what_one_may_not(own_scene: Scene) -> None:
    scene = own_scene
    connect(scene, "Bluebird Bakery")
    scene.clock.move(seconds=1)
    page_id = connect(scene, "Bluebird Bakery", person="Ben Ortiz")
    run = read(scene)
    assert (run.pages_done, run.pages_failed) == (1, 0)
    assert state(scene, page_id).state == "ok"


def test_accounts_are_read_side_by_side(own_scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one waits for what the other's Page finds out about a metric."""
    scene = own_scene
    connect(scene, ORDINARY)
    connect(scene, "Bäckerei Morgenrot", person="Ben Ortiz")
    monkeypatch.setattr(post_metrics, "MAX_WITNESSES", 1)
    refuse_metric(monkeypatch, "post_clicks", code=100)
    meeting = threading.Barrier(2, timeout=10)

    def meet(*arguments: Any, **options: Any) -> Any:
        if len(threads) < 2:
            threads.add(threading.get_ident())
            meeting.wait()  # until both have begun a call
        return exchange(*arguments, **options)

    threads: set[int] = set()
    monkeypatch.setattr("fb.graph.client.exchange", meet)
    run = read(scene)
    assert (run.status, run.pages_done, run.pages_failed) == ("done", 2, 0)
    assert len(threads) == 2
    assert ledger(scene)["post_clicks"].status == "retired"


def test_too_few_likes_are_named_as_the_reason(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_insights, "_MIN_LIKES", 1_000_000)
    monkeypatch.setattr(post_page, "MIN_FANS", 1_000_000)
    (page_id,) = choose(scene, ORDINARY)
    read(scene)
    assert state(scene, page_id).state == "too_few_likes"
    monkeypatch.setattr(post_page, "MIN_FANS", 100)
    days(scene, 1)
    assert state(scene, page_id).state == "empty", "and no reason where none is known"
    assert {post.views for post in stored(scene)} == {None}


def refuse_metric(
    monkeypatch: pytest.MonkeyPatch, name: str, *, code: int, page_ids: set[str] | None = None
) -> None:
    """Let the sandbox refuse a metric, for some Pages or for all."""
    check = post_insights.check_metrics

    def refuse(call: Any, access: Any, page: Any, names: Sequence[str]) -> None:
        if name in names and (page_ids is None or page.id in page_ids):
            if code == 100:
                raise graph_errors.parameter_invalid("The value must be a valid insights metric")
            raise graph_errors.GraphError("no", code)
        check(call, access, page, names)

    monkeypatch.setattr(post_insights, "check_metrics", refuse)


def test_a_retired_metric_costs_neither_posts_nor_other_figures(
    scene: Scene, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (ORDINARY, OTHER, "Bäckerei Morgenrot", "Optik Keller", "Doceria Brigadeiro Real")
    choose(scene, *names)
    refuse_metric(monkeypatch, "post_clicks", code=100)
    calls.clear()
    run = read(scene)
    assert (run.status, run.pages_done, run.pages_failed) == ("done", 5, 0)
    row = ledger(scene)["post_clicks"]
    assert (row.status, row.retired_on) == ("retired", scene.clock().date())
    assert {row.status for row in ledger(scene).values() if row.name == "post_media_view"} == {
        "live"
    }
    told = stored(scene, Post.views.is_not(None))
    assert len(told) > 100, "on the same day"
    assert {post.clicks for post in told} == {None}
    assert calls["insights"] - calls["paid"] <= 3 * 8 + 8, "three Pages were asked name by name"
    calls.clear()
    days(scene, 1)
    assert calls["published_posts"] <= 10, "nobody is refused any more"
    assert ledger(scene)["post_clicks"].retired_on == START.date()


def test_a_metric_that_dies_between_two_pages_of_a_listing_is_retired(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(scene, ORDINARY)
    answer, listed = posts_edge.answer, []

    def die_after_one(call: Any, access: Any, page: Any, edge: str) -> Any:
        listed.append(edge)
        if len(listed) == 2:
            refuse_metric(monkeypatch, "post_clicks", code=100)
        return answer(call, access, page, edge)

    monkeypatch.setattr(posts_edge, "answer", die_after_one)
    run = read(scene)
    assert (run.status, run.pages_failed) == ("done", 0)
    assert ledger(scene)["post_clicks"].status == "retired"
    told = stored(scene, Post.views.is_not(None))
    assert len({post.clicks is None for post in told}) == 2, "earlier ones have it, later ones not"


@pytest.mark.parametrize("code", [200, 100])
def test_a_metric_refused_for_one_page_stays_live_and_is_tried_again_weekly(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    page_id, other_id = choose(scene, ORDINARY, OTHER)
    with pytest.MonkeyPatch.context() as patch:
        refuse_metric(patch, "post_clicks", code=code, page_ids={page_id})
        run = read(scene)
        assert (run.status, run.pages_failed) == ("done", 0)
        assert ledger(scene)["post_clicks"].status == "live"
        assert state(scene, page_id).left_out == ["post_clicks"]
        assert state(scene, other_id).left_out == []
        told = stored(scene, Post.page_id == page_id, Post.views.is_not(None))
        assert told
        assert {post.clicks for post in told} == {None}
    days(scene, 7)
    assert state(scene, page_id).left_out == []
    assert stored(scene, Post.page_id == page_id)[3].clicks is not None


def test_pages_that_refuse_different_metrics_retire_neither(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No listing answers on this day: each Page is the witness for what the other refuses."""
    page_id, other_id = choose(scene, ORDINARY, OTHER)
    refuse_metric(monkeypatch, "post_clicks", code=100, page_ids={page_id})
    refuse_metric(monkeypatch, "post_video_views", code=100, page_ids={other_id})
    assert read(scene).pages_failed == 0
    assert state(scene, page_id).left_out == ["post_clicks"]
    assert state(scene, other_id).left_out == ["post_video_views"]
    for name in ("post_clicks", "post_video_views"):
        assert ledger(scene)[name].status == "live"


def test_viewers_are_left_out_for_a_page_with_few_followers(scene: Scene) -> None:
    (page_id,) = choose(scene, SMALL)
    read(scene)
    row = state(scene, page_id)
    assert (row.state, row.left_out) == ("ok", ["post_total_media_view_unique"])
    assert stored(scene, Post.views > 0)


def test_figures_refused_altogether_leave_the_posts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page_id,) = choose(scene, ORDINARY)

    def refuse(*_: object) -> None:
        raise graph_errors.GraphError("no", 10)

    monkeypatch.setattr(post_insights, "check_metrics", refuse)
    run = read(scene)
    assert (run.pages_done, run.pages_failed) == (1, 0)
    row = state(scene, page_id)
    assert (row.state, row.code, row.left_out) == ("no_permission", 10, [])
    assert stored(scene)


def test_an_unknown_field_costs_that_field(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(scene, ORDINARY)
    get_fields = posts_edge._get_post_fields

    def refuse(call: Any, access: Any, page: Any) -> Any:
        if "status_type" in call.params["fields"]:
            raise graph_errors.field_unknown("status_type")
        return get_fields(call, access, page)

    monkeypatch.setattr(posts_edge, "_get_post_fields", refuse)
    assert read(scene).pages_failed == 0
    assert stored(scene, Post.views.is_not(None))


@pytest.mark.parametrize(
    ("name", "limit"), [("Riverside Animal Shelter", 10), ("Tierpark Waldau", 5)]
)
def test_smaller_requests_are_remembered(scene: Scene, calls: Calls, name: str, limit: int) -> None:
    (page_id,) = choose(scene, name)
    run = read(scene)
    assert run.pages_failed == 0
    assert state(scene, page_id).rows_limit == limit
    wanted = {post.id for post in on_facebook(scene, name)}
    assert wanted <= {post.id for post in stored(scene)}
    days(scene, 1)
    assert state(scene, page_id).rows_limit == limit


def test_less_than_five_posts_at_once_is_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (page_id,) = choose(scene, ORDINARY)
    monkeypatch.setattr(posts_edge, "_MOST_ROWS", {ORDINARY: 4})
    assert read(scene).pages_failed == 1
    assert state(scene, page_id).state == "refused"


def test_texts_are_stored_as_they_are_or_not_at_all(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("The Copper Kettle", '=HYPERLINK("http://evil.example","Gewinn")', "مقهى الياسمين")
    known = {page.name for page in scene.sandbox.world.pages}
    choose(scene, *(name for name in names if name in known))
    read(scene)
    wanted = {p.id: p.message for n in names if n in known for p in on_facebook(scene, n, 30)}
    found = {post.id: post.message for post in stored(scene)}
    assert {id: found[id] for id in wanted} == {
        id: text and text[:2_000] for id, text in wanted.items()
    }
    assert None in found.values(), "some have no text"
    settings = replace(scene.installation.settings, keep_post_text=False)
    monkeypatch.setattr(scene.installation, "settings", settings)
    days(scene, 1)
    assert {post.message for post in stored(scene, Post.read_at == scene.clock())} == {None}


def test_values_that_fall_are_stored(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(scene, OTHER)
    read(scene)
    before = {post.id: post.views for post in stored(scene, Post.views > 100)}
    written = checkpoints(scene)
    monkeypatch.setitem(post_insights._METRICS, "post_media_view", lambda page, figures: 7)
    days(scene, 1)
    after = {post.id: post.views for post in stored(scene, Post.read_at == scene.clock())}
    assert set(after.values()) == {7}
    assert set(after) & set(before)
    assert checkpoints(scene).items() >= written.items(), "what stood at an age stays"


def test_a_scheduled_post_comes_when_it_is_published(scene: Scene) -> None:
    choose(scene, world_posts.PLANS)
    read(scene)
    page = page_named(scene, world_posts.PLANS)
    week = START.toordinal() // 7
    planned = [
        post
        for number in range(week - 1, week + 3)
        for post in world_posts.list_week(page, number)
        if post.published_at > post.created_at and post.published_at > START
    ]
    assert planned
    first = min(planned, key=lambda post: post.published_at)
    assert first.id not in {post.id for post in stored(scene)}
    scene.clock.at = first.published_at + A_DAY
    read(scene)
    assert first.id in {post.id for post in stored(scene)}


def test_a_page_that_moved_is_noted(own_scene: Scene) -> None:
    scene = own_scene
    page_id = connect(scene, scene.sandbox.world.pages[0].name)
    scene.sandbox.trouble = PAGE_MOVED
    run = read(scene)
    assert (run.status, run.pages_failed) == ("done", 1)
    with scene.installation.database.reading() as session:
        assert set(session.scalars(select(PageMove.old_id))) == {page_id}


def test_archived_pages_are_not_read(scene: Scene) -> None:
    (page_id,) = choose(scene, ORDINARY)
    assert read(scene).pages_total == 1
    assert {post.page_id for post in stored(scene)} == {page_id}


def test_dead_access_is_said_and_its_account_is_checked_once(own_scene: Scene) -> None:
    scene = own_scene
    scene.traveller.connect()
    scene.sandbox.clear_faults()
    ids = choose(scene, ORDINARY, OTHER)
    scene.sandbox.trouble = "password changed"
    run = read(scene)
    assert (run.status, run.pages_failed) == ("done", 2)
    assert {state(scene, id).state for id in ids} == {"access_ended"}
    with scene.installation.database.reading() as session:
        assert set(session.scalars(select(Grant.status))) == {"needs_renewal"}
    assert [path for _, path in scene.sandbox.calls].count("/v26.0/debug_token") == 1


def test_a_limit_stops_the_run_until_the_named_time(scene: Scene) -> None:
    (page_id,) = choose(scene, ORDINARY)
    scene.sandbox.trouble = "rate limit"
    run = read(scene)
    assert (run.status, run.limited_until) == ("stopped", scene.clock() + timedelta(minutes=25))
    assert state(scene, page_id).state == "limited"
    assert not posts.is_due(scene.installation)
    scene.sandbox.trouble = "none"
    scene.clock.move(minutes=26)
    assert posts.is_due(scene.installation)
    assert read(scene).pages_done == 1
    assert state(scene, page_id).state == "ok"


def test_little_allowance_leaves_the_rest_for_the_next_day(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_run, "MAX_LISTINGS", 1)  # a Page at a time
    choose(scene, ORDINARY, OTHER)
    fetch = fetch_answers

    def use_up(client: GraphClient, items: Sequence[BatchItem], *, at_once: int) -> Any:
        client.observed.note({"x-app-usage": '{"call_count":3,"total_time":75}'})
        return fetch(client, items, at_once=at_once)

    monkeypatch.setattr(post_steps, "fetch_answers", use_up)
    run = read(scene)
    assert (run.status, run.pages_done, run.pages_total) == ("done", 1, 2)
    assert not posts.is_due(scene.installation)
    (first,) = {post.page_id for post in stored(scene)}
    scene.clock.move(days=1)
    read(scene)
    assert len({post.page_id for post in stored(scene)}) == 2, "who waits longest comes first"
    assert state(scene, first).answered_at == scene.clock() - A_DAY


def test_a_checkpoint_without_a_reading_in_time_is_counted_as_missed(scene: Scene) -> None:
    choose(scene, OTHER)
    read(scene)
    scene.clock.move(days=6)
    run = read(scene)
    assert run.steps_total > run.steps_done, "those of one day, of three days"
    count = len(checkpoints(scene))
    scene.clock.move(days=1)
    again = read(scene)
    assert len(checkpoints(scene)) == count + again.steps_done


@pytest.mark.fault(
    "the dashboard is killed between a Page's listing and its figures",
    "all posts and checkpoints; the next run reads the Page",
)
def test_killed_between_listing_and_figures_it_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_run, "MAX_LISTINGS", 1)
    choose(scene, ORDINARY, OTHER)
    database = scene.installation.database
    turns: list[int] = []

    def store_or_die(*arguments: Any, **facts: Any) -> int:
        turns.append(1)
        if len(turns) == 2:
            die()
        return store_figures(*arguments, **facts)

    monkeypatch.setattr(posts, "store_figures", store_or_die)
    run_until_killed(database, lambda: read(scene))
    monkeypatch.setattr(posts, "store_figures", store_figures)
    kept = {post.id for post in stored(scene)}
    assert len({post.page_id for post in stored(scene)}) == 1, (
        "one Page whole, the other not at all"
    )
    scene.clock.move(minutes=2)
    with database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM job_leases")  # a minute later
    run = read(scene)
    assert (run.status, run.pages_total, run.pages_done) == ("done", 1, 1)
    assert kept < {post.id for post in stored(scene)}
    assert len({post.page_id for post in stored(scene)}) == 2


def test_facebook_down_fails_the_run_and_it_rests(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(scene, ORDINARY)
    monkeypatch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.1)
    scene.sandbox.trouble = "Facebook is down"
    assert read(scene).status == "failed"
    assert not posts.is_due(scene.installation)
    scene.clock.move(minutes=61)
    assert posts.is_due(scene.installation)


def test_the_timer_reads_after_the_days_snapshot(own_scene: Scene) -> None:
    scene = own_scene
    connect(scene, ORDINARY)
    tick(scene.installation)
    wait_until(lambda: _is_done(scene))
    assert not posts.is_due(scene.installation)
    scene.clock.move(days=1)
    assert posts.is_due(scene.installation)


def _is_done(scene: Scene) -> bool:
    with scene.installation.database.reading() as session:
        run = find_last_run(session, "posts")
    return run is not None and run.status == "done"
