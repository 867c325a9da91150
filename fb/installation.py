"""Installation: opens database and vault, and bundles them with settings, worker and clock.

It is built once per process by `pages.resources` or `fb.__main__`, and passed to every use case.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.orm import Session

from fb.graph.call_counts import CallCounts
from fb.graph.client import GraphClient
from fb.jobs.engine import EmbeddedJobs, Jobs
from fb.jobs.procrastinate_jobs import ProcrastinateJobs
from fb.jobs.worker import Worker
from fb.settings import Settings, SettingsReport
from fb.settings_table import show_database_url
from storage.accounts.keys import KeyReport, check_keys
from storage.accounts.vault import Vault
from storage.db.engine import Database, open_database
from storage.db.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseUnreachable,
    NewerSchema,
    OldSchema,
    RightMissing,
    WrongInstallation,
)
from storage.ledger.ledger_keys import attach_vault, open_stored_keys
from storage.migrations.migrate import migrate

if TYPE_CHECKING:
    from fb.sandbox import Sandbox  # not loaded in live mode

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
WriteWeek = Callable[[Session, date], tuple[str, ...]]
StartupErrorKind = Literal[
    "settings",
    "database_unreachable",
    "database_held",
    "database_full",
    "right_missing",
    "wrong_installation",
    "newer_schema",
    "old_schema",
]
# Errors that may end by themselves, so that opening is tried again.
PASSING_ERRORS: tuple[StartupErrorKind, ...] = (
    "database_unreachable",
    "database_held",
    "database_full",
    "right_missing",
)
# Several machines compare times that each of them wrote.
MAX_CLOCK_DIFFERENCE = timedelta(seconds=5)

# The maximum time for the retries of a call to Graph: while a person waits, and in the background.
WATCHED_PATIENCE_SECONDS = 20.0
BACKGROUND_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class StartupError:
    """The reason why there is no installation. ``details`` fill the sentence on the screen.

    "database" is the database URL without password and options; "found" and "wanted" are the
    markers of `storage.db.errors.WrongInstallation`.
    """

    kind: StartupErrorKind
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Installation:
    """The settings and resources that use cases need.

    ``now`` returns the current time (aware UTC): of the real clock in live mode, of the sandbox's
    clock otherwise. ``sandbox`` is the `fb.sandbox.Sandbox` of this process, None in live mode.
    ``write_week`` sums up the week that ends on a day, in sentences; none where nothing can be
    compared. The dashboard sets it: the sentences are those of its screens. ``is_draining``: the
    server goes on for some seconds, and wants no new requests.
    """

    settings: Settings
    database: Database
    vault: Vault
    keys: KeyReport
    worker: Worker
    now: Clock
    jobs: Jobs
    sandbox: Any = None
    write_week: WriteWeek | None = None
    calls: CallCounts = field(default_factory=CallCounts)  # of all clients
    is_draining: bool = False

    @property
    def can_open_tokens(self) -> bool:
        """False while an encryption key is missing. Then connect, fetch and overwrite nothing."""
        return self.keys.ok

    def client(
        self,
        *,
        patience_seconds: float = WATCHED_PATIENCE_SECONDS,
        graph_url: str | None = None,
        sleep: Callable[[float], None] | None = None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> GraphClient:
        """Return a new Graph client; the parameters are its own. The caller closes it."""
        return GraphClient(
            graph_url=graph_url or self.settings.graph_url,
            version=self.settings.graph_version,
            app_id=self.settings.app_id,
            app_secret=self.settings.app_secret,
            patience_seconds=patience_seconds,
            sleep=sleep or self.worker.sleep,
            waiting=waiting,
            calls=self.calls,
        )

    def close(self) -> None:
        """Stop what works, then close the database."""
        self.worker.close()
        self.jobs.close()
        self.database.close()


@dataclass(frozen=True)
class Startup:
    """The result of starting: an installation or an error, never both."""

    report: SettingsReport
    installation: Installation | None
    error: StartupError | None


def open_installation(
    report: SettingsReport,
    *,
    now: Clock,
    sandbox: Any = None,
    settings: Settings | None = None,
) -> Startup:
    """Open and migrate the database and check the keys. A failure is returned as `Startup.error`.

    ``settings`` replaces the settings of the report, for a sandbox on another port.
    """
    settings = settings or report.settings
    if settings is None:
        return Startup(report, None, StartupError("settings"))
    database = None
    address = {"database": show_database_url(settings.database_url)}
    try:
        database = open_database(settings.database_url)
        migrate(database, settings.marker, now())
        vault = Vault(settings.encryption_keys)
        attach_vault(database, vault)
        with database.writing() as session:
            keys = check_keys(session, vault, now())
            open_stored_keys(session)
    except DatabaseFull:
        error = StartupError("database_full", address)
    except RightMissing:
        error = StartupError("right_missing", address)
    except DatabaseUnreachable:
        error = StartupError("database_unreachable", address)
    except DatabaseBusy:
        error = StartupError("database_held", address)
    except WrongInstallation as wrong:
        error = StartupError("wrong_installation", {"found": wrong.found, "wanted": wrong.wanted})
    except NewerSchema:
        error = StartupError("newer_schema", address)
    except OldSchema:
        error = StartupError("old_schema", address)
    else:
        worker = Worker()
        jobs: Jobs = EmbeddedJobs(worker)
        if settings.workers == "procrastinate":
            jobs = ProcrastinateJobs(settings.database_url)
        installation = Installation(settings, database, vault, keys, worker, now, jobs, sandbox)
        difference = find_clock_difference(installation)
        if difference is not None:
            log.warning(
                "this machine's clock and the database's differ by %(seconds)d s: set both by a "
                "time server",
                {"seconds": abs(difference.total_seconds())},
            )
        return Startup(report, installation, None)
    if database is not None:
        database.close()
    return Startup(report, None, error)


def find_clock_difference(installation: Installation) -> timedelta | None:
    """Return by how much the database's clock is ahead, if that is MAX_CLOCK_DIFFERENCE or more.

    None in the sandbox, whose clock is its own.
    """
    if installation.settings.is_sandbox:
        return None
    difference = installation.database.measure_clock(installation.now)
    return difference if abs(difference) >= MAX_CLOCK_DIFFERENCE else None


def create_own_sandbox(settings: Settings, real_now: Clock) -> Sandbox:
    """Return the sandbox of these settings. Its clock may be days ahead of ``real_now``."""
    from fb.sandbox import create_sandbox

    return create_sandbox(
        app_id=settings.app_id,
        app_secret=settings.app_secret,
        redirect_uri=settings.redirect_uri,
        state_path=settings.data / "sandbox-world.json",
        real_now=real_now,
    )
