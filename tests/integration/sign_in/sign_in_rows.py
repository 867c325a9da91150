"""People who are let in, their sessions, and time that goes by for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.jobs.events import list_events
from storage.models import SignInAttempt, SignInSession
from storage.people.person import THIS_COMPUTER, Person, Role
from storage.sign_in.people import admit, let_in
from storage.sign_in.sessions import begin_session, find_by_secret
from tests.present import NOW

ISSUER = "https://id.agency.example"
ANN, BEN = "ann@agency.example", "ben@agency.example"


def come(session: Session, address: str = ANN, subject: str = "s1", **changes: Any) -> int:
    """Prove an address by the sign-in service; nobody comes in by a setting unless told."""
    facts: dict[str, Any] = {
        "issuer": ISSUER,
        "name": "Ann",
        "first_admin": None,
        "domains": (),
        "now": NOW,
    }
    return admit(session, address=address, subject=subject, **{**facts, **changes})


def add_person(session: Session, address: str = ANN, role: Role = "viewer") -> int:
    """Let somebody in."""
    return let_in(session, address, role, NOW, by=THIS_COMPUTER)


def enter(session: Session, person_id: int, browser: str = "a browser") -> Person:
    """Begin a session, and return who is signed in with it."""
    person = find_by_secret(session, begin_session(session, person_id, browser))
    assert person is not None
    return person


def pass_time(session: Session, *, seconds: float) -> None:
    """Let so many seconds go by: nobody can move the database's clock."""
    columns = {
        SignInSession: ("started_at", "seen_at", "ends_at"),
        SignInAttempt: ("expires_at",),
    }
    session.flush()
    for model, names in columns.items():
        for row in session.scalars(select(model).execution_options(populate_existing=True)):
            for name in names:
                at: datetime = getattr(row, name)
                setattr(row, name, at - timedelta(seconds=seconds))
    session.flush()


def kinds_of(session: Session) -> list[str]:
    """The kinds of the events, the first first."""
    return [event.kind for event in list_events(session, limit=None)][::-1]
