"""Consents record what each person granted and ticked, and what has ended access since.

Per person the state keeps ``granted`` and ``declined`` permissions, ``pages`` (ticked Pages as
hexadecimal bits) and serial numbers. Every trip through the dialog and every ending takes the next
serial. A token carries the serial of its trip and is ended by any higher one. Times would not do:
two things can happen in one second, and the clock of a test may stand still.
"""

from dataclasses import dataclass
from typing import Any

from fb.sandbox.world.memory import State
from fb.sandbox.world.tokens import Token
from fb.sandbox.world.world import Person, World

# Graph's subcodes of dead tokens.
APP_REMOVED, PASSWORD_CHANGED, LOGGED_OUT = 458, 460, 467


@dataclass(frozen=True)
class Consent:
    """The consent of one person that holds now; ``pages`` are the ticked Pages as bits."""

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
    """Record one trip through the dialog and return its serial.

    Earlier tokens of Pages that are not ticked any more end here.
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
            ended[world.pages[index].id] = serial
    return serial


def end_access(state: State, person_id: str, subcode: int) -> None:
    """End all tokens that this person has given so far."""
    record = _record(state, person_id)
    record.update(ended_serial=_next_serial(state), ended_subcode=subcode, granted=[], declined=[])


def withdraw(state: State, person_id: str, permission: str) -> None:
    """Take one permission back from all tokens given so far."""
    record = _record(state, person_id)
    record.setdefault("withdrawn", {})[permission] = _next_serial(state)
    if "granted" in record:
        record["granted"] = sorted(set(record["granted"]) - {permission})
        record["declined"] = sorted({*record["declined"], permission})


def find_ending(state: State, token: Token) -> int | None:
    """The subcode of a token that was ended, None for one that lives or has only expired."""
    record = _find(state, token.person_id)
    if token.serial < record.get("ended_serial", 0):
        return int(record["ended_subcode"])
    if token.serial < state["ended_serial"]:
        return LOGGED_OUT
    if token.serial < record.get("ended_pages", {}).get(token.page_id, 0):
        return LOGGED_OUT
    return None


def get_consent(state: State, token: Token) -> Consent:
    """The person's consent now; the token's own facts where nothing is recorded."""
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
