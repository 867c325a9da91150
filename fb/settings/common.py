"""The settings that live mode and sandbox read alike."""

from __future__ import annotations

from pathlib import Path

from fb.settings import rules
from fb.settings.model import DEFAULT_GRAPH_VERSION, DEFAULT_SCOPES
from fb.settings.values import Values


def read_redirect_uri(values: Values, default: str) -> str:
    """Where Facebook sends people back to."""
    return values.optional(
        "FACEBOOK_REDIRECT_URI",
        rules.check_redirect_uri,
        default,
        str,
        "Facebook sends people back here. The same address must stand in your app's settings.",
    )


def read_scopes(values: Values) -> tuple[str, ...]:
    """The permissions to ask for, each once."""
    return values.optional(
        "FACEBOOK_SCOPES",
        rules.check_scopes,
        DEFAULT_SCOPES,
        ", ".join,
        "The permissions that Facebook is asked for.",
    )


def read_graph_version(values: Values) -> str:
    """The version of the Graph API to ask for, "v26.0"."""
    return values.optional(
        "FACEBOOK_GRAPH_VERSION",
        rules.check_graph_version,
        DEFAULT_GRAPH_VERSION,
        str,
        "The version of Facebook's Graph API that is asked for.",
    )


def read_database_url(values: Values, root: Path, default_file: str) -> str:
    """The database; a file in ``data/`` unless another one is named."""
    return values.optional(
        "DATABASE_URL",
        lambda value: rules.check_database_url(value, root),
        f"sqlite:///{root / 'data' / default_file}",
        rules.show_database_url,
        "Where Pages, figures and sealed access are kept.",
    )


def read_behind_sign_in_proxy(values: Values) -> bool:
    """Whether something in front of the dashboard signs people in."""
    return values.optional(
        "BEHIND_SIGN_IN_PROXY",
        rules.check_yes_no,
        False,
        lambda value: "yes" if value else "no",
        "Write yes only when something in front of the dashboard signs people in.",
    )
