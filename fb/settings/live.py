"""Builds the settings of live mode, and holds what must be true between several of them."""

from __future__ import annotations

from pathlib import Path

from fb.settings import common, rules
from fb.settings.env_file import read_env_file
from fb.settings.model import (
    DEFAULT_DIALOG_URL,
    DEFAULT_GRAPH_URL,
    DEFAULT_REDIRECT_URI,
    MODE_LIVE,
    Settings,
)
from fb.settings.values import ENVIRONMENT_ONLY, SECRET_NAMES, Values

_BOTH = "Add it, or remove both to use the sandbox."


def read_live(values: Values, root: Path, port: int) -> Settings | None:
    """The settings of live mode; to be used only when ``values`` has no problem afterwards."""
    app_id = values.required(
        "FACEBOOK_APP_ID",
        rules.check_app_id,
        f"The app id is missing. {_BOTH}",
        "The app that people are asked to trust.",
    )
    app_secret = values.required(
        "FACEBOOK_APP_SECRET",
        rules.check_app_secret,
        f"The app secret is missing. {_BOTH}",
        "Proves to Facebook that requests come from your app.",
    )
    state_secret = values.required(
        "STATE_TOKEN_SECRET",
        rules.check_state_secret,
        f"Live mode needs a secret of its own for logins. Make one: {rules.RANDOM_TEXT_COMMAND}",
        "Signs each login, so that nobody can start one in your name.",
    )
    keys = values.required(
        "TOKEN_ENCRYPTION_KEYS",
        rules.check_encryption_keys,
        f"Live mode needs a key to keep access safe. Make one: {rules.KEY_COMMAND}",
        "Seals the access to your Pages. The first key seals, all of them open.",
    )
    _check_secrets(values, root)
    graph_url, dialog_url = _read_service_urls(values)
    settings = Settings(
        mode=MODE_LIVE,
        app_id=app_id or "",
        app_secret=app_secret or "",
        redirect_uri=common.read_redirect_uri(values, DEFAULT_REDIRECT_URI),
        scopes=common.read_scopes(values),
        config_id=_read_config_id(values),
        graph_version=common.read_graph_version(values),
        graph_url=graph_url,
        dialog_url=dialog_url,
        state_secret=state_secret or "",
        encryption_keys=keys or (),
        database_url=common.read_database_url(values, root, "pagekeeper.db"),
        behind_sign_in_proxy=common.read_behind_sign_in_proxy(values),
        root=root,
        data=root / "data",
        port=port,
    )
    _check_reach(values, settings)
    return settings


def _read_config_id(values: Values) -> str | None:
    config_id: str = values.optional(
        "FACEBOOK_CONFIG_ID",
        rules.check_config_id,
        "",
        lambda value: value or "—",
        "For Facebook Login for Business; replaces the permissions above.",
    )
    return config_id or None


def _read_service_urls(values: Values) -> tuple[str, str]:
    graph, dialog = ENVIRONMENT_ONLY
    use = "For proxies and tests only."
    graph_url = values.optional(graph, rules.check_service_url, DEFAULT_GRAPH_URL, str, use)
    dialog_url = values.optional(dialog, rules.check_service_url, DEFAULT_DIALOG_URL, str, use)
    for name, other in ((graph, dialog), (dialog, graph)):
        if values.is_in_file(name):
            values.add_problem(
                name,
                "This is read from the environment only, so that no line in .env can send access "
                "to another host. Remove it from .env.",
            )
        elif values.find(other) and not values.find(name):
            values.add_problem(name, f"{other} is set, this is not. Set both or neither.")
    return graph_url, dialog_url


def _check_secrets(values: Values, root: Path) -> None:
    """Each secret is nobody else's: not the example's, not another setting's."""
    examples = read_env_file(root / ".env.example").values
    known = {secret for name in SECRET_NAMES for secret in _parts(examples.get(name))}
    owners: dict[str, str] = {}
    for name in SECRET_NAMES:
        for secret in _parts(values.find(name)):
            if secret in known:
                values.add_problem(
                    name, "This is the example's value, which everybody knows. Make your own."
                )
            if owners.setdefault(secret, name) != name:
                values.add_problem(name, f"This is the same as {owners[secret]}. Make another one.")


def _check_reach(values: Values, settings: Settings) -> None:
    if settings.behind_sign_in_proxy or rules.is_loopback(settings.redirect_uri):
        return
    values.add_problem(
        "BEHIND_SIGN_IN_PROXY",
        "The redirect URI leads to another machine, and the dashboard has no sign-in of its own. "
        "Put something in front that signs people in and write yes here, or use localhost in "
        "FACEBOOK_REDIRECT_URI.",
    )


def _parts(value: str | None) -> list[str]:
    """The secrets in a value: the keys of a list one by one."""
    return [part.strip() for part in (value or "").split(",") if part.strip()]
