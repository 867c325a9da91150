"""Tables ``installation`` and ``vault_keys``: the database's owner and its encryption keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class Installation(Base):
    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="installation_is_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[str]  # "sandbox" or "live:<app id>"
    created_at: Mapped[datetime]
    # Raised in every transaction that changes what a screen shows; answers are cached by it.
    data_version: Mapped[int] = mapped_column(default=0)


class VaultKey(Base):
    __tablename__ = "vault_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    sealed_canary: Mapped[str]
    created_at: Mapped[datetime]
