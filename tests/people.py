"""People of tests: some who do something without signing in, and others who sign in."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storage.people.person import THIS_COMPUTER, Person, Role
from storage.sign_in.people import find_by_address, let_in
from storage.sign_in.sessions import begin_session, find_by_secret
from tests.present import NOW

ADA, BEN, CLEO = (Person(name, "admin") for name in ("Ada", "Ben", "Cleo"))


def sign_in(session: Session, address: str, role: Role = "operator") -> Person:
    """Let somebody in, unless they are in, and sign them in with another session."""
    id = find_by_address(session, address)
    if id is None:
        id = let_in(session, address, role, NOW, by=THIS_COMPUTER)
    person = find_by_secret(session, begin_session(session, id, "a browser"))
    assert person is not None
    return person
