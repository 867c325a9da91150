"""Settings: reads and validates all settings by their table, and reports all problems at once.

The environment overrides ``.env``, and ``.env`` overrides the keys file, which holds only the
secrets that live mode needs besides the app's; an empty value counts as not set. Without app id and
app secret the dashboard runs in sandbox mode. With only one of them it does not run, so that a
mistake in ``.env`` never turns a live installation into a sandbox.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import make_url

from fb.addresses import is_loopback, origin_of
from fb.env_file import read_env_file
from fb.keys_file import locate_keys_file
from fb.sandbox_secrets import SANDBOX_SECRETS_FILE, load_or_make_sandbox_secrets
from fb.settings_table import (
    DEFAULT_DIALOG_URL,
    DEFAULT_GRAPH_URL,
    NEW_KEY_COMMAND,
    PROXY_HEADER,
    RANDOM_TEXT_COMMAND,
    SETTING_NAMES,
    SETTINGS,
    SIGN_IN_NAMES,
    Setting,
    Wrong,
    split_secrets,
)

DEFAULT_PORT = 8501
# Parts of issuers where anybody can have an account: Microsoft's for several tenants, the tenant of
# its personal accounts, and Google, which says of every address whether it is confirmed.
SHARED_ISSUERS = (
    "/common/",
    "/organizations/",
    "/consumers/",
    "/9188040d-6c67-4c5b-b112-36a304b66dad/",
    "//accounts.google.com/",
)
# 15 digits like a real app id, but recognizable as made up.
SANDBOX_APP_ID = "100000000000000"
BASE_PATH = "server.baseUrlPath"

Mode = Literal["live", "sandbox"]
LogFormat = Literal["text", "json"]
WorkersSetting = Literal["dashboard", "procrastinate"]
State = Literal["set", "default", "missing", "wrong"]


@dataclass(frozen=True)
class Problem:
    """A problem of the setting or file ``name``. ``sentence`` says how to fix it; no secrets."""

    name: str
    sentence: str


@dataclass(frozen=True)
class SettingRow:
    """One setting on the Setup screen. ``shown`` never contains a secret or its length."""

    name: str
    state: State
    shown: str
    sentence: str


@dataclass(frozen=True)
class Settings:
    """All settings, valid. URLs have no trailing slash and no version."""

    mode: Mode
    app_id: str
    app_secret: str = field(repr=False)
    redirect_uri: str  # byte for byte as it is sent to Facebook
    scopes: tuple[str, ...]
    config_id: str | None
    graph_version: str
    graph_url: str
    dialog_url: str
    keys_file: Path | None  # None in sandbox mode, and without a home folder
    state_secret: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)  # the first seals, all open
    database_url: str = field(repr=False)
    sign_in_issuer: str | None  # with client id and secret, or without both
    sign_in_client_id: str | None
    sign_in_client_secret: str | None = field(repr=False)
    sign_in_first_admin: str | None  # in small letters, as the domains
    sign_in_domains: tuple[str, ...]
    sign_in_address_claim: str
    sign_in_trust_addresses: bool
    viewers_may_export: bool
    behind_sign_in_proxy: bool
    proxy_secret: str | None = field(repr=False)  # set when behind_sign_in_proxy is
    allow_private_targets: bool  # warnings may go to servers within the network
    keep_attempts_days: int
    keep_runs_days: int
    display_time_zone: ZoneInfo  # of the days and hours of posts
    keep_post_text: bool
    log_format: LogFormat
    metrics_token: str | None = field(repr=False)  # None: no /metrics
    workers: WorkersSetting  # who does the background jobs
    drain_seconds: int  # between SIGTERM and the end of the server
    root: Path

    @property
    def data(self) -> Path:
        """The folder of files that the program creates."""
        return self.root / "data"

    @property
    def is_sandbox(self) -> bool:
        return self.mode == "sandbox"

    @property
    def marker(self) -> str:
        """The owner that marks a database: "sandbox" or "live:<app id>"."""
        return "sandbox" if self.is_sandbox else f"live:{self.app_id}"

    @property
    def redirect_origin(self) -> str:
        """The redirect URI's origin, as browsers write it."""
        return origin_of(self.redirect_uri)

    @property
    def has_sign_in(self) -> bool:
        """Whether people sign in here; else whoever reaches the dashboard is its operator."""
        return self.sign_in_issuer is not None

    @property
    def is_behind_proxy(self) -> bool:
        """Whether every request bears PROXY_SECRET, and with it the address that the proxy saw."""
        is_signed_in = self.has_sign_in or self.behind_sign_in_proxy
        return is_signed_in and self.proxy_secret is not None

    @property
    def uses_foreign_graph(self) -> bool:
        """True when a live installation uses other hosts than Facebook's; screens then warn."""
        usual = (DEFAULT_GRAPH_URL, DEFAULT_DIALOG_URL)
        return not self.is_sandbox and (self.graph_url, self.dialog_url) != usual

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets, for log redaction."""
        optional = (self.sign_in_client_secret, self.proxy_secret, self.metrics_token)
        own = (self.app_secret, self.state_secret, *self.encryption_keys)
        return (*own, *(secret for secret in optional if secret is not None))


@dataclass(frozen=True)
class SettingsReport:
    """The result of reading the settings. ``settings`` is None when there are problems.

    ``problems`` lists files first, then settings; ``rows`` has one row per setting. Both are in the
    order of the table. ``warnings`` are files that other users of this machine can read, and keys
    that are in one folder with the database; the dashboard runs all the same.
    """

    mode: Mode
    settings: Settings | None
    problems: tuple[Problem, ...]
    rows: tuple[SettingRow, ...]
    warnings: tuple[Problem, ...] = ()


def read_settings(
    environ: Mapping[str, str],
    root: Path,
    *,
    port: int = DEFAULT_PORT,
    base_path: str | None = None,
) -> SettingsReport:
    """Read ``environ``, ``root/.env`` and the keys file, and return the settings or all problems.

    Never raises for their content. In sandbox mode the first call creates secrets in ``root/data``;
    nothing else is written.

    Args:
        root: the project's folder, to which SQLite paths are relative.
        port: the served port, which the sandbox's URLs contain.
        base_path: Streamlit's option `BASE_PATH`; by default what the environment or the project's
            config.toml sets.
    """
    reader = _Reader(environ, root.absolute(), port)
    for setting in SETTINGS:
        reader.read(setting)
    reader.check_base_path(_find_base_path(environ, root) if base_path is None else base_path)
    if reader.is_live:
        reader.compare_secrets()
        reader.compare_facebook_urls()
        reader.check_strangers()
    reader.check_sign_in()
    reader.check_proxy_secret()
    reader.check_workers()
    if not reader.is_live and not reader.problems:
        reader.fill_in_sandbox()
    settings = None
    if not reader.problems:
        settings = Settings(mode=reader.mode, root=reader.root, **reader.values)
    return SettingsReport(
        mode=reader.mode,
        settings=settings,
        problems=reader.list_problems(),
        rows=reader.list_rows(),
        warnings=_find_open_files(reader.root, settings) + reader.find_keys_beside_database(),
    )


class _Reader:
    """Collects the value, the row and the first problem of each setting."""

    def __init__(self, environ: Mapping[str, str], root: Path, port: int) -> None:
        self.root = root
        self.port = port
        self.values: dict[str, Any] = {}  # by the field of `Settings`
        self.problems: dict[str, str] = {}
        self._rows: list[SettingRow] = []
        self._environ = environ
        self._keys_file: Path | None = None
        self._keys: dict[str, str] = {}
        self._env_file, problem = read_env_file(root / ".env")
        if problem is not None:
            self._add_problem(".env", problem)
        has_app = self._find("FACEBOOK_APP_ID") or self._find("FACEBOOK_APP_SECRET")
        # An unreadable .env may contain an app id, so this must not become a sandbox.
        self.is_live = bool(has_app) or problem is not None
        if self.is_live:
            self._read_keys_file()

    @property
    def mode(self) -> Mode:
        return "live" if self.is_live else "sandbox"

    def read(self, setting: Setting) -> None:
        """Read one setting by its row of the table. A wrong setting gets the default value."""
        if setting.in_sandbox is not None and not self.is_live:
            self._pass_over(setting)
            return
        text, default = self._find(setting.name), setting.default
        if not self.is_live and setting.sandbox_default is not None:
            default = setting.sandbox_default.format(port=self.port)
        value = None if default is None else self._check(setting, default)
        problem = setting.missing if text is None else None
        if text is not None:
            try:
                value = self._check(setting, text)
            except Wrong as wrong:
                problem = str(wrong)
        self.values[setting.field] = value
        state: State = "default" if text is None else "set"
        is_hidden = setting.is_secret and value is not None
        shown = "set, not shown" if is_hidden else setting.show(value)
        if problem is not None:
            self._add_problem(setting.name, problem)
            # A wrong value is not shown either: it may be a secret in the wrong setting.
            state, shown = ("missing", "—") if text is None else ("wrong", "not valid")
        self._rows.append(SettingRow(setting.name, state, shown, problem or setting.help))

    def compare_secrets(self) -> None:
        """Report secrets that are published in .env.example or equal to another setting's."""
        example, _ = read_env_file(self.root / ".env.example")
        names = [setting.name for setting in SETTINGS if setting.is_secret]
        published = {secret for name in names for secret in split_secrets(example.get(name, ""))}
        owners: dict[str, str] = {}
        for name in names:
            for secret in split_secrets(self._find(name) or ""):
                owner = owners.setdefault(secret, name)
                if secret in published:
                    self._add_problem(
                        name, "This is the example's value, which everybody knows. Make your own."
                    )
                if owner != name:
                    self._add_problem(name, f"This is the same as {owner}. Make another one.")

    def compare_facebook_urls(self) -> None:
        """Report Facebook URLs from ``.env``, and one URL without the other."""
        graph, dialog = (setting.name for setting in SETTINGS if setting.is_environment_only)
        for name, other in ((graph, dialog), (dialog, graph)):
            if name in self._env_file:
                self._add_problem(
                    name,
                    "This is read from the environment only, so that no line in .env can send "
                    "access to another host. Remove it from .env.",
                )
            elif self._find(other) and not self._find(name):
                self._add_problem(name, f"{other} is set, this is not. Set both or neither.")

    def check_base_path(self, base_path: str) -> None:
        """Report Streamlit's option for a path before every address: routes start at the root."""
        if base_path.strip("/"):
            self._add_problem(
                BASE_PATH,
                "The dashboard can only be served at the root of a host. Remove Streamlit's option "
                f"{BASE_PATH} (also --{BASE_PATH} and STREAMLIT_SERVER_BASE_URL_PATH), and give "
                "the dashboard a host name of its own.",
            )

    def check_sign_in(self) -> None:
        """Report a sign-in that is set in part, and two ways to sign in at once."""
        needed = ("SIGN_IN_ISSUER", "SIGN_IN_CLIENT_ID", "SIGN_IN_CLIENT_SECRET")
        is_set = [
            setting.name
            for setting in SETTINGS
            if setting.name in SIGN_IN_NAMES
            and (self._find(setting.name) or "").casefold() not in ("", setting.default)
        ]
        for name in needed:
            if is_set and self._find(name) is None:
                self._add_problem(
                    name,
                    f"{is_set[0]} is set, this is not. Set the three of {', '.join(needed)}, or "
                    "none of SIGN_IN_….",
                )
        if is_set and self.values["behind_sign_in_proxy"]:
            self._add_problem(
                "BEHIND_SIGN_IN_PROXY",
                "Two ways to sign in are set. Leave out SIGN_IN_…, if a proxy signs people in, or "
                "write no here, if they sign in at the dashboard.",
            )
        issuer = f"{self.values['sign_in_issuer'] or ''}/".casefold()
        trusts_addresses = self.values["sign_in_trust_addresses"]
        if trusts_addresses and any(shared in issuer for shared in SHARED_ISSUERS):
            self._add_problem(
                "SIGN_IN_TRUST_ADDRESSES",
                "This issuer is everybody's, so anyone could claim an address of yours. Set "
                "SIGN_IN_ISSUER to the one of your own tenant, or write no here.",
            )

    def check_strangers(self) -> None:
        """Report a redirect URI beyond loopback where nobody signs people in."""
        if (
            not self.values["behind_sign_in_proxy"]
            and self._find("SIGN_IN_ISSUER") is None
            and not is_loopback(self.values["redirect_uri"])
        ):
            self._add_problem(
                "BEHIND_SIGN_IN_PROXY",
                "The redirect URI leads to another machine, and nobody signs people in. Set "
                "SIGN_IN_ISSUER, SIGN_IN_CLIENT_ID and SIGN_IN_CLIENT_SECRET (docs/sign-in.md), or "
                "put a proxy in front that does it and write yes here, or use localhost in "
                "FACEBOOK_REDIRECT_URI.",
            )

    def check_proxy_secret(self) -> None:
        """Report a sign-in proxy without a secret: any program could claim to be it."""
        if self.values["behind_sign_in_proxy"] and self.values["proxy_secret"] is None:
            self._add_problem(
                "PROXY_SECRET",
                "BEHIND_SIGN_IN_PROXY is yes, so every request has to prove that it came through "
                f"the proxy. Have the proxy send a secret (nginx: proxy_set_header {PROXY_HEADER} "
                f'"the secret";) and set the same here. Make one: {RANDOM_TEXT_COMMAND}',
            )

    def check_workers(self) -> None:
        """Report workers without what they need: a database that several machines reach."""
        if self.values["workers"] != "procrastinate":
            return
        if not self.is_live:
            self._add_problem(
                "WORKERS",
                "The sandbox is for one machine. Set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET, or "
                "leave WORKERS out.",
            )
        elif not str(self.values["database_url"]).startswith("postgresql"):
            self._add_problem(
                "WORKERS",
                "Workers need a PostgreSQL database: set DATABASE_URL to one, or leave WORKERS "
                "out.",
            )

    def fill_in_sandbox(self) -> None:
        """Set the values that sandbox mode does not read from settings."""
        try:
            own = load_or_make_sandbox_secrets(self.root / "data")
        except OSError:
            self._add_problem(
                f"data/{SANDBOX_SECRETS_FILE}",
                "This file can't be read or made. Make the folder data yours, and what is in it.",
            )
        except ValueError:
            self._add_problem(
                f"data/{SANDBOX_SECRETS_FILE}",
                "This file is damaged. Delete it, and data/sandbox.db with it, to begin with a new "
                "sandbox.",
            )
        else:
            self.values |= {
                "app_id": SANDBOX_APP_ID,
                "app_secret": own["app_secret"],
                "config_id": None,
                # The server calls itself by IP address; the browser uses the redirect URI's host.
                "graph_url": f"http://127.0.0.1:{self.port}/sandbox",
                "dialog_url": f"{origin_of(self.values['redirect_uri'])}/sandbox",
                "keys_file": None,
                "state_secret": own["state_secret"],
                "encryption_keys": (own["encryption_key"],),
            }

    def find_keys_beside_database(self) -> tuple[Problem, ...]:
        """Return a warning when one copy of a folder would contain both the keys and the database.

        ``.env`` counts in any case: it contains the way to the database, too.
        """
        name = "TOKEN_ENCRYPTION_KEYS"
        if not self.is_live or name in self._environ or self._find(name) is None:
            return ()
        if name in self._env_file:
            return (
                Problem(
                    ".env",
                    "The keys are in the project's folder, so a copy of it with the database "
                    f"gives your Pages away. Move them to a file of their own: {NEW_KEY_COMMAND}",
                ),
            )
        assert self._keys_file is not None
        keys_file = self._keys_file.resolve()
        folders = [self.root]
        database = make_url(self.values["database_url"])
        if database.drivername == "sqlite":
            folders.append(Path(str(database.database)).parent)
        if not any(keys_file.is_relative_to(folder.resolve()) for folder in folders):
            return ()
        return (
            Problem(
                keys_file.name,
                "The keys are in one folder with the database, so a copy of it gives your Pages "
                "away. Move this file elsewhere, and set KEYS_FILE to its new path.",
            ),
        )

    def list_problems(self) -> tuple[Problem, ...]:
        order = {name: index for index, name in enumerate(SETTING_NAMES)}
        names = sorted(self.problems, key=lambda name: order.get(name, -1))
        return tuple(Problem(name, self.problems[name]) for name in names)

    def list_rows(self) -> tuple[SettingRow, ...]:
        return tuple(
            replace(
                row,
                state="missing" if row.shown == "—" else "wrong",
                sentence=self.problems[row.name],
            )
            if row.name in self.problems and row.state != "missing"
            else row
            for row in self._rows
        )

    def _find(self, name: str) -> str | None:
        """Return the text, or None. An empty variable hides the value of ``.env``."""
        if name in self._environ:
            return self._environ[name].strip() or None
        setting = SETTINGS[SETTING_NAMES.index(name)]
        if setting.is_environment_only:
            return None
        from_keys_file = self._keys.get(name) if setting.is_in_keys_file else None
        return self._env_file.get(name) or from_keys_file

    def _read_keys_file(self) -> None:
        try:
            self._keys_file = locate_keys_file(self._environ, self._env_file)
        except Wrong:
            return  # reported as the setting that it is
        if self._keys_file is None:
            return
        self._keys, problem = read_env_file(self._keys_file)
        # Whoever sets all keys elsewhere needs no file, and may run without a home of their own.
        is_needed = any(
            setting.is_in_keys_file and setting.missing and self._find(setting.name) is None
            for setting in SETTINGS
        )
        if problem is not None and is_needed:
            self._add_problem("KEYS_FILE", problem)

    def _check(self, setting: Setting, text: str) -> Any:
        value = setting.check(text)
        if setting.field == "database_url":
            return _make_absolute(value, self.root)
        if setting.field == "keys_file":
            return self._keys_file
        return value

    def _pass_over(self, setting: Setting) -> None:
        """Add the row of a live-mode setting, which sandbox mode does not use."""
        is_set = self._find(setting.name) is not None
        if setting.field in ("app_id", "app_secret"):
            sentence = "Not set: this is the sandbox."
        else:
            sentence = ("Set, but not used here. " if is_set else "") + "Belongs to live mode."
        row = SettingRow(setting.name, "default", setting.in_sandbox or "", sentence)
        self._rows.append(row)
        if setting.is_environment_only and (is_set or setting.name in self._env_file):
            self._add_problem(
                setting.name,
                "This belongs to live mode. Set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET as well, "
                "or remove it to use the sandbox.",
            )

    def _add_problem(self, name: str, sentence: str) -> None:
        self.problems.setdefault(name, sentence)


