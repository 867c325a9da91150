"""Settings: reads and validates all settings by their table, and reports all problems at once.

The environment overrides ``.env``; an empty value counts as not set. Without app id and app secret
the dashboard runs in sandbox mode. With only one of them it does not run, so that a mistake in
``.env`` never turns a live installation into a sandbox.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from cryptography.fernet import Fernet
from dotenv.parser import parse_stream
from sqlalchemy import make_url

from fb.addresses import is_loopback, origin_of
from fb.settings_table import (
    DEFAULT_DIALOG_URL,
    DEFAULT_GRAPH_URL,
    MIN_STATE_SECRET_LENGTH,
    SETTING_NAMES,
    SETTINGS,
    Setting,
    Wrong,
    is_fernet_key,
    split_secrets,
)

DEFAULT_PORT = 8501
# 15 digits like a real app id, but recognizable as made up.
SANDBOX_APP_ID = "100000000000000"
SANDBOX_SECRETS_FILE = "sandbox-secrets.json"

Mode = Literal["live", "sandbox"]
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
    state_secret: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)  # the first seals, all open
    database_url: str = field(repr=False)
    behind_sign_in_proxy: bool
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
    def uses_foreign_graph(self) -> bool:
        """True when a live installation uses other hosts than Facebook's; screens then warn."""
        usual = (DEFAULT_GRAPH_URL, DEFAULT_DIALOG_URL)
        return not self.is_sandbox and (self.graph_url, self.dialog_url) != usual

    @property
    def secrets(self) -> tuple[str, ...]:
        """All secrets, for log redaction."""
        return (self.app_secret, self.state_secret, *self.encryption_keys)


@dataclass(frozen=True)
class SettingsReport:
    """The result of reading the settings. ``settings`` is None when there are problems.

    ``problems`` lists files first, then settings; ``rows`` has one row per setting. Both are in the
    order of the table. ``warnings`` are files that other users of this machine can read; the
    dashboard runs all the same.
    """

    mode: Mode
    settings: Settings | None
    problems: tuple[Problem, ...]
    rows: tuple[SettingRow, ...]
    warnings: tuple[Problem, ...] = ()


