"""Terminal: opens the installation for one command, and says what a person has to know.

Exit codes: OK · SOME_FAILED (in part, or there is advice) · COULD_NOT_RUN.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fb.installation import Installation, Startup, create_own_sandbox, open_installation
from fb.settings import Settings, SettingsReport, read_settings
from fb.web.log_redaction import install_redaction
from fb.web.logs import log_start
from storage.db.text import one_line
from storage.people.person import Person, command_line

ROOT = Path(__file__).resolve().parents[2]
OK, SOME_FAILED, COULD_NOT_RUN = 0, 1, 2

STARTUP_ERRORS = {
    "database_unreachable": "The database can't be reached: {database}. Check DATABASE_URL, and "
    "that the database is running.",
    "database_held": "Another program holds the database: {database}. Nothing is lost. Try again "
    "when that backup, database browser or import is done.",
    "database_full": "The disk of the database is full: {database}. What is stored is kept. Make "
    "room on it, and try again.",
    "right_missing": "The user in DATABASE_URL may not make the tables of {database}. Make it the "
    "owner of the database (ALTER DATABASE … OWNER TO …), and try again.",
    "wrong_installation": "This database belongs to another installation ({found}), and these "
    "settings are for {wanted}. Nothing was touched. Set DATABASE_URL to another database.",
    "newer_schema": "A newer Pagekeeper has written to {database}. Nothing was touched. Update "
    "this one.",
    "old_schema": "An earlier Pagekeeper made {database}, and this one can't read it. Nothing was "
    "touched. Export the daily figures as CSV with the earlier one. Then set DATABASE_URL to a new "
    "database, connect, and take the file in under Past figures.",
}


def draw_progress(done: int, total: int, noun: str = "Pages") -> None:
    """Draw a bar to a terminal; nothing to a file or pipe."""
    if sys.stderr.isatty():
        width = 30 * done // max(total, 1)
        bar = "█" * width + "·" * (30 - width)
        end = "\n" if done >= total else ""  # the log's lines follow
        sys.stderr.write(f"\r{bar} {done:,} of {total:,} {noun}{end}")
        sys.stderr.flush()


def counted(count: int, noun: str) -> str:
    """ "1 Page", "1,240 Pages", "2 entries"."""
    plural = noun.removesuffix("y") + "ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def me() -> Person:
    """Return who runs this command, by their account on the machine, or its number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        user = str(os.getuid())
    return command_line(one_line(user))


def is_confirmed() -> bool:
    """Ask on the terminal; False for everything but yes."""
    try:
        return input("Type yes to erase: ").strip().lower() == "yes"
    except EOFError:
        return False


@contextlib.contextmanager
def opened() -> Iterator[Startup]:
    """Open the installation of this folder, and close it at the end."""
    report = read_settings(os.environ, ROOT)
    settings = report.settings
    if settings is not None:
        install_redaction(settings.secrets)
    log_start(report, "python -m fb")
    with contextlib.ExitStack() as stack:
        if settings is not None and settings.is_sandbox:
            startup = stack.enter_context(_opened_sandbox(report, settings))
        else:
            startup = open_installation(report, now=read_clock)
        if startup.installation is not None:
            stack.callback(startup.installation.close)
        yield startup


@contextlib.contextmanager
def _opened_sandbox(report: SettingsReport, settings: Settings) -> Iterator[Startup]:
    """Serve the sandbox on its own port, so that the dashboard need not be running."""
    from fb.sandbox.serve import serve

    sandbox = create_own_sandbox(settings, read_clock)
    with serve(sandbox, prefix="/sandbox") as base_url:
        settings = replace(settings, graph_url=base_url)
        yield open_installation(report, settings=settings, now=sandbox.now, sandbox=sandbox)


def find_usable(
    startup: Startup, *, say_settings: bool = True, needs_keys: bool = True
) -> Installation | None:
    """Return the installation; None, and say why, when it can't be used."""
    installation, error = startup.installation, startup.error
    if error is not None and error.kind != "settings":
        say(STARTUP_ERRORS[error.kind].format_map(dict(error.details)))
    elif installation is None and say_settings:
        for problem in startup.report.problems:
            say(f"{problem.name}: {problem.sentence}")
    elif installation is not None and needs_keys and not installation.can_open_tokens:
        say_wrong_key(installation)
        return None
    return installation


def say_wrong_key(installation: Installation) -> None:
    """Say whose access can't be opened, and what to do."""
    names = ", ".join(installation.keys.account_names)
    whose = f"The access of {names}" if names else "The stored access"
    ids = " ".join(installation.keys.unopenable)
    say(f"{whose} can't be opened: its encryption key is missing (id {ids}).")
    say("Figures and history are all there; connecting and refreshing wait.")
    say("If you have the key: put it back into TOKEN_ENCRYPTION_KEYS, and restart.")
    for id in installation.keys.unopenable:
        say(f"If it is lost: python -m fb forget-key {id}, and reconnect.")


def read_clock() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


def say(line: str) -> None:
    """Print a line of the answer."""
    print(line, flush=True)


def warn(line: str) -> None:
    """Print a line beside an answer that a program reads."""
    print(line, file=sys.stderr)
