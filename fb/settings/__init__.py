"""Reads every setting once, validates it, and says in plain words what is wrong and how to mend it.

The environment beats ``.env``; an empty value counts as not set. Without an app id and an app
secret the dashboard runs in the sandbox; with one of them alone it does not run at all, so that a
slip in ``.env`` never sends a live installation into the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import make_url

from fb.settings.env_file import find_open_files, read_env_file
from fb.settings.live import read_live
from fb.settings.model import (
    DEFAULT_DIALOG_URL,
    DEFAULT_GRAPH_URL,
    DEFAULT_GRAPH_VERSION,
    DEFAULT_PORT,
    DEFAULT_REDIRECT_URI,
    DEFAULT_SCOPES,
    MODE_LIVE,
    MODE_SANDBOX,
    SANDBOX_APP_ID,
    SETTING_NAMES,
    Problem,
    SettingRow,
    Settings,
    SettingsReport,
)
from fb.settings.sandbox import read_sandbox
from fb.settings.sandbox_secrets import FILE_NAME
from fb.settings.values import Values

__all__ = [
    "DEFAULT_DIALOG_URL",
    "DEFAULT_GRAPH_URL",
    "DEFAULT_GRAPH_VERSION",
    "DEFAULT_PORT",
    "DEFAULT_REDIRECT_URI",
    "DEFAULT_SCOPES",
    "MODE_LIVE",
    "MODE_SANDBOX",
    "SANDBOX_APP_ID",
    "SETTING_NAMES",
    "Problem",
    "SettingRow",
    "Settings",
    "SettingsReport",
    "read_settings",
]


def read_settings(
    environ: Mapping[str, str], root: Path, *, port: int = DEFAULT_PORT
) -> SettingsReport:
    """Reads ``environ`` and ``root/.env`` and returns settings, or every problem at once.

    Never raises for what is in them. In the sandbox the secrets are made on the first call and kept
    in ``root/data``; nothing else is written.

    Args:
        root: the project's folder; relative SQLite paths are found from here.
        port: the port that is served; the sandbox's addresses follow it.
    """
    root = root.absolute()
    env_file = read_env_file(root / ".env")
    values = Values(environ, env_file)
    has_app = values.find("FACEBOOK_APP_ID") or values.find("FACEBOOK_APP_SECRET")
    # Who can't tell what .env says must not guess "sandbox".
    is_live = bool(has_app) or env_file.sentence is not None
    read = read_live if is_live else read_sandbox
    settings = read(values, root, port)
    problems = values.list_problems()
    if problems:
        settings = None
    return SettingsReport(
        mode=MODE_LIVE if is_live else MODE_SANDBOX,
        settings=settings,
        problems=problems,
        rows=values.list_rows(),
        warnings=_find_warnings(root, settings),
    )


def _find_warnings(root: Path, settings: Settings | None) -> tuple[Problem, ...]:
    paths = [root / ".env", root / "data" / FILE_NAME]
    if settings is not None and settings.database_url.startswith("sqlite"):
        database = str(make_url(settings.database_url).database)
        paths += [Path(database + ending) for ending in ("", "-wal", "-shm")]
    return tuple(
        Problem(
            path.name,
            f"Others with an account on this machine can read this file. Run: chmod 600 {path}",
        )
        for path in find_open_files(paths)
    )
