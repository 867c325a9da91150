"""Many operators on one Overview at once, clicking once a second, beside one of them alone.

They sit in a process of their own, so that their reading costs the server nothing.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tests.bench.generator import FEW_TAG, HALF_TAG
from tests.bench.report import Line, at_most
from tests.bench.tab import Answer, Tab, opened_tab

OPERATORS = 20
SECONDS = 30.0
PAUSE_SECONDS = 1.0
TIMES_ALONE = 5
SORTS = ("Most fans first", "Most net new first", "Name A to Z", "Fastest growth first")
PERIODS = ("7 days", "28 days", "90 days", "12 months")
FILTERS = ("", FEW_TAG, HALF_TAG)


@dataclass
class Shift:
    """What some operators met with: seconds of each click, and the names of what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def measure(port: int, *, operators: int = OPERATORS, seconds: float = SECONDS) -> list[Line]:
    """First one operator, then all of them, for ``seconds`` each."""
    alone = work(port, operators=1, seconds=seconds)
    together = work(port, operators=operators, seconds=seconds)
    errors = [*alone.errors, *together.errors]
    median, slow = statistics.median(alone.seconds), percentile(together.seconds, 95)
    return [
        at_most(
            f"errors in {len(together.seconds)} clicks of {operators} operators", len(errors), 0
        ),
        at_most(
            f"p95 of {operators}: {1000 * slow:,.0f} ms, p50 of one: {1000 * median:,.0f} ms",
            slow / median,
            TIMES_ALONE,
            "×",
        ),
        Line(f"  p50 of {operators}", f"{1000 * statistics.median(together.seconds):,.0f} ms"),
        Line("  p95 of one", f"{1000 * percentile(alone.seconds, 95):,.0f} ms"),
    ]


def work(port: int, *, operators: int, seconds: float) -> Shift:
    """Let them click for a while in another process. An error ends the one who met it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, port, operators, seconds), daemon=True)
    process.start()
    theirs.close()
    shift: Shift = ours.recv()
    process.join()
    return shift


def percentile(seconds: list[float], percent: int) -> float:
    """The smallest of them that ``percent`` of a hundred do not exceed."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _work(pipe: Connection, port: int, operators: int, seconds: float) -> None:
    shift = Shift()
    ready = threading.Barrier(operators)
    threads = [
        threading.Thread(target=_operate, args=(port, number, seconds, ready, shift))
        for number in range(operators)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(shift)


def _operate(
    port: int, number: int, seconds: float, ready: threading.Barrier, shift: Shift
) -> None:
    chance = random.Random(number)
    try:
        with opened_tab(port) as tab:
            tab.rerun()
            ready.wait()
            time.sleep(chance.uniform(0, PAUSE_SECONDS))
            ends_at = time.monotonic() + seconds
            while (clicks_at := time.monotonic()) < ends_at:
                shift.seconds.append(_click(tab, chance).seconds)
                time.sleep(max(0.0, clicks_at + PAUSE_SECONDS - time.monotonic()))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        ready.abort()
        shift.errors.append(type(error).__name__)


def _click(tab: Tab, chance: random.Random) -> Answer:
    clicks: list[Any] = [
        lambda: tab.turn_to(chance.randint(1, 4)),
        lambda: tab.pick("sort", chance.choice(SORTS)),
        lambda: tab.choose("period", chance.choice(PERIODS)),
        lambda: tab.follow(tag=chance.choice(FILTERS)),
    ]
    answer: Answer = chance.choice(clicks)()
    return answer
