"""Addresses: recognizes loopback URLs, and writes origins and hosts as browsers do.

Also the paths that Facebook and people outside are given.
"""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

# Facebook's servers post to these; what they send is signed.
DEAUTHORIZE_PATH = "/facebook/deauthorize"
DATA_DELETION_PATH = "/facebook/data-deletion"
SIGNED_PATHS = (DEAUTHORIZE_PATH, DATA_DELETION_PATH)
DELETION_PATH = "/facebook/deletion/"  # followed by the confirmation code of a request
# Calendar programs ask here; followed by a secret and ".ics".
CALENDAR_PATH = "/calendar/"


def is_loopback(url: str) -> bool:
    """Whether the host of a valid URL is a loopback name of this computer."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def origin_of(url: str) -> str:
    """Return ``scheme://host[:port]`` of a valid URL, in lower case, without a default port."""
    parts = urlsplit(url)
    usual_port = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual_port) else f":{parts.port}"
    return f"{parts.scheme}://{bracketed(parts.hostname or '')}{port}"


def bracketed(host: str) -> str:
    """Return a host as it is written in URLs and Host headers: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
