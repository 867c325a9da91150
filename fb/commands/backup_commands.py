"""Backup commands: write the database into one file, and check such a file before it is needed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from fb.commands.terminal import (
    COULD_NOT_RUN,
    OK,
    SOME_FAILED,
    counted,
    find_usable,
    opened,
    say,
)
from fb.installation import Installation
from storage.accounts.keys import list_unopenable
from storage.db.backup import Contents, back_up, count_rows, read_backup
from storage.db.errors import BackupRefused
from storage.migrations.migrate import find_marker, is_known_revision

# What a person looks for in a backup, by table.
SHOWN: Mapping[str, str] = {
    "grants": "Facebook accounts",
    "pages": "Pages",
    "snapshots": "days of fans and followers",
    "insight_values": "days of views and engagement",
    "posts": "posts",
    "notes": "notes",
    "events": "entries of the ledger",
}


def add_backup_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to those of `python -m fb`."""
    maker = commands.add_parser("backup", help="copy the database into a new file, without keys")
    checker = commands.add_parser("check-backup", help="check that such a file is whole and fits")
    for parser in (maker, checker):
        parser.add_argument("file", metavar="FILE", type=Path)


def backup(options: argparse.Namespace) -> int:
    """Copy the database into a new file while the dashboard works."""
    with opened() as startup:
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        try:
            back_up(installation.settings.database_url, options.file, os.environ)
        except BackupRefused as error:
            say(str(error))
            return COULD_NOT_RUN
    say(f"The database is in {options.file}. Only you can read it.")
    say("The encryption keys are not in it, and without them nobody can use its access:")
    say("keep a copy of the keys in another place.")
    say(f"Check it now: python -m fb check-backup {options.file}")
    return OK


def check_backup(options: argparse.Namespace) -> int:
    """Check a backup without restoring it; 1 when it would not do."""
    with opened() as startup:
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        try:
            contents = read_backup(options.file)
        except BackupRefused as error:
            say(str(error))
            return SOME_FAILED
        problems = _list_problems(installation, contents)
        with installation.database.reading() as session:
            living = count_rows(session)
    say(f"{'':32} {'backup':>12} {'now':>12}")
    for table, what in SHOWN.items():
        say(f"{what:32} {contents.rows.get(table, 0):>12,} {living[table]:>12,}")
    for problem in problems:
        say(problem)
    if not problems:
        opened_by = counted(len(contents.canaries), "key")
        say(f"The file is whole, and the keys set here open it ({opened_by}).")
    return SOME_FAILED if problems else OK


def _list_problems(installation: Installation, contents: Contents) -> list[str]:
    """Return a sentence for each reason why the backup would not do here."""
    with installation.database.reading() as session:
        marker = find_marker(session.connection())
    if contents.marker is None or contents.revision is None:
        return ["This is no database of Pagekeeper."]
    problems = []
    if contents.marker != marker:
        problems.append(
            f"It belongs to another installation ({contents.marker}); this one is {marker}."
        )
    if not is_known_revision(contents.revision):
        problems.append("Another version of Pagekeeper has written it, and this one can't read it.")
    unopenable = list_unopenable(installation.vault, contents.canaries)
    if unopenable:
        problems.append(
            f"A key that sealed its access is not set here (id {' '.join(unopenable)}): after a "
            "restore these accounts would have to be connected again."
        )
    return problems
