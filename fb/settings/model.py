"""The shape of the settings and of the report on them, and their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

MODE_LIVE = "live"
MODE_SANDBOX = "sandbox"

DEFAULT_PORT = 8501
DEFAULT_REDIRECT_URI = "http://localhost:8501/connect"
DEFAULT_SCOPES = (
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "read_insights",
    "business_management",
)
DEFAULT_GRAPH_VERSION = "v26.0"
DEFAULT_GRAPH_URL = "https://graph.facebook.com"
DEFAULT_DIALOG_URL = "https://www.facebook.com"
# Fifteen digits like a real one, and so round that nobody takes it for one.
SANDBOX_APP_ID = "100000000000000"

SETTING_NAMES = (
    "FACEBOOK_APP_ID",
    "FACEBOOK_APP_SECRET",
    "FACEBOOK_REDIRECT_URI",
    "FACEBOOK_SCOPES",
    "FACEBOOK_CONFIG_ID",
    "FACEBOOK_GRAPH_VERSION",
    "FACEBOOK_GRAPH_URL",
    "FACEBOOK_DIALOG_URL",
    "STATE_TOKEN_SECRET",
    "TOKEN_ENCRYPTION_KEYS",
    "DATABASE_URL",
    "BEHIND_SIGN_IN_PROXY",
)


@dataclass(frozen=True)
class Problem:
    """What is wrong with the setting (or file) ``name``, and how to mend it. Never a secret."""

    name: str
    sentence: str


@dataclass(frozen=True)
class SettingRow:
    """One setting as the Setup screen shows it. ``shown`` never holds a secret, nor its length."""

    name: str
    state: Literal["set", "default", "missing", "wrong"]
    shown: str
    sentence: str


@dataclass(frozen=True)
class Settings:
    """Settings that are all valid. URLs have no slash at the end and no version."""

    mode: str
    app_id: str
    app_secret: str = field(repr=False)
    redirect_uri: str  # byte for byte as it is sent to Facebook
    scopes: tuple[str, ...]
    config_id: str | None
    graph_version: str
    graph_url: str
    dialog_url: str
    state_secret: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    behind_sign_in_proxy: bool
    root: Path
    data: Path
    port: int

    @property
    def is_sandbox(self) -> bool:
        return self.mode == MODE_SANDBOX

    @property
    def marker(self) -> str:
        """Whose database this is: "sandbox" or "live:<app id>"."""
        return MODE_SANDBOX if self.is_sandbox else f"{MODE_LIVE}:{self.app_id}"

    @property
    def redirect_origin(self) -> str:
        """The redirect URI's origin as a browser writes it, without a port that goes unsaid."""
        return origin_of(self.redirect_uri)

    @property
    def uses_foreign_graph(self) -> bool:
        """True when a live installation talks to other hosts than Facebook's; screens warn then."""
        defaults = (DEFAULT_GRAPH_URL, DEFAULT_DIALOG_URL)
        return not self.is_sandbox and (self.graph_url, self.dialog_url) != defaults


@dataclass(frozen=True)
class SettingsReport:
    """What reading the settings came to. ``settings`` is None when there are problems.

    ``warnings`` do not keep the dashboard from running: files that others on this machine can read.
    """

    mode: str
    settings: Settings | None
    problems: tuple[Problem, ...]
    rows: tuple[SettingRow, ...]
    warnings: tuple[Problem, ...] = ()


def origin_of(url: str) -> str:
    """``scheme://host[:port]`` of a valid URL, as browsers write origins."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
