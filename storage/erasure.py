"""Erasure: empties a whole installation, for the sandbox's "Start over"."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from storage.db.engine import note_erasure
from storage.db.installation import bump_data_version
from storage.insights.metric_ledger import seed_ledger
from storage.models import Base, Installation, VaultKey

_KEPT = {Installation.__tablename__, VaultKey.__tablename__}


def erase_everything(session: Session) -> None:
    """Delete all accounts, Pages, history, runs and records.

    The installation's marker and the canaries stay. So does the data version, which goes on
    counting: if it began again, the caches would return screens from before. The ledger of
    Facebook's metrics is seeded again.
    """
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in _KEPT:
            session.execute(delete(table))
    seed_ledger(session)
    note_erasure(session)
    bump_data_version(session)
