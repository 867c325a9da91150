"""Signed requests as Facebook makes them."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime
from typing import Any

from tests.present import NOW


def payload_of(user_id: object = "1", issued_at: object = NOW, **changes: Any) -> dict[str, Any]:
    """What Facebook says of an account that removed the app."""
    seconds = int(issued_at.timestamp()) if isinstance(issued_at, datetime) else issued_at
    payload = {"algorithm": "HMAC-SHA256", "issued_at": seconds, "user_id": user_id}
    return {**payload, **changes}


def sign(payload: object, secret: str) -> str:
    """Sign a payload with an app secret; a payload of bytes is sent as it is."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    encoded = encode(content)
    return f"{encode(hmac.digest(secret.encode(), encoded.encode(), 'sha256'))}.{encoded}"


def encode(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
