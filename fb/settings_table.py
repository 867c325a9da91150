"""Settings table: defines each setting's name, rule, default and help.

The Setup screen, ``python -m fb doctor``, README's table and ``.env.example`` follow it. A rule
converts the text of a setting into its value, or raises `Wrong` with a sentence for the operator.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
MAX_DRAIN_SECONDS = 300
# A shorter repetition happens in random text as well.
MIN_REPETITION_LENGTH = 6
# What hands type instead of random text, in both directions, and what .env.example once held.
TYPED_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz 0123456789012345678901234567890 0123456789abcdef qwertyuiop[] "
    "qwertzuiop asdfghjkl; zxcvbnm,./ yxcvbnm azertyuiop qsdfghjklm"
)
KNOWN_TEXT = " ".join(
    (TYPED_SEQUENCES, TYPED_SEQUENCES[::-1], "replace-me-with-32-or-more-random-characters")
)
RANDOM_TEXT_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
NEW_KEY_COMMAND = "python -m fb new-key"
KEY_COMMAND = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
PROXY_HEADER = "X-Pagekeeper-Proxy"
# Those that a team without a domain of its own would be likely to write down.
PUBLIC_MAIL = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "icloud.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
)
MADE_BY_SANDBOX = "made by the sandbox"
USE_OR_REMOVE_BOTH = "Add it, or remove both to use the sandbox."

_VISIBLE_ASCII = r"[!-~]+"  # what a header or a URL can hold


class Wrong(Exception):
    """A value breaks its rule. The text says how to fix it, and never contains the value."""


@dataclass(frozen=True)
class Setting:
    """One setting. Defaults are written as in ``.env``."""

    name: str
    field: str  # of `fb.settings.Settings`
    check: Callable[[str], Any]
    help: str  # shown on the Setup screen when there is no problem
    default: str | None = None
    sandbox_default: str | None = None  # if it differs; "{port}" is the served port
    missing: str | None = None  # the problem without it in live mode; None: optional
    in_sandbox: str | None = None  # for live mode only: the Setup screen's text in sandbox mode
    is_secret: bool = False
    is_in_keys_file: bool = False  # a secret that people make, so it can be in the keys file
    # True: a line in .env must not be able to send tokens to another host.
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
    if parts.path != "/connect":
        raise Wrong(
            "The dashboard can only be served at the root of a host. Nothing may stand between the "
            "host and /connect: give it a host name of its own, as in "
            "https://pages.example.org/connect"
        )
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


def _check_time_zone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong("A time zone is a name such as Europe/Berlin, or UTC.") from None


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


def check_random_text(value: str) -> str:
    """Check a secret that people make: 32 characters or more, and not plainly typed by hand."""
    if len(value) < MIN_STATE_SECRET_LENGTH:
        raise Wrong(f"At least 32 characters are needed. Make a new one: {RANDOM_TEXT_COMMAND}")
    if is_repetitive(value):
        raise Wrong(
            "This is no random text: it repeats itself or follows the keyboard, so it can be "
            f"guessed. Make a new one: {RANDOM_TEXT_COMMAND}"
        )
    return value


def _check_header_secret(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", value):
        raise Wrong(
            "Letters and digits are needed, since another program sends this in a header. Make a "
            f"new one: {RANDOM_TEXT_COMMAND}"
        )
    return check_random_text(value)


def make_random_text() -> str:
    """Return a new secret, as RANDOM_TEXT_COMMAND prints one."""
    return secrets.token_urlsafe(48)


def check_keys_file(value: str) -> str:
    """Check where the keys file is to be: a whole path, or one that begins with ``~/``."""
    if not re.fullmatch(r"(~?/|[A-Za-z]:[\\/])[^\x00-\x1f]+", value):
        raise Wrong("This must be a whole path, such as /home/you/pagekeeper-keys.env")
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
    # The others stay usable, so that what they sealed can be sealed anew.
    if is_repetitive(keys[0]):
        raise Wrong(
            "The first key is no random text, so it can be guessed. Put a new one before it: "
            f"{KEY_COMMAND}"
        )
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


def _check_issuer(value: str) -> str:
    parts = _split_url(value)
    if parts is None:
        raise Wrong(
            "The issuer is an address such as https://accounts.google.com, without a user name, ? "
            "or #. docs/sign-in.md has those of Google, Microsoft and Keycloak."
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise Wrong("Whoever listens could sign in. Use https:// for any host but localhost.")
    return value  # compared as it is: some issuers end in a slash


def _check_address(value: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value):
        raise Wrong("This must be one e-mail address, such as you@example.org.")
    return _in_small_letters(value)


def _check_domains(value: str) -> tuple[str, ...]:
    domains = tuple(_in_small_letters(part.removeprefix("@")) for part in split_secrets(value))
    if not all(re.fullmatch(r"[^\s@]+\.[^\s@.]+", domain) for domain in domains):
        raise Wrong("Domains are names such as example.org, with commas between them.")
    if any(domain in PUBLIC_MAIL for domain in domains):
        raise Wrong(
            "Anyone can have an address at a public mail service, so anyone could come in. Leave "
            "it out, and let people in one by one: python -m fb people add ADDRESS viewer"
        )
    return domains


def _in_small_letters(address: str) -> str:
    """Return it as addresses are compared: letters beyond ASCII would fold into others."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in address)


