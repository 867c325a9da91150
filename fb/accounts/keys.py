"""Lost keys: gives up an encryption key that can't be put back, with the access that it sealed."""

from __future__ import annotations

import logging

from fb.installation import Installation
from storage.accounts.grants import KEY_GIVEN_UP, forget_tokens
from storage.accounts.keys import SealedAccess, discard_sealed_with, list_sealed_access
from storage.db.engine import note_erasure
from storage.db.installation import bump_data_version
from storage.jobs.events import record_event
from storage.people.person import Person, require

log = logging.getLogger(__name__)


def list_lost(installation: Installation, key_id: str) -> list[SealedAccess]:
    """Return the accounts that giving up this key concerns, by name."""
    with installation.database.reading() as session:
        return list_sealed_access(session, [key_id])


def give_up(installation: Installation, key_id: str, *, by: Person) -> None:
    """Erase what only a missing key opens. Its accounts need renewal, and their history stays.

    Of an account that the key has sealed anything of, all access is erased: one consent gives it
    all again. Raises ValueError for a key that is not missing.
    """
    if key_id not in installation.keys.unopenable or key_id in installation.vault.key_ids:
        raise ValueError(f"the key {key_id} is not missing")
    now = installation.now()
    with installation.database.writing() as session:
        require(session, by, "admin")
        for lost in list_sealed_access(session, [key_id]):
            forget_tokens(session, lost.grant_id, now, status="needs_renewal", code=KEY_GIVEN_UP)
            record_event(session, "key_given_up", {}, now, by=by, grant_id=lost.grant_id)
        discard_sealed_with(session, key_id, now)
        note_erasure(session)
        bump_data_version(session)
    log.info("the encryption key %s was given up", key_id)
