"""Settings: reads each once, judges it by its row in the table, and reports every problem at once.

The environment beats ``.env``; an empty value counts as not set. Without an app id and an app
secret the dashboard runs in the sandbox; with one of them alone it does not run at all, so that a
slip in ``.env`` never sends a live installation into the sandbox.
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
# Fifteen digits like a real one, and so round that nobody takes it for one.
SANDBOX_APP_ID = "100000000000000"
SANDBOX_SECRETS_FILE = "sandbox-secrets.json"

Mode = Literal["live", "sandbox"]
State = Literal["set", "default", "missing", "wrong"]


@dataclass(frozen=True)
class Problem:
    """What is wrong with the setting (or file) ``name``, and how to mend it. Never a secret."""

    name: str
    sentence: str


@dataclass(frozen=True)
class SettingRow:
    """One setting as the Setup screen shows it. ``shown`` never holds a secret, nor its length."""

    name: str
    state: State
    shown: str
    sentence: str


@dataclass(frozen=True)
class Settings:
    """Settings that are all valid. URLs have no slash at the end and no version."""

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
        """The folder for what the program makes itself."""
        return self.root / "data"

    @property
    def is_sandbox(self) -> bool:
        return self.mode == "sandbox"

    @property
    def marker(self) -> str:
        """Whose database this is: "sandbox" or "live:<app id>"."""
        return "sandbox" if self.is_sandbox else f"live:{self.app_id}"

    @property
    def redirect_origin(self) -> str:
        """The redirect URI's origin, as browsers write it."""
        return origin_of(self.redirect_uri)

    @property
    def uses_foreign_graph(self) -> bool:
        """True when a live installation talks to other hosts than Facebook's; screens warn then."""
        usual = (DEFAULT_GRAPH_URL, DEFAULT_DIALOG_URL)
        return not self.is_sandbox and (self.graph_url, self.dialog_url) != usual

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret in here, for the redaction of logs."""
        return (self.app_secret, self.state_secret, *self.encryption_keys)


@dataclass(frozen=True)
class SettingsReport:
    """What reading the settings came to. ``settings`` is None when there are problems.

    Problems with files come first, then those with settings; ``rows`` has one for every setting,
    both in the order of the table. ``warnings`` do not keep the dashboard from running: files that
    others on this machine can read.
    """

    mode: Mode
    settings: Settings | None
    problems: tuple[Problem, ...]
    rows: tuple[SettingRow, ...]
    warnings: tuple[Problem, ...] = ()


def read_settings(
    environ: Mapping[str, str], root: Path, *, port: int = DEFAULT_PORT
) -> SettingsReport:
    """Read ``environ`` and ``root/.env`` and return settings, or every problem at once.

    Never raises for what is in them. In the sandbox the secrets are made on the first call and kept
    in ``root/data``; nothing else is written.

    Args:
        root: the project's folder; relative SQLite paths are found from here.
        port: the port that is served; the sandbox's addresses follow it.
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
    """Gathers the value, the row and the first problem of each setting."""

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
        # Who can't tell what .env says must not guess "sandbox".
        self.is_live = bool(has_app) or problem is not None

    @property
    def mode(self) -> Mode:
        return "live" if self.is_live else "sandbox"

    def read(self, setting: Setting) -> None:
        """Read one setting by its row of the table. A wrong one has the default's value."""
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
            # Not even a wrong value is repeated: it may be a secret in the wrong place.
            state, shown = ("missing", "—") if text is None else ("wrong", "not valid")
        self._rows.append(SettingRow(setting.name, state, shown, problem or setting.help))

    def compare_secrets(self) -> None:
        """Hold each secret to be nobody else's: not the example's, not another setting's."""
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
        """Take both of Facebook's addresses or neither, and none from ``.env``."""
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
        """Refuse to serve other machines as long as nothing signs people in."""
        if not self.values["behind_sign_in_proxy"] and not is_loopback(self.values["redirect_uri"]):
            self._add_problem(
                "BEHIND_SIGN_IN_PROXY",
                "The redirect URI leads to another machine, and the dashboard has no sign-in of "
                "its own. Put something in front that signs people in and write yes here, or use "
                "localhost in FACEBOOK_REDIRECT_URI.",
            )

    def fill_in_sandbox(self) -> None:
        """Put the sandbox's own values where live mode has settings."""
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
                # The server talks to itself; the browser knows it by the redirect URI's name.
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
        """The text, or None. The environment wins, also when empty: that takes a setting away."""
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
        """Say of a setting of live mode what the sandbox has in its place."""
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
    """The values in ``path``, and what is wrong with the file as a whole.

    A file that is not there says nothing; an empty value counts as not set. Values stand for
    themselves: ``${NAME}`` is not replaced, since that would read the environment and change a
    secret that happens to look so.
    """
    try:
        # utf-8-sig: Notepad begins its files with a mark.
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
            # Empty lines before it count as part of it.
            line_text = binding.original.string
            line = binding.original.line
            line += line_text[: len(line_text) - len(line_text.lstrip())].count("\n")
            return {}, f"Line {line} can't be understood. Write NAME=value there."
        if binding.key is not None:
            values[binding.key] = (binding.value or "").strip()
    return {name: value for name, value in values.items() if value}, None


def _find_open_files(root: Path, settings: Settings | None) -> tuple[Problem, ...]:
    """A warning for each of our files that others than its owner may read. None on Windows."""
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
    """Load the secrets that the sandbox signs and seals with, or make them, for their owner's eyes.

    Of any number of processes that start at once, one makes them.

    Raises:
        OSError: the folder or the file can't be written or read.
        ValueError: the file does not hold what was written into it.
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
        # A link is refused when the name is taken, and appears complete: the loser of a race reads
        # what the winner wrote. Renaming would let the last one win.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
