"""Error and status messages: a title, a sentence and a next step for each condition. Pure.

Titles and sentences are Markdown; names that come from Facebook are escaped here, so callers pass
them unescaped. Facebook's own message texts are never shown: they carry data and blame the reader.
Every table has a fallback for unknown conditions, which still names the code and says what is safe.
`pages.text.phrases` has the sentences about accounts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pages.text.formats import clock, counted, local_day, moment, plain

Target = Literal["start", "setup", "overview", "connections", "activity"]

SAFE = "Your connections were not changed."
UNCHANGED = "Nothing was changed."
ASK_WHO_SET_UP = "ask the person who set up this dashboard to give you a role in the Facebook app."


@dataclass(frozen=True)
class Step:
    """The next step of a message: ``start`` is the link to Facebook, other targets are screens."""

    label: str
    target: Target


@dataclass(frozen=True)
class Wording:
    """A title, one or two sentences (both Markdown), and at most one next step."""

    title: str
    sentence: str
    step: Step | None = None


CONNECT = Step("Connect Facebook Pages", "start")
START_AGAIN = Step("Start again", "start")
TRY_AGAIN = Step("Try again", "start")
CHOOSER = Step("Open Facebook's page chooser again", "start")
OPEN_SETUP = Step("Open Setup", "setup")
OVERVIEW = Step("Go to Overview", "overview")

WRONG_KEY = Wording(
    "The stored access can't be opened",
    "Its encryption key is missing. Figures and history are all here; connecting and refreshing "
    "wait until the key is put back, or given up. Setup says how.",
    OPEN_SETUP,
)
SIGNED_OUT = Wording(
    "You are signed out",
    "Your sign-in has ended, or an administrator has ended it. Reload this page to sign in again.",
)
ROLES: Mapping[str, str] = {
    "viewer": "viewers",
    "operator": "operators",
    "admin": "administrators",
}
USED = Wording("This was already done", "This sign-in at Facebook is over.", OVERVIEW)
EXPIRED_TRIP = Wording(
    "That took longer than 15 minutes",
    f"For safety a sign-in at Facebook is valid for 15 minutes. {UNCHANGED}",
    START_AGAIN,
)
OTHER_PERSON = Wording(
    "Somebody else began this",
    "It can only be seen and saved by the person who was signed in to Pagekeeper when it began: "
    f"sign in as that person, or start again as yourself. {UNCHANGED}",
    START_AGAIN,
)
OTHER_BROWSER = Wording(
    "You started in another browser",
    f"Go on where you started, or start again here. {UNCHANGED}",
    START_AGAIN,
)

NOT_REVOKED = Wording(
    "Facebook could not be told",
    "So nothing was changed here either. Try again later, or disconnect without ending the access "
    "at Facebook.",
)
OVERTAKEN = Wording(
    "The list has changed since you opened it",
    "Another connection was saved meanwhile. This is the new difference; check it, then save.",
)

SLOW = (
    "This takes unusually long. If it does not go on, this screen says so in a moment, and offers "
    "to start again. Nothing is lost."
)
# Said once in a session that begins under an open screen: the server was restarted, or the browser
# was away for minutes.
RECONNECTED = "The connection was interrupted and is back. Dialogs are closed; choose files again."

NO_WORKER = Wording(
    "No worker is running",
    "Nothing is refreshed until one runs. Start it on any machine that has these settings: "
    "`python -m fb worker`",
)

# Why a return from Facebook is refused, by fb.login.start.ReturnRefused.kind.
REFUSALS: Mapping[str, Wording] = {
    "nothing": Wording(
        "Connect your Facebook Pages",
        "Facebook brings you back to this address. Start with the link below; nothing is "
        "saved until you have seen the list of Pages.",
        CONNECT,
    ),
    "incomplete": Wording(
        "Facebook's answer came back incomplete",
        f"A part of the address was lost on the way, so it can't be used. {UNCHANGED}",
        START_AGAIN,
    ),
    "repeated": Wording(
        "Facebook's answer can't be read",
        f"A part of the address is there twice, which Facebook never sends. {UNCHANGED}",
        START_AGAIN,
    ),
    "malformed": Wording(
        "Facebook's answer can't be read",
        f"The address was cut or altered on the way. {UNCHANGED}",
        START_AGAIN,
    ),
    "forged": Wording(
        "This sign-in did not begin here",
        f"The address was not signed by this dashboard, so it is not trusted. {UNCHANGED}",
        START_AGAIN,
    ),
    "expired": EXPIRED_TRIP,
    "other_browser": OTHER_BROWSER,
    "other_person": OTHER_PERSON,
    "used": USED,
    "other_settings": Wording(
        "The settings changed while you signed in",
        "The dashboard was restarted with another Facebook app or address while you were away. "
        f"{UNCHANGED}",
        START_AGAIN,
    ),
    "wrong_key": WRONG_KEY,
    "error": Wording(
        "Nothing was connected",
        "Facebook sent you back without access{facts}. You cancelled, or Facebook does not let "
        f"this app ask you yet: {ASK_WHO_SET_UP} {UNCHANGED}",
        START_AGAIN,
    ),
}

# The statuses of an attempt that are one screen each, by fb.login.preview.AttemptView.status.
ATTEMPTS: Mapping[str, Wording] = {
    "open": Wording(
        "Facebook has not answered yet",
        f"Finish in the window where Facebook's dialog is open, or start again here. {UNCHANGED}",
        START_AGAIN,
    ),
    "reading": Wording(
        "Reading your Pages from Facebook", "You can leave this screen; the work goes on."
    ),
    "ready": Wording("Check before saving", "Nothing is saved yet."),
    "saved": USED,
    "discarded": Wording("Nothing was saved", f"You discarded this list. {UNCHANGED}", START_AGAIN),
    "failed": Wording("Nothing was connected", UNCHANGED, START_AGAIN),
    "interrupted": Wording(
        "Reading was interrupted",
        "The dashboard was restarted while it read your Pages. Nothing was saved and nothing was "
        "lost.",
        START_AGAIN,
    ),
    "expired": Wording(
        "This list is no longer kept",
        f"For safety a list waits 30 minutes to be saved. {UNCHANGED}",
        START_AGAIN,
    ),
    "other_browser": Wording(
        "You started in another browser",
        f"It can only be seen and saved where it began. {UNCHANGED}",
        START_AGAIN,
    ),
    "other_person": OTHER_PERSON,
    "unknown": Wording(
        "This sign-in is not known here",
        "It ended some time ago, or the link is from another installation.",
        START_AGAIN,
    ),
}

# Failures that the dashboard decides itself: Facebook's answer can't be used.
OWN_FAILURES: Mapping[str, Wording] = {
    "cancelled": Wording(
        "Nothing was connected",
        f"You cancelled in Facebook's dialog, so Facebook gave no access. {UNCHANGED} If you did "
        f"not cancel, Facebook does not let this app ask you yet: {ASK_WHO_SET_UP}",
        TRY_AGAIN,
    ),
    "cancelled_or_not_live": REFUSALS["error"],
    "dialog_error": Wording(
        "Facebook ended the sign-in",
        "Facebook's dialog closed with an error{facts}, most often because the app or its redirect "
        f"URI is not set up as Setup shows. {UNCHANGED}",
        OPEN_SETUP,
    ),
    "not_long_lived": Wording(
        "Facebook gave only short access",
        "Facebook did not exchange it for the long access that daily figures need, so nothing was "
        f"kept. {UNCHANGED}",
        START_AGAIN,
    ),
    "wrong_token": Wording(
        "Facebook's answers don't fit together",
        "The access belongs to another person or another app than the one that signed in, so it "
        f"was not kept. {UNCHANGED}",
        START_AGAIN,
    ),
}

# One row for each class of fb.graph.errors; the sentence says what Facebook did.
ERRORS: Mapping[str, Wording] = {
    "FacebookError": Wording("Facebook refused", "Facebook refused{code}."),
    "TransportFailed": Wording("Facebook is not answering", "Facebook could not be reached."),
    "Unreachable": Wording("Facebook is not answering", "Facebook could not be reached."),
    "UnreadableAnswer": Wording(
        "Facebook is not answering", "Facebook sent an answer that can't be read."
    ),
    "RedirectRefused": Wording(
        "Facebook is not answering",
        "The answer pointed to another address, which is never followed; perhaps a proxy does it.",
    ),
    "GraphRefused": Wording("Facebook refused", "Facebook refused{code}."),
    "AccessEnded": Wording(
        "The access has ended", "Facebook no longer accepts this access. Renew it.", START_AGAIN
    ),
    "RateLimited": Wording(
        "Facebook asks us to slow down",
        "Facebook allows no more calls for now. Wait about an hour, then try again.",
    ),
    "PermissionMissing": Wording(
        "A permission is missing",
        "Facebook did not allow this{facts}. Renew the access and leave every permission ticked.",
        START_AGAIN,
    ),
    "FieldUnknown": Wording(
        "Facebook no longer knows a field", "Facebook refused a field that was asked for{facts}."
    ),
    "TooMuchData": Wording(
        "Facebook wants smaller questions",
        "Facebook could not answer so much at once, not even in small parts.",
    ),
    "CodeRejected": Wording(
        "Facebook did not accept the sign-in",
        "Facebook refused to turn the sign-in into access{facts}. Check app ID, app secret and "
        "redirect URI on Setup, then start again.",
        OPEN_SETUP,
    ),
    "TemporarilyDown": Wording(
        "Facebook is not answering", "Facebook reports trouble of its own{facts}. Try again later."
    ),
    "NotFound": Wording(
        "Facebook does not show this",
        "It no longer exists at Facebook, or the account may not see it.",
    ),
    "PageMoved": Wording(
        "This Page has a new id",
        "Facebook moved this Page to another id. Look it up on Connections, under “Where is my "
        "Page?”, and take its history along.",
    ),
    "Blocked": Wording(
        "Facebook has paused this app or account",
        "Facebook blocks the action for a while under its rules{facts}. Look at facebook.com for a "
        "notice.",
    ),
    "Refused": Wording("Facebook refused", "Facebook refused{code}."),
}

# Why the installation could not be opened, by fb.installation.StartupErrorKind.
STARTUP_ERRORS: Mapping[str, Wording] = {
    "settings": Wording(
        "Facebook is not set up yet",
        "Settings are missing or wrong, so connecting can't work yet.",
        OPEN_SETUP,
    ),
    "database_unreachable": Wording(
        "The database can't be reached",
        "Nothing is lost. Start the database, or correct `DATABASE_URL`, then restart.",
        OPEN_SETUP,
    ),
    "database_held": Wording(
        "Another program holds the database",
        "Nothing is lost, and nothing was changed. A backup, a database browser or a long import "
        "keeps it locked. Reload this screen when that is done.",
        OPEN_SETUP,
    ),
    "database_full": Wording(
        "The disk of the database is full",
        "What is stored is kept, and nothing was changed. Make room on that disk, then try again.",
        OPEN_SETUP,
    ),
    "right_missing": Wording(
        "The user of the database lacks a right",
        "It may not make the tables that are needed, and nothing was changed. Make the user in "
        "`DATABASE_URL` the owner of the database; then this screen comes by itself.",
        OPEN_SETUP,
    ),
    "wrong_installation": Wording(
        "This database belongs to another installation",
        "It was made for another Facebook app, or for the other mode, and was not touched. Put the "
        "right `DATABASE_URL`, then restart.",
        OPEN_SETUP,
    ),
    "newer_schema": Wording(
        "A newer Pagekeeper has upgraded this database",
        "This process is of an older version: update the program where it runs, and restart it. "
        "Until then it changes nothing, and nothing is lost.",
        OPEN_SETUP,
    ),
    "old_schema": Wording(
        "This database was made by an earlier Pagekeeper",
        "It was not touched, and this version can't read it. Export the daily figures as CSV with "
        "the earlier version. Then put a new `DATABASE_URL`, restart, connect, and take the file "
        "in under Past figures.",
        OPEN_SETUP,
    ),
}


def as_code(text: str) -> str:
    """The text as Markdown code. Code knows no escapes, so all other characters are dropped."""
    return f"`{re.sub(r'[^0-9A-Za-z_.:/-]', '', text)}`"


def _error_details(code: int | None, subcode: int | None, trace_id: str | None) -> dict[str, str]:
    """ " with code 190/460 (trace AbC)" as ``code``, " (code 190/460, trace AbC)" as ``facts``."""
    # Unescaped, so that the sentence fits table cells too: only harmless characters are kept.
    trace = re.sub(r"[^0-9A-Za-z_/+=-]", "", trace_id or "")
    number = "" if code is None else f"code {code}" + ("" if subcode is None else f"/{subcode}")
    facts = ", ".join(filter(None, (number, trace and f"trace {trace}")))
    return {
        "code": (f" with {number}" if number else "") + (f" (trace {trace})" if trace else ""),
        "facts": f" ({facts})" if facts else "",
    }


def _with_details(
    row: Wording, code: int | None, subcode: int | None = None, trace_id: str | None = None
) -> Wording:
    details = _error_details(code, subcode, trace_id)
    return Wording(row.title, row.sentence.format(**details), row.step)


def for_error(
    kind: str, *, code: int | None = None, subcode: int | None = None, trace_id: str | None = None
) -> Wording:
    """The message for a class name of ``fb.graph.errors``; an unknown one reads as a refusal.

    The sentence is about Facebook alone: the caller adds what is safe.
    """
    return _with_details(ERRORS.get(kind, ERRORS["FacebookError"]), code, subcode, trace_id)


def for_refusal(kind: str, code: int | None = None) -> Wording:
    """The message for a refused return; an unknown kind reads as an unreadable answer."""
    return _with_details(REFUSALS.get(kind, REFUSALS["malformed"]), code)


def for_failure(failure: Mapping[str, Any] | None) -> Wording:
    """The message for ``AttemptView.failure``: a failure of OWN_FAILURES, or a class of ERRORS."""
    facts = failure or {}
    kind = str(facts.get("kind", ""))
    if kind in OWN_FAILURES:
        return _with_details(OWN_FAILURES[kind], facts.get("code"))
    row = for_error(
        kind,
        code=facts.get("code"),
        subcode=facts.get("subcode"),
        trace_id=facts.get("trace_id"),
    )
    return Wording(row.title, f"{row.sentence} Nothing was saved. {SAFE}", row.step or START_AGAIN)


def for_attempt(
    status: str,
    *,
    failure: Mapping[str, Any] | None = None,
    outcome: Mapping[str, Any] | None = None,
    ended_at: datetime | None = None,
    now: datetime | None = None,
) -> Wording:
    """The message for every status of an attempt but ``reading`` and ``ready``.

    ``outcome`` is that of Save, at ``ended_at``: "57 Pages were saved at 14:05 UTC." while it is
    still that day.
    """
    if status == "failed":
        return for_failure(failure)
    if status == "saved" and outcome:
        when = ""
        if ended_at is not None:
            is_today = now is not None and local_day(ended_at) == local_day(now)
            when = f" at {clock(ended_at)}" if is_today else f" on {moment(ended_at)}"
        saved = int(outcome.get("saved", 0))
        is_, was = ("is", "was") if saved == 1 else ("are", "were")
        pages = counted(saved, "Page")
        return Wording(f"{pages} {is_} connected", f"{pages} {was} saved{when}.", OVERVIEW)
    return ATTEMPTS.get(status, ATTEMPTS["unknown"])


def needs_role(role: str) -> Wording:
    """The message for somebody whose role does not allow what they opened or tried."""
    return Wording(
        f"This is for {ROLES[role]}",
        f"It takes the role {role}. {UNCHANGED} Ask an administrator of Pagekeeper if you need it.",
        OVERVIEW,
    )


def for_startup_error(kind: str, facts: Mapping[str, str] | None = None) -> Wording:
    """The message for a start-up error. ``facts``: the markers "found" and "wanted", if known."""
    row = STARTUP_ERRORS.get(kind)
    if row is None:
        return Wording("The dashboard can't start", f"The reason is “{plain(kind)}”.", OPEN_SETUP)
    found_marker = (facts or {}).get("found")
    expected_marker = (facts or {}).get("wanted")
    if kind == "wrong_installation" and found_marker and expected_marker:
        comparison = (
            f" It holds {as_code(found_marker)}, the settings say {as_code(expected_marker)}."
        )
        return Wording(row.title, row.sentence + comparison, row.step)
    return row


def settings_missing(problems_count: int) -> Wording:
    """The message for missing or wrong settings; the operator has to open Setup."""
    verb = "is" if problems_count == 1 else "are"
    return Wording(
        "Facebook is not set up yet",
        f"{counted(problems_count, 'setting')} {verb} missing or wrong, so connecting can't work "
        "yet.",
        OPEN_SETUP,
    )
