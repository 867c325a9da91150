"""People commands: list, let in, change the role of, remove, sign out, and free a sign-in.

They need no sign-in and no administrator: whoever has the machine may do all of it.
"""

from __future__ import annotations

import argparse
import getpass
import os
from datetime import datetime

from sqlalchemy.orm import Session

from fb.commands.terminal import COULD_NOT_RUN, OK, counted, find_usable, opened, say
from fb.installation import Installation
from storage.db.text import one_line
from storage.people.person import ROLES, Person, command_line
from storage.sign_in.people import (
    PersonRefused,
    change_role,
    find_by_address,
    fold_address,
    free_binding,
    let_in,
    list_people,
    remove,
    sign_out_everywhere,
)

MAX_USER = 60  # characters of an account's name
NO_SIGN_IN = (
    "Nobody signs in here yet: SIGN_IN_ISSUER, SIGN_IN_CLIENT_ID and SIGN_IN_CLIENT_SECRET are not "
    "set (docs/sign-in.md)."
)
# By `PersonRefused.reason`.
REFUSALS = {
    "address": "{address} is no e-mail address. Write one as name@agency.example.",
    "taken": "{address} is let in already. To change the role: "
    "python -m fb people role {address} {role}",
    "unknown": "Nobody is let in as {address}. Who is: python -m fb people list",
    "last_admin": "{address} is the only administrator, and without one nobody could let people "
    "in. Make somebody else one first: python -m fb people role ADDRESS admin",
    "same": "{address} is {role} already.",
    "unbound": "Nobody has signed in as {address} since, so there is nothing to free.",
}


def add_people_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands on people to the parser's."""
    people = commands.add_parser("people", help="who may sign in, and with what role")
    actions = people.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="who is let in, and where they are signed in")
    for name, about in (
        ("add", "let somebody in"),
        ("role", "change somebody's role; admin is the way back in for a locked-out team"),
    ):
        action = actions.add_parser(name, help=about)
        action.add_argument("address", metavar="ADDRESS")
        action.add_argument("role", choices=ROLES)
    for name, about in (
        ("remove", "take away somebody's access, and sign them out everywhere"),
        ("free", "let a new account at the sign-in service with this address be this person"),
    ):
        actions.add_parser(name, help=about).add_argument("address", metavar="ADDRESS")
    leaver = actions.add_parser("sign-out", help="sign somebody out everywhere")
    leaver.add_argument("address", metavar="ADDRESS", nargs="?")
    leaver.add_argument("--all", action="store_true", help="everybody")


def people_command(options: argparse.Namespace) -> int:
    """List people, or change one of them; say why where that is refused."""
    if options.action == "sign-out" and options.all == (options.address is not None):
        say("Say whom to sign out: people sign-out ADDRESS, or people sign-out --all.")
        return COULD_NOT_RUN
    with opened() as startup:
        # Without the right keys too: nothing has to be opened.
        installation = find_usable(startup, needs_keys=False)
        if installation is None:
            return COULD_NOT_RUN
        code = _list(installation) if options.action == "list" else _change(installation, options)
        if not installation.settings.has_sign_in:
            say(NO_SIGN_IN)
        return code


def _list(installation: Installation) -> int:
    with installation.database.reading() as session:
        people = list_people(session)
    for each in people:
        seen = f"last seen {_moment(each.seen_at)}" if each.seen_at else "not seen lately"
        if not each.has_signed_in:
            seen = "has not signed in yet"
        sessions = f", {counted(each.sessions_count, 'session')}" if each.sessions_count else ""
        name = f", {each.name}" if each.name else ""
        say(f"{each.role:8}  {each.address}{name}, {seen}{sessions}")
    if not people:
        say("Nobody is let in. Let the first in: python -m fb people add ADDRESS admin")
    return OK


def _change(installation: Installation, options: argparse.Namespace) -> int:
    address = fold_address(options.address or "")
    try:
        with installation.database.writing() as session:
            done = _act(session, options, address, installation.now(), _find_user())
    except PersonRefused as refused:
        role = getattr(options, "role", "")
        say(REFUSALS[refused.reason].format(address=address or "That", role=role))
        say("Nothing was changed.")
        return COULD_NOT_RUN
    say(done)
    return OK


def _act(
    session: Session, options: argparse.Namespace, address: str, now: datetime, by: Person
) -> str:
    """Do what the options say, and return a sentence on it. Raises PersonRefused."""
    if options.action == "add":
        let_in(session, address, options.role, now, by=by)
        return f"{address} may sign in as {options.role}."
    if options.action == "sign-out" and options.all:
        ids = [each.id for each in list_people(session) if each.sessions_count]
        count = sum(sign_out_everywhere(session, id, now, by=by) for id in ids)
        return f"Everybody is signed out ({counted(count, 'session')})."
    id = find_by_address(session, address)
    if id is None:
        raise PersonRefused("unknown")
    if options.action == "role":
        change_role(session, id, options.role, now, by=by)
        return f"{address} is {options.role} now."
    if options.action == "remove":
        remove(session, id, now, by=by)
        return f"{address} was removed and is signed out. What they did stays recorded."
    if options.action == "free":
        free_binding(session, id, now, by=by)
        return f"The next who signs in with {address} will be this person."
    count = sign_out_everywhere(session, id, now, by=by)
    return f"{address} is signed out ({counted(count, 'session')})."


def _find_user() -> Person:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        name = str(os.getuid())
    return command_line(one_line(name)[:MAX_USER])


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
