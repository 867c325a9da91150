"""Errors of the database, as one tree.

    StorageError
    ├── DatabaseUnreachable      no connection, no permission, or not a database at all
    │   └── DatabaseFull         its disk has no room; what is stored can still be read
    ├── DatabaseBusy             another program or transaction held it for too long
    ├── RightMissing             its user may not do this; PostgreSQL only
    ├── WrongInstallation        it belongs to another mode, app or program
    ├── NewerSchema              a newer version of Pagekeeper has migrated it
    ├── OldSchema                its tables are older than the first migration
    ├── WrongKey                 a value is sealed with a key that is not configured
    ├── SealBroken               altered, or sealed for another purpose or owner
    ├── GrantNotFound            no grant has this id
    ├── TagRefused               a tag can't have this name
    ├── ViewRefused              a view can't be saved so
    ├── NoteRefused              a note's text, day, Page or tag is refused
    ├── BackupRefused            a backup can't be made, or is not whole
    └── JobRunning               a run of the same job is under way

Every text here is safe to show and to log: none carries a token, a key, a nonce or a password.
"""

from __future__ import annotations


class StorageError(Exception):
    """The base of every error of the database."""


class DatabaseUnreachable(StorageError):
    """The database did not answer. ``reason`` is our own wording, never the driver's."""

    def __init__(self, reason: str = "it did not answer") -> None:
        super().__init__(f"The database can't be reached: {reason}.")
        self.reason = reason


class DatabaseFull(DatabaseUnreachable):
    """The disk of the database has no room for a write; the write left nothing behind."""

    def __init__(self) -> None:
        super().__init__("its disk is full")


class DatabaseBusy(StorageError):
    """Another program, or a long transaction, holds the database; a later try may succeed."""

    def __init__(self) -> None:
        super().__init__("Another program holds the database. Try again when it is done with it.")


class RightMissing(StorageError):
    """The user of the database lacks a right, such as to make tables or a schema."""

    def __init__(self) -> None:
        super().__init__("The user of the database may not do this. Make it the database's owner.")


class WrongInstallation(StorageError):
    """The database has the marker ``found``, this program needs ``wanted``; nothing was written.

    Markers are ``sandbox`` and ``live:<app id>``; ``found`` is ``another program`` when the
    tables are not Pagekeeper's.
    """

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"The database belongs to “{found}”, not to “{wanted}”.")
        self.found = found
        self.wanted = wanted


class NewerSchema(StorageError):
    """A newer version of Pagekeeper has changed the tables; nothing was written."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"The database has revision {revision}, which this version does not know.")
        self.revision = revision


class OldSchema(StorageError):
    """The tables are from before the first migration; nothing was written."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"The database has revision {revision}, from before this version's first.")
        self.revision = revision


class WrongKey(StorageError):
    """No configured key has this id, so the value can't be opened."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"Nothing here has the encryption key {key_id}.")
        self.key_id = key_id


class SealBroken(StorageError):
    """The sealed value was altered, or sealed for another purpose or owner."""

    def __init__(self) -> None:
        super().__init__("A sealed value does not open for this purpose and owner.")


class GrantNotFound(StorageError):
    """No grant has this id."""

    def __init__(self, grant_id: int) -> None:
        super().__init__(f"There is no grant {grant_id}.")
        self.grant_id = grant_id


class TagRefused(StorageError):
    """A tag's name was refused. ``reason``: empty · too_long · taken (by the tag ``taken_by``)."""

    def __init__(self, reason: str, taken_by: str | None = None) -> None:
        super().__init__(f"The name of a tag was refused: {reason}.")
        self.reason = reason
        self.taken_by = taken_by


class ViewRefused(StorageError):
    """A saved view was refused.

    ``reason``: empty · too_long (its name) · taken (by the view ``taken_by``) · too_many ·
    query_too_long.
    """

    def __init__(self, reason: str, taken_by: str | None = None) -> None:
        super().__init__(f"A saved view was refused: {reason}.")
        self.reason = reason
        self.taken_by = taken_by


class NoteRefused(StorageError):
    """A note was refused. ``reason``: empty · too_long · too_far · too_early · gone.

    "gone": its Page or tag does not exist any more.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"A note was refused: {reason}.")
        self.reason = reason


class BackupRefused(StorageError):
    """A backup can't be made or read; the text says why."""


class JobRunning(StorageError):
    """A run of the same job holds the lease; ``run_id`` is None when it is not known."""

    def __init__(self, run_id: int | None = None) -> None:
        super().__init__("A run of this job is under way already.")
        self.run_id = run_id
