"""Signed request: verifies and reads what Facebook posts when someone removes the app.

``signed_request`` is "<signature>.<payload>", both base64url without padding. The signature is the
HMAC-SHA256 of the payload as it was sent, under the app secret, and nothing is parsed before it was
compared.
https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fb.graph.json_values import read_json, to_id, to_int

MAX_LENGTH = 16_384  # Facebook's have some 200 characters
# By how much Facebook's clock may run ahead of this one.
MAX_AHEAD = timedelta(minutes=5)
ALGORITHM = "HMAC-SHA256"

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class SignedRequestError(Exception):
    """The text is not accepted as Facebook's. Its own text says why, and repeats nothing of it."""


@dataclass(frozen=True)
class SignedRequest:
    """What Facebook signed: who removed the app, an account or a Page, and when.

    ``id`` is Facebook's, of digits. ``issued_at`` is in whole seconds.
    """

    kind: Literal["account", "page"]
    id: str = field(repr=False)
    issued_at: datetime


def read_signed_request(text: str, app_secret: str, now: datetime) -> SignedRequest:
    """Verify a signed request and return what it says. Raises SignedRequestError.

    Its age has no limit: whoever acts on it leaves alone what is younger than ``issued_at``. One
    from more than MAX_AHEAD in the future is refused, since it would go on to act on what follows.
    """
    if len(text) > MAX_LENGTH:
        raise SignedRequestError("it is too long")
    if text.count(".") != 1:
        raise SignedRequestError("it is not of two parts")
    signature, payload = text.split(".")
    sent = _decode(signature)
    if not _BASE64URL.fullmatch(payload):
        raise SignedRequestError("its payload is not base64url")
    made = hmac.digest(app_secret.encode(), payload.encode("ascii"), "sha256")
    if not hmac.compare_digest(sent, made):
        raise SignedRequestError("it was not signed with this app's secret")
    return _read(_decode(payload), now)


def _decode(text: str) -> bytes:
    """Decode base64url: no padding, no other character, no bits beyond the last byte."""
    if _BASE64URL.fullmatch(text) and len(text) % 4 != 1:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if base64.urlsafe_b64encode(content).rstrip(b"=") == text.encode("ascii"):
            return content
    raise SignedRequestError("a part of it is not base64url")


def _read(content: bytes, now: datetime) -> SignedRequest:
    try:
        values: Any = read_json(content)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise SignedRequestError("its payload is no JSON object")
    if values.get("algorithm") != ALGORITHM:
        raise SignedRequestError("it names another algorithm")
    seconds = to_int(values.get("issued_at"))
    if seconds is None or seconds < 0:
        raise SignedRequestError("it does not say when it was issued")
    if seconds > (now + MAX_AHEAD).timestamp():
        raise SignedRequestError("it was issued in the future")
    issued_at = datetime.fromtimestamp(seconds, UTC)
    # A Page that removes the app has a profile_id, and its user_id is null.
    if (user_id := values.get("user_id")) is not None:
        account_id = to_id(user_id)
        if account_id is not None:
            return SignedRequest("account", account_id, issued_at)
    elif (page_id := to_id(values.get("profile_id"))) is not None:
        return SignedRequest("page", page_id, issued_at)
    raise SignedRequestError("it names neither an account nor a Page")
