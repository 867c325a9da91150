"""Command line: runs ``python -m fb`` with sync, insights, token, doctor, key commands, or erase.

Exit codes: 0 success · 1 some Pages failed, or the doctor has advice · 2 could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from fb.accounts import custody, erase, keys
from fb.installation import Installation, Startup, create_own_sandbox, open_installation
from fb.jobs import warnings
from fb.jobs.checks import run_checks
from fb.jobs.insights import run_insights
from fb.jobs.pictures import fetch_due_pictures
from fb.jobs.runner import COMMAND
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import error_location
from fb.keys_file import add_keys
from fb.settings import Settings, SettingsReport, read_settings
from fb.settings_table import PROXY_HEADER, Wrong
from fb.web.listener import has_ipv6_loopback
from fb.web.log_redaction import install_redaction
from fb.web.logs import install_logging, log_start
from fb.web.process import MIN_DESCRIPTORS, find_descriptor_limit, protect_process
from storage.accounts.erasure import Erasure
from storage.accounts.grants import list_grants
from storage.accounts.keys import rotate_keys
from storage.db.engine import outwait_writers
from storage.db.errors import JobRunning, StorageError, WrongKey
from storage.jobs.leases import find_lease_end
from storage.jobs.runs import INSIGHTS, SNAPSHOTS, JobKind, RunRecord

ROOT = Path(__file__).resolve().parent.parent
OK, SOME_FAILED, COULD_NOT_RUN = 0, 1, 2
# The lease of a run whose process has died lasts up to 60 s; cron would lose the day.
MAX_LEASE_WAIT_SECONDS = 90.0
LEASE_LOOK_SECONDS = 2.0

STARTUP_ERRORS = {
    "database_unreachable": "The database can't be reached: {database}. Check DATABASE_URL, and "
    "that the database is running.",
    "database_held": "Another program holds the database: {database}. Nothing is lost. Try again "
    "when that backup, database browser or import is done.",
    "wrong_installation": "This database belongs to another installation ({found}), and these "
    "settings are for {wanted}. Nothing was touched. Set DATABASE_URL to another database.",
    "newer_schema": "A newer Pagekeeper has written to {database}. Nothing was touched. Update "
    "this one.",
    "old_schema": "An earlier Pagekeeper made {database}, and this one can't read it. Nothing was "
    "touched. Export the daily figures as CSV with the earlier one. Then set DATABASE_URL to a new "
    "database, connect, and take the file in under Past figures.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    protect_process()
    install_redaction()
    options = _parser().parse_args(arguments)
    install_logging()
    commands: dict[str, Callable[[], int]] = {
        "sync": sync,
        "insights": insights,
        "doctor": doctor,
        "new-key": new_key,
        "rotate-keys": rotate,
        "forget-key": partial(forget_key, options),
        "erase": partial(erase_command, options),
        "token": partial(token, options),
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
    handout = commands.add_parser(
        "token", help="hand a Page's access token to a program, as JSON, through a pipe"
    )
    handout.add_argument("page_id", metavar="PAGE_ID")
    handout.add_argument("--consumer", required=True, help="the program's name")
    handout.add_argument(
        "--permission", default="pages_messaging", choices=sorted(custody.NEEDED_TASKS)
    )
    commands.add_parser("doctor", help="check settings, database and keys")
    commands.add_parser("new-key", help="write a new encryption key into the keys file")
    commands.add_parser(
        "rotate-keys", help="seal all stored access anew with the first of the keys"
    )
    forgetter = commands.add_parser(
        "forget-key", help="give up a lost key: erase the access that only this key opens"
    )
    forgetter.add_argument("key_id", metavar="KEY_ID", help="the id of the key, as doctor says it")
    forgetter.add_argument("--yes", action="store_true", help="don't ask")
    eraser = commands.add_parser(
        "erase", help="delete an account or a Page with everything that is stored about it"
    )
    eraser.add_argument("kind", nargs="?", choices=("account", "page"))
    eraser.add_argument("id", nargs="?", help="the id at Facebook")
    eraser.add_argument(
        "--again", action="store_true", help="after a restore: erase what was erased before"
    )
    eraser.add_argument("--yes", action="store_true", help="don't ask")
    return parser


def sync() -> int:
    """Take today's snapshot of every Page, also while the dashboard is not running."""
    with _opened() as startup:
        installation = _usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            with outwait_writers(lambda: None):
                result = _outwait_dead_run(
                    installation,
                    SNAPSHOTS,
                    partial(run_snapshots, installation, COMMAND, on_progress=_draw_progress),
                )
                run_checks(installation, COMMAND)
                fetch_due_pictures(installation, COMMAND)
                if warnings.is_due(installation):
                    warnings.send_warnings(installation, COMMAND)
        except JobRunning:
            _say("Another refresh is running already. Nothing was done.")
            return COULD_NOT_RUN
        return _conclude(result)


