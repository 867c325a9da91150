"""Overview: the bytes it sends, and its reruns beside the usual way's and Datasette's answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import requests
from websockets.exceptions import WebSocketException

from tests.bench import datasette
from tests.bench.report import Line, at_least, at_most
from tests.bench.stage import database_of, make_cold, served_rival
from tests.bench.tab import Answer, ScriptFailed, Tab, opened_tab
from tests.browser.serving import Server

RERUNS = 15
PAUSE_SECONDS = 0.3
# The usual way reads every row each time: more than this nobody waits for, nor shall we.
RIVAL_PATIENCE_SECONDS = 300.0

FIRST_LOAD_KB = 100
OTHER_ROWS_KB = 70
OTHER_PERIOD_KB = 70
SAME_FIGURES_KB = 30
TIMES_FASTER = 20
TIMES_DATASETTE = 1


@dataclass(frozen=True)
class Visit:
    """One tab's way through Overview, nothing of it seen before."""

    first_load: Answer
    other_rows: tuple[Answer, ...]  # another page of the table, another order
    other_period: tuple[Answer, ...]
    same_figures: tuple[Answer, ...]  # a rerun after each of the above


def visit(tab: Tab) -> Visit:
    """Load Overview, turn the page of the table, order it anew, choose longer periods."""
    first_load = tab.rerun()
    same = [tab.rerun()]
    rows = [tab.turn_to(2)]
    same.append(tab.rerun())
    rows.append(tab.pick("sort", "Most net new first"))
    same.append(tab.rerun())
    periods = []
    for label in ("90 days", "12 months"):
        periods.append(tab.choose("period", label))
        same.append(tab.rerun())
    return Visit(first_load, tuple(rows), tuple(periods), tuple(same))


def measure_bytes(port: int) -> list[Line]:
    """What a tab is sent on its way through Overview."""
    with opened_tab(port) as tab:
        seen = visit(tab)
    return [
        at_most("first load", _kb([seen.first_load]), FIRST_LOAD_KB, "kB"),
        at_most("another table page or order, largest", _kb(seen.other_rows), OTHER_ROWS_KB, "kB"),
        at_most("another period, largest", _kb(seen.other_period), OTHER_PERIOD_KB, "kB"),
        at_most(
            "rerun with the same figures, largest", _kb(seen.same_figures), SAME_FIGURES_KB, "kB"
        ),
    ]


def measure_times(server: Server, folder: Path) -> list[Line]:
    """Reruns with nothing remembered beside both rivals on the same file, taken in turn.

    Before each of them the version of the data is raised, by which everything is cached.
    """
    database = database_of(server.folder)
    today = datetime.now(UTC).date()
    with opened_tab(server.port) as tab:
        tab.rerun()

        def cold() -> float:
            make_cold(database)
            return _rested(tab.rerun)

        lines = _beside_datasette(folder, database, today, cold)
        lines += _beside_the_usual_way(folder, database, cold)
        warm = statistics.median(_rested(tab.rerun) for _ in range(RERUNS))
        return [*lines, Line("  (rerun with everything remembered)", _ms(warm))]


def _beside_datasette(
    folder: Path, database: Path, today: date, cold: Callable[[], float]
) -> list[Line]:
    with (
        datasette.served_datasette(folder / "datasette", database, today) as address,
        requests.Session() as session,
    ):

        def ask() -> Answer:
            return datasette.fetch(session, address)

        for warming in (cold, ask):
            warming()
        pairs = [(cold(), _rested(ask)) for _ in range(RERUNS)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    return [
        at_most(
            f"cold rerun {_ms(ours)}, {datasette.describe()}'s JSON {_ms(theirs)}",
            ours / theirs,
            TIMES_DATASETTE,
            "×",
        )
    ]


def _beside_the_usual_way(folder: Path, database: Path, cold: Callable[[], float]) -> list[Line]:
    """Once at this size: it takes minutes and gigabytes, and may never come to an end.

    Then the time counts until it gave up (it has MAX_MEMORY), or until we did: it took no less.
    """
    with served_rival(folder / "rival", database) as port, opened_tab(port) as rival:
        times = [cold(), cold()]
        began_at = time.perf_counter()
        try:
            rival.rerun(RIVAL_PATIENCE_SECONDS)
            end = ""
        except (TimeoutError, ConnectionError, WebSocketException):
            end = ", cut off"
        except ScriptFailed as failure:
            end = f", then {failure}"
        seconds = time.perf_counter() - began_at
    times += [cold(), cold()]
    ours = statistics.median(times)
    what = f"cold rerun {_ms(ours)}, the usual way {seconds:,.1f} s{end}"
    return [at_least(what, seconds / ours, TIMES_FASTER, "×")]


def _rested(rerun: Callable[[], Answer]) -> float:
    # By default Streamlit collects garbage when a run is over: the other one must not pay for it.
    time.sleep(PAUSE_SECONDS)
    return rerun().seconds


def _kb(answers: list[Answer] | tuple[Answer, ...]) -> float:
    return max(answer.bytes_count for answer in answers) / 1000


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"
