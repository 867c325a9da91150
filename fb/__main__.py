"""Command line: runs ``python -m fb`` with one of the commands of `_parser`.

Exit codes: 0 success · 1 some Pages failed, or the doctor has advice · 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from fb.accounts import custody, erase
from fb.commands.backup_commands import add_backup_parsers, backup, check_backup
from fb.commands.erase_command import erase_command
from fb.commands.key_commands import forget_key, new_key, rotate
from fb.commands.ledger_command import add_parser, verify_command
from fb.commands.people_command import add_people_parser, people_command
from fb.commands.probe_posts import add_probe_parser, probe_command
from fb.commands.sign_in_check import check_admin, check_service
from fb.commands.terminal import (
    COULD_NOT_RUN,
    OK,
    SOME_FAILED,
    draw_progress,
    find_usable,
    opened,
    say,
    warn,
)
from fb.commands.worker_command import worker_command
from fb.installation import Installation, find_clock_difference
from fb.jobs import warnings
from fb.jobs.checks import run_checks
from fb.jobs.insights import run_insights
from fb.jobs.posts import run_posts
from fb.jobs.runner import COMMAND
from fb.jobs.snapshots import run_snapshots
from fb.jobs.worker import error_location
from fb.settings import SettingsReport
from fb.settings_table import PROXY_HEADER
from fb.web.listener import has_ipv6_loopback
from fb.web.log_redaction import install_redaction
from fb.web.logs import install_logging
from fb.web.process import MIN_DESCRIPTORS, find_descriptor_limit, protect_process
from storage.db.engine import outwait_writers
from storage.db.errors import JobRunning, StorageError
from storage.jobs.leases import find_lease_end
from storage.jobs.runs import INSIGHTS, POSTS, SNAPSHOTS, JobKind, RunRecord

# The lease of a run whose process has died lasts up to 60 s; cron would lose the day.
MAX_LEASE_WAIT_SECONDS = 90.0
LEASE_LOOK_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    protect_process()
    install_redaction()
    options = _parser().parse_args(arguments)
    install_logging()
    commands: dict[str, Callable[[], int]] = {
        "sync": sync,
        "insights": insights,
        "posts": posts,
        "worker": worker_command,
        "probe-posts": partial(probe_command, options),
        "doctor": doctor,
        "new-key": new_key,
        "rotate-keys": rotate,
        "forget-key": partial(forget_key, options),
        "erase": partial(erase_command, options),
        "token": partial(token, options),
        "backup": partial(backup, options),
        "check-backup": partial(check_backup, options),
        "ledger": partial(verify_command, options),
        "people": partial(people_command, options),
    }
    try:
        return commands[options.command]()
    except StorageError as error:
        say(f"{error} What was read before is kept.")
    except SQLAlchemyError as error:
        # Its text quotes statements with values, so only class and location are printed.
        say(f"The database is damaged ({type(error).__name__} at {error_location(error)}).")
    return COULD_NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fb", description="Pagekeeper's commands")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sync", help="take today's snapshot of every Page (for cron)")
    commands.add_parser("insights", help="fetch views and engagement of every Page (for cron)")
    commands.add_parser("posts", help="read the posts of every Page (for cron, once a day)")
    commands.add_parser("worker", help="do the background jobs, beside any dashboard")
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
    add_parser(commands)
    add_probe_parser(commands)
    add_backup_parsers(commands)
    add_people_parser(commands)
    return parser


def sync() -> int:
    """Take today's snapshot of every Page, also while the dashboard is not running."""
    with opened() as startup:
        installation = find_usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            with outwait_writers(lambda: None):
                result = _outwait_dead_run(
                    installation,
                    SNAPSHOTS,
                    partial(run_snapshots, installation, COMMAND, on_progress=draw_progress),
                )
                run_checks(installation, COMMAND)
                if warnings.is_due(installation):
                    warnings.send_warnings(installation, COMMAND)
        except JobRunning:
            say("Another refresh is running already. Nothing was done.")
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


def _conclude(result: RunRecord) -> int:
    if result.pages_total == 0:
        say("No Page is connected yet. Open the dashboard and connect one.")
        return OK
    refreshed = f"{result.pages_done:,} of {result.pages_total:,} Pages refreshed"
    say(f"{refreshed}, {result.pages_failed:,} failed.")
    if result.status == "failed":
        say("Facebook is not answering. Your connections are fine; try again later.")
        return SOME_FAILED if result.pages_done else COULD_NOT_RUN
    if result.limited_until is not None:
        _say_limited(result.limited_until)
    elif result.status == "stopped":
        say("Facebook asks us to slow down and names no time. Try again in an hour.")
    if result.pages_failed:
        say("The screen Activity lists each Page and the reason.")
    return SOME_FAILED if result.pages_failed or result.status != "done" else OK


