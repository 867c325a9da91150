"""Run: the state of one run of a job while this process executes it, and what it stores.

It handles for all jobs: progress, failures, rate limits, and accounts that an operator disconnects
or pauses during a run.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from sqlalchemy.orm import Session

from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, RateLimited
from fb.graph.rate_limits import Observed
from fb.installation import BACKGROUND_PATIENCE_SECONDS, Installation
from fb.jobs.rate_governor import RateGovernor
from fb.jobs.telemetry import save_telemetry
from fb.jobs.turns import Turns
from storage.accounts.grants import list_resting_grants
from storage.jobs.leases import WHOLE_RUN, renew_leases
from storage.jobs.runs import FailureRow, JobKind, add_progress, drop_failures, record_failures

OnProgress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the default of ``on_progress``."""


class RunEnded(Exception):
    """The run has to end now. ``cause`` is Facebook's error, if that is the reason."""

    def __init__(self, status: str, cause: FacebookError | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.cause = cause


@dataclass
class Run:
    """One run while this process executes it; several threads share it, as `Turns` says.

    ``counts`` are this process's increments to the counters of the run's row. ``failures`` maps a
    Page id to the refused account's grant id and the reason. `storing` writes the changes of both.
    ``left_grants`` are accounts that an operator disconnected or paused during the run,
    ``limited_grants`` those that reached a rate limit of their own. ``dropped_fields`` are unknown
    to Facebook. ``leased_unit``: the only unit whose lease is this process's, where several
    processes work on the run; None: all are. ``holder`` tells this process apart from others that
    work on the run.
    """

    installation: Installation
    kind: JobKind
    id: int
    on_progress: OnProgress = ignore_progress
    graph_url: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, tuple[int | None, FailureRow]] = field(default_factory=dict)
    limited: RateLimited | None = None
    left_grants: set[int] = field(default_factory=set)
    limited_grants: dict[int, RateLimited] = field(default_factory=dict)
    held_units: set[str] = field(default_factory=set)
    leased_unit: str | None = None
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    dropped_fields: set[str] = field(default_factory=set)
    turns: Turns = field(default_factory=Turns)
    governor: RateGovernor = field(init=False)
    _stored_counts: dict[str, int] = field(default_factory=dict)
    _stored_failures: dict[str, tuple[int | None, FailureRow]] = field(default_factory=dict)
    # Both by thread: its client, and the account that it works on.
    _clients: dict[int, GraphClient] = field(default_factory=dict)
    _grant_ids: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.governor = RateGovernor(self.installation, self.turns)

    @property
    def client(self) -> GraphClient:
        """This thread's Graph client, created at first use and closed with the run."""
        thread = threading.get_ident()
        if thread not in self._clients:
            client = self.installation.client(
                patience_seconds=BACKGROUND_PATIENCE_SECONDS,
                graph_url=self.graph_url,
                sleep=self.sleep,
                waiting=self.turns.waiting,
            )
            client.observed.dropped_fields = self.dropped_fields
            self._clients[thread] = client
        return self._clients[thread]

    @property
    def graph_version(self) -> str:
        """The Graph version that answers; before the first answer, the requested one."""
        return self._version_served or self.installation.settings.graph_version

    @property
    def _version_served(self) -> str | None:
        versions = (client.observed.version_served for client in self._clients.values())
        return next(filter(None, versions), None)

    @property
    def is_part(self) -> bool:
        """Whether this process does one account of a run that another has begun."""
        return self.leased_unit not in (None, WHOLE_RUN)

    def is_turn_of(self, grant_id: int, of_page: int) -> bool:
        """Whether a Page that the account ``of_page`` is asked for belongs to the turns of
        ``grant_id``. In a part every Page does: who else would go on with it?
        """
        return grant_id == of_page or self.is_part

    def count(self, name: str, more: int) -> None:
        """Add to a counter of the run, e.g. "steps_done"."""
        self.counts[name] = self.counts.get(name, 0) + more

    def check_stop(self) -> None:
        """Raise `RunEnded` when the dashboard is stopping, or another thread has ended the run.

        Also when the app's rate limit is nearly reached. To be called before a call to Facebook.
        """
        if self.installation.worker.stopping.is_set() or self.turns.is_ending:
            raise RunEnded("stopped")
        self.heed_usage()

    def begin_unit(self, unit: int | str) -> None:
        """Note what this thread works on."""
        if isinstance(unit, int):
            self._grant_ids[threading.get_ident()] = unit

    def heed_limits(self, units: Sequence[int | str]) -> None:
        """Read which limits are in force. Raises `RunEnded` when the whole app is limited."""
        grant_ids = [unit for unit in units if isinstance(unit, int)]
        for owner, error in self.governor.load(grant_ids) if grant_ids else ():
            if owner is None:
                self.limited = error
                raise RunEnded("stopped", error)
            self.limited_grants[owner] = error

    def heed_usage(self) -> None:
        """Go by the usage that Facebook has reported to this thread. Raises as `check_stop`."""
        limit = self._take_usage()
        if limit is not None:
            self.end_by_limit(limit)

    def _take_usage(self) -> RateLimited | None:
        thread = threading.get_ident()
        if thread not in self._clients or thread not in self._grant_ids:
            return None
        readings = self._clients[thread].observed.take_usage()
        return self.governor.heed(readings, self._grant_ids[thread])

    def sleep(self, seconds: float) -> None:
        """Let other threads work for a while. Raises as `check_stop`."""
        with self.turns.waiting():
            self.installation.worker.sleep(seconds)
        self.check_stop()

    def is_left(self, grant_id: int) -> bool:
        """Whether an operator has disconnected or paused an account since the run began.

        A run lasts minutes or hours, so this is read from the database. The failures of such an
        account are removed from the run.
        """
        with self.installation.database.reading() as session:
            is_left = grant_id in list_resting_grants(session)
        if is_left:
            self.left_grants.add(grant_id)
            kept = {id: entry for id, entry in self.failures.items() if entry[0] != grant_id}
            self.failures = kept
        return is_left

    def may_ask(self, grant_id: int) -> bool:
        """False for an account that is rate-limited, or disconnected or paused by an operator.

        For one with something left to read: because of a limit the run is then incomplete.
        """
        self.limited = self.limited_grants.get(grant_id, self.limited)
        return grant_id not in self.limited_grants and grant_id not in self.left_grants

    def note_limit(self, error: RateLimited, grant_id: int) -> None:
        """Ask an account for nothing more. Raises `RunEnded` when the whole app is limited."""
        if error.scope == "app":
            self.end_by_limit(error)
        self.heed_usage()
        if grant_id not in self.limited_grants:
            self.governor.note_limit(error, grant_id)
        self.limited = self.limited_grants[grant_id] = error

    def end_by_limit(self, error: RateLimited) -> NoReturn:
        """End the run by a limit of the whole app."""
        self.limited = error
        self._take_usage()
        self.governor.note_limit(error, None)
        raise RunEnded("stopped", error)

    def record_failure(self, page_id: str, grant_id: int, error: FacebookError) -> None:
        """Add a failure: the Page could not be fetched through this account."""
        row = FailureRow(
            page_id=page_id,
            grant_id=grant_id,
            kind=type(error).__name__,
            code=error.code,
            subcode=error.subcode,
            trace_id=error.trace_id,
        )
        self.failures[page_id] = (grant_id, row)

    def renew_leases(self, session: Session) -> bool:
        """Prolong the leases that this process has. False when others have taken them."""
        holder = self.holder if self.is_part else None
        return renew_leases(session, self.id, self.leased_unit, holder)

    @contextmanager
    def storing(self) -> Iterator[Session]:
        """Open a transaction that also writes the run's progress and renews its leases.

        Raises `RunEnded`, and stores nothing, when the run has lost its lease: this process did not
        renew it for 60 s (for example a sleeping laptop), and another run took it, or another
        process that works on the same run.
        """
        with self.installation.database.writing() as session:
            yield session
            if not self.renew_leases(session):
                raise RunEnded("interrupted")
            self.store_progress(session)
        self._stored_counts, self._stored_failures = dict(self.counts), dict(self.failures)

    def take_over_failures(self, failures: Iterable[FailureRow]) -> None:
        """Take failures that are stored already, of this process or another, as those so far."""
        self.failures = {row.page_id: (row.grant_id, row) for row in failures}
        self._stored_failures = dict(self.failures)

    def store_progress(self, session: Session) -> None:
        """Write the counts and failures that are new since the last `storing`."""
        stored_counts, stored_failures = self._stored_counts, self._stored_failures
        increments = {
            name: count - stored_counts.get(name, 0) for name, count in self.counts.items()
        }
        more_failures = len(self.failures) - len(stored_failures)
        increments["pages_failed"] = increments.get("pages_failed", 0) + more_failures
        add_progress(session, self.id, **increments)
        drop_failures(session, self.id, stored_failures.keys() - self.failures.keys())
        new = self.failures.items() - stored_failures.items()
        record_failures(session, self.id, [row for _, (_, row) in sorted(new)])

    def close(self) -> None:
        """Close the clients, and store their telemetry."""
        if self._clients:
            observed = Observed(self._version_served, self.governor.usage, self.dropped_fields)
            save_telemetry(self.installation, observed)
        for client in self._clients.values():
            client.close()
