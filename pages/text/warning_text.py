"""Words on the channels of warnings: their names, and why a message could not be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pages.text.formats import moment

CHANNELS: Mapping[str, str] = {"email": "E-mail", "webhook": "Webhook", "slack": "Slack"}
NOUNS: Mapping[str, str] = {"email": "e-mail", "webhook": "webhook", "slack": "Slack"}
WAYS: Mapping[str, str] = {
    "email": "by e-mail",
    "webhook": "by webhook",
    "slack": "to Slack",
}
# By `storage.warnings.topics.Topic`: the label of its switch, and what a sentence calls it.
TOPICS: Mapping[str, tuple[str, str]] = {
    "no_snapshot": ("A day without any figures", "days without figures"),
    "unusual_day": ("An unusual day of a Page or a tag", "unusual days"),
    "goal_missed": ("A goal that was missed", "missed goals"),
    "week": ("Each Monday the last week, in three sentences", "the last week"),
}
# By `fb.warnings.target.Failure`.
FAILURES: Mapping[str, str] = {
    "unknown_name": "the server's name is not known. Check how it is written",
    "private": (
        "the server is within your own network. Use one of the public internet, or set "
        "ALLOW_PRIVATE_TARGETS to yes"
    ),
    "unreachable": "the server can't be reached. Check name and port",
    "timeout": "the server took too long to answer",
    "tls": (
        "the server offers no secure connection that is valid for its name. Check name, port and "
        "kind of security"
    ),
    "redirect": "the server points to another address, which is never followed. Use that one",
    "status": "the server refused it",
    "unreadable": "the server's answer can't be read. Check name and port",
    "sign_in": "the mail server does not accept user name and password",
    "sender": "the mail server does not let this sender send",
    "recipient": "the mail server accepts none of the recipients",
    "sealed": "its settings can't be opened: their encryption key is missing. Set it up again",
}


def why(failure: str, status: Any = None) -> str:
    """Why a message could not be sent, as the end of a sentence, without a full stop."""
    reason = FAILURES.get(failure, "it failed")
    if status is None or failure not in ("status", "sign_in", "sender", "recipient"):
        return reason
    return f"{reason} (answer {status})"


def state(
    last_sent_at: datetime | None,
    last_failed_at: datetime | None,
    failure: str | None,
    status: int | None,
) -> str:
    """How a channel fares, in one or two sentences."""
    if failure is not None and last_failed_at is not None:
        before = f" The last message arrived on {moment(last_sent_at)}." if last_sent_at else ""
        return (
            f"Failed on {moment(last_failed_at)}: {why(failure, status)}. What is due is tried "
            f"again by itself.{before}"
        )
    if last_sent_at is not None:
        return f"The last message was sent on {moment(last_sent_at)}."
    return "Nothing was sent yet. Send a test to see whether it arrives."


def feed(made_at: datetime, last_used_at: datetime | None) -> str:
    """One secret address of the calendar: when it was made and used."""
    used = f"last read on {moment(last_used_at)}" if last_used_at else "never read"
    return f"Made on {moment(made_at)} · {used}"