def _outwait_dead_run(
    installation: Installation, kind: JobKind, run: Callable[[], RunRecord]
) -> RunRecord:
    """Run a job. If another run of it has died, wait until its lease has expired.

    Raises JobRunning when the other run renews its lease: it lives.
    """
    waited_seconds, first_end = 0.0, None
    while True:
        try:
            return run()
        except JobRunning:
            with installation.database.reading() as session:
                end = find_lease_end(session, kind)
            first_end = first_end or end
            is_alive = end is not None and end != first_end
            if is_alive or waited_seconds >= MAX_LEASE_WAIT_SECONDS:
                raise
        installation.worker.sleep(LEASE_LOOK_SECONDS)
        waited_seconds += LEASE_LOOK_SECONDS


def _draw_progress(done: int, total: int, noun: str = "Pages") -> None:
    if sys.stderr.isatty():
        width = 30 * done // max(total, 1)
        bar = "█" * width + "·" * (30 - width)
        end = "\n" if done >= total else ""  # the log's lines follow
        sys.stderr.write(f"\r{bar} {done:,} of {total:,} {noun}{end}")
        sys.stderr.flush()


def _conclude(result: RunRecord) -> int:
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
            with outwait_writers(lambda: None):
                result = _outwait_dead_run(
                    installation, INSIGHTS, partial(run_insights, installation, COMMAND)
                )
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


def token(options: argparse.Namespace) -> int:
    """Write a Page's access token and its proof to standard output, as JSON; never to a screen."""
    if sys.stdout.isatty():
        _warn("The token would stay on this screen. Let the program read it through a pipe.")
        return COULD_NOT_RUN
    with _opened() as startup:
        installation = startup.installation
        if installation is None:
            _warn("Settings or database can't be opened. Run: python -m fb doctor")
            return COULD_NOT_RUN
        try:
            access = custody.page_access_token(
                installation,
                options.page_id,
                consumer=options.consumer,
                permission=options.permission,
            )
        except custody.CustodyError as error:
            _warn(str(error))
            return COULD_NOT_RUN
    names = ("page_id", "access_token", "appsecret_proof")
    json.dump({name: getattr(access, name) for name in names}, sys.stdout)
    return OK


def doctor() -> int:
    """Check settings, database and keys without calling Facebook, and print the problems."""
    with _opened() as startup:
        for row in startup.report.rows:
            _say(f"{row.state:8} {row.name:24} {row.shown}")
        for problem in startup.report.problems:
            _say(f"WRONG    {problem.name}: {problem.sentence}")
        for warning in startup.report.warnings:
            _say(f"ADVICE   {warning.name}: {warning.sentence}")
        has_room = check_machine(startup.report)
        installation = _usable(startup, say_settings=False)
        if installation is None:
            return COULD_NOT_RUN
        _say("The database is open and the keys fit.")
        returned = erase.list_erased_again(installation)
        if returned:
            _say(
                "ADVICE   erase: accounts or Pages that were erased are here again, as after a "
                f"restore ({len(returned):,}). Erase them again: python -m fb erase --again"
            )
        is_well = has_room and not returned and not startup.report.warnings
        return OK if is_well else SOME_FAILED


def check_machine(report: SettingsReport) -> bool:
    """Print what the operator has to know of this machine; return whether it has enough of all."""
    if report.settings is not None and report.settings.behind_sign_in_proxy:
        _say(f'The proxy has to send PROXY_SECRET. nginx: proxy_set_header {PROXY_HEADER} "…";')
    if not has_ipv6_loopback():
        _say("This machine has no address ::1, so localhost is 127.0.0.1 alone.")
    descriptors = find_descriptor_limit()
    if descriptors is None or descriptors >= MIN_DESCRIPTORS:
        return True
    _say(
        f"ADVICE   open files: A process may open {descriptors:,} files here, and each browser "
        f"takes four. Raise the hard limit to {MIN_DESCRIPTORS:,} or more (ulimit -Hn; LimitNOFILE "
        "of a systemd service)."
    )
    return False


