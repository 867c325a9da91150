"""Calendar feed: the days on which access ends, as a calendar that other programs subscribe to.

Whoever has the address reads it, since calendar programs can't sign in. So it has 256 random bits,
is stored as a hash, and can be revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from fb.addresses import CALENDAR_PATH
from fb.installation import Installation
from fb.warnings.message import one_line, quiet
from storage.people.person import Person
from storage.warnings import feeds
from storage.warnings.due import Ending, list_endings

SECRET_BYTES = 32
_MAX_LINE_BYTES = 75  # RFC 5545, section 3.1


def make_feed(installation: Installation, *, by: Person) -> str | None:
    """Make an address and return it; it can't be read again. None when there are MAX_FEEDS."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with installation.database.writing() as session:
        if len(feeds.list_feeds(session)) >= feeds.MAX_FEEDS:
            return None
        feeds.add_feed(session, secret, installation.now(), by=by)
    return f"{installation.settings.redirect_origin}{CALENDAR_PATH}{secret}.ics"


def list_feeds(installation: Installation) -> list[feeds.Feed]:
    """Return the addresses that are not revoked, oldest first."""
    with installation.database.reading() as session:
        return feeds.list_feeds(session)


def revoke_feed(installation: Installation, secret_hash: str, *, by: Person) -> None:
    """Revoke an address."""
    with installation.database.writing() as session:
        feeds.revoke_feed(session, secret_hash, installation.now(), by=by)


def read_feed(installation: Installation, secret: str) -> bytes | None:
    """Return the calendar, and store its use; None for an address that is unknown or revoked."""
    now = installation.now()
    with installation.database.reading() as session:
        if not feeds.has_feed(session, secret):
            return None
        endings = list_endings(session)
    with installation.database.writing() as session:
        feeds.note_use(session, secret, now)
    return write_calendar(endings, installation.settings.redirect_origin, now)


def write_calendar(endings: Sequence[Ending], origin: str, now: datetime) -> bytes:
    """Return an iCalendar file (RFC 5545) with a whole-day event for each ending, in UTC.

    An ending that moves keeps its id, so that a calendar moves the event.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pagekeeper//Expiries//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Pagekeeper",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for ending in endings:
        lines += _event(ending, origin, now)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) for line in lines).encode()


def _event(ending: Ending, origin: str, now: datetime) -> list[str]:
    name = quiet(ending.account_name)
    summary, description = f"{name}'s Facebook access runs out", "Renew it before that day"
    if ending.kind == "data_access_ends":
        summary = f"{name} has to confirm on Facebook"
        description = "Facebook asks for it every 90 days; figures stop until it is done. Renew"
    return [
        "BEGIN:VEVENT",
        f"UID:{ending.kind}-{ending.grant_id}@pagekeeper",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{ending.at:%Y%m%d}",
        f"DTEND;VALUE=DATE:{ending.at + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(f'{description}: {origin}/connections')}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    """The text on one line, with the four signs escaped that mean something in a calendar."""
    text = one_line(text).replace("\\", "\\\\")
    return text.replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """The line with its end, folded so that no part has more than 75 bytes."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > _MAX_LINE_BYTES:
            parts.append(part)
            part = " "
        part += character
    return "\r\n".join((*parts, part)) + "\r\n"