def insights() -> int:
    """Fetch the missing views and engagement, also while the dashboard is not running."""
    with opened() as startup:
        installation = find_usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            with outwait_writers(lambda: None):
                result = _outwait_dead_run(
                    installation, INSIGHTS, partial(run_insights, installation, COMMAND)
                )
        except JobRunning:
            say("Views and engagement are being fetched already. Nothing was done.")
            return COULD_NOT_RUN
    if result.pages_total == 0:
        say("No connected Page allows it: that takes read_insights and a role with insights.")
        return OK
    fetched = f"{result.values_count:,} figures of {result.pages_total:,} Pages fetched"
    say(f"{fetched}; {result.pages_failed:,} gave none. The Pages' screens say why.")
    if result.limited_until is not None:
        _say_limited(result.limited_until)
    return OK if result.status == "done" else SOME_FAILED


def posts() -> int:
    """Read the posts of every Page, also while the dashboard is not running."""
    with opened() as startup:
        installation = find_usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        try:
            with outwait_writers(lambda: None):
                read = partial(run_posts, installation, COMMAND, on_progress=draw_progress)
                result = _outwait_dead_run(installation, POSTS, read)
        except JobRunning:
            say("Posts are being read already. Nothing was done.")
            return COULD_NOT_RUN
    if result.pages_total == 0:
        say("No Page is left to read today.")
        return OK
    say(
        f"{result.posts_new:,} new posts, {result.values_count:,} readings of "
        f"{result.pages_done:,} of {result.pages_total:,} Pages; {result.pages_failed:,} failed."
    )
    if result.limited_until is not None:
        _say_limited(result.limited_until)
    return SOME_FAILED if result.pages_failed or result.status != "done" else OK


def _say_limited(until: datetime) -> None:
    when = f"{until:%d %b, %H:%M} UTC"
    say(f"Facebook asks us to slow down; it allows the rest from about {when}.")


def token(options: argparse.Namespace) -> int:
    """Write a Page's access token and its proof to standard output, as JSON; never to a screen."""
    if sys.stdout.isatty():
        warn("The token would stay on this screen. Let the program read it through a pipe.")
        return COULD_NOT_RUN
    with opened() as startup:
        installation = startup.installation
        if installation is None:
            warn("Settings or database can't be opened. Run: python -m fb doctor")
            return COULD_NOT_RUN
        try:
            access = custody.page_access_token(
                installation,
                options.page_id,
                consumer=options.consumer,
                permission=options.permission,
            )
        except custody.CustodyError as error:
            warn(str(error))
            return COULD_NOT_RUN
    names = ("page_id", "access_token", "appsecret_proof")
    json.dump({name: getattr(access, name) for name in names}, sys.stdout)
    return OK


def doctor() -> int:
    """Check settings, database, keys and the sign-in service, and print the problems.

    Facebook is not called.
    """
    with opened() as startup:
        for row in startup.report.rows:
            say(f"{row.state:8} {row.name:24} {row.shown}")
        for problem in startup.report.problems:
            say(f"WRONG    {problem.name}: {problem.sentence}")
        for warning in startup.report.warnings:
            say(f"ADVICE   {warning.name}: {warning.sentence}")
        has_room = check_machine(startup.report)
        settings = startup.report.settings
        sign_in = OK
        if settings is not None and settings.has_sign_in:
            sign_in = check_service(settings)
        installation = find_usable(startup, say_settings=False)
        if installation is None:
            return COULD_NOT_RUN
        say("The database is open and the keys fit.")
        if installation.settings.has_sign_in:
            sign_in = max(sign_in, check_admin(installation))
        returned = erase.list_erased_again(installation)
        if returned:
            say(
                "ADVICE   erase: accounts or Pages that were erased are here again, as after a "
                f"restore ({len(returned):,}). Erase them again: python -m fb erase --again"
            )
        difference = find_clock_difference(installation)
        if difference is not None:
            say(
                "ADVICE   clock: this machine's clock and the database's differ by "
                f"{abs(difference.total_seconds()):,.0f} s. Set both by a time server (NTP): times "
                "that one writes, others compare."
            )
        with installation.database.reading() as session:
            workers_count = installation.jobs.count(session).workers
        if installation.settings.workers == "procrastinate":
            say(f"Workers that run: {workers_count:,}.")
        if workers_count == 0:
            say("ADVICE   workers: nothing is refreshed until one runs. Start: python -m fb worker")
        is_well = (
            has_room
            and not returned
            and difference is None
            and workers_count > 0
            and not startup.report.warnings
        )
        return max(sign_in, OK if is_well else SOME_FAILED)


def check_machine(report: SettingsReport) -> bool:
    """Print what the operator has to know of this machine; return whether it has enough of all."""
    if report.settings is not None and report.settings.behind_sign_in_proxy:
        say(f'The proxy has to send PROXY_SECRET. nginx: proxy_set_header {PROXY_HEADER} "…";')
    if not has_ipv6_loopback():
        say("This machine has no address ::1, so localhost is 127.0.0.1 alone.")
    descriptors = find_descriptor_limit()
    if descriptors is None or descriptors >= MIN_DESCRIPTORS:
        return True
    say(
        f"ADVICE   open files: A process may open {descriptors:,} files here, and each browser "
        f"takes four. Raise the hard limit to {MIN_DESCRIPTORS:,} or more (ulimit -Hn; LimitNOFILE "
        "of a systemd service)."
    )
    return False


if __name__ == "__main__":
    sys.exit(main())
