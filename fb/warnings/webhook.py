"""Webhooks: posts messages as signed JSON, and in the form of Slack's incoming webhooks.

The receiver of the signed form computes HMAC-SHA256 of timestamp, full stop and body with the
secret, compares it with the signature, and refuses an old timestamp: `docs/warnings.md`.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field

from fb.warnings.message import Message
from fb.warnings.target import post, read_url

TIMESTAMP_HEADER = "X-Pagekeeper-Timestamp"
SIGNATURE_HEADER = "X-Pagekeeper-Signature"
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class WebhookSettings:
    """An https address, and the secret with which its messages are signed."""

    url: str = field(repr=False)
    secret: str = field(repr=False)

    def check(self) -> None:
        """Raise Wrong, with a sentence for the operator, when the address can't be right."""
        read_url(self.url)

    def describe(self) -> str:
        """Return the host. The rest of the address may be a secret."""
        return read_url(self.url).host


@dataclass(frozen=True)
class SlackSettings:
    """The address of an incoming webhook of Slack, which is a secret."""

    url: str = field(repr=False)

    def check(self) -> None:
        """Raise Wrong, with a sentence for the operator, when the address can't be right."""
        read_url(self.url)

    def describe(self) -> str:
        """Return the host."""
        return read_url(self.url).host


def make_secret() -> str:
    """Return a new secret of 256 bits for signatures."""
    return secrets.token_urlsafe(32)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return "v1=" and the signature, in hex, of a body posted at ``timestamp`` (Unix seconds)."""
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()


def post_webhook(settings: WebhookSettings, message: Message, *, allow_private: bool) -> None:
    """Post a message as signed JSON. Raises SendFailed."""
    body = json.dumps(
        {
            "version": 1,
            "test": message.is_test,
            "sandbox": message.is_sandbox,
            "subject": message.subject,
            "link": message.link,
            "warnings": [
                {
                    "key": item.key,
                    "kind": item.kind,
                    "name": item.name,
                    "at": item.at.isoformat(),
                    "text": item.sentence,
                }
                for item in message.items
            ],
        }
    ).encode()
    timestamp = int(message.sent_at.timestamp())
    signature = sign(settings.secret, timestamp, body)
    headers = {**_JSON, TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: signature}
    post(read_url(settings.url), body, headers, allow_private=allow_private)


def post_slack(settings: SlackSettings, message: Message, *, allow_private: bool) -> None:
    """Post a message in Slack's form. Raises SendFailed.

    https://docs.slack.dev/messaging/formatting-message-text: three characters are escaped, and
    neither formatting nor links nor names are looked for in the text. The link is marked as one.
    """
    text = "\n".join((message.subject, *message.sentences))
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = {
        "text": f"{escaped}\n<{message.link}>",
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    encoded = json.dumps(body).encode()
    post(read_url(settings.url), encoded, _JSON, allow_private=allow_private)