def _check_days(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or not int(value):
        raise Wrong("Write a number of days, from 1 to 99999.")
    return int(value)


def _check_drain_seconds(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > MAX_DRAIN_SECONDS:
        raise Wrong(f"Write a number of seconds, from 0 to {MAX_DRAIN_SECONDS}.")
    return int(value)


def _split_url(value: str) -> SplitResult | None:
    """Return the parts of an http(s) URL; None with a user, query or fragment, or for no URL.

    ``urlsplit`` accepts line breaks, backslashes and spaces, which browsers and Facebook interpret
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


def is_repetitive(value: str) -> bool:
    """Whether half of a text or more repeats what stands earlier in it, or known sequences.

    True for one letter or one phrase again and again, and for the rows of a keyboard. Of the
    texts that ``secrets.token_urlsafe(32)``, ``openssl rand -hex 32`` and ``-base64 32`` make, it
    is true for fewer than one in 10**14; upper and lower case count as the same.
    """
    folded = value.casefold()
    text = f"{KNOWN_TEXT} {folded}"
    start = position = len(KNOWN_TEXT) + 1
    repeated = 0
    while position < len(text):
        length = 0
        # An earlier occurrence may reach into this one: "ssss" is "s" and three repetitions.
        while (
            position + length < len(text)
            and text.find(text[position : position + length + 1], 0, position + length) >= 0
        ):
            length += 1
        if length >= MIN_REPETITION_LENGTH:
            repeated += length
        position += length if length >= MIN_REPETITION_LENGTH else 1
    return repeated >= (len(text) - start) // 2


def is_fernet_key(key: str) -> bool:
    """Whether a text is a Fernet key: 32 bytes in URL-safe base64."""
    try:
        Fernet(key.encode())
    except ValueError:
        return False
    return True


def split_secrets(value: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated value, without spaces and empty parts."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def show_database_url(value: str) -> str:
    """Return the URL without its password and its options, which may contain a password, too."""
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
        "Facebook sends people back here. The same address must stand in your app's settings. What "
        "comes before /connect is the address of the dashboard for everybody.",
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
        "KEYS_FILE",
        "keys_file",
        check_keys_file,
        "Secrets that are set nowhere else are read from this file, which is made by "
        f"{NEW_KEY_COMMAND}.",
        default="~/.config/pagekeeper/keys.env",
        in_sandbox="—",
    ),
    Setting(
        "STATE_TOKEN_SECRET",
        "state_secret",
        check_random_text,
        "Signs each login, so that nobody can start one in your name.",
        missing=f"Live mode needs a secret of its own for logins. Make one: {NEW_KEY_COMMAND}",
        in_sandbox=MADE_BY_SANDBOX,
        is_secret=True,
        is_in_keys_file=True,
    ),
    Setting(
        "TOKEN_ENCRYPTION_KEYS",
        "encryption_keys",
        _check_encryption_keys,
        "Seals the access to your Pages. The first key seals, all of them open.",
        missing=f"Live mode needs a key to keep access safe. Make one: {NEW_KEY_COMMAND}",
        in_sandbox=MADE_BY_SANDBOX,
        is_secret=True,
        is_in_keys_file=True,
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
        "SIGN_IN_ISSUER",
        "sign_in_issuer",
        _check_issuer,
        "The sign-in service (OpenID Connect) that says who people are. docs/sign-in.md has the "
        "values for Google, Microsoft Entra and Keycloak.",
    ),
    Setting(
        "SIGN_IN_CLIENT_ID",
        "sign_in_client_id",
        _matching(_VISIBLE_ASCII, "A client id has no spaces. Copy it from the sign-in service."),
        "The id that the sign-in service gave this dashboard.",
    ),
    Setting(
        "SIGN_IN_CLIENT_SECRET",
        "sign_in_client_secret",
        _matching(
            _VISIBLE_ASCII, "A client secret has no spaces. Copy it from the sign-in service."
        ),
        "Proves to the sign-in service that requests come from this dashboard.",
        is_secret=True,
        is_in_keys_file=True,
    ),
    Setting(
        "SIGN_IN_FIRST_ADMIN",
        "sign_in_first_admin",
        _check_address,
        "The address that becomes an administrator at its sign-in, while there is none.",
    ),
    Setting(
        "SIGN_IN_DOMAINS",
        "sign_in_domains",
        _check_domains,
        "Whoever has a confirmed address at one of these domains comes in as a viewer.",
        default="",
        show=lambda value: ", ".join(value) or "—",
    ),
    Setting(
        "SIGN_IN_ADDRESS_CLAIM",
        "sign_in_address_claim",
        _matching(r"[A-Za-z0-9_.:/-]{1,100}", "A claim is a name such as email."),
        "What the sign-in service calls a person's address.",
        default="email",
    ),
    Setting(
        "SIGN_IN_TRUST_ADDRESSES",
        "sign_in_trust_addresses",
        _check_yes_no,
        "Write yes for a service that does not say whether an address is confirmed, and whose "
        "addresses are all your own company's.",
        default="no",
        show=lambda value: "yes" if value else "no",
    ),
    Setting(
        "VIEWERS_MAY_EXPORT",
        "viewers_may_export",
        _check_yes_no,
        "Write no to let only operators and administrators save files of figures.",
        default="yes",
        show=lambda value: "yes" if value else "no",
    ),
    Setting(
        "BEHIND_SIGN_IN_PROXY",
        "behind_sign_in_proxy",
        _check_yes_no,
        "Write yes only when something in front of the dashboard signs people in instead of it.",
        default="no",
        show=lambda value: "yes" if value else "no",
    ),
    Setting(
        "PROXY_SECRET",
        "proxy_secret",
        _check_header_secret,
        "Proves that a request came through the proxy in front, which has to send it. In nginx: "
        f'proxy_set_header {PROXY_HEADER} "the secret";',
        is_secret=True,
        is_in_keys_file=True,
    ),
    Setting(
        "ALLOW_PRIVATE_TARGETS",
        "allow_private_targets",
        _check_yes_no,
        "Write yes to let warnings go to servers within your own network, or on this computer.",
        default="no",
        show=lambda value: "yes" if value else "no",
    ),
    Setting(
        "KEEP_ATTEMPTS_DAYS",
        "keep_attempts_days",
        _check_days,
        "For how many days sign-ins at Facebook are kept, with their outcome.",
        default="30",
    ),
    Setting(
        "KEEP_RUNS_DAYS",
        "keep_runs_days",
        _check_days,
        "For how many days refreshes are kept, with the Pages that failed.",
        default="730",
    ),
    Setting(
        "DISPLAY_TIME_ZONE",
        "display_time_zone",
        _check_time_zone,
        "The zone of the days and hours at which posts were published.",
        default="UTC",
        show=str,
    ),
    Setting(
        "KEEP_POST_TEXT",
        "keep_post_text",
        _check_yes_no,
        "Write no to keep figures and links of posts without their text.",
        default="yes",
        show=lambda value: "yes" if value else "no",
    ),
    Setting(
        "LOG_FORMAT",
        "log_format",
        _matching("text|json", "Write text, or json for a program that collects logs."),
        "How the log is written: lines to read, or JSON for a program that collects them.",
        default="text",
    ),
    Setting(
        "METRICS_TOKEN",
        "metrics_token",
        _check_header_secret,
        "Opens /metrics for a program that watches the dashboard, such as Prometheus. Without it "
        "there is no /metrics.",
        is_secret=True,
        is_in_keys_file=True,
    ),
    Setting(
        "WORKERS",
        "workers",
        _matching(
            "dashboard|procrastinate", "Write dashboard, or procrastinate for workers of their own."
        ),
        "Who does the background jobs: dashboard, or procrastinate for workers on any machine "
        "(python -m fb worker), which takes PostgreSQL.",
        default="dashboard",
    ),
    Setting(
        "DRAIN_SECONDS",
        "drain_seconds",
        _check_drain_seconds,
        "For how many seconds the dashboard still answers after it was asked to stop, so that a "
        "proxy in front of several turns to another.",
        default="0",
    ),
)
SETTING_NAMES = tuple(setting.name for setting in SETTINGS)
SIGN_IN_NAMES = tuple(name for name in SETTING_NAMES if name.startswith("SIGN_IN_"))