def _make_absolute(database_url: str, root: Path) -> str:
    url = make_url(database_url)
    if url.drivername != "sqlite":
        return database_url
    return url.set(database=str(root / str(url.database))).render_as_string(hide_password=False)


def _find_base_path(environ: Mapping[str, str], root: Path) -> str:
    """Return Streamlit's option as the environment or the project's config.toml sets it."""
    if "STREAMLIT_SERVER_BASE_URL_PATH" in environ:
        return environ["STREAMLIT_SERVER_BASE_URL_PATH"]
    try:
        with (root / ".streamlit" / "config.toml").open("rb") as file:
            section, option = BASE_PATH.split(".")
            return str(tomllib.load(file)[section][option])
    except (OSError, ValueError, LookupError, TypeError):
        return ""  # Streamlit itself reports a file that it can't read


def _find_open_files(root: Path, settings: Settings | None) -> tuple[Problem, ...]:
    """Return a warning for each file with secrets that other users may read; none on Windows."""
    paths = [root / ".env", root / "data" / SANDBOX_SECRETS_FILE]
    if settings is not None and settings.keys_file is not None:
        paths.append(settings.keys_file)
    if settings is not None and settings.database_url.startswith("sqlite"):
        database = str(make_url(settings.database_url).database)
        paths += [Path(database + suffix) for suffix in ("", "-wal", "-shm")]
    return tuple(
        Problem(
            path.name,
            f"Others with an account on this machine can read this file. Run: chmod 600 {path}",
        )
        for path in paths
        if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077
    )
