"""Overview at 1,000 Pages × 90 days: the bytes it sends, and its reruns beside the usual way's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.report import Line, at_least, at_most
from tests.bench.stage import database_of, served_dashboard, served_rival
from tests.bench.tab import Answer, Tab, opened_tab

PAGES, DAYS = 1_000, 90
RERUNS = 15
PAUSE_SECONDS = 0.3

FIRST_LOAD_KB = 100
OTHER_ROWS_KB = 70
OTHER_PERIOD_KB = 70
SAME_FIGURES_KB = 30
TIMES_FASTER = 8


@dataclass(frozen=True)
class Visit:
    """One tab's way through Overview, nothing of it seen before."""

    first_load: Answer
    other_rows: Answer
    other_period: Answer
    same_figures: tuple[Answer, ...]  # a rerun after each of the above


def visit(tab: Tab) -> Visit:
    """Load Overview, turn the page of the table, choose the longest period."""
    first_load = tab.rerun()
    same_figures = [tab.rerun()]
    other_rows = tab.turn_to(2)
    same_figures.append(tab.rerun())
    other_period = tab.choose("period", "90 days")
    same_figures.append(tab.rerun())
    return Visit(first_load, other_rows, other_period, tuple(same_figures))


def measure(folder: Path) -> list[Line]:
    """Serve the dashboard and its rival on one database, and compare them."""
    home, rival_home = folder / "dashboard", folder / "rival"
    home.mkdir()
    with (
        served_dashboard(home, pages=PAGES, days=DAYS) as port,
        served_rival(rival_home, database_of(home)) as rival_port,
        opened_tab(port) as tab,
        opened_tab(rival_port) as rival,
    ):
        seen = visit(tab)
        rival_load = rival.rerun()
        ours, theirs = _in_turn(tab.rerun, rival.rerun)
    return [*_bytes(seen, rival_load), *_times(seen, rival_load, ours, theirs)]


def _in_turn(
    ours: Callable[[], Answer], theirs: Callable[[], Answer]
) -> tuple[list[float], list[float]]:
    """Seconds of both, taken in turn: the machine has its moods."""
    pairs = [(_rested(ours), _rested(theirs)) for _ in range(RERUNS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _rested(rerun: Callable[[], Answer]) -> float:
    # By default Streamlit collects garbage when a run is over: the other one must not pay for it.
    time.sleep(PAUSE_SECONDS)
    return rerun().seconds


def _bytes(seen: Visit, rival_load: Answer) -> list[Line]:
    worst_rerun = max(seen.same_figures, key=lambda answer: answer.bytes_count)
    return [
        at_most("first load", _kb(seen.first_load), FIRST_LOAD_KB, "kB"),
        at_most("another page of the table", _kb(seen.other_rows), OTHER_ROWS_KB, "kB"),
        at_most("another period", _kb(seen.other_period), OTHER_PERIOD_KB, "kB"),
        at_most("rerun with the same figures, largest", _kb(worst_rerun), SAME_FIGURES_KB, "kB"),
        Line("(rival's first load)", f"{_kb(rival_load):,.0f} kB"),
    ]


def _times(seen: Visit, rival_load: Answer, ours: list[float], theirs: list[float]) -> list[Line]:
    median, rival_median = statistics.median(ours), statistics.median(theirs)
    return [
        at_least(
            f"rerun, median of {RERUNS}: {_ms(median)} against the rival's {_ms(rival_median)}",
            rival_median / median,
            TIMES_FASTER,
            "×",
        ),
        Line("  fastest rerun of each", f"{min(theirs) / min(ours):.3g} ×"),
        Line(
            "  first load, nothing cached: "
            f"{_ms(seen.first_load.seconds)} against {_ms(rival_load.seconds)}",
            f"{rival_load.seconds / seen.first_load.seconds:.3g} ×",
        ),
        Line("  another page of the table, nothing cached", _ms(seen.other_rows.seconds)),
        Line("  another period, nothing cached", _ms(seen.other_period.seconds)),
    ]


def _kb(answer: Answer) -> float:
    return answer.bytes_count / 1000


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"
