"""Page details card: what Facebook reports about the Page, and the value before a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from pages.text.formats import UNKNOWN, cut, day, moment, plain
from storage.accounts.page_profile import PageProfile
from storage.accounts.pages import FactChange

MAX_BEFORE = 80
LABEL_WIDTH = 110


@dataclass(frozen=True)
class Fact:
    """One detail, as plain text; a dash where it is unknown.

    ``since``: the day of its last change and the value before; None if it has never changed.
    """

    label: str
    text: str
    since: str | None = None


def render(profile: PageProfile, changes: Mapping[str, FactChange]) -> None:
    """Draw the card. Texts are unformatted; the website is a link only if it is safe."""
    st.header("What Facebook says about this Page", anchor=False)
    website = safe_link(profile.website)
    for fact in facts(profile, changes):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(fact.label, width=LABEL_WIDTH)
            if fact.since:
                with st.container(width="content", gap=None):
                    st.text(fact.text, width="content")
                    st.caption(plain(fact.since), width="content")
            else:  # without the container, to send ten fewer
                st.text(fact.text, width="content")
            if fact.label == "Website" and website and not fact.text.isspace():
                st.link_button("Open", website, icon=":material/open_in_new:", type="tertiary")
    version = f" · Graph {plain(profile.graph_version)}" if profile.graph_version else ""
    first_seen = day(profile.first_seen_at.date())
    rest = "The rest is" if changes else "All of it is"
    st.caption(
        f"As of {moment(profile.described_at)}{version}. {rest} as it was first seen, {first_seen}."
    )


def facts(profile: PageProfile, changes: Mapping[str, FactChange]) -> list[Fact]:
    """All facts of the card. ``changes``: the newest of each column of ``pages``."""
    # The title has the present name; the card only has its change.
    name = [("Name", "name", profile.name)] if "name" in changes else []
    rows: list[tuple[str, str, Any]] = [
        *name,
        ("About", "about", profile.about),
        ("Category", "category", profile.category),
        ("Website", "website", profile.website),
        ("Username", "username", profile.username),
        ("Phone", "phone", profile.phone),
        ("E-mail", "emails", profile.emails),
        ("Address", "location", profile.location),
        ("Verification", "verification_status", profile.verification_status),
        ("Published", "is_published", profile.is_published),
    ]
    all_facts = [
        Fact(label, shown(field, value), _since(field, changes.get(field)))
        for label, field, value in rows
    ]
    return [*all_facts, Fact("Page id", profile.id)]


def shown(field: str, value: Any) -> str:
    """The value of a column of ``pages`` as text."""
    if value is None or value == "":
        return UNKNOWN
    if field == "emails":
        return ", ".join(map(str, value)) or UNKNOWN
    if field == "location":
        return address(value) or UNKNOWN
    if field == "username":
        return f"@{value}"
    if field == "verification_status":
        return _VERIFICATION.get(value, str(value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


_VERIFICATION = {
    "blue_verified": "Verified",
    "gray_verified": "Verified",
    "not_verified": "Not verified",
}


def _since(field: str, change: FactChange | None) -> str | None:
    if change is None:
        return None
    was = shown(field, change.was)
    before = "before: nothing" if was == UNKNOWN else f"before: {cut(was, MAX_BEFORE)}"
    return f"since {day(change.changed_at.date())}, {before}"


def address(location: Any) -> str:
    """ "Marktstraße 4, 20095 Hamburg, Germany", from the parts that Facebook has sent."""
    parts = location if isinstance(location, Mapping) else {}

    def part(name: str) -> str:
        value = parts.get(name)
        return str(value).strip() if isinstance(value, str | int | float) else ""

    town = " ".join(filter(None, (part("zip"), part("city"))))
    return ", ".join(filter(None, (part("street"), town, part("state"), part("country"))))


def safe_link(url: str | None) -> str | None:
    """The URL if it is safe to open: https, with a host, without user or password; else None."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        return None
    return url.strip()


def facebook_link(profile: PageProfile) -> str:
    """The URL of the Page at Facebook: its ``link`` if that is on facebook.com, else by its id."""
    link = safe_link(profile.link)
    host = (urlsplit(link).hostname or "") if link else ""
    if link and (host == "facebook.com" or host.endswith(".facebook.com")):
        return link
    return f"https://www.facebook.com/{profile.id}"