def read_settings(
    environ: Mapping[str, str], root: Path, *, port: int = DEFAULT_PORT
) -> SettingsReport:
    """Read ``environ`` and ``root/.env``, and return the settings or all problems.

    Never raises for their content. In sandbox mode the first call creates secrets in ``root/data``;
    nothing else is written.

    Args:
        root: the project's folder, to which SQLite paths are relative.
        port: the served port, which the sandbox's URLs contain.
    """
    reader = _Reader(environ, root.absolute(), port)
    for setting in SETTINGS:
        reader.read(setting)
    if reader.is_live:
        reader.compare_secrets()
        reader.compare_facebook_urls()
        reader.check_sign_in()
    elif not reader.problems:
        reader.fill_in_sandbox()
    settings = None
    if not reader.problems:
        settings = Settings(mode=reader.mode, root=reader.root, **reader.values)
    return SettingsReport(
        mode=reader.mode,
        settings=settings,
        problems=reader.list_problems(),
        rows=reader.list_rows(),
        warnings=_find_open_files(reader.root, settings),
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
        self._env_file, problem = _read_env_file(root / ".env")
        if problem is not None:
            self._add_problem(".env", problem)
        has_app = self._find("FACEBOOK_APP_ID") or self._find("FACEBOOK_APP_SECRET")
        # An unreadable .env may contain an app id, so this must not become a sandbox.
        self.is_live = bool(has_app) or problem is not None

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
        shown = "set, not shown" if setting.is_secret else setting.show(value)
        if problem is not None:
            self._add_problem(setting.name, problem)
            # A wrong value is not shown either: it may be a secret in the wrong setting.
            state, shown = ("missing", "—") if text is None else ("wrong", "not valid")
        self._rows.append(SettingRow(setting.name, state, shown, problem or setting.help))

    def compare_secrets(self) -> None:
        """Report secrets that are published in .env.example or equal to another setting's."""
        example, _ = _read_env_file(self.root / ".env.example")
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

    def check_sign_in(self) -> None:
        """Report a redirect URI beyond loopback without a sign-in proxy."""
        if not self.values["behind_sign_in_proxy"] and not is_loopback(self.values["redirect_uri"]):
            self._add_problem(
                "BEHIND_SIGN_IN_PROXY",
                "The redirect URI leads to another machine, and the dashboard has no sign-in of "
                "its own. Put something in front that signs people in and write yes here, or use "
                "localhost in FACEBOOK_REDIRECT_URI.",
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
                "state_secret": own["state_secret"],
                "encryption_keys": (own["encryption_key"],),
            }

    def list_problems(self) -> tuple[Problem, ...]:
        order = {name: index for index, name in enumerate(SETTING_NAMES)}
        names = sorted(self.problems, key=lambda name: order.get(name, -1))
        return tuple(Problem(name, self.problems[name]) for name in names)

    def list_rows(self) -> tuple[SettingRow, ...]:
        return tuple(
            replace(row, state="wrong", sentence=self.problems[row.name])
            if row.name in self.problems and row.state != "missing"
            else row
            for row in self._rows
        )

    def _find(self, name: str) -> str | None:
        """Return the text, or None. An empty variable hides the value of ``.env``."""
        if name in self._environ:
            return self._environ[name].strip() or None
        setting = SETTINGS[SETTING_NAMES.index(name)]
        return None if setting.is_environment_only else self._env_file.get(name)

    def _check(self, setting: Setting, text: str) -> Any:
        value = setting.check(text)
        if setting.field == "database_url":
            return _make_absolute(value, self.root)
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


def _read_env_file(path: Path) -> tuple[dict[str, str], str | None]:
    """Return the values in ``path``, and the problem of the file as a whole, if any.

    A missing file has no values; an empty value counts as not set. ``${NAME}`` is not replaced,
    since this would change a secret that contains it.
    """
    try:
        # utf-8-sig: Notepad writes a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, None
    except IsADirectoryError:
        return {}, "This is a folder, and should be a file. Remove it."
    except UnicodeDecodeError:
        return {}, "The file is not UTF-8 text. Save it again as UTF-8."
    except OSError:
        return {}, "The file can't be read. Make it yours: chmod 600 .env"
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            # python-dotenv counts the empty lines before a binding as part of it.
            line_text = binding.original.string
            line = binding.original.line
            line += line_text[: len(line_text) - len(line_text.lstrip())].count("\n")
            return {}, f"Line {line} can't be understood. Write NAME=value there."
        if binding.key is not None:
            values[binding.key] = (binding.value or "").strip()
    return {name: value for name, value in values.items() if value}, None


def _find_open_files(root: Path, settings: Settings | None) -> tuple[Problem, ...]:
    """Return a warning for each file with secrets that other users may read; none on Windows."""
    paths = [root / ".env", root / "data" / SANDBOX_SECRETS_FILE]
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


def load_or_make_sandbox_secrets(data: Path) -> dict[str, str]:
    """Load the sandbox's secrets, or create them in a file with mode 0600.

    When several processes start at once, only one creates them.

    Raises:
        OSError: the folder or the file can't be written or read.
        ValueError: the content of the file is damaged.
    """
    path = data / SANDBOX_SECRETS_FILE
    if not path.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_sandbox_secrets(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        own = {
            name: str(content[name]) for name in ("app_secret", "state_secret", "encryption_key")
        }
    except (KeyError, TypeError, RecursionError):
        raise ValueError("the sandbox's secrets are incomplete") from None
    is_long_enough = len(own["state_secret"]) >= MIN_STATE_SECRET_LENGTH
    if not is_long_enough or not is_fernet_key(own["encryption_key"]):
        raise ValueError("the sandbox's secrets are damaged")
    return own


def _make_sandbox_secrets(path: Path) -> None:
    content = {
        "app_secret": secrets.token_hex(16),
        "state_secret": secrets.token_urlsafe(48),
        "encryption_key": Fernet.generate_key().decode(),
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        # A hard link fails when the name exists, and the file appears complete: of two processes
        # the second reads the first one's file. A rename would overwrite it.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
