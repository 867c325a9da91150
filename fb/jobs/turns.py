"""Turns: threads of this process work on the units of a run, several at once.

A thread that works holds the run's lock, and gives it up only while it waits for Facebook. So calls
overlap, and all other code of a job may read and change the run as if it were alone. Working by
turns costs nothing: a run waits for most of its time, and Python computes on one thread anyway.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

Unit = TypeVar("Unit", bound=Hashable)


class Turns:
    """The threads of one run. Everything but `work` is for code that holds the lock.

    While ``is_slow``, one step is made at a time, of a unit in ``slow_units`` one of its own.
    """

    def __init__(self) -> None:
        self.is_slow = False
        self.slow_units: set[Hashable] = set()
        self._lock = threading.Condition(threading.Lock())
        self._error: BaseException | None = None
        self._busy: Counter[Hashable] = Counter()

    @property
    def is_ending(self) -> bool:
        """Whether a step has raised: the others have to end, too."""
        return self._error is not None

    def is_alone(self, unit: Hashable) -> bool:
        """Whether no other thread works on ``unit``, on which the caller works."""
        return self._busy[unit] == 1

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let other threads work within this block, which must not touch the run."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def work(
        self, units: Sequence[Unit], step: Callable[[Unit], bool], *, threads: int, per_unit: int
    ) -> None:
        """Call ``step(unit)`` again and again, until it returns False for every unit.

        The units take turns. A step that returns True may have made work for any unit. At most
        ``threads`` steps are made at once, and ``per_unit`` of one unit. Raises what a step raised
        first, when the steps that are being made by then have ended.
        """
        queue, idle = deque(units), set[Unit]()
        threads = min(threads, len(units) * per_unit)

        def may_work_on(unit: Unit) -> bool:
            most = 1 if unit in self.slow_units else per_unit
            return unit not in idle and self._busy[unit] < most

        def find_next() -> Unit | None:
            while not self.is_ending:
                for _ in range(0 if self.is_slow and self._busy.total() else len(queue)):
                    queue.rotate(-1)
                    if may_work_on(queue[-1]):
                        return queue[-1]
                if not self._busy.total():
                    return None
                self._lock.wait()
            return None

        def take_turns() -> None:
            with self._lock:
                while (unit := find_next()) is not None:
                    self._busy[unit] += 1
                    try:
                        if step(unit):
                            idle.clear()
                        else:
                            idle.add(unit)
                    except BaseException as error:  # noqa: BLE001 - raised below, for all threads
                        self._error = self._error or error
                    finally:
                        self._busy[unit] -= 1
                        self._lock.notify_all()

        # This thread is one of them. The others wait for the database as it does.
        with ThreadPoolExecutor(max(threads - 1, 1), thread_name_prefix="turns") as pool:
            for _ in range(threads - 1):
                pool.submit(copy_context().run, take_turns)
            try:
                take_turns()
            except BaseException as error:  # noqa: BLE001 - Ctrl+C, while it waited for the others
                self._error = self._error or error
        if self._error is not None:
            raise self._error
