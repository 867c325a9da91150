"""Ledger command: checks that no entry of the ledger was changed, moved, added or taken out."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

from fb.commands.terminal import (
    COULD_NOT_RUN,
    OK,
    SOME_FAILED,
    counted,
    find_usable,
    opened,
    say,
)
from storage.ledger.verification import Flaw, Verdict, verify_ledger

_DIGEST = re.compile(r"[0-9a-f]{64}")
# ``number`` is the entry's, ``before`` that of the one before it.
FLAWS: Mapping[Flaw, str] = {
    "missing": "Entry {number:,} is missing.",
    "altered": "Entry {number:,} is not as Pagekeeper wrote it.",
    "detached": (
        "Entry {number:,} does not follow entry {before:,}: one of the two was changed, moved or "
        "replaced, or did not come from Pagekeeper."
    ),
    "unsealed": "Entry {number:,} has no check value: it did not come from Pagekeeper, or lost it.",
    "unreadable": "Entry {number:,} can't be read: a value in it was changed.",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `python -m fb`."""
    ledger = commands.add_parser("ledger", help="check what is listed under Activity")
    actions = ledger.add_subparsers(dest="action", required=True)
    verify = actions.add_parser("verify", help="find entries that were changed or taken out")
    verify.add_argument("--head", metavar="DIGEST", help="a digest that you noted earlier")


def verify_command(options: argparse.Namespace) -> int:
    """Check the ledger; 1 when anything does not fit, or can't be checked."""
    head = options.head and options.head.strip().lower()
    if head is not None and not _DIGEST.fullmatch(head):
        say("A digest has 64 characters, 0 to 9 and a to f. Look up the one that you noted.")
        return COULD_NOT_RUN
    with opened() as startup:
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        with installation.database.reading() as session:
            verdict = verify_ledger(session, installation.vault, head)
    lines, fits = judge(verdict, head)
    for line in lines:
        say(line)
    return OK if fits else SOME_FAILED


def judge(verdict: Verdict, head: str | None) -> tuple[list[str], bool]:
    """Return what to say of a verdict, and whether the ledger is as it was written."""
    if verdict.flaw is not None:
        flaw = FLAWS[verdict.flaw].format(number=verdict.count + 1, before=verdict.count)
        return [
            f"{flaw} {_say_before(verdict.count)}",
            "Look at the entries from there on in a copy of the database from a backup, and find "
            "out who can write to the database.",
        ], False
    lines, fits = [], True
    if verdict.exchanged_count:
        fits = False
        lines.append(
            f"{counted(verdict.exchanged_count, 'pseudonym')} in the entries now stand for another "
            "account, Page, tag, note or file: names on the screen Activity are wrong."
        )
    if verdict.unsealed_count:
        fits = False
        lines.append(
            f"{counted(verdict.unsealed_count, 'entry')} without any check value. Right after an "
            "update that is so until something is done in the dashboard; else they were removed."
        )
    if verdict.locked_until > (verdict.head_at or 0):
        fits = False
        lines += _say_locked(verdict)
    if head is not None and verdict.head_at is None:
        fits = False
        lines.append(
            "No entry has the digest that you noted: entries at the end were cut off, or others "
            "stand in their place."
        )
    if fits:
        lines.append(
            f"The ledger fits: {counted(verdict.count, 'entry')}, none changed or missing."
        )
    if verdict.head_at is not None:
        newer = counted(verdict.count - verdict.head_at, "entry")
        lines.append(f"You noted the digest of entry {verdict.head_at:,}; {newer} came since.")
    if verdict.count:
        lines.append(f"Digest of entry {verdict.count:,}: {verdict.digest}")
    if fits and verdict.count:
        lines.append(
            "Note it outside of this machine: with --head and this digest the next check also sees "
            "whether entries at the end were cut off."
        )
    return lines, fits


def _say_before(count: int) -> str:
    return f"{counted(count, 'entry')} before it fit." if count else "It is the first one."


def _say_locked(verdict: Verdict) -> list[str]:
    lines = [
        f"Entries up to {verdict.locked_until:,} can't be checked: their key is sealed with an "
        "encryption key that is not set."
    ]
    if verdict.count > verdict.locked_until:
        lines.append(
            f"They have not been changed since entry {verdict.locked_until + 1:,} was written."
        )
    lines.append(
        "If you have the key: put it back into TOKEN_ENCRYPTION_KEYS, and run this again. If it is "
        "lost: note the digest below, and check with --head from now on."
    )
    return lines
