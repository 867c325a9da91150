"""Person: who does something, and whether they may.

A person signs in, and is a row of ``people``. Without a sign-in it is "this computer"; commands and
timers act without one, too. What they do is stored with `Person.key`, never with a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from storage.db.clock import clock
from storage.db.upsert import table_of
from storage.models import PersonRow, SignInSession
from storage.models.base import THIS_COMPUTER_KEY

Role = Literal["viewer", "operator", "admin"]
# Each may do what those before it may.
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")

IDLE_SECONDS = 24 * 60 * 60
SESSION_SECONDS = 7 * 24 * 60 * 60

_KEY = re.compile(r"person:([0-9]{1,9})")


class NotAllowed(Exception):
    """Somebody may not do what they tried; nothing was changed. ``needed`` is the role it takes.

    None where the session has ended: then no role helps.
    """

    def __init__(self, needed: Role | None) -> None:
        super().__init__("the session has ended" if needed is None else f"this takes {needed}")
        self.needed = needed


@dataclass(frozen=True)
class Person:
    """Who does something.

    ``id`` and ``session_id`` are None for whoever did not sign in; ``name`` is then a fixed one.
    ``role`` is the one at the time of reading: `require` compares it with the present one.
    """

    name: str
    role: Role
    id: int | None = None
    session_id: str | None = None
    address: str = ""

    @property
    def key(self) -> str:
        """What is stored for this person: "person:12", or the fixed name."""
        return self.name if self.id is None else key_of(self.id)

    def may(self, role: Role) -> bool:
        """Whether the role is this person's, or below it."""
        return ROLES.index(self.role) >= ROLES.index(role)


# Whoever reaches the dashboard where nobody signs in.
THIS_COMPUTER = Person(THIS_COMPUTER_KEY, "admin")
TIMER = Person("timer", "admin")


def command_line(user: str) -> Person:
    """Return who runs a command, by the name of the account on the machine."""
    return Person(f"command line ({user})", "admin")


def of_record(key: str) -> Person:
    """Return who a stored key stands for, to record what they asked for earlier; they may nothing.

    Their name is not looked up.
    """
    return Person(key, "viewer", id_of(key))


def key_of(person_id: int) -> str:
    """Return what is stored for a person."""
    return f"person:{person_id}"


def id_of(key: str | None) -> int | None:
    """Return the id in a stored key; None for a fixed name."""
    match = _KEY.fullmatch(key or "")
    return int(match[1]) if match else None


def require(session: Session, by: Person, role: Role) -> None:
    """Raise NotAllowed unless ``by`` has this role, or a higher one, now.

    Called first in each use case that changes something, in the transaction of the change: the
    screen was drawn earlier, and the role may have been taken away since.
    """
    present = by
    if by.id is not None:
        found = None if by.session_id is None else find_person(session, by.session_id)
        if found is None or found.id != by.id:
            raise NotAllowed(None)
        present = found
    if not present.may(role):
        raise NotAllowed(role)


def find_person(session: Session, session_id: str) -> Person | None:
    """Return who is signed in with a session; None once it has ended, by the database's clock."""
    query = _find_query(session.get_bind().dialect.name, session)
    row = session.execute(query, {"session_id": session_id}).first()
    if row is None:
        return None
    return Person(row.name or row.address, row.role, row.id, session_id, row.address)


_queries: dict[str, Select[Any]] = {}


def _find_query(dialect: str, session: Session) -> Select[Any]:
    """Return the query of a session's person, made once: every run of a screen asks it."""
    if dialect not in _queries:
        people, sessions = table_of(PersonRow), table_of(SignInSession)
        _queries[dialect] = (
            select(people.c.id, people.c.name, people.c.address, people.c.role)
            .join(sessions, sessions.c.person_id == people.c.id)
            .where(sessions.c.id == bindparam("session_id"), *holds(session))
        )
    return _queries[dialect]


def holds(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a session of a person has not ended."""
    return (
        SignInSession.ended_at.is_(None),
        SignInSession.ends_at > clock(session),
        SignInSession.seen_at > clock(session, -IDLE_SECONDS),
        PersonRow.removed_at.is_(None),
    )


def load_people_names(session: Session, keys: Iterable[str | None]) -> dict[str, str]:
    """Return the present name, or else address, by stored key; fixed names are not in it.

    A name that several people have comes with the address: people choose their own.
    """
    ids = {id for key in keys if (id := id_of(key)) is not None}
    namesake = aliased(PersonRow)
    is_shared = exists().where(namesake.name == PersonRow.name, namesake.id != PersonRow.id)
    rows = session.execute(
        select(PersonRow.id, PersonRow.name, PersonRow.address, is_shared).where(
            PersonRow.id.in_(ids)
        )
    )
    return {
        key_of(id): f"{name} ({address})" if name and shared else name or address
        for id, name, address, shared in rows
    }
