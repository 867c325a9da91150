"""Puts one installation together: settings, database, keys, worker, clock, and says what is amiss.

Built once per process by whoever serves or commands (`pages.resources`, `fb.__main__`) and handed
down as an argument to every use case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fb.graph import GraphClient
from fb.jobs.worker import Worker
from fb.redaction import install_redaction
from fb.settings import Settings, SettingsReport
from storage.engine import Database, open_database
from storage.errors import DatabaseBusy, DatabaseUnreachable, NewerSchema, WrongInstallation
from storage.migrate import migrate
from storage.vault import KeyReport, Vault, check_keys

Clock = Callable[[], datetime]
TroubleKind = Literal["settings", "database_unreachable", "wrong_installation", "newer_schema"]

# A person waits for these calls; a sync in the background may take longer over each.
WATCHED_PATIENCE_SECONDS = 20.0
BACKGROUND_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Trouble:
    """Why there is no installation to work with. ``facts`` fill the sentence of the screen."""

    kind: TroubleKind
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Installation:
    """Everything a use case needs. ``sandbox`` is the stand-in for Facebook, None in live mode.

    ``now`` gives the present as aware UTC: the real one in live mode, the sandbox's own otherwise.
    """

    settings: Settings
    database: Database
    vault: Vault
    keys: KeyReport
    worker: Worker
    now: Clock
    sandbox: Any = None

    @property
    def can_open_tokens(self) -> bool:
        """False with a wrong key: then nothing is connected, refreshed or overwritten."""
        return self.keys.ok

    def client(
        self, *, patience_seconds: float = WATCHED_PATIENCE_SECONDS, graph_url: str | None = None
    ) -> GraphClient:
        """Return a new Graph client; whoever asks closes it."""
        return GraphClient(
            graph_url=graph_url or self.settings.graph_url,
            version=self.settings.graph_version,
            app_id=self.settings.app_id,
            app_secret=self.settings.app_secret,
            patience_seconds=patience_seconds,
            sleep=self.worker.sleep,
        )

    def close(self) -> None:
        """Stop the worker, then let go of the database."""
        self.worker.close()
        self.database.close()


@dataclass(frozen=True)
class Startup:
    """What came of starting: an installation, or the trouble that kept it from being one."""

    report: SettingsReport
    installation: Installation | None
    trouble: Trouble | None


def open_installation(
    report: SettingsReport,
    *,
    now: Clock,
    sandbox: Any = None,
    settings: Settings | None = None,
) -> Startup:
    """Open and migrate the database and check the keys. Never raises for what is amiss.

    ``settings`` stands in for the report's where a command serves the sandbox on another port.
    """
    settings = settings or report.settings
    if settings is None:
        return Startup(report, None, Trouble("settings"))
    install_redaction((settings.app_secret, settings.state_secret, *settings.encryption_keys))
    database = None
    try:
        database = open_database(settings.database_url)
        migrate(database, settings.marker, now())
        vault = Vault(settings.encryption_keys)
        with database.writing() as session:
            keys = check_keys(session, vault, now())
    except (DatabaseUnreachable, DatabaseBusy):
        trouble = Trouble("database_unreachable", _place(database))
    except WrongInstallation as error:
        trouble = Trouble("wrong_installation", {"found": error.found, "wanted": error.wanted})
    except NewerSchema:
        trouble = Trouble("newer_schema", _place(database))
    else:
        parts = Installation(settings, database, vault, keys, Worker(), now, sandbox)
        return Startup(report, parts, None)
    if database is not None:
        database.close()
    return Startup(report, None, trouble)


def create_own_sandbox(settings: Settings, real_now: Clock) -> Any:
    """Return the stand-in for Facebook that these settings describe.

    Its package is imported here and not above: in live mode it is never loaded.
    """
    from fb.sandbox import create_sandbox

    return create_sandbox(
        app_id=settings.app_id,
        app_secret=settings.app_secret,
        redirect_uri=settings.redirect_uri,
        state_path=settings.data / "sandbox-world.json",
        real_now=real_now,
    )


def _place(database: Database | None) -> dict[str, str]:
    return {"database": database.shown_url} if database is not None else {}
