"""Daily insights over HTTP: first and later runs, refusals, and the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select

from fb.accounts.disconnect import disconnect, freeze
from fb.installation import Installation
from fb.jobs import insights, snapshots
from fb.jobs.insights import run_insights
from fb.jobs.runner import find_active, find_outcome
from fb.jobs.schedule import tick
from fb.sandbox import make_world
from fb.sandbox.graph import graph_errors, insights_edge
from storage.accounts.grants import list_grants
from storage.accounts.page_tokens import find_insight_access
from storage.db.installation import get_data_version
from storage.insights.metric_ledger import SEED, LedgerMetric, list_ledger
from storage.insights.values import (
    list_page_metrics,
)
from storage.jobs.runs import INSIGHTS, SNAPSHOTS, RunRecord
from storage.models import (
    Grant,
    InsightSpan,
    InsightState,
    InsightValue,
    JobLease,
    PageGrant,
    Snapshot,
)
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import START, Scene, opened_scene
from tests.waiting import wait_until

# The newest day that is over in California.
NEWEST = START.astimezone(ZoneInfo("America/Los_Angeles")).date() - timedelta(days=1)
LIVE = [row.name for row in SEED if row.status == "live"]


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    """Anna's eight Pages. Small: two years of sixty take their time."""
    world = make_world(pages=8)
    with opened_scene(tmp_path, live_database_url, world=world) as scene:
        scene.traveller.connect()
        scene.sandbox.clear_faults()
        yield scene


def fetch(scene: Scene) -> RunRecord:
    return run_insights(scene.installation, "manual")


def values_count(scene: Scene, **conditions: object) -> int:
    with scene.installation.database.reading() as session:
        query = select(func.count()).select_from(InsightValue).filter_by(**conditions)
        return session.scalar(query) or 0


def states(scene: Scene) -> dict[str, InsightState]:
    with scene.installation.database.reading() as session:
        return {row.page_id: row for row in session.scalars(select(InsightState))}


def ledger(scene: Scene) -> dict[str, LedgerMetric]:
    with scene.installation.database.reading() as session:
        return {row.name: row for row in list_ledger(session)}


def calls(scene: Scene) -> int:
    return sum(method == "POST" for method, _ in scene.sandbox.calls)


def page_ids(scene: Scene) -> list[str]:
    return [page.id for page in scene.sandbox.world.pages]


def refuse(monkeypatch: pytest.MonkeyPatch, page_id: str, code: int) -> None:
    """Let one Page's insights be refused by the sandbox itself."""
    answer = insights_edge.answer

    def answer_or_refuse(call: Any, access: Any, page: Any, rest: Any) -> Any:
        if page.id == page_id:
            raise graph_errors.GraphError("no", code)
        return answer(call, access, page, rest)

    monkeypatch.setattr(insights_edge, "answer", answer_or_refuse)


def test_the_first_run_takes_two_years_and_the_second_little(scene: Scene) -> None:
    result = fetch(scene)
    assert (result.status, result.pages_failed) == ("done", 0)
    assert result.pages_total == 8
    with scene.installation.database.reading() as session:
        days = select(func.min(InsightValue.day), func.max(InsightValue.day))
        assert session.execute(days).one() == (NEWEST - timedelta(days=727), NEWEST)
        origins = select(InsightValue.fetched_at, InsightValue.graph_version).distinct()
        assert session.execute(origins).all() == [(scene.clock(), "v26.0")]
        assert [row.name for row in list_page_metrics(session, page_ids(scene)[0])] == LIVE
    assert values_count(scene) == 8 * 728 * len(LIVE)
    assert {row.state for row in states(scene).values()} == {"ok"}
    assert calls(scene) == 10, "nine windows, and one call to probe the names that are not live"
    first = calls(scene)
    scene.clock.move(days=1)
    again = fetch(scene)
    assert calls(scene) - first == 2
    assert again.values_count == 8 * 4 * len(LIVE), "three days again, and the new one"
    assert values_count(scene) == 8 * 729 * len(LIVE)


def test_the_screens_learn_of_new_figures_once_a_round(scene: Scene) -> None:
    """They remember their answers until the data version changes."""
    with scene.installation.database.reading() as session:
        before = get_data_version(session)
    fetch(scene)
    with scene.installation.database.reading() as session:
        assert get_data_version(session) == before + 9 + 1  # nine windows, and the run's end


