"""What each setting must look like: one function per rule, each says what is wrong or nothing."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import Fernet
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# Meta's table of versions: v20.0 ended on 2026-09-24, v21.0 goes on 2027-01-21.
# https://developers.facebook.com/docs/graph-api/changelog/versions
OLDEST_GRAPH_VERSION = (21, 0)
SHORTEST_STATE_SECRET = 32
RANDOM_TEXT_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
KEY_COMMAND = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)

_PLAIN_TEXT = re.compile(r"[!-~]+")  # visible ASCII, no spaces: what a header or a URL can hold


class Wrong(Exception):
    """A value breaks its rule. The text says how to mend it, and never repeats the value."""


def check_app_id(value: str) -> str:
    if not re.fullmatch(r"[0-9]{15,20}", value):
        raise Wrong(
            "An app id is 15 to 20 digits. Copy it from the top of your app's page at "
            "developers.facebook.com."
        )
    return value


def check_app_secret(value: str) -> str:
    if not _PLAIN_TEXT.fullmatch(value):
        raise Wrong(
            "This is not an app secret: it holds spaces or unusual characters. Copy it again from "
            "App settings, Basic, at developers.facebook.com."
        )
    return value


def check_redirect_uri(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise Wrong(
            "The redirect URI must be a whole address such as https://example.org/connect, without "
            "a user name, ? or #."
        )
    if not parts.path.endswith("/connect"):
        raise Wrong("The redirect URI must end in /connect, without a slash after it.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise Wrong(
            "Facebook returns to http:// on this very machine only. Use https:// for any host "
            "but localhost."
        )
    return value


def is_loopback(url: str) -> bool:
    """Whether a valid URL leads to this very machine."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


def check_scopes(value: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(re.split(r"[,\s]+", value.strip(", \t"))))
    if not all(re.fullmatch(r"[a-z0-9_]+", scope) for scope in scopes):
        raise Wrong(
            "Permissions are names such as pages_show_list, with commas between them, and at least "
            "one. Leave the setting out to ask for the usual ones."
        )
    return scopes


def check_config_id(value: str) -> str:
    if not re.fullmatch(r"[0-9]{5,20}", value):
        raise Wrong(
            "A configuration id is digits only. Copy it from Facebook Login for Business, "
            "Configurations, or leave it out."
        )
    return value


def check_graph_version(value: str) -> str:
    match = re.fullmatch(r"v([0-9]{1,3})\.([0-9])", value)
    if not match:
        raise Wrong("The Graph version looks like v26.0. Leave it out to use that one.")
    if (int(match[1]), int(match[2])) < OLDEST_GRAPH_VERSION:
        raise Wrong(
            f"Facebook no longer serves {value}; it would quietly answer with another version. Use "
            "v26.0."
        )
    return value


def check_service_url(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise Wrong(
            "This must be an address such as https://graph.facebook.com, without a user name, ? "
            "or #."
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise Wrong("Access would travel in the clear. Use https:// for any host but localhost.")
    if re.search(r"/v[0-9]+\.[0-9]/?$", parts.path):
        raise Wrong(
            "Leave the version out of the address; it is added from FACEBOOK_GRAPH_VERSION."
        )
    return value.rstrip("/")


def check_state_secret(value: str) -> str:
    if len(value) < SHORTEST_STATE_SECRET:
        raise Wrong(f"At least 32 characters are needed. Make a new one: {RANDOM_TEXT_COMMAND}")
    return value


def check_encryption_keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    if not keys:
        raise Wrong(f"At least one key is needed. Make one: {KEY_COMMAND}")
    for number, key in enumerate(keys, start=1):
        if not is_fernet_key(key):
            which = f"Key number {number} of {len(keys)}" if len(keys) > 1 else "This"
            raise Wrong(f"{which} is not a Fernet key. Make one: {KEY_COMMAND}")
    if len(set(keys)) < len(keys):
        raise Wrong("The same key stands here twice. Leave one of the two out.")
    return keys


def is_fernet_key(key: str) -> bool:
    """Whether ``cryptography`` takes it: 32 bytes in URL-safe base64."""
    try:
        Fernet(key.encode())
    except ValueError:
        return False
    return True


def check_database_url(value: str, root: Path) -> str:
    """Returns the URL with a relative SQLite path made absolute from the project's root."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise Wrong(
            "This is not a database address. Examples: sqlite:///data/pagekeeper.db, "
            "postgresql+psycopg://user:password@host/name"
        ) from None
    if url.drivername == "postgresql+psycopg":
        return value
    if url.drivername.startswith("postgres"):
        raise Wrong("Write postgresql+psycopg:// at the beginning; what follows may stay as it is.")
    if url.drivername != "sqlite":
        raise Wrong("Only sqlite:/// and postgresql+psycopg:// addresses are known here.")
    if url.database in (None, "", ":memory:") or url.host:
        raise Wrong(
            "SQLite needs a file, with three slashes before it: sqlite:///data/pagekeeper.db"
        )
    return url.set(database=str(root / str(url.database))).render_as_string(hide_password=False)


def show_database_url(value: str) -> str:
    """A valid database URL without its password and its options, which may hold one, too."""
    url: URL = make_url(value).set(query={})
    return url.render_as_string(hide_password=True)


def check_yes_no(value: str) -> bool:
    if value.lower() not in ("yes", "no"):
        raise Wrong("Write yes or no.")
    return value.lower() == "yes"


def _split(value: str) -> SplitResult | None:
    """The parts of an absolute URL without a user, or None.

    ``urlsplit`` forgives line breaks, backslashes and spaces that browsers and Facebook read
    differently, so these are refused first.
    """
    if not _PLAIN_TEXT.fullmatch(value) or "\\" in value:
        return None
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    if not parts.hostname or "@" in parts.netloc or not port_is_fine or value.endswith(("?", "#")):
        return None
    return parts
