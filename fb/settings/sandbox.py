"""Builds the settings of the sandbox, which makes its own secrets and stands in for Facebook."""

from __future__ import annotations

from pathlib import Path

from fb.settings import common
from fb.settings.model import MODE_SANDBOX, SANDBOX_APP_ID, Settings, origin_of
from fb.settings.sandbox_secrets import FILE_NAME, SandboxSecrets, load_or_make_secrets
from fb.settings.values import ENVIRONMENT_ONLY, Values


def read_sandbox(values: Values, root: Path, port: int) -> Settings | None:
    """The settings of the sandbox; None when a value is wrong or the secrets can't be kept."""
    _add_fixed_rows(values)
    redirect_uri = common.read_redirect_uri(values, f"http://localhost:{port}/connect")
    scopes = common.read_scopes(values)
    version = common.read_graph_version(values)
    database_url = common.read_database_url(values, root, "sandbox.db")
    behind_proxy = common.read_behind_sign_in_proxy(values)
    secrets = None if values.has_problem() else _find_secrets(values, root / "data")
    if secrets is None:
        return None
    return Settings(
        mode=MODE_SANDBOX,
        app_id=SANDBOX_APP_ID,
        app_secret=secrets.app_secret,
        redirect_uri=redirect_uri,
        scopes=scopes,
        config_id=None,
        graph_version=version,
        # The server talks to itself; the browser knows it by the redirect URI's name.
        graph_url=f"http://127.0.0.1:{port}/sandbox",
        dialog_url=f"{origin_of(redirect_uri)}/sandbox",
        state_secret=secrets.state_secret,
        encryption_keys=(secrets.encryption_key,),
        database_url=database_url,
        behind_sign_in_proxy=behind_proxy,
        root=root,
        data=root / "data",
        port=port,
    )


def _add_fixed_rows(values: Values) -> None:
    note = "Not set: this is the sandbox."
    values.add_row("FACEBOOK_APP_ID", "default", "made by the sandbox", note)
    values.add_row("FACEBOOK_APP_SECRET", "default", "made by the sandbox", note)
    for name, shown in (
        ("STATE_TOKEN_SECRET", "made by the sandbox"),
        ("TOKEN_ENCRYPTION_KEYS", "made by the sandbox"),
        ("FACEBOOK_CONFIG_ID", "—"),
    ):
        ignored = "Set, but not used here. " if values.find(name) else ""
        values.add_row(name, "default", shown, f"{ignored}Belongs to live mode.")
    for name in ENVIRONMENT_ONLY:
        values.add_row(name, "default", "the sandbox", "Belongs to live mode.")
        if values.find(name) or values.is_in_file(name):
            values.add_problem(
                name,
                "This belongs to live mode. Set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET as well, "
                "or remove it to use the sandbox.",
            )


def _find_secrets(values: Values, data: Path) -> SandboxSecrets | None:
    name = f"data/{FILE_NAME}"
    try:
        return load_or_make_secrets(data)
    except OSError:
        values.add_problem(
            name, "This file can't be read or made. Make the folder data yours, and what is in it."
        )
    except ValueError:
        values.add_problem(
            name,
            "This file is damaged. Delete it, and data/sandbox.db with it, to begin with a new "
            "sandbox.",
        )
    return None
