"""Web addresses: which of them lead to this computer, and their origin as browsers write it."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_loopback(url: str) -> bool:
    """Whether a valid URL leads to this very computer."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def origin_of(url: str) -> str:
    """``scheme://host[:port]`` of a valid URL; small letters, no port that goes unsaid."""
    parts = urlsplit(url)
    usual_port = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual_port) else f":{parts.port}"
    return f"{parts.scheme}://{bracketed(parts.hostname or '')}{port}"


def bracketed(host: str) -> str:
    """The host as it stands in a URL or a Host header: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
