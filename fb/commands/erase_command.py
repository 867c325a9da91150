"""Erase command: shows what erasing an account or a Page deletes, asks, and erases it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fb.accounts import erase
from fb.commands.terminal import (
    COULD_NOT_RUN,
    OK,
    SOME_FAILED,
    counted,
    find_usable,
    is_confirmed,
    me,
    opened,
    say,
)
from fb.installation import Installation
from storage.accounts.erasure import Erasure
from storage.accounts.grants import list_grants
from storage.db.errors import JobRunning, StorageError


def erase_command(options: argparse.Namespace) -> int:
    """Show what erasing an account or Page deletes, ask, and erase; `--again` after a restore."""
    if options.again == (options.id is not None):
        say("Say what to erase: erase account ID, erase page ID, or erase --again.")
        return COULD_NOT_RUN
    with opened() as startup:
        # Without the right keys too: nothing has to be opened.
        installation = find_usable(startup, needs_keys=False)
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
        say(
            f"The list has {counted(unknown_count, 'line')} made with a key that is not in "
            "TOKEN_ENCRYPTION_KEYS, which can't be compared. Add the key, and run this again."
        )
    erasures = erase.list_erased_again(installation)
    if not erasures:
        say("Nothing that was erased is here again.")
        is_clean = erase.clean(installation)
        return OK if is_clean and not unknown_count else _conclude_erasing(is_clean)
    return _erase(installation, erasures, is_sure)


def _erase(installation: Installation, erasures: Sequence[Erasure], is_sure: bool) -> int:
    for erasure in erasures:
        say(_describe(erasure))
    say("There is no way back. Copies of the database keep it until they are deleted.")
    if not is_sure and not is_confirmed():
        say("Nothing was erased.")
        return COULD_NOT_RUN
    try:
        is_clean = erase.erase(installation, *erasures, by=me())
    except JobRunning:
        say("A refresh is running. Nothing more was erased; run this again when it has ended.")
        return COULD_NOT_RUN
    except StorageError as error:
        say(f"{error} What was not erased yet is still here; run this again.")
        return COULD_NOT_RUN
    say("Erased.")
    if not installation.database.is_sqlite:
        say("PostgreSQL keeps deleted rows in its files until you run VACUUM FULL.")
    return _conclude_erasing(is_clean)


def _conclude_erasing(is_clean: bool) -> int:
    if not is_clean:
        say(
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
    goes = ", ".join(counted(count, noun) + rest for count, noun, rest in counts if count)
    text = f"Erases the {erasure.kind} {erasure.id} ({erasure.name}): {goes or 'its name'}."
    if erasure.kept_count:
        verb = "stays" if erasure.kept_count == 1 else "stay"
        text += f" {counted(erasure.kept_count, 'Page')} that another account can read {verb}."
    return text


def _say_unknown(installation: Installation, kind: str, id: str) -> None:
    say(f"No {kind} here has the id {id}.")
    if kind == "page":
        say("A Page's id is in the address of its screen, after id=.")
        return
    with installation.database.reading() as session:
        for grant in list_grants(session):
            say(f"{grant.account_id}  {grant.account_name}")