def new_key() -> int:
    """Write a new encryption key, and a missing secret for logins, into the keys file.

    Prints no secret, and overwrites none.
    """
    try:
        new = add_keys(os.environ, ROOT)
    except Wrong as wrong:
        _say(str(wrong))
        return COULD_NOT_RUN
    _say(f"A new encryption key is in {new.path}, which only you can read.")
    if new.has_new_state_secret:
        _say("So is a new secret for logins.")
    for name in new.in_env_file:
        _say(
            f"Take the line {name} out of .env now: it comes before the keys file. What was valid "
            "in it is in the keys file, too."
        )
    if new.older_keys_count:
        _say("The older keys are kept behind it, and still open what they sealed.")
        _say("Next: restart the dashboard, then run python -m fb rotate-keys. After that the file")
        _say("can do without the older keys; keep them elsewhere for the backups of their time.")
    else:
        _say("Next: check the settings with python -m fb doctor, and start the dashboard.")
    _say("Keep a copy of the file, but never beside a copy of the database.")
    return OK


def rotate() -> int:
    """Seal all stored tokens with the first key, so that the other keys can be removed.

    The dashboard may run meanwhile. It can be stopped anywhere, and goes on when it is run again.
    """
    with _opened() as startup:
        installation = _usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        draw = partial(_draw_progress, noun="values")
        try:
            rotation = rotate_keys(installation.database, installation.vault, _read_clock(), draw)
        except WrongKey:
            _say_wrong_key(installation)
            return COULD_NOT_RUN
        except KeyboardInterrupt:
            _say("Stopped. Nothing is lost: keep all keys, and run this again to go on.")
            return COULD_NOT_RUN
        sealed = f"{_counted(rotation.resealed, 'value')} sealed anew"
        if rotation.left:
            _say(
                f"{sealed}. Another program still seals with an older key ({rotation.left:,} left):"
                " restart the dashboard, and run this again. Keep all keys until then."
            )
            return SOME_FAILED
        _say(f"{sealed}. The first key now seals everything; the others can be taken away.")
        return OK


def forget_key(options: argparse.Namespace) -> int:
    """Show whose access a missing key seals, ask, and erase it, so that it can be reconnected."""
    key_id = options.key_id
    with _opened() as startup:
        installation = _usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        if key_id in installation.vault.key_ids:
            _say(f"The key {key_id} is not missing, so nothing was erased.")
            _say("If the doctor says it is, its check value is damaged: python -m fb rotate-keys")
            return COULD_NOT_RUN
        if key_id not in installation.keys.unopenable:
            _say(f"Nothing is sealed with the key {key_id}. Nothing was erased.")
            return COULD_NOT_RUN
        lost = keys.list_lost(installation, key_id)
        for account in lost:
            pages = _counted(account.pages_count, "Page")
            _say(f"Erases the access of {account.account_name} ({pages}).")
        if not lost:
            _say("No account's access is sealed with this key, only sign-ins that were not saved.")
        _say("Figures and history stay. Even with the key there is no way back.")
        if not options.yes and not _is_confirmed():
            _say("Nothing was erased.")
            return COULD_NOT_RUN
        keys.give_up(installation, key_id)
        _say("Erased. The dashboard goes on within half a minute.")
        if lost:
            _say("Next: reconnect these accounts on the screen Connections.")
        return OK


def erase_command(options: argparse.Namespace) -> int:
    """Show what erasing an account or Page deletes, ask, and erase; `--again` after a restore."""
    if options.again == (options.id is not None):
        _say("Say what to erase: erase account ID, erase page ID, or erase --again.")
        return COULD_NOT_RUN
    with _opened() as startup:
        # Without the right keys too: nothing has to be opened.
        installation = _usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        if options.again:
            return _erase_again(installation, options.yes)
        erasure = erase.load_erasure(installation, options.kind, options.id)
        if erasure is None:
            _say_unknown(installation, options.kind, options.id)
            return COULD_NOT_RUN
        return _erase(installation, [erasure], options.yes)


