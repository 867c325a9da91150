"""Whose database this is, and how often what the screens show has changed."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.models import Installation


def get_data_version(session: Session) -> int:
    """A number that grows in every transaction that changes what a screen shows."""
    return session.execute(select(Installation.data_version)).scalar_one()


def bump_data_version(session: Session) -> None:
    """Say that this transaction changes what a screen shows; seen when it is committed."""
    session.execute(
        update(Installation).values(data_version=Installation.data_version + 1),
        execution_options={"synchronize_session": False},
    )
