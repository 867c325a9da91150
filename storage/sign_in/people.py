"""People: lets them in, changes their roles and removes them.

There is always an administrator who was not removed: `Database.writing` lets in one writer at a
time, so of two who lower each other the second is refused.
"""

from __future__ import annotations

import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.db.text import one_line
from storage.jobs.events import record_event
from storage.models import PersonRow, SignInSession
from storage.people.person import ROLES, Person, Role, holds, require
from storage.sign_in.sessions import end_sessions

MAX_ADDRESS = 254  # characters: RFC 5321
MAX_NAME = 200
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
BY_SETTING = "sign-in"  # `PersonRow.added_by` where a setting let somebody in


class PersonRefused(Exception):
    """A change of people was refused.

    ``reason``: address (not one) · taken (let in already) · unknown · last_admin · same (nothing
    would change) · unbound (there is no sign-in to free).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAdmitted(Exception):
    """Somebody proved who they are, and may not come in.

    ``reason``: stranger (nobody let them in) · removed · other_subject (the address belongs to
    another sign-in).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ListedPerson:
    """Somebody who is let in. ``has_signed_in``: bound to a sign-in; ``seen_at``: their last use.

    ``sessions_count``: of those that hold.
    """

    id: int
    address: str
    name: str
    role: Role
    added_at: datetime
    has_signed_in: bool
    seen_at: datetime | None
    sessions_count: int


def admit(
    session: Session,
    *,
    issuer: str,
    subject: str,
    address: str,
    name: str,
    first_admin: str | None,
    domains: Collection[str],
    now: datetime,
) -> int:
    """Return the id of the person that the sign-in service proved; raise NotAdmitted.

    Known is who has this issuer and subject, whatever the address says by now. Else the (verified)
    address decides, and from then on it is bound to issuer and subject. ``first_admin``: the
    address that becomes an administrator while there is none. ``domains``: whose addresses come in
    as viewers.
    """
    address = fold_address(address)
    row = _find_known(session, issuer, subject, address)
    event: str | None = None
    if row is None:
        is_first = address == first_admin and not has_admin(session)
        is_of_domain = is_address(address) and address.rpartition("@")[2] in domains
        if not is_first and not is_of_domain:
            raise NotAdmitted("stranger")
        row = PersonRow(address=address, name="", added_by=BY_SETTING, added_at=now)
        row.role = "viewer"
        session.add(row)
        event = "let_in"
    if row.address == first_admin and not has_admin(session):
        row.role = "admin"
        event = event or "role_changed"
    row.issuer, row.subject, row.name = issuer, subject, one_line(name)[:MAX_NAME]
    session.flush()
    if event is not None:
        facts: dict[str, int | str] = {"person": row.id, "role": row.role}
        record_event(session, event, facts, now, by=_as_person(row))
    return row.id


def _find_known(session: Session, issuer: str, subject: str, address: str) -> PersonRow | None:
    """Return whose sign-in this is; None for somebody new. Raises NotAdmitted."""
    is_theirs = (PersonRow.issuer == issuer, PersonRow.subject == subject)
    bound = session.scalar(select(PersonRow).where(*is_theirs))
    if bound is not None and bound.removed_at is None:
        return bound
    named = session.scalar(select(PersonRow).where(PersonRow.address == address))
    if named is not None and named.removed_at is None and named.subject is None:
        if bound is not None:  # removed, and let in again under another address
            bound.issuer = bound.subject = None
            session.flush()
        return named
    if bound is not None or (named is not None and named.removed_at is not None):
        raise NotAdmitted("removed")
    if named is not None:
        raise NotAdmitted("other_subject")
    return None


def let_in(session: Session, address: str, role: Role, now: datetime, *, by: Person) -> int:
    """Let somebody in by address, also one who was removed; return their id.

    Raises NotAllowed, PersonRefused.
    """
    require(session, by, "admin")
    address = fold_address(address)
    if not is_address(address):
        raise PersonRefused("address")
    row = session.scalar(select(PersonRow).where(PersonRow.address == address))
    if row is not None and row.removed_at is None:
        raise PersonRefused("taken")
    if row is None:
        row = PersonRow(address=address, name="")
        session.add(row)
    # Whoever has the address now may be somebody else than before.
    row.issuer = row.subject = row.removed_at = None
    row.role, row.added_by, row.added_at = role, by.key, now
    session.flush()
    record_event(session, "let_in", {"person": row.id, "role": role}, now, by=by)
    return row.id


