"""Consents: record each person's permissions and ticked Pages, and the end of access.

Per person the state has ``granted`` and ``declined`` permissions, ``pages`` (ticked Pages as
hexadecimal bits) and serial numbers. Every consent and every end of access takes the next serial. A
token has the serial of its consent, and a higher one ends it. Serials instead of times, since two
events can fall into one second, and the clock of a test may not move.
"""

from dataclasses import dataclass
from typing import Any

from fb.sandbox.world.memory import State
from fb.sandbox.world.tokens import Token
from fb.sandbox.world.world import Person, World

# Graph's subcodes of ended tokens.
APP_REMOVED, PASSWORD_CHANGED, LOGGED_OUT = 458, 460, 467


@dataclass(frozen=True)
class Consent:
    """The current consent of one person; ``pages`` are the ticked Pages as bits."""

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
    """Record one consent, and return its serial.

    It ends the earlier tokens of Pages that are no longer ticked.
    """
    record = _record(state, person.id)
    serial = _next_serial(state)
    earlier = set(record.get("granted", ())) - declined
    record["granted"] = sorted(earlier | granted)
    record["declined"] = sorted(declined)
    record["pages"] = f"{pages:x}"
    ended = record.setdefault("ended_pages", {})
    for index in person.roles:
        if not pages >> index & 1:
            ended[world.page_at(index, has_moved=state["has_moved"]).id] = serial
    return serial


def end_access(state: State, person_id: str, subcode: int) -> None:
    """End all tokens of this person so far."""
    record = _record(state, person_id)
    record.update(ended_serial=_next_serial(state), ended_subcode=subcode, granted=[], declined=[])


def withdraw(state: State, person_id: str, permission: str) -> None:
    """Withdraw one permission from all tokens of this person so far."""
    record = _record(state, person_id)
    record.setdefault("withdrawn", {})[permission] = _next_serial(state)
    if "granted" in record:
        record["granted"] = sorted(set(record["granted"]) - {permission})
        record["declined"] = sorted({*record["declined"], permission})


def find_ending(state: State, token: Token) -> int | None:
    """Return the subcode of a token that was ended; None for a valid or only expired token."""
    record = _find(state, token.person_id)
    if token.serial < record.get("ended_serial", 0):
        return int(record["ended_subcode"])
    if token.serial < state["ended_serial"]:
        return LOGGED_OUT
    if token.serial < record.get("ended_pages", {}).get(token.page_id, 0):
        return LOGGED_OUT
    return None


def get_consent(state: State, token: Token) -> Consent:
    """Return the person's current consent; the token's own facts if none is recorded."""
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
