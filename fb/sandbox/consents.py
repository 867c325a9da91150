"""Who has agreed to what: granted permissions, ticked Pages, and what ended access since.

Per person the state keeps ``granted`` and ``declined`` permissions, ``pages`` (ticked ones as
hexadecimal bits) and serial numbers. Every trip to the dialog and every ending takes the next
serial; a token carries the serial of its trip and is ended by any higher one. Time would not do:
two things can happen in one second, and the clock of a test may stand still.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from fb.sandbox.state import State
from fb.sandbox.tokens import Token
from fb.sandbox.world import Person, World

LOGGED_OUT, ROLE_LOST = 467, 492


@dataclass(frozen=True)
class Consent:
    """What holds for one person now: permissions, and the ticked Pages as bits."""

    granted: frozenset[str]
    declined: frozenset[str]
    pages: int


def agree(
    state: State,
    world: World,
    person: Person,
    granted: frozenset[str],
    declined: frozenset[str],
    pages: int,
) -> int:
    """Write down one trip through the dialog; gives its serial. Earlier tokens of Pages that are
    not ticked any more end here."""
    record = _record(state, person.id)
    serial = _next_serial(state)
    earlier = set(record.get("granted", ())) - declined
    record["granted"] = sorted(earlier | granted)
    record["declined"] = sorted(declined)
    record["pages"] = f"{pages:x}"
    ended = record.setdefault("ended_pages", {})
    for index in person.roles:
        if not pages >> index & 1:
            ended[world.pages[index].id] = serial
    return serial


def end_access(state: State, person_id: str, subcode: int) -> None:
    """All tokens this person has given so far are dead from now on."""
    record = _record(state, person_id)
    record.update(ended_serial=_next_serial(state), ended_subcode=subcode, granted=[], declined=[])


def withdraw(state: State, person_id: str, permission: str) -> None:
    """Take one permission back from all tokens given so far."""
    record = _record(state, person_id)
    record.setdefault("withdrawn", {})[permission] = _next_serial(state)
    if "granted" in record:
        record["granted"] = sorted(set(record["granted"]) - {permission})
        record["declined"] = sorted({*record["declined"], permission})


def lose_role(state: State, person_id: str, page_id: str) -> None:
    """The person has no role on this Page any more, for good."""
    lost = _record(state, person_id).setdefault("lost_roles", [])
    if page_id not in lost:
        lost.append(page_id)


def lost_roles(state: State, person_id: str) -> Collection[str]:
    """Ids of the Pages on which the person has lost the role."""
    lost: list[str] = _find(state, person_id).get("lost_roles", [])
    return lost


def find_ending(state: State, token: Token) -> int | None:
    """The subcode that says why this token is dead, None while it lives (or has expired)."""
    record = _find(state, token.person_id)
    if token.serial < record.get("ended_serial", 0):
        return int(record["ended_subcode"])
    if token.serial < state["ended_serial"]:
        return LOGGED_OUT
    if token.page_id in record.get("lost_roles", ()):
        return ROLE_LOST
    if token.serial < record.get("ended_pages", {}).get(token.page_id, 0):
        return LOGGED_OUT
    return None


def consent_of(state: State, token: Token) -> Consent:
    """What the person agrees to now; by the token's own words when nothing is written down."""
    record = _find(state, token.person_id)
    granted = frozenset(record["granted"]) if "granted" in record else token.scopes
    withdrawn = {
        name for name, serial in record.get("withdrawn", {}).items() if token.serial < serial
    }
    pages = int(record["pages"], 16) if "pages" in record else token.pages
    declined = frozenset(record.get("declined", ())) | withdrawn
    return Consent(granted - withdrawn, declined, pages)


def _record(state: State, person_id: str) -> dict[str, Any]:
    record: dict[str, Any] = state["people"].setdefault(person_id, {})
    return record


def _find(state: State, person_id: str) -> dict[str, Any]:
    record: dict[str, Any] = state["people"].get(person_id, {})
    return record


def _next_serial(state: State) -> int:
    state["serial"] += 1
    return int(state["serial"])
