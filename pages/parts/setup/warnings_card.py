"""Warnings on Setup: the channels and how they fare, a test of each, and the calendar's addresses.

A secret is shown once, when it is made, and never again.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from fb.addresses import is_loopback
from fb.installation import Installation
from fb.settings_table import Wrong
from fb.warnings import calendar_feed, sender
from fb.warnings.mail import EmailSettings, Security
from fb.warnings.sender import Way
from fb.warnings.target import SendFailed
from fb.warnings.webhook import SlackSettings, WebhookSettings, make_secret
from pages.text import warning_text, wording
from pages.text.formats import plain
from pages.ui import flash, viewer
from pages.ui.signed_in import me
from storage.warnings.channels import CHANNELS, Channel
from storage.warnings.topics import TOPICS

PORTS: dict[Security, int] = {"starttls": 587, "tls": 465}
SECURITIES: dict[Security, str] = {
    "starttls": "STARTTLS (usually port 587)",
    "tls": "TLS from the start (usually port 465)",
}
NOT_KEPT = "Copy it now: it is stored so that nobody can read it again."


def render(installation: Installation) -> None:
    """Draw the section."""
    st.header("Warnings", anchor=False)
    st.markdown(
        "14, 7, 3 and 1 days before the access of an account ends, and at once when it has ended, "
        "the dashboard warns on Overview and on Connections. Here it can learn to tell you "
        "elsewhere, once for each warning."
    )
    if not installation.can_open_tokens:
        st.caption(wording.WRONG_KEY.sentence)
        return
    ways = {way.record.channel: way for way in sender.list_ways(installation)}
    for channel in CHANNELS:
        _channel(installation, channel, ways.get(channel))
    if ways:
        _topics(installation)
    _calendar(installation)


def _channel(installation: Installation, channel: Channel, way: Way | None) -> None:
    with (
        st.container(border=True, key=f"warnings-{channel}"),
        st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ),
    ):
        with st.container(gap="xxsmall", width="stretch"):
            _describe(channel, way)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _actions(installation, channel, way)


def _describe(channel: Channel, way: Way | None) -> None:
    name = f"**{warning_text.CHANNELS[channel]}**"
    if way is None:
        st.markdown(f"{name} is off.")
        return
    st.markdown(f"{name} to {plain(way.shown)}" if way.shown else name)
    record = way.record
    text = warning_text.state(
        record.last_sent_at, record.last_failed_at, record.failure, record.failure_status
    )
    if record.failure is None:
        st.caption(plain(text))
    else:
        st.error(plain(text), icon=":material/error:")


def _actions(installation: Installation, channel: Channel, way: Way | None) -> None:
    label = warning_text.NOUNS[channel]
    verb = "Set up" if way is None else "Change"
    if st.button(f"{verb} {label}…", key=f"warnings-{channel}-set"):
        _DIALOGS[channel](installation)
    if way is None:
        return
    if st.button(f"Test {label}", icon=":material/send:", key=f"warnings-{channel}-test"):
        _test(installation, channel)
    if st.button(f"Remove {label}", type="tertiary", key=f"warnings-{channel}-remove"):
        sender.remove(installation, channel, by=me())
        flash.leave(f"Warnings no longer go out {warning_text.WAYS[channel]}.", ":material/close:")
        st.rerun()


def _test(installation: Installation, channel: Channel) -> None:
    try:
        with st.spinner("Sending a test…"):
            sender.send_test(installation, channel, by=me())
    except SendFailed:
        flash.leave("The test could not be sent. Below it says why.", ":material/error:")
    else:
        flash.leave("The test was sent. See whether it has arrived.", ":material/send:")
    st.rerun()


def _topics(installation: Installation) -> None:
    switched_on = sender.list_topics(installation)
    with st.container(border=True, gap="small", key="warnings-topics"):
        st.markdown("**The same way, if you like:**")
        for topic in TOPICS:
            was_on = topic in switched_on
            # What is stored is part of the key: another tab may have switched it.
            is_on = st.toggle(
                warning_text.TOPICS[topic][0], was_on, key=f"warnings-{topic}-{int(was_on)}"
            )
            if is_on != was_on:
                sender.switch_topic(installation, topic, is_on=is_on, by=me())
                st.rerun()


@viewer.dialog("Warnings by e-mail", icon=":material/mail:")
def _set_email(installation: Installation) -> None:
    before = _find(installation, "email")
    old = before if isinstance(before, EmailSettings) else None
    recipients = st.text_input(
        "To",
        ", ".join(old.recipients) if old else "",
        key="warnings-to",
        help="One address or several, with commas between them.",
    )
    host_name = st.text_input("Mail server", old.host if old else "", key="warnings-host")
    securities = list(SECURITIES)
    security = st.selectbox(
        "Security",
        securities,
        index=securities.index(old.security) if old else 0,
        format_func=SECURITIES.__getitem__,
        key="warnings-security",
        help="A server without either gets nothing: names and dates would travel in the clear.",
    )
    port = st.number_input(
        "Port",
        1,
        65535,
        old.port if old else None,
        placeholder=str(PORTS[security]),
        key="warnings-port",
    )
    user = st.text_input("User name", old.user or "" if old else "", key="warnings-user")
    password = st.text_input(
        "Password",
        type="password",
        key="warnings-password",
        autocomplete="off",
        help="Stored encrypted. Empty keeps the present one, as long as server, port and user "
        "name stay.",
    )
    from_whom = st.text_input("From", old.sender if old else "", key="warnings-from")
    if not st.button("Save", type="primary", key="warnings-save"):
        return
    settings = EmailSettings(
        host=host_name.strip().lower(),
        port=int(port or PORTS[security]),
        security=security,
        user=user.strip() or None,
        password=password or None,
        sender=from_whom.strip(),
        recipients=tuple(each.strip() for each in recipients.split(",") if each.strip()),
    )
    _save(installation, sender.keep_password(settings, old))


@viewer.dialog("Warnings by webhook", icon=":material/webhook:", on_dismiss="rerun")
def _set_webhook(installation: Installation) -> None:
    st.markdown(
        "A program of yours gets each warning as JSON, signed with a secret: `docs/warnings.md` "
        "says how to check it."
    )
    url = st.text_input("Address", placeholder="https://", key="warnings-url")
    if not st.button("Save, and make a secret", type="primary", key="warnings-save"):
        return
    settings = WebhookSettings(url.strip(), make_secret())
    if _store(installation, settings):
        st.success(
            f"Saved. This is the secret of its signatures. {NOT_KEPT}", icon=":material/check:"
        )
        st.code(settings.secret, language=None, wrap_lines=True)


@viewer.dialog("Warnings to Slack", icon=":material/forum:")
def _set_slack(installation: Installation) -> None:
    st.markdown("Make an incoming webhook in Slack, for the channel that is to read the warnings.")
    url = st.text_input(
        "Its address",
        type="password",
        placeholder="https://hooks.slack.com/services/…",
        key="warnings-url",
        autocomplete="off",
        help="Stored encrypted: whoever has it can write into your channel.",
    )
    if st.button("Save", type="primary", key="warnings-save"):
        _save(installation, SlackSettings(url.strip()))


_DIALOGS: dict[Channel, Callable[[Installation], None]] = {
    "email": _set_email,
    "webhook": _set_webhook,
    "slack": _set_slack,
}


def _save(installation: Installation, settings: sender.ChannelSettings) -> None:
    if _store(installation, settings):
        flash.leave("Saved. Send a test to see whether it arrives.")
        st.rerun()


def _store(installation: Installation, settings: sender.ChannelSettings) -> bool:
    try:
        sender.set_up(installation, settings, by=me())
    except Wrong as wrong:
        st.error(plain(str(wrong)))
        return False
    return True


def _find(installation: Installation, channel: Channel) -> sender.ChannelSettings | None:
    try:
        return sender.find_settings(installation, channel)
    except SendFailed:
        return None  # can't be opened: it is set up anew


def _calendar(installation: Installation) -> None:
    with st.container(border=True, key="warnings-calendar"):
        st.markdown(
            "**Calendar**: a secret address, to which a calendar program subscribes, with the day "
            "on which each access ends. Whoever has it reads the names of the accounts."
        )
        if is_loopback(installation.settings.redirect_uri):
            st.caption(
                "This dashboard answers on this computer only, so only a calendar program on it "
                "can read the address."
            )
        if st.button("Make an address", icon=":material/calendar_add_on:", key="warnings-feed"):
            address = calendar_feed.make_feed(installation, by=me())
            if address is None:
                st.error("There are too many addresses. Revoke one that is not used.")
            else:
                st.success(NOT_KEPT, icon=":material/check:")
                st.code(address, language=None, wrap_lines=True)
        for number, feed in enumerate(calendar_feed.list_feeds(installation), start=1):
            with st.container(horizontal=True, vertical_alignment="center"):
                text = f"{number}. {warning_text.feed(feed.made_at, feed.last_used_at)}"
                st.caption(plain(text), width="content")
                key = f"warnings-revoke-{feed.secret_hash[:12]}"
                if st.button(f"Revoke address {number}", type="tertiary", key=key):
                    calendar_feed.revoke_feed(installation, feed.secret_hash, by=me())
                    flash.leave("The address is revoked. Calendars that use it read nothing more.")
                    st.rerun()
