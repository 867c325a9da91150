"""The table of settings: the name of each, its rule, its default, and what it is for.

Setup, ``python -m fb doctor``, README's table and ``.env.example`` follow it. A rule turns the text
of a setting into its value, or raises `Wrong` with the sentence that mends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import Fernet
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from fb.addresses import LOOPBACK_HOSTS

DEFAULT_GRAPH_URL = "https://graph.facebook.com"
DEFAULT_DIALOG_URL = "https://www.facebook.com"
# Meta's table of versions: v20.0 ended on 2026-09-24, v21.0 goes on 2027-01-21.
# https://developers.facebook.com/docs/graph-api/changelog/versions
MIN_GRAPH_VERSION = (21, 0)
MIN_STATE_SECRET_LENGTH = 32
RANDOM_TEXT_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
KEY_COMMAND = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
MADE_BY_SANDBOX = "made by the sandbox"
USE_OR_REMOVE_BOTH = "Add it, or remove both to use the sandbox."

_VISIBLE_ASCII = r"[!-~]+"  # what a header or a URL can hold


class Wrong(Exception):
    """A value breaks its rule. The text says how to mend it, and never repeats the value."""


@dataclass(frozen=True)
class Setting:
    """One setting. Defaults are written as they would be in ``.env``."""

    name: str
    field: str  # of `fb.settings.Settings`
    check: Callable[[str], Any]
    help: str  # Setup shows it while nothing is wrong
    default: str | None = None
    sandbox_default: str | None = None  # where it differs; "{port}" is the one that is served
    missing: str | None = None  # what is wrong without it in live mode; None: it may be left out
    in_sandbox: str | None = None  # live mode only: what the sandbox has in its place
    is_secret: bool = False
    # A line in .env must not be able to send access to another host.
    is_environment_only: bool = False
    show: Callable[[Any], str] = lambda value: "—" if value is None else str(value)


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise Wrong(advice)
        return value

    return check


def _check_redirect_uri(value: str) -> str:
    parts = _split_url(value)
    if parts is None:
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


def _check_scopes(value: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(re.split(r"[,\s]+", value.strip(", \t"))))
    if not all(re.fullmatch(r"[a-z0-9_]+", scope) for scope in scopes):
        raise Wrong(
            "Permissions are names such as pages_show_list, with commas between them, and at least "
            "one. Leave the setting out to ask for the usual ones."
        )
    return scopes


def _check_graph_version(value: str) -> str:
    match = re.fullmatch(r"v([0-9]{1,3})\.([0-9])", value)
    if not match:
        raise Wrong("The Graph version looks like v26.0. Leave it out to use that one.")
    if (int(match[1]), int(match[2])) < MIN_GRAPH_VERSION:
        raise Wrong(
            f"Facebook no longer serves {value}; it would quietly answer with another version. Use "
            "v26.0."
        )
    return value


def _check_facebook_url(value: str) -> str:
    parts = _split_url(value)
    if parts is None:
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


def _check_state_secret(value: str) -> str:
    if len(value) < MIN_STATE_SECRET_LENGTH:
        raise Wrong(f"At least 32 characters are needed. Make a new one: {RANDOM_TEXT_COMMAND}")
    return value


def _check_encryption_keys(value: str) -> tuple[str, ...]:
    keys = split_secrets(value)
    if not keys:
        raise Wrong(f"At least one key is needed. Make one: {KEY_COMMAND}")
    for number, key in enumerate(keys, start=1):
        if not is_fernet_key(key):
            which = f"Key number {number} of {len(keys)}" if len(keys) > 1 else "This"
            raise Wrong(f"{which} is not a Fernet key. Make one: {KEY_COMMAND}")
    if len(set(keys)) < len(keys):
        raise Wrong("The same key stands here twice. Leave one of the two out.")
    return keys


def _check_database_url(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise Wrong(
            "This is not a database address. Examples: sqlite:///data/pagekeeper.db, "
            "postgresql+psycopg://user:password@host/name"
        ) from None
    if url.drivername.startswith("postgres") and url.drivername != "postgresql+psycopg":
        raise Wrong("Write postgresql+psycopg:// at the beginning; what follows may stay as it is.")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise Wrong("Only sqlite:/// and postgresql+psycopg:// addresses are known here.")
    if url.drivername == "sqlite" and (url.database in (None, "", ":memory:") or url.host):
        raise Wrong(
            "SQLite needs a file, with three slashes before it: sqlite:///data/pagekeeper.db"
        )
    return value


def _check_yes_no(value: str) -> bool:
    if value.lower() not in ("yes", "no"):
        raise Wrong("Write yes or no.")
    return value.lower() == "yes"


def _split_url(value: str) -> SplitResult | None:
    """The parts of an http(s) URL; None for one with a user, a query or a fragment, or for none.

    ``urlsplit`` forgives line breaks, backslashes and spaces that browsers and Facebook read
    differently, so these are refused first.
    """
    if not re.fullmatch(_VISIBLE_ASCII, value) or re.search(r"[\\?#]", value):
        return None
    try:
        parts = urlsplit(value)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return parts if is_web and is_port_valid else None


def is_fernet_key(key: str) -> bool:
    """Whether ``cryptography`` takes it: 32 bytes in URL-safe base64."""
    try:
        Fernet(key.encode())
    except ValueError:
        return False
    return True


def split_secrets(value: str) -> tuple[str, ...]:
    """The secrets in a value: the keys of a comma list one by one."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def show_database_url(value: str) -> str:
    """The address without its password and its options, which may hold one, too."""
    return make_url(value).set(query={}).render_as_string(hide_password=True)


