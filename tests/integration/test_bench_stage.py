"""The measurements of whole screens run: on a small world, which proves nothing about speed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import requests

from storage.engine import open_database
from storage.overview import list_movers
from tests.bench import datasette, operators, overview
from tests.bench.generator import page_id
from tests.bench.queries import period_of
from tests.bench.report import Line, at_least, at_most
from tests.bench.stage import make_cold, make_dashboard, served_dashboard
from tests.bench.tab import opened_tab

PAGES, DAYS = 60, 70


def test_a_tab_an_operator_and_datasette_get_their_answers(tmp_path: Path) -> None:
    home = tmp_path / "dashboard"
    home.mkdir()
    database = make_dashboard(home, pages=PAGES, days=DAYS)
    today = datetime.now(UTC).date()
    with served_dashboard(home) as server:
        assert len(overview.measure_bytes(server.port)) == 4
        with opened_tab(server.port) as tab:
            first = tab.rerun()
            again = tab.rerun()
            make_cold(database)
            cold = tab.rerun()
        assert again.bytes_count < first.bytes_count
        assert cold.bytes_count > 0
        with opened_tab(server.port, "page", id=page_id(1), period="90 days") as tab:
            assert tab.rerun().bytes_count > 5_000
            assert "period" in tab.widgets
        shift = operators.work(server.port, operators=2, seconds=2)
        assert not shift.errors
        assert len(shift.seconds) >= 2
        _compare_with_datasette(tmp_path, database, today.isoformat())


def _compare_with_datasette(folder: Path, file: Path, today: str) -> None:
    until = datetime.fromisoformat(today).date()
    asked = period_of(until, datasette.DAYS)
    database = open_database(f"sqlite:///{file}")
    with database.reading() as session:
        ours = list_movers(
            session, since=asked.since, until=until, metric="fans", by="number", count=3
        )
    database.close()
    with (
        datasette.served_datasette(folder / "datasette", file, until) as address,
        requests.Session() as session_of_http,
    ):
        rows = datasette.list_rows(session_of_http, address)
        assert datasette.fetch(session_of_http, address).bytes_count > 1_000
    assert [(row["page_id"], row["net"]) for row in rows[:3]] == [
        (mover.page_id, mover.net) for mover in ours.up
    ]


def test_percentiles_and_goals() -> None:
    assert operators.percentile([float(each) for each in range(1, 101)], 95) == 95
    assert operators.percentile([3.0], 95) == 3
    assert at_most("bytes", 2, 1) == Line("bytes", "2", "≤ 1", False)
    assert at_least("speed", 2, 1, "×") == Line("speed", "2 ×", "≥ 1 ×", True)
