"""Command line: runs ``python -m fb sync | insights | doctor | new-key | rotate-keys``.

Exit codes: 0 success · 1 some Pages failed, or the doctor has advice · 2 could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy.exc import SQLAlchemyError

from fb.installation import Installation, Startup, create_own_sandbox, open_installation
from fb.jobs.insights import run_insights
from fb.jobs.pictures import fetch_due_pictures
from fb.jobs.runner import COMMAND
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import error_location
from fb.settings import Settings, SettingsReport, read_settings
from fb.web.log_redaction import install_redaction
from storage.accounts.vault import rotate_keys
from storage.db.errors import JobRunning, StorageError, WrongKey
from storage.jobs.runs import RunRecord

ROOT = Path(__file__).resolve().parent.parent
OK, SOME_FAILED, COULD_NOT_RUN = 0, 1, 2

STARTUP_ERRORS = {
    "database_unreachable": "The database can't be reached: {database}. Check DATABASE_URL, and "
    "that the database is running.",
    "wrong_installation": "This database belongs to another installation ({found}), and these "
    "settings are for {wanted}. Nothing was touched. Set DATABASE_URL to another database.",
    "newer_schema": "A newer Pagekeeper has written to {database}. Nothing was touched. Update "
    "this one.",
    "old_schema": "An earlier Pagekeeper made {database}, and this one can't read it. Nothing was "
    "touched. Export the daily figures as CSV with the earlier one. Then set DATABASE_URL to a new "
    "database, connect, and take the file in under Past figures.",
}
WRONG_KEY = (
    "The stored access can't be opened: the encryption key is not the one it was sealed with. "
    "Figures are all there. Put the right key back into TOKEN_ENCRYPTION_KEYS; don't reconnect yet."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    os.umask(0o077)
    install_redaction()
    options = _parser().parse_args(arguments)
    commands = {
        "sync": sync,
        "insights": insights,
        "doctor": doctor,
        "new-key": new_key,
        "rotate-keys": rotate,
    }
    try:
        return commands[options.command]()
    except StorageError as error:
        _say(f"{error} What was read before is kept.")
    except SQLAlchemyError as error:
        # Its text quotes statements with values, so only class and location are printed.
        _say(f"The database is damaged ({type(error).__name__} at {error_location(error)}).")
    return COULD_NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fb", description="Pagekeeper's commands")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sync", help="take today's snapshot of every Page (for cron)")
    commands.add_parser("insights", help="fetch views and engagement of every Page (for cron)")
    commands.add_parser("doctor", help="check settings, database and keys")
    commands.add_parser("new-key", help="print a new value for TOKEN_ENCRYPTION_KEYS")
    commands.add_parser(
        "rotate-keys", help="seal all stored access anew with the first of the keys"
    )
    return parser


def sync() -> int:
    """Take today's snapshot of every Page, also while the dashboard is not running."""
    with _opened() as startup:
        installation = _usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            result = run_snapshots(installation, COMMAND, on_progress=_draw_progress)
        except JobRunning:
            _say("Another refresh is running already. Nothing was done.")
            return COULD_NOT_RUN
        fetch_due_pictures(installation, COMMAND)
        return _conclude(result)


def _draw_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        width = 30 * done // max(total, 1)
        bar = "█" * width + "·" * (30 - width)
        sys.stderr.write(f"\r{bar} {done:,} of {total:,} Pages")
        sys.stderr.flush()


def _conclude(result: RunRecord) -> int:
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    if result.pages_total == 0:
        _say("No Page is connected yet. Open the dashboard and connect one.")
        return OK
    refreshed = f"{result.pages_done:,} of {result.pages_total:,} Pages refreshed"
    _say(f"{refreshed}, {result.pages_failed:,} failed.")
    if result.status == "failed":
        _say("Facebook is not answering. Your connections are fine; try again later.")
        return SOME_FAILED if result.pages_done else COULD_NOT_RUN
    if result.limited_until is not None:
        _say_limited(result.limited_until)
    elif result.status == "stopped":
        _say("Facebook asks us to slow down and names no time. Try again in an hour.")
    if result.pages_failed:
        _say("The screen Activity lists each Page and the reason.")
    return SOME_FAILED if result.pages_failed or result.status != "done" else OK