SETTINGS = (
    Setting(
        "FACEBOOK_APP_ID",
        "app_id",
        _matching(
            r"[0-9]{15,20}",
            "An app id is 15 to 20 digits. Copy it from the top of your app's page at "
            "developers.facebook.com.",
        ),
        "The app that people are asked to trust.",
        missing=f"The app id is missing. {USE_OR_REMOVE_BOTH}",
        in_sandbox=MADE_BY_SANDBOX,
    ),
    Setting(
        "FACEBOOK_APP_SECRET",
        "app_secret",
        _matching(
            _VISIBLE_ASCII,
            "This is not an app secret: it holds spaces or unusual characters. Copy it again from "
            "App settings, Basic, at developers.facebook.com.",
        ),
        "Proves to Facebook that requests come from your app.",
        missing=f"The app secret is missing. {USE_OR_REMOVE_BOTH}",
        in_sandbox=MADE_BY_SANDBOX,
        is_secret=True,
    ),
    Setting(
        "FACEBOOK_REDIRECT_URI",
        "redirect_uri",
        _check_redirect_uri,
        "Facebook sends people back here. The same address must stand in your app's settings.",
        default="http://localhost:8501/connect",
        sandbox_default="http://localhost:{port}/connect",
    ),
    Setting(
        "FACEBOOK_SCOPES",
        "scopes",
        _check_scopes,
        "The permissions that Facebook is asked for.",
        default="pages_show_list,pages_messaging,pages_manage_metadata,pages_read_engagement,"
        "read_insights,business_management",
        show=", ".join,
    ),
    Setting(
        "FACEBOOK_CONFIG_ID",
        "config_id",
        _matching(
            r"[0-9]{5,20}",
            "A configuration id is digits only. Copy it from Facebook Login for Business, "
            "Configurations, or leave it out.",
        ),
        "For Facebook Login for Business; replaces the permissions above.",
        in_sandbox="—",
    ),
    Setting(
        "FACEBOOK_GRAPH_VERSION",
        "graph_version",
        _check_graph_version,
        "The version of Facebook's Graph API that is asked for.",
        default="v26.0",
    ),
    Setting(
        "FACEBOOK_GRAPH_URL",
        "graph_url",
        _check_facebook_url,
        "For proxies and tests only.",
        default=DEFAULT_GRAPH_URL,
        in_sandbox="the sandbox",
        is_environment_only=True,
    ),
    Setting(
        "FACEBOOK_DIALOG_URL",
        "dialog_url",
        _check_facebook_url,
        "For proxies and tests only.",
        default=DEFAULT_DIALOG_URL,
        in_sandbox="the sandbox",
        is_environment_only=True,
    ),
    Setting(
        "STATE_TOKEN_SECRET",
        "state_secret",
        _check_state_secret,
        "Signs each login, so that nobody can start one in your name.",
        missing=f"Live mode needs a secret of its own for logins. Make one: {RANDOM_TEXT_COMMAND}",
        in_sandbox=MADE_BY_SANDBOX,
        is_secret=True,
    ),
    Setting(
        "TOKEN_ENCRYPTION_KEYS",
        "encryption_keys",
        _check_encryption_keys,
        "Seals the access to your Pages. The first key seals, all of them open.",
        missing=f"Live mode needs a key to keep access safe. Make one: {KEY_COMMAND}",
        in_sandbox=MADE_BY_SANDBOX,
        is_secret=True,
    ),
    Setting(
        "DATABASE_URL",
        "database_url",
        _check_database_url,
        "Where Pages, figures and sealed access are kept.",
        default="sqlite:///data/pagekeeper.db",
        sandbox_default="sqlite:///data/sandbox.db",
        show=show_database_url,
    ),
    Setting(
        "BEHIND_SIGN_IN_PROXY",
        "behind_sign_in_proxy",
        _check_yes_no,
        "Write yes only when something in front of the dashboard signs people in.",
        default="no",
        show=lambda value: "yes" if value else "no",
    ),
)
SETTING_NAMES = tuple(setting.name for setting in SETTINGS)
