"""Sharing: workers do the accounts of a run that one process has begun.

That process keeps the lease of the run, and has each account done as a job of its own. The lease of
an account tells whether its worker lives, and in the end how the work on it has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from fb.jobs.run import Run, RunEnded
from storage.jobs.leases import LEASE_SECONDS, WHOLE_RUN, list_unit_leases, release_units
from storage.jobs.runs import JobKind, RunRecord, find_active_run

LOOK_SECONDS = 0.25
# Outcomes of an account, beside the status of a run: its worker stops before it is done, or a limit
# keeps something of it from being read. Which limit, other processes read from the database.
HANDED_BACK = "handed back"
LIMITED = "limited"


@dataclass(frozen=True)
class Spread:
    """How workers share a run. ``do_part(installation, run_id, grant_id)`` does the part of one
    account. ``list_open`` reads what was done of a run, and returns the accounts that have
    something left to do.
    """

    do_part: Callable[..., object]
    list_open: Callable[[Any], list[int]] = lambda run: []


def find_shared(session: Session, kind: JobKind, run_id: int) -> RunRecord | None:
    """Return the run that a part belongs to; None when it is over."""
    record = find_active_run(session, kind)
    return record if record is not None and record.id == run_id else None


def share(run: Run, units: Sequence[int | str], spread: Spread) -> None:
    """Have workers do the accounts of a run, and then what is left of them."""
    run.leased_unit = WHOLE_RUN
    open_units = list(units)
    while open_units:
        outcomes = _wait_for_parts(run, open_units, spread)
        open_units = [*spread.list_open(run)]
        if LIMITED in outcomes:
            run.heed_limits(units)
            run.limited = next(iter(run.limited_grants.values()), run.limited)


def _wait_for_parts(run: Run, units: Sequence[int | str], spread: Spread) -> set[str]:
    """Have workers do these accounts, wait until all are done, and return the outcomes.

    An account that no worker does is deferred: again when its worker has died or is stopping, and
    once in LEASE_SECONDS, should a job be lost. Raises `RunEnded` when one was not completed.
    """
    waiting, outcomes = {str(unit) for unit in units}, set[str]()
    deferred_at: dict[str, float] = {}
    while waiting:
        run.check_stop()
        with run.installation.database.reading() as session:
            leases = {lease.unit: lease for lease in list_unit_leases(session, run.id)}
        ended = {unit for unit, lease in leases.items() if lease.outcome is not None}
        alive = {unit for unit, lease in leases.items() if lease.is_alive}
        if ended:
            with run.storing() as session:
                release_units(session, run.id, ended)
        for unit in ended:
            outcome = leases[unit].outcome
            if outcome is not None and outcome != HANDED_BACK:
                waiting.discard(unit)
                outcomes.add(outcome)
        for unit in ended | alive:
            deferred_at.pop(unit, None)
        for unit in sorted(waiting - alive):
            now = time.monotonic()
            if now - deferred_at.get(unit, -LEASE_SECONDS) >= LEASE_SECONDS:
                deferred_at[unit] = now
                _defer_part(run, int(unit), spread)
        run.installation.worker.sleep(LOOK_SECONDS)
    for status in ("failed", "stopped"):
        if status in outcomes:
            raise RunEnded(status)
    return outcomes


def _defer_part(run: Run, grant_id: int, spread: Spread) -> None:
    run.installation.jobs.defer(
        run.kind,
        partial(spread.do_part, run.installation),
        once=f"{run.kind} {run.id} {grant_id}",
        run_id=run.id,
        grant_id=grant_id,
    )