def _erase_again(installation: Installation, is_sure: bool) -> int:
    erase.merge_lists(installation)
    unknown_count = erase.count_unknown_keys(installation)
    if unknown_count:
        _say(
            f"The list has {_counted(unknown_count, 'line')} made with a key that is not in "
            "TOKEN_ENCRYPTION_KEYS, which can't be compared. Add the key, and run this again."
        )
    erasures = erase.list_erased_again(installation)
    if not erasures:
        _say("Nothing that was erased is here again.")
        is_clean = erase.clean(installation)
        return OK if is_clean and not unknown_count else _conclude_erasing(is_clean)
    return _erase(installation, erasures, is_sure)


def _erase(installation: Installation, erasures: Sequence[Erasure], is_sure: bool) -> int:
    for erasure in erasures:
        _say(_describe(erasure))
    _say("There is no way back. Copies of the database keep it until they are deleted.")
    if not is_sure and not _is_confirmed():
        _say("Nothing was erased.")
        return COULD_NOT_RUN
    try:
        is_clean = erase.erase(installation, *erasures)
    except JobRunning:
        _say("A refresh is running. Nothing more was erased; run this again when it has ended.")
        return COULD_NOT_RUN
    except StorageError as error:
        _say(f"{error} What was not erased yet is still here; run this again.")
        return COULD_NOT_RUN
    _say("Erased.")
    if not installation.database.is_sqlite:
        _say("PostgreSQL keeps deleted rows in its files until you run VACUUM FULL.")
    return _conclude_erasing(is_clean)


def _conclude_erasing(is_clean: bool) -> int:
    if not is_clean:
        _say(
            "Traces may be left in the database's file: another program used it, or the disk is "
            "full. Stop the dashboard and run: python -m fb erase --again"
        )
    return OK if is_clean else SOME_FAILED


def _describe(erasure: Erasure) -> str:
    counts = (
        (len(erasure.page_ids), "Page", ""),
        (erasure.days_count, "day", " of figures"),
        (erasure.notes_count, "note", ""),
        (erasure.goals_count, "goal", ""),
        (erasure.pictures_count, "picture", ""),
        (erasure.attempts_count, "trip", " to Facebook"),
    )
    goes = ", ".join(_counted(count, noun) + rest for count, noun, rest in counts if count)
    text = f"Erases the {erasure.kind} {erasure.id} ({erasure.name}): {goes or 'its name'}."
    if erasure.kept_count:
        verb = "stays" if erasure.kept_count == 1 else "stay"
        text += f" {_counted(erasure.kept_count, 'Page')} that another account can read {verb}."
    return text


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _say_unknown(installation: Installation, kind: str, id: str) -> None:
    _say(f"No {kind} here has the id {id}.")
    if kind == "page":
        _say("A Page's id is in the address of its screen, after id=.")
        return
    with installation.database.reading() as session:
        for grant in list_grants(session):
            _say(f"{grant.account_id}  {grant.account_name}")


def _is_confirmed() -> bool:
    try:
        return input("Type yes to erase: ").strip().lower() == "yes"
    except EOFError:
        return False


@contextlib.contextmanager
def _opened() -> Iterator[Startup]:
    report = read_settings(os.environ, ROOT)
    settings = report.settings
    if settings is not None:
        install_redaction(settings.secrets)
    log_start(report, "python -m fb")
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
        _say_wrong_key(installation)
        return None
    return installation


def _say_wrong_key(installation: Installation) -> None:
    names = ", ".join(installation.keys.account_names)
    whose = f"The access of {names}" if names else "The stored access"
    ids = " ".join(installation.keys.unopenable)
    _say(f"{whose} can't be opened: its encryption key is missing (id {ids}).")
    _say("Figures and history are all there; connecting and refreshing wait.")
    _say("If you have the key: put it back into TOKEN_ENCRYPTION_KEYS, and restart.")
    for id in installation.keys.unopenable:
        _say(f"If it is lost: python -m fb forget-key {id}, and reconnect.")


def _read_clock() -> datetime:
    return datetime.now(UTC)


def _say(line: str) -> None:
    print(line)


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
