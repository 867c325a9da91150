"""Profile of a Page: the header with its connection, and the card of what Facebook reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from fb.installation import Installation
from pages.text.formats import UNKNOWN, count, cut, day, listed, local_day, moment, plain
from pages.text.phrases import CONNECTIONS, Colour
from pages.ui import compare_link, connection_text, links
from pages.ui.links import picture_path
from pages.ui.signed_in import may
from storage.accounts.page_profile import PageProfile
from storage.accounts.pages import FactChange

PICTURE_SIZE = 56
MAX_BEFORE = 80
MAX_NAMED, MAX_ACCOUNT_NAME = 3, 40
LABEL_WIDTH = 110

_VERIFICATION = {
    "blue_verified": "Verified",
    "gray_verified": "Verified",
    "not_verified": "Not verified",
}
NOT_HERE = (
    "No Page with this id is connected here. Search for it by name, or {} the account that manages "
    "it."
)
NO_FIGURES = (
    "**No figures yet.** Facebook gives no count of this Page's fans and followers. Charts and "
    "tiles begin with the first one, or with past figures that an operator imports."
)
NEW_EXPERIENCE = "This Page has the New Pages Experience: Facebook reports its followers as fans."


def render_header(installation: Installation, profile: PageProfile) -> None:
    """Draw the header, with a sentence if the connection does not fully work."""
    state = connection(profile)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        src = escape(picture_path(profile.id, profile.picture_etag), quote=True)
        st.html(
            f'<img src="{src}" alt="" width="{PICTURE_SIZE}" height="{PICTURE_SIZE}" '
            'style="display:block;border-radius:0.5rem;object-fit:cover">',
            width=PICTURE_SIZE,
        )
        with st.container(gap="xxsmall"):
            st.title(plain(profile.name), anchor=False)
            with st.container(horizontal=True, vertical_alignment="center"):
                _facts_and_links(installation, profile, state)
    if state.sentence:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(state.sentence, width="content")
            if state.colour == "red":
                renews = profile.connection == "needs_renewal" and may("operator")
                label = "Renew" if renews else "See Connections"
                links.draw("connections", label, ":material/arrow_forward:")


def _facts_and_links(installation: Installation, profile: PageProfile, state: Connection) -> None:
    if profile.category:
        st.caption(plain(profile.category), width="content")
    st.badge(state.label, icon=state.icon, color=state.colour)
    holders = held_by(profile)
    if holders:
        st.caption(holders, width="content")
    compare_link.render(profile.id)
    if not installation.settings.is_sandbox:
        st.link_button(
            "Open on Facebook",
            facebook_link(profile),
            icon=":material/open_in_new:",
            type="tertiary",
        )


@dataclass(frozen=True)
class Connection:
    """A Page's connection: its badge, and a sentence (Markdown) when it does not fully work."""

    label: str
    icon: str
    colour: Colour
    sentence: str | None


def connection(profile: PageProfile) -> Connection:
    """The connection of the Page, in words."""
    icon, colour = connection_text.BADGES[profile.connection]
    return Connection(CONNECTIONS[profile.connection], icon, colour, _connection_sentence(profile))


def held_by(profile: PageProfile) -> str | None:
    """Which accounts hold the Page, as Markdown; None when none does.

    "held by Anna Keller and Ben Ortiz", or "only Anna Keller holds this Page: ask a second admin to
    connect".
    """
    names = [
        plain(cut(holder.account_name, MAX_ACCOUNT_NAME))
        for holder in profile.holders
        if holder.connection not in ("missing", "no_access", "disconnected")
    ]
    if not names:
        return None
    if len(names) == 1:
        return f"only {names[0]} holds this Page: ask a second admin to connect"
    if len(names) > MAX_NAMED:
        names = [*names[: MAX_NAMED - 1], f"{count(len(names) - MAX_NAMED + 1)} more"]
    return f"held by {listed(names)}"


def _connection_sentence(profile: PageProfile) -> str | None:
    holders, state = profile.holders, profile.connection
    why = connection_text.reason(state, profile.is_published, holders)
    if why is None or state == "works_in_part":
        return why
    last = f" Last figures of {day(profile.last_day)}." if profile.last_day else ""
    if state == "frozen":
        return why + last
    return f"{why}{last} Its history is safe. {connection_text.advice(state, holders)}".rstrip()


@dataclass(frozen=True)
class Fact:
    """One detail, as plain text; a dash where it is unknown.

    ``since``: the day of its last change and the value before; None if it has never changed.
    """

    label: str
    text: str
    since: str | None = None


def render_details(profile: PageProfile, changes: Mapping[str, FactChange]) -> None:
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
    first_seen = day(local_day(profile.first_seen_at))
    rest = "Nothing else has" if changes else "Nothing has"
    st.caption(
        f"As of {moment(profile.described_at)}. {rest} changed since the Page was first "
        f"read, on {first_seen}."
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


def _since(field: str, change: FactChange | None) -> str | None:
    if change is None:
        return None
    was = shown(field, change.was)
    before = "before: nothing" if was == UNKNOWN else f"before: {cut(was, MAX_BEFORE)}"
    return f"since {day(local_day(change.changed_at))}, {before}"


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
