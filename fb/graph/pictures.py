"""Pictures: fetches a Page's picture from Facebook's hosts, within limits of size and type."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3

from fb.graph.http import BearerAuth

PICTURE_HOSTS = ("fbcdn.net", "facebook.com", "fbsbx.com")
MAX_PICTURE_BYTES = 100_000

_PLAIN_URL = re.compile(r"[!-~]{1,4000}")
_TIMEOUTS = (5.0, 10.0)  # seconds to connect, and between two pieces
_TOTAL_SECONDS = 20.0  # against servers that send very slowly
_PIECE_BYTES = 16_384


@dataclass(frozen=True)
class Picture:
    """A picture and its content type, which follows from its first bytes, not from the header."""

    content: bytes = field(repr=False)
    content_type: str


def fetch_picture(
    url: str,
    *,
    session: requests.Session,
    allowed_hosts: Sequence[str] = PICTURE_HOSTS,
    sandbox_origin: str | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Picture | None:
    """Fetch one picture; return None when it is not allowed or can't be fetched.

    Allowed are https on port 443, the ``allowed_hosts`` and their subdomains, at most 100,000
    bytes, and JPEG, PNG or WebP; redirects are not followed. With ``sandbox_origin``
    ("http://127.0.0.1:8501") only that origin is allowed. No cookie and no credential is sent.
    """
    if not _is_allowed(url, allowed_hosts, sandbox_origin):
        return None
    try:
        with session.get(
            url,
            auth=BearerAuth(None),
            timeout=_TIMEOUTS,
            allow_redirects=False,
            stream=True,
            # Never decompressed, so that a compressed answer can't grow beyond the limit.
            headers={"Accept-Encoding": "identity"},
        ) as response:
            content = _read_bounded(response, monotonic) if response.status_code == 200 else None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return None
    kind = _find_type(content) if content else None
    return Picture(content, kind) if content and kind else None


def _is_allowed(url: str, hosts: Sequence[str], sandbox_origin: str | None) -> bool:
    if not _PLAIN_URL.fullmatch(url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    if sandbox_origin is not None:
        return f"{parts.scheme}://{parts.netloc}" == sandbox_origin
    host = parts.hostname or ""
    is_allowed_host = any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts)
    return parts.scheme == "https" and port in (None, 443) and is_allowed_host


def _read_bounded(response: requests.Response, monotonic: Callable[[], float]) -> bytes | None:
    deadline = monotonic() + _TOTAL_SECONDS
    content = b""
    while piece := response.raw.read(_PIECE_BYTES, decode_content=False):
        content += piece
        if len(content) > MAX_PICTURE_BYTES or monotonic() > deadline:
            return None
    return content


def _find_type(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None
