"""Texts on people: roles, refusals, events, a browser in words. Pure; sentences are Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages.text.formats import any_of, counted, cut, plain

# By `storage.people.person.Role`, from the least on.
ROLES: Mapping[str, str] = {
    "viewer": "Viewer",
    "operator": "Operator",
    "admin": "Administrator",
}
MAY: Mapping[str, str] = {
    "viewer": "Viewers see figures, and change nothing.",
    "operator": "Operators also connect accounts, and write notes, tags and goals.",
    "admin": "Administrators also let people in, and see settings, sign-ins and keys.",
}
NO_SIGN_IN = (
    "Nobody signs in here: whoever reaches this dashboard may do everything in it. To have people "
    "sign in, set the SIGN_IN_… settings; docs/sign-in.md says how."
)
# By `storage.sign_in.people.PersonRefused.reason`.
REFUSALS: Mapping[str, str] = {
    "address": "That is no e-mail address. Write one as name@agency.example.",
    "taken": "This address is let in already. Search for it to change the role.",
    "unknown": "This person is not let in any more; somebody has removed them meanwhile.",
    "last_admin": (
        "This is the only administrator, and without one nobody could let people in. Make "
        "somebody else an administrator first."
    ),
    "same": "This person has that role already; somebody has changed it meanwhile.",
    "unbound": "There is nothing to free: nobody has signed in with this address since.",
}
# By the kind of the event.
EVENTS: Mapping[str, str] = {
    "let_in": "{name} was let in as {role}",
    "role_changed": "The role of {name} was changed to {role}",
    "person_removed": "{name} was removed, and is signed out everywhere",
    "binding_freed": "The sign-in of {name} was freed for a new account with this address",
    "signed_out_everywhere": "{name} was signed out everywhere ({sessions})",
    "signed_in": "{by} signed in",
    "signed_out": "{by} signed out",
}
# The first whose mark is in the user agent: most browsers name others, too.
_BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet")),
    *(("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome")),
    *(("Chrome/", "Chrome"), ("Chromium/", "Chromium"), ("Safari/", "Safari")),
)
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Macintosh", "Mac"), ("Linux", "Linux")),
)
MAX_NAME = 60


def role(role: str) -> str:
    """The role within a sentence: "administrator"."""
    return ROLES.get(role, role).lower()


def event(kind: str, facts: Mapping[str, object], *, name: str | None, by: str | None) -> str:
    """An event as plain text for a cell. ``name``: of whom it was done to; ``by``: who did it."""
    somebody = "Somebody"
    sessions = facts.get("sessions")
    if kind == "let_in" and name is not None and name == by:
        return f"{name} came in as {role(str(facts.get('role')))}, as the settings allow"
    return EVENTS[kind].format(
        name=name or somebody,
        by=by or somebody,
        role=role(str(facts.get("role"))),
        sessions=counted(sessions if isinstance(sessions, int) else 0, "browser"),
    )


def browser(user_agent: str) -> str:
    """ "Chrome on Windows" of a user agent; "A browser" of an unknown one."""
    name = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((system for mark, system in _SYSTEMS if mark in user_agent), None)
    return name if system is None else f"{name} on {system}"


def full_name(name: str, address: str) -> str:
    """ "**Ann Lee**, ann@agency.example", or the address alone; escaped."""
    shown = plain(cut(address, MAX_NAME))
    return f"**{plain(cut(name, MAX_NAME))}**, {shown}" if name and name != address else shown


def short_name(name: str, address: str) -> str:
    """The name, or else the address; escaped."""
    return plain(cut(name or address, MAX_NAME))


def domains(names: Sequence[str]) -> str:
    """Whose addresses come in by setting, as a sentence; empty for nobody's."""
    if not names:
        return ""
    return (
        f"Addresses at {any_of([plain(name) for name in names])} come in as viewers by themselves."
    )


def removed(name: str) -> str:
    """What removing somebody does; the name is escaped."""
    return (
        f"{name} is signed out everywhere within three seconds, also where a screen is open, and "
        "can't come in again until somebody lets them in. What they did stays recorded under their "
        "name."
    )


def freed(address: str, sessions_count: int) -> str:
    """What freeing a sign-in does, and when one does it."""
    out = f" It signs them out ({counted(sessions_count, 'browser')})." if sessions_count else ""
    return (
        "For somebody who is refused because their account at the sign-in service was made anew. "
        f"Whoever signs in with {plain(address)} next will be this person.{out}"
    )
