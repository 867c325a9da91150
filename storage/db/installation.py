"""Data version: a counter that tells caches when what the screens show has changed."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.db.upsert import table_of
from storage.models import Installation


def get_data_version(session: Session) -> int:
    """Return the data version: it grows with every transaction that changes what a screen shows."""
    version: int = session.execute(select(table_of(Installation).c.data_version)).scalar_one()
    return version


def bump_data_version(session: Session) -> None:
    """Raise the data version; other sessions see it once the transaction is committed."""
    session.execute(
        update(Installation).values(data_version=Installation.data_version + 1),
        execution_options={"synchronize_session": False},
    )
