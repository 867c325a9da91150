"""The whole trip and the next day's sync, on each database: the parts' tests take SQLite alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from fb.jobs.runner import MANUAL
from fb.jobs.snapshots import run_snapshots
from storage.models import Event, Grant, Page, Snapshot
from tests.integration.facebook.sandbox_kit import BEN
from tests.integration.facebook.traveller import opened_scene

pytestmark = pytest.mark.both_databases


def test_two_accounts_connect_and_the_next_day_is_synced(
    tmp_path: Path, live_database_url: str
) -> None:
    """The second account shares Pages with the first, and the first renews its access."""
    with opened_scene(tmp_path, live_database_url) as scene:
        scene.traveller.connect()
        scene.traveller.connect(person=BEN)
        scene.clock.move(days=1)
        scene.traveller.connect()
        result = run_snapshots(scene.installation, MANUAL)
        assert result.pages_failed == 0
        with scene.installation.database.reading() as session:
            assert session.scalar(select(func.count()).select_from(Grant)) == 2
            pages = session.scalar(select(func.count()).select_from(Page))
            by_day = select(func.count(Snapshot.page_id)).group_by(Snapshot.day)
            assert session.scalars(by_day).all() == [pages, pages]
            assert session.scalar(select(func.count()).select_from(Event)) == 3