def change_role(session: Session, person_id: int, role: Role, now: datetime, *, by: Person) -> None:
    """Give somebody another role; their open tabs get it within seconds.

    Raises NotAllowed, PersonRefused.
    """
    require(session, by, "admin")
    row = _get(session, person_id)
    if row.role == role:
        raise PersonRefused("same")
    _keep_one_admin(session, row)
    row.role = role
    session.flush()
    record_event(session, "role_changed", {"person": row.id, "role": role}, now, by=by)


def remove(session: Session, person_id: int, now: datetime, *, by: Person) -> None:
    """Take away somebody's access, and end their sessions. Raises NotAllowed, PersonRefused."""
    require(session, by, "admin")
    row = _get(session, person_id)
    _keep_one_admin(session, row)
    end_sessions(session, row.id)
    row.removed_at = now
    session.flush()
    record_event(session, "person_removed", {"person": row.id}, now, by=by)


def free_binding(session: Session, person_id: int, now: datetime, *, by: Person) -> None:
    """Let the next who signs in with the address be this person, and end their sessions.

    For an address whose account at the sign-in service was made anew. Raises NotAllowed,
    PersonRefused.
    """
    require(session, by, "admin")
    row = _get(session, person_id)
    if row.subject is None:
        raise PersonRefused("unbound")
    row.issuer = row.subject = None
    session.flush()
    end_sessions(session, row.id)
    record_event(session, "binding_freed", {"person": row.id}, now, by=by)


def sign_out_everywhere(session: Session, person_id: int, now: datetime, *, by: Person) -> int:
    """End all sessions of a person, one's own or as an administrator; return how many."""
    require(session, by, "viewer" if by.id == person_id else "admin")
    row = _get(session, person_id)
    count = end_sessions(session, row.id)
    facts = {"person": row.id, "sessions": count}
    record_event(session, "signed_out_everywhere", facts, now, by=by)
    return count


def list_people(session: Session) -> list[ListedPerson]:
    """Return those who are let in, by address."""
    query = (
        select(
            PersonRow.id,
            PersonRow.address,
            PersonRow.name,
            PersonRow.role,
            PersonRow.added_at,
            PersonRow.subject.is_not(None),
            select(func.max(SignInSession.seen_at))
            .where(SignInSession.person_id == PersonRow.id)
            .scalar_subquery(),
            select(func.count())
            .select_from(SignInSession)
            .where(SignInSession.person_id == PersonRow.id, *holds(session))
            .scalar_subquery(),
        )
        .where(PersonRow.removed_at.is_(None))
        .order_by(PersonRow.address)
    )
    return [ListedPerson(*row) for row in session.execute(query)]


def find_by_address(session: Session, address: str) -> int | None:
    """Return the id of who is let in under an address; None for nobody."""
    of_address = (PersonRow.address == fold_address(address), PersonRow.removed_at.is_(None))
    return session.scalar(select(PersonRow.id).where(*of_address))


def has_admin(session: Session) -> bool:
    """Whether there is an administrator."""
    return bool(_list_admins(session))


def fold_address(address: str) -> str:
    """Return an address as it is stored: on one line, its letters A to Z in small.

    Other letters stay: folded, a Kelvin sign would be k, and whoever has such an address would come
    in as somebody else.
    """
    return one_line(address).translate(_SMALL)


def is_address(address: str) -> bool:
    """Whether a folded text may be an e-mail address."""
    name, at, domain = address.rpartition("@")
    is_whole = bool(name and at and "." in domain.strip("."))
    is_plain = address.isprintable() and not {" ", "@"} & set(name + domain)
    return is_whole and is_plain and len(address) <= MAX_ADDRESS


def _as_person(row: PersonRow) -> Person:
    role = next(role for role in ROLES if role == row.role)
    return Person(row.name or row.address, role, row.id, address=row.address)


def _get(session: Session, person_id: int) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None or row.removed_at is not None:
        raise PersonRefused("unknown")
    return row


def _list_admins(session: Session) -> list[int]:
    is_admin = (PersonRow.role == "admin", PersonRow.removed_at.is_(None))
    return list(session.scalars(select(PersonRow.id).where(*is_admin)))


def _keep_one_admin(session: Session, row: PersonRow) -> None:
    if _list_admins(session) == [row.id]:
        raise PersonRefused("last_admin")
