"""Erase: deletes an account or a Page from this installation for good, and lists that it did.

The list of deletions is in the database and, line by line, in a file beside it: a database that is
restored from a backup comes back without its newest entries.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from fb.installation import Installation
from storage.accounts.deletions import (
    DeletionRow,
    list_deletions,
    list_returned,
    make_deletions,
    record_deletions,
)
from storage.accounts.erasure import (
    Erasure,
    ErasureKind,
    erase_grant,
    erase_pages,
    find_erasure,
    prepare_erasure,
)
from storage.jobs.events import record_event
from storage.notes.saved_views import delete_views_of_account
from storage.people.person import Person, require

log = logging.getLogger(__name__)

# With two years of days they take a tenth of a second; others want to write in between.
PAGES_AT_ONCE = 20


def load_erasure(
    installation: Installation, kind: ErasureKind, id: str, asked_at: datetime | None = None
) -> Erasure | None:
    """Return what erasing an account or a Page deletes; None as of `find_erasure`."""
    with installation.database.reading() as session:
        return find_erasure(session, kind, id, asked_at)


def erase(installation: Installation, *erasures: Erasure, by: Person) -> bool:
    """Erase accounts and Pages; what is no longer stored counts as erased.

    A failure in between leaves a part; erasing again deletes the rest. Returns False when all is
    deleted but traces may be left in the database's file, because another program used it; then
    `clean` has to be tried again. Raises JobRunning while a run is active; nothing more is deleted.
    """
    for erasure in erasures:
        _erase(installation, erasure, by=by, is_allowed=False)
    return clean(installation)


def erase_as_asked(
    installation: Installation, erasures: Iterable[tuple[Erasure, Person | None]]
) -> bool:
    """Do as `erase` what was asked for before, each with who asked; None for Facebook."""
    for erasure, asker in erasures:
        _erase(installation, erasure, by=asker, is_allowed=True)
    return clean(installation)


def _erase(
    installation: Installation, shown: Erasure, *, by: Person | None, is_allowed: bool
) -> None:
    now, kind, id = installation.now(), shown.kind, shown.id
    with installation.database.writing() as session:
        if by is not None and not is_allowed:
            require(session, by, "admin")
        erasure = find_erasure(session, kind, id, shown.asked_at)
        if erasure is None:
            return
        prepare_erasure(session, erasure, now)
        # A Page may be stored under an earlier id only.
        page_ids = {*erasure.page_ids, *([id] if kind == "page" else ())}
        deletions = make_deletions(installation.vault, "page", sorted(page_ids), now)
        if kind == "account":
            deletions += make_deletions(installation.vault, "account", [id], now)
        record_deletions(session, deletions)
    _append(installation, deletions)
    for first in range(0, len(erasure.page_ids), PAGES_AT_ONCE):
        with installation.database.writing() as session:
            erase_pages(session, erasure.page_ids[first : first + PAGES_AT_ONCE])
    facts = {"days": erasure.days_count}
    with installation.database.writing() as session:
        if erasure.grant_id is not None:
            erase_grant(session, erasure.grant_id)
            delete_views_of_account(session, id)
            facts["pages"] = len(erasure.page_ids)
        record_event(session, f"{kind}_erased", facts, now, by=by)
    log.info("%s erased, with %d Pages", kind, len(erasure.page_ids))


def clean(installation: Installation) -> bool:
    """Write the database's file anew, so that nothing deleted is left in it; False if it was busy.

    Does nothing on PostgreSQL, which needs VACUUM FULL for that.
    """
    return installation.database.compact()


def list_erased_again(installation: Installation) -> list[Erasure]:
    """Return the listed accounts and Pages that are stored again, as after a restore.

    Accounts come first: their Pages may go with them.
    """
    with installation.database.reading() as session:
        deletions = [*list_deletions(session), *_read(installation)]
        returned = list_returned(session, installation.vault, deletions)
        erasures = [find_erasure(session, each.kind, each.id) for each in returned]
    return [erasure for erasure in erasures if erasure is not None]


def count_unknown_keys(installation: Installation) -> int:
    """Return how many entries of the list were made with a key that is no longer set."""
    with installation.database.reading() as session:
        rows = {*list_deletions(session), *_read(installation)}
    return sum(row.key_id not in installation.vault.key_ids for row in rows)


def merge_lists(installation: Installation) -> None:
    """Bring the entries of the file into the database, and those of the database into the file."""
    from_file = _read(installation)
    with installation.database.writing() as session:
        stored = list_deletions(session)
        record_deletions(session, from_file)
    _append(installation, [row for row in stored if row not in set(from_file)])


def _path(installation: Installation) -> Path:
    settings = installation.settings
    name = "sandbox-deletions.csv" if settings.is_sandbox else "deletions.csv"
    return settings.data / name


def _append(installation: Installation, rows: Iterable[DeletionRow]) -> None:
    """Add entries to the file; a failure is logged, since the database has them."""
    path = _path(installation)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(file, "w", encoding="ascii", newline="\r\n") as text:
            for row in rows:
                text.write(f"{row.kind},{row.id_hash},{row.key_id},{row.deleted_at.isoformat()}\n")
    except OSError as error:
        log.warning("the list of deletions was not written: %s", error.strerror)


def _read(installation: Installation) -> list[DeletionRow]:
    """Return the entries of the file; lines that are none are passed over."""
    rows = []
    with contextlib.suppress(OSError):
        text = _path(installation).read_text(encoding="ascii", errors="replace")
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
                kind, id_hash, key_id, time = line.split(",")
                # A time without a zone could not be compared with the others.
                deleted_at = datetime.fromisoformat(time).astimezone(UTC)
                rows.append(DeletionRow(kind, id_hash, key_id, deleted_at))
    return rows
