"""Tables of the sign-in: people, their sessions, and sign-ins under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class PersonRow(Base):
    """Somebody who was let in. The row stays when they are removed: what they did names its id.

    ``address`` is case-folded. Issuer and subject are those of the first sign-in; from then on they
    tell who it is, and not the address. ``added_by``: the `Person.key` of who let them in;
    "sign-in" where a setting did.
    """

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_people_issuer"),
        CheckConstraint("role IN ('viewer', 'operator', 'admin')", name="people_have_a_role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    address: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), unique=True
    )
    name: Mapped[str]  # as the sign-in service said it last; empty before
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    role: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class SignInSession(Base):
    """One browser in which a person is signed in. Times are the database's clock's.

    The browser holds a secret, of which only the hash is here. ``seen_at`` moves when the person
    does something, at most once a minute.
    """

    __tablename__ = "sign_in_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[str]  # its user agent


class SignInAttempt(Base):
    """A browser's way to the sign-in service and back: used once, and within its time.

    ``id`` is the state in the address; ``secret_hash`` that of what the browser holds.
    """

    __tablename__ = "sign_in_attempts"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str]
    nonce: Mapped[str]
    back_to: Mapped[str]  # a path of ours
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StartView(Base):
    """The saved view that is a person's start screen. ``by`` is their `Person.key`."""

    __tablename__ = "start_views"

    by: Mapped[str] = mapped_column(primary_key=True)
    view_id: Mapped[int] = mapped_column(
        ForeignKey("saved_views.id", ondelete="CASCADE"), index=True
    )
