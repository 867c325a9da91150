"""What workers do together is what one process does alone: every row, and the counts of runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from fb.installation import Installation
from fb.jobs.insights import run_insights
from fb.jobs.posts import run_posts
from fb.jobs.procrastinate_jobs import ProcrastinateJobs
from fb.jobs.runner import DAILY
from fb.jobs.schedule import find_work
from fb.jobs.snapshots import run_snapshots
from fb.sandbox import make_world
from storage.accounts.page_tokens import list_page_tokens
from storage.jobs.runs import RunRecord
from tests.integration.conftest import LIVE, Templates, copy_sqlite
from tests.integration.facebook.traveller import Scene, opened_scene
from tests.integration.storage_rows import KEY
from tests.integration.test_kills import read_contents

PAGES = 10
COUNTS = (
    *("kind", "status", "pages_total", "pages_done", "pages_failed"),
    *("steps_total", "steps_done", "values_count", "posts_new"),
)


def live(scene: Scene) -> list[RunRecord]:
    """Three days with two accounts.

    On the second one they have lost Pages, and a metric is gone; on the third Facebook limits.
    """
    installation = scene.installation
    jobs: list[Callable[[], RunRecord]] = [
        lambda: run_snapshots(installation, DAILY, only_lacking=True),
        lambda: run_insights(installation, DAILY),
        lambda: run_posts(installation, DAILY),
    ]
    anna, ben, *_ = scene.sandbox.world.people
    for person in (anna, ben):
        scene.traveller.connect(person=person.id)
    scene.clock.move(days=1)
    runs = [job() for job in jobs]
    lost = list_shared_pages(scene)[:4]
    for page_id in lost:  # Ben's access is asked first, since he came last
        scene.sandbox.remove_role(ben.id, page_id)
    scene.sandbox.remove_role(anna.id, lost[0])
    scene.sandbox.trouble = "a retired metric"
    scene.clock.move(days=1)
    runs += [job() for job in jobs]
    scene.sandbox.trouble = "rate limit"
    scene.clock.move(days=1)
    return runs + [job() for job in jobs]


def list_shared_pages(scene: Scene) -> list[str]:
    with scene.installation.database.reading() as session:
        holders = Counter(token.page_id for token in list_page_tokens(session))
    return sorted(page_id for page_id, count in holders.items() if count == 2)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_shared_or_alone_comes_to_the_same(
    tmp_path: Path, live_database_url: str, templates: Templates
) -> None:
    alone_url = copy_sqlite(templates, LIVE, tmp_path / "alone")
    with opened(tmp_path / "alone", alone_url) as scene:
        runs_alone = live(scene)
        rows_alone = read_contents(scene.installation.database)
    with opened(tmp_path / "shared", live_database_url) as scene:
        with working(scene.installation, live_database_url):
            runs_shared = live(scene)
        rows_shared = read_contents(scene.installation.database)
    assert [counts_of(run) for run in runs_shared] == [counts_of(run) for run in runs_alone]
    assert {run.status for run in runs_shared[-3:]} == {"stopped"}
    assert rows_shared == rows_alone
    assert runs_alone[3].pages_failed == 1, "only the Page that neither may read any more"


def opened(folder: Path, url: str) -> AbstractContextManager[Scene]:
    return opened_scene(folder, url, key=KEY, world=make_world(pages=PAGES))


def counts_of(run: RunRecord) -> list[object]:
    # Before anything was asked, what is to be asked is estimated by a process alone only.
    names = COUNTS if run.status == "done" else COUNTS[:5]
    return [getattr(run, name) for name in names]


@contextmanager
def working(installation: Installation, database_url: str) -> Iterator[None]:
    """Let a worker of this process do what is deferred, and nothing by itself."""
    installation.jobs = jobs = ProcrastinateJobs(database_url)
    serving = threading.Thread(
        target=jobs.serve, args=(find_work(installation), lambda: None), name="worker"
    )
    serving.start()
    try:
        yield
    finally:
        jobs.stop()
        serving.join(30)
    assert not serving.is_alive()