def test_a_metric_that_dies_midway_takes_no_other_along(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def die(done: int, total: int) -> None:
        turns.append(done)
        if len(turns) == 3:
            scene.sandbox.trouble = "a retired metric"

    result = run_insights(scene.installation, "manual", on_progress=die)
    assert (result.status, result.pages_failed) == ("done", 0)
    row = ledger(scene)["page_views_total"]
    assert (row.status, row.retired_on) == ("retired", scene.clock().date())
    assert 0 < values_count(scene, metric="page_views_total") < 8 * 728
    assert values_count(scene, metric="page_media_view") == 8 * 728
    assert {row.state for row in states(scene).values()} == {"ok"}
    with scene.installation.database.reading() as session:
        history = {m.name: m for m in list_page_metrics(session, page_ids(scene)[0])}
    assert history["page_views_total"].status == "retired", "its history stays readable"
    before = calls(scene)
    fetch(scene)
    assert calls(scene) - before == 2, "nobody asks for a dead name but the daily probe"
    assert ledger(scene)["page_views_total"].retired_on == scene.clock().date()


def test_a_name_that_is_answered_again_comes_back(scene: Scene) -> None:
    scene.sandbox.trouble = "a retired metric"
    fetch(scene)
    assert ledger(scene)["page_views_total"].status == "retired"
    assert values_count(scene, metric="page_views_total") == 0
    scene.sandbox.trouble = "none"
    scene.clock.move(days=3)
    fetch(scene)
    row = ledger(scene)["page_views_total"]
    assert (row.status, row.retired_on, row.probed_at) == ("live", None, scene.clock())
    assert values_count(scene, metric="page_views_total") == 8 * 728, "with its two years"


def test_unconfirmed_and_dead_names_are_probed_not_assumed(scene: Scene) -> None:
    assert ledger(scene)["page_daily_unfollows_unique"].probed_at is None
    fetch(scene)
    rows = ledger(scene)
    assert rows["page_daily_unfollows_unique"].status == "unconfirmed"
    assert rows["page_daily_unfollows_unique"].probed_at == scene.clock()
    assert rows["page_fans"].status == "retired"
    assert rows["page_fans"].retired_on == date(2025, 11, 15), "the day it died, not today"
    assert rows["page_follows"].probed_at == scene.clock()


@pytest.mark.parametrize(
    ("code", "state"),
    [(2874008, "too_few_likes"), (10, "no_permission"), (100, "refused"), (1234, "refused")],
)
def test_one_page_that_is_refused_costs_no_other_its_figures(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int, state: str
) -> None:
    page_id = page_ids(scene)[2]
    refuse(monkeypatch, page_id, code)
    result = fetch(scene)
    assert (result.status, result.pages_failed) == ("done", 1)
    found = states(scene)[page_id]
    assert (found.state, found.code, found.answered_at) == (state, code, None)
    assert found.trace_id
    assert values_count(scene) == 7 * 728 * len(LIVE)
    assert {row.status for row in ledger(scene).values() if row.name in LIVE} == {"live"}


def test_a_page_with_nothing_to_say_is_no_failure(scene: Scene) -> None:
    page = scene.sandbox.world.pages[1]
    object.__setattr__(page, "has_counts", False)
    try:
        assert fetch(scene).pages_failed == 0
    finally:  # worlds share their Pages
        object.__setattr__(page, "has_counts", True)
    assert states(scene)[page_ids(scene)[1]].state == "empty"
    assert values_count(scene) == 7 * 728 * len(LIVE)


def test_a_name_that_dies_while_it_is_asked_alone_is_retired_too(scene: Scene) -> None:
    """Its days may differ from the others', and then no other name stands beside it."""
    fetch(scene)
    with scene.installation.database.writing() as session:
        session.execute(delete(InsightSpan).where(InsightSpan.metric == "page_views_total"))
    scene.sandbox.trouble = "a retired metric"
    scene.clock.move(days=1)
    result = fetch(scene)
    assert (result.status, result.pages_failed) == ("done", 0)
    row = ledger(scene)["page_views_total"]
    assert (row.status, row.retired_on) == ("retired", scene.clock().date())
    assert values_count(scene, metric="page_views_total") == 8 * 728


@pytest.mark.parametrize("batch_items", [50, 7], ids=["among others", "alone in its call"])
def test_a_name_refused_for_one_page_alone_stays_live(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, batch_items: int
) -> None:
    whose, check = max(page_ids(scene)), insights_edge._check

    def check_or_refuse(call: Any, access: Any, page: Any, names: list[str]) -> None:
        if page.id == whose and "page_video_views" in names:
            raise graph_errors.parameter_invalid("The value must be a valid insights metric")
        check(call, access, page, names)

    monkeypatch.setattr(insights_edge, "_check", check_or_refuse)
    monkeypatch.setattr("fb.jobs.insights.MAX_BATCH_ITEMS", batch_items)
    result = fetch(scene)
    assert (result.status, result.pages_failed) == ("done", 0)
    assert ledger(scene)["page_video_views"].status == "live"
    assert values_count(scene, page_id=whose) == 728 * (len(LIVE) - 1)
    assert values_count(scene, metric="page_video_views") == 7 * 728


def test_a_new_day_stops_the_run_for_its_snapshot(scene: Scene) -> None:
    def pass_midnight(done: int, total: int) -> None:
        if done == 16:
            scene.clock.move(days=1)

    result = run_insights(scene.installation, "daily", on_progress=pass_midnight)
    assert (result.status, result.limited_until) == ("stopped", None)
    assert 0 < values_count(scene) < 8 * 728 * len(LIVE)
    assert snapshots.is_due(scene.installation), "the snapshot first"
    assert insights.is_due(scene.installation), "and then what was left"
    assert fetch(scene).status == "done"
    assert values_count(scene) == 8 * 728 * len(LIVE)


@pytest.mark.fault(
    "views and engagement hang or fail for days", "the snapshot of each day, which comes in time"
)
@pytest.mark.parametrize("trouble", ["hangs", "fails"])
def test_the_days_snapshot_comes_whatever_becomes_of_insights(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    go_on = threading.Event()
    asked: list[str] = []

    def fetch_badly(*args: object) -> None:
        asked.append(trouble)
        if trouble == "hangs":
            go_on.wait(30)
        raise RuntimeError("out of order")

    monkeypatch.setattr("fb.jobs.insight_page.fetch_insights", fetch_badly)
    try:
        tick(scene.installation)
        wait_until(lambda: bool(asked))
        for _ in range(2):
            scene.clock.move(days=1)
            tick(scene.installation)
            wait_until(lambda: not snapshots.is_due(scene.installation) and not is_syncing(scene))
            day = scene.clock().date()
            with scene.installation.database.reading() as session:
                count = select(func.count()).where(Snapshot.day == day)
                assert session.scalar(count) == 8
            tick(scene.installation)
    finally:
        go_on.set()


def is_syncing(scene: Scene) -> bool:
    return find_active(scene.installation, SNAPSHOTS) is not None


def test_a_limit_of_the_app_stops_until_the_named_time(scene: Scene) -> None:
    usage = '{"1":[{"type":"pages","estimated_time_to_regain_access":9}]}'
    scene.sandbox.inject(
        "error", call=3, path="/", code=4, headers={"X-Business-Use-Case-Usage": usage}
    )
    result = fetch(scene)
    until = scene.clock() + timedelta(minutes=9)
    assert (result.status, result.limited_until) == ("stopped", until)
    kept = values_count(scene)
    assert 0 < kept < 8 * 728 * len(LIVE), "what came before is kept"
    assert not insights.is_due(scene.installation)
    scene.clock.move(minutes=10)
    assert insights.is_due(scene.installation)
    assert fetch(scene).status == "done"
    assert values_count(scene) == 8 * 728 * len(LIVE)


def test_the_limit_of_pages_is_polite_and_says_when(scene: Scene) -> None:
    scene.sandbox.trouble = "rate limit"
    result = fetch(scene)
    assert result.status == "stopped"
    assert result.limited_until == scene.clock() + timedelta(minutes=25)
    assert calls(scene) == 1, "one call met the limit, and none followed"
    assert {row.state for row in states(scene).values()} == {"limited"}


def test_facebook_down_fails_the_run_and_it_rests(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.jobs.run.BACKGROUND_PATIENCE_SECONDS", 0.1)
    scene.sandbox.trouble = "Facebook is down"
    assert fetch(scene).status == "failed"
    assert not insights.is_due(scene.installation)
    scene.clock.move(minutes=61)
    assert insights.is_due(scene.installation)


def test_dead_access_is_said_for_the_page_and_its_account_is_checked_once(scene: Scene) -> None:
    scene.sandbox.trouble = "password changed"
    result = fetch(scene)
    assert (result.status, result.pages_failed) == ("done", 8)
    assert {row.state for row in states(scene).values()} == {"access_ended"}
    with scene.installation.database.reading() as session:
        assert set(session.scalars(select(Grant.status))) == {"needs_renewal"}
        assert set(session.scalars(select(PageGrant.status))) == {"ok"}
    assert [path for _, path in scene.sandbox.calls].count("/v26.0/debug_token") == 1


def test_pages_without_permission_or_task_are_not_asked(
    tmp_path: Path, live_database_url: str
) -> None:
    with opened_scene(tmp_path, live_database_url, world=make_world(pages=8)) as scene:
        traveller = scene.traveller
        traveller.save(*traveller.travel(without=["read_insights"]))
        scene.sandbox.clear_faults()
        assert fetch(scene).pages_total == 0
        assert calls(scene) == 0
        assert not insights.is_due(scene.installation)
        with scene.installation.database.reading() as session:
            assert find_insight_access(session, page_ids(scene)[0]) == "no_permission"
            assert find_insight_access(session, "nobody") == "no_access"
        assert states(scene) == {}


def test_a_restart_goes_on_where_it_stopped(scene: Scene) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 24:
            scene.installation.worker.stopping.set()

    result = run_insights(scene.installation, "manual", on_progress=stop)
    assert result.status == "stopped"
    half = values_count(scene)
    assert 0 < half < 8 * 728 * len(LIVE)
    assert insights.is_due(scene.installation), "at once: Facebook had no part in it"
    scene.installation.worker.stopping.clear()
    before = calls(scene)
    assert fetch(scene).status == "done"
    assert values_count(scene) == 8 * 728 * len(LIVE)
    assert calls(scene) - before == 8, "the newest days, the probe, and the six windows that lack"


@pytest.mark.parametrize(
    "end", [partial(freeze, by=THIS_COMPUTER), partial(disconnect, revoke=False, by=THIS_COMPUTER)]
)
def test_an_account_that_the_operator_ends_meanwhile_is_asked_for_nothing_more(
    scene: Scene, end: Callable[[Installation, int], None]
) -> None:
    """What was loaded at the start of a run is not what may be used at its end."""
    with scene.installation.database.reading() as session:
        (grant,) = list_grants(session)
    asked: list[int] = []

    def end_it(done: int, total: int) -> None:
        if not asked:
            end(scene.installation, grant.id)
        asked.append(calls(scene))

    result = run_insights(scene.installation, "manual", on_progress=end_it)
    assert result.status == "done"
    assert asked == [calls(scene)], "one call, and none after it"
    assert values_count(scene) == 8 * 90 * len(LIVE), "what it had brought stays"


def test_a_run_that_lost_its_lease_stores_nothing_more(scene: Scene) -> None:
    def lose_lease(done: int, total: int) -> None:
        with scene.installation.database.writing() as session:
            session.execute(delete(JobLease))

    result = run_insights(scene.installation, "manual", on_progress=lose_lease)
    assert result.status == "interrupted"
    assert values_count(scene) == 8 * 90 * len(LIVE), "one call's worth"


def test_the_timer_fetches_after_the_days_snapshot(scene: Scene) -> None:
    tick(scene.installation)  # today's snapshot is there from Save
    wait_until(lambda: find_outcome(scene.installation, INSIGHTS) is not None)
    outcome = find_outcome(scene.installation, INSIGHTS)
    assert outcome is not None
    assert outcome.status == "done"
    assert not insights.is_due(scene.installation)
    scene.clock.move(days=1)
    assert insights.is_due(scene.installation)
