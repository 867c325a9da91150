"""Rate governor: keeps the runs of all processes below Facebook's rate limits.

With its answers Facebook reports how much of an allowance is used. Above SLOW_PERCENT a run makes
one call at a time, above STOP_PERCENT of the app's it ends as after a refusal. Both are stored, and
every run reads them before its first call: whoever goes on asking prolongs a limit for all.

An account is limited by its Pages, each of which has an allowance of its own. So one that is nearly
used up slows its account, and only a refusal stops it.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta

from fb.graph.errors import RateLimited
from fb.graph.rate_limits import UsageReading
from fb.installation import Installation
from fb.jobs.telemetry import find_highest_of_each_kind
from fb.jobs.turns import Turns
from storage.jobs.rate_limits import Limit, list_limits, store_limit

SLOW_PERCENT = 80
STOP_PERCENT = 95
# Where Facebook does not say when it answers again, and after a run that failed otherwise.
RETRY_AFTER = timedelta(hours=1)


class RateGovernor:
    """The governor of one run. ``usage`` is the highest reading of each kind in this run."""

    def __init__(self, installation: Installation, turns: Turns) -> None:
        self.usage: dict[str, UsageReading] = {}
        self._installation = installation
        self._turns = turns
        # The newest use by account (grant id), None for the app; and what of it is stored.
        self._percents: dict[int | None, int] = {}
        self._stored: dict[int | None, int] = {}

    def load(self, grant_ids: Sequence[int]) -> list[tuple[int | None, RateLimited]]:
        """Read how much is used; return what may not be asked for now, the app (None) in front."""
        now = self._installation.now()
        with self._installation.database.reading() as session:
            limits = list_limits(session, now)
        used_up: list[tuple[int | None, RateLimited]] = []
        for limit in limits:
            if limit.grant_id is not None and limit.grant_id not in grant_ids:
                continue
            if limit.until is not None:
                error = RateLimited(
                    scope="app" if limit.grant_id is None else "account",
                    retry_after_seconds=math.ceil((limit.until - now).total_seconds()),
                )
                used_up.append((limit.grant_id, error))
            elif limit.percent is not None:
                self._stored[limit.grant_id] = self._percents[limit.grant_id] = limit.percent
                self._set_pace(limit.grant_id)
        return used_up

    def heed(self, readings: Iterable[UsageReading], grant_id: int) -> RateLimited | None:
        """Take what Facebook reported since the last call, while an account's Pages were asked for.

        Returns a limit when so much of the app's allowance is used that the run has to end.
        """
        readings = list(readings)
        self.usage = find_highest_of_each_kind([*self.usage.values(), *readings])
        for owner, own in (
            (None, [reading for reading in readings if reading.scope == "app"]),
            (grant_id, [reading for reading in readings if reading.scope != "app"]),
        ):
            if own:
                percent = max(reading.highest_percent for reading in own)
                self._percents[owner] = percent
                self._set_pace(owner)
                if owner is None and percent > STOP_PERCENT:
                    minutes = max(reading.regain_minutes or 0 for reading in own)
                    wait = timedelta(minutes=minutes) or RETRY_AFTER
                    return RateLimited(scope="app", retry_after_seconds=int(wait.total_seconds()))
                self._store_use(owner)
        return None

    def note_limit(self, error: RateLimited, grant_id: int | None) -> None:
        """Store that Facebook refuses an account, or the app (None), and until when."""
        now, seconds = self._installation.now(), error.retry_after_seconds
        wait = RETRY_AFTER if seconds is None else timedelta(seconds=seconds)
        percent = self._percents.get(grant_id, 0)
        # A smaller one is that of another allowance, or was not reported.
        limit = Limit(grant_id, percent if percent > STOP_PERCENT else None, now + wait)
        with self._installation.database.writing() as session:
            store_limit(session, limit, now)

    def _set_pace(self, owner: int | None) -> None:
        is_slow = self._percents[owner] > SLOW_PERCENT
        if owner is None:
            self._turns.is_slow = is_slow
        elif is_slow:
            self._turns.slow_units.add(owner)
        else:
            self._turns.slow_units.discard(owner)

    def _store_use(self, owner: int | None) -> None:
        """Store the use of an allowance when others have to know, and when it has changed."""
        percent, stored = self._percents[owner], self._stored.get(owner)
        is_slow, was_slow = percent > SLOW_PERCENT, stored is not None and stored > SLOW_PERCENT
        if is_slow != was_slow or (is_slow and percent != stored):
            self._stored[owner] = percent
            now = self._installation.now()
            with self._installation.database.writing() as session:
                store_limit(session, Limit(owner, percent, None), now)
