"""Datasette on the same file, asked what Overview is opened for: who gained most, and how many."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

from tests.bench.tab import Answer
from tests.browser.serving import clean_environment, find_free_port

NAME = "top"
DAYS = 28
ROWS = 50
START_SECONDS = 60.0
A_DAY = timedelta(days=1)

# The same rule as ours: the day before the period and its last day, each may be one day older.
# Whole days come out of the covering index, which is quicker than one look-up for every Page.
TOP_PAGES = f"""
WITH figures AS MATERIALIZED (
    SELECT page_id,
        coalesce(max(CASE WHEN day = :start_day THEN fans_count END),
                 max(CASE WHEN day = :start_older THEN fans_count END)) AS first,
        coalesce(max(CASE WHEN day = :end_day THEN fans_count END),
                 max(CASE WHEN day = :end_older THEN fans_count END)) AS last
    FROM snapshots WHERE day IN (:start_day, :start_older, :end_day, :end_older)
    GROUP BY page_id
), totals AS (
    SELECT count(*) AS pages, sum(first) AS first, sum(last) AS last FROM figures
    WHERE first IS NOT NULL AND last IS NOT NULL
)
SELECT f.page_id, p.name, f.first, f.last, f.last - f.first AS net,
    t.pages AS all_pages, t.first AS all_first, t.last AS all_last
FROM (SELECT * FROM figures WHERE first IS NOT NULL AND last IS NOT NULL
      ORDER BY last - first DESC LIMIT {ROWS}) f
JOIN pages p ON p.id = f.page_id CROSS JOIN totals t ORDER BY net DESC
"""


@contextmanager
def served_datasette(folder: Path, database: Path, until: date) -> Iterator[str]:
    """Serve the file, which it opens for reading only; gives the address of the answer."""
    folder.mkdir()
    queries = {NAME: {"sql": TOP_PAGES}}
    described = folder / "metadata.json"
    described.write_text(json.dumps({"databases": {database.stem: {"queries": queries}}}))
    port = find_free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--metadata", str(described)]
    options += ["--setting", "sql_time_limit_ms", "600000"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "datasette", "serve", str(database), *options],
            env=clean_environment({"HOME": str(folder)}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/-/versions.json", process)
        yield f"http://127.0.0.1:{port}/{database.stem}/{NAME}.json?{_days(until)}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def fetch(session: requests.Session, address: str) -> Answer:
    """Ask once, over a connection that stays open as a browser's does."""
    began_at = time.perf_counter()
    answer = session.get(address, timeout=START_SECONDS)
    seconds = time.perf_counter() - began_at
    answer.raise_for_status()
    return Answer(len(answer.content), seconds)


def list_rows(session: requests.Session, address: str) -> list[dict[str, Any]]:
    """The answer itself, best first."""
    found = session.get(address, timeout=START_SECONDS)
    found.raise_for_status()
    rows: list[dict[str, Any]] = found.json()["rows"]
    return rows


def describe() -> str:
    """Which Datasette it is."""
    return f"Datasette {version('datasette')}"


def _days(until: date) -> str:
    start = until - DAYS * A_DAY
    return (
        f"_shape=objects&_size=max&end_day={until}&end_older={until - A_DAY}"
        f"&start_day={start}&start_older={start - A_DAY}"
    )


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise TimeoutError("Datasette does not answer")
