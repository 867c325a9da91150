"""Words on the channels of warnings: their names, and why a message could not be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHANNELS: Mapping[str, str] = {"email": "E-mail", "webhook": "Webhook", "slack": "Slack"}
WAYS: Mapping[str, str] = {
    "email": "by e-mail",
    "webhook": "by webhook",
    "slack": "to Slack",
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