def insights() -> int:
    """Fetch the missing views and engagement, also while the dashboard is not running."""
    with _opened() as startup:
        installation = _usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            result = run_insights(installation, COMMAND)
        except JobRunning:
            _say("Views and engagement are being fetched already. Nothing was done.")
            return COULD_NOT_RUN
    if result.pages_total == 0:
        _say("No connected Page allows it: that takes read_insights and a role with insights.")
        return OK
    fetched = f"{result.values_count:,} figures of {result.pages_total:,} Pages fetched"
    _say(f"{fetched}; {result.pages_failed:,} gave none. The Pages' screens say why.")
    if result.limited_until is not None:
        _say_limited(result.limited_until)
    return OK if result.status == "done" else SOME_FAILED


def _say_limited(until: datetime) -> None:
    when = f"{until:%d %b, %H:%M} UTC"
    _say(f"Facebook asks us to slow down; it allows the rest from about {when}.")


def doctor() -> int:
    """Check settings, database and keys without calling Facebook, and print the problems."""
    with _opened() as startup:
        for row in startup.report.rows:
            _say(f"{row.state:8} {row.name:24} {row.shown}")
        for problem in startup.report.problems:
            _say(f"WRONG    {problem.name}: {problem.sentence}")
        for warning in startup.report.warnings:
            _say(f"ADVICE   {warning.name}: {warning.sentence}")
        if _usable(startup, say_settings=False) is None:
            return COULD_NOT_RUN
        _say("The database is open and the keys fit.")
        return SOME_FAILED if startup.report.warnings else OK


def new_key() -> int:
    """Print a new encryption key."""
    _say(Fernet.generate_key().decode())
    return OK


def rotate() -> int:
    """Seal all stored tokens with the first key, so that the other keys can be removed."""
    with _opened() as startup:
        installation = _usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        try:
            with installation.database.writing() as session:
                count = rotate_keys(session, installation.vault)
        except WrongKey:
            _say(WRONG_KEY)
            return COULD_NOT_RUN
        _say(f"{count:,} sealed values now use the first key. The other keys can be taken away.")
        return OK


@contextlib.contextmanager
def _opened() -> Iterator[Startup]:
    report = read_settings(os.environ, ROOT)
    settings = report.settings
    if settings is not None:
        install_redaction(settings.secrets)
    with contextlib.ExitStack() as stack:
        if settings is not None and settings.is_sandbox:
            startup = stack.enter_context(_opened_sandbox(report, settings))
        else:
            startup = open_installation(report, now=_read_clock)
        if startup.installation is not None:
            stack.callback(startup.installation.close)
        yield startup


@contextlib.contextmanager
def _opened_sandbox(report: SettingsReport, settings: Settings) -> Iterator[Startup]:
    """Serve the sandbox on its own port, so that the dashboard need not be running."""
    from fb.sandbox.serve import serve

    sandbox = create_own_sandbox(settings, _read_clock)
    with serve(sandbox, prefix="/sandbox") as base_url:
        settings = replace(settings, graph_url=base_url)
        yield open_installation(report, settings=settings, now=sandbox.now, sandbox=sandbox)


def _usable(
    startup: Startup, *, say_settings: bool = True, needs_keys: bool = True
) -> Installation | None:
    installation, error = startup.installation, startup.error
    if error is not None and error.kind != "settings":
        _say(STARTUP_ERRORS[error.kind].format_map(dict(error.details)))
    elif installation is None and say_settings:
        for problem in startup.report.problems:
            _say(f"{problem.name}: {problem.sentence}")
    elif installation is not None and needs_keys and not installation.can_open_tokens:
        _say(WRONG_KEY)
        return None
    return installation


def _read_clock() -> datetime:
    return datetime.now(UTC)


def _say(line: str) -> None:
    print(line)


if __name__ == "__main__":
    sys.exit(main())
