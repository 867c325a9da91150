"""What can go wrong with the database, as one tree.

    StorageError
    ├── DatabaseUnreachable      no connection, no permission, or not a database at all
    ├── DatabaseBusy             somebody else kept it locked for longer than we wait
    ├── WrongInstallation        it belongs to another mode, another app or another program
    ├── NewerSchema              a newer Pagekeeper has migrated it
    ├── OldSchema                an earlier Pagekeeper made it, and no migration leads on from there
    ├── WrongKey                 sealed with a key that is not among ours
    ├── SealBroken               the right key, but not what was sealed for this purpose and owner
    ├── TooManyAttempts          too many trips to Facebook are open at once
    ├── GrantNotFound            no grant has this id
    ├── TagRefused               a group can't have this name
    ├── NoteRefused              a note can't say this, on this day, for this
    └── JobRunning              another sync is at work

Every text here is safe to show and to log: none carries a token, a key, a nonce or a password.
"""

from __future__ import annotations


class StorageError(Exception):
    """Anything the database refused or could not do."""


class DatabaseUnreachable(StorageError):
    """The database did not answer. ``reason`` is a short word of ours, never the driver's text."""

    def __init__(self, reason: str = "it did not answer") -> None:
        super().__init__(f"The database can't be reached: {reason}.")
        self.reason = reason


class DatabaseBusy(StorageError):
    """The database stayed locked for longer than we wait; trying again later is right."""

    def __init__(self) -> None:
        super().__init__("The database is busy with somebody else's work.")


class WrongInstallation(StorageError):
    """The database is marked ``found`` and we are ``wanted``; nothing in it was touched.

    Markers are ``sandbox`` and ``live:<app id>``; ``found`` is ``another program`` when the
    tables there were never ours.
    """

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"The database belongs to “{found}”, not to “{wanted}”.")
        self.found = found
        self.wanted = wanted


class NewerSchema(StorageError):
    """A newer version of this program has changed the tables; nothing was written."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"The database has revision {revision}, which this version does not know.")
        self.revision = revision


class OldSchema(StorageError):
    """The tables are those of a version before the first migration; nothing was written."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"The database has revision {revision}, from before this version's first.")
        self.revision = revision


class WrongKey(StorageError):
    """None of our keys has this id, so what it sealed can't be opened."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"Nothing here has the encryption key {key_id}.")
        self.key_id = key_id


class SealBroken(StorageError):
    """Altered, or sealed for another purpose or owner."""

    def __init__(self) -> None:
        super().__init__("A sealed value does not open for this purpose and owner.")


class TooManyAttempts(StorageError):
    """``open_count`` attempts are open; older ones expire by themselves."""

    def __init__(self, open_count: int) -> None:
        super().__init__(f"{open_count} attempts to connect are open already.")
        self.open_count = open_count


class GrantNotFound(StorageError):
    """No grant has this id."""

    def __init__(self, grant_id: int) -> None:
        super().__init__(f"There is no grant {grant_id}.")
        self.grant_id = grant_id


class TagRefused(StorageError):
    """Nothing was written. ``reason``: empty · too_long · taken (by ``taken_by``)."""

    def __init__(self, reason: str, taken_by: str | None = None) -> None:
        super().__init__(f"The name of a tag was refused: {reason}.")
        self.reason = reason
        self.taken_by = taken_by


class NoteRefused(StorageError):
    """Nothing was written. ``reason``: empty · too_long · too_far · too_early · gone."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"A note was refused: {reason}.")
        self.reason = reason


class JobRunning(StorageError):
    """A living run holds the only place; ``run_id`` names it where it is known."""

    def __init__(self, run_id: int | None = None) -> None:
        super().__init__("A sync is running already.")
        self.run_id = run_id
