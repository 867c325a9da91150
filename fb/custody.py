"""Page access tokens for other programs in Python: ``from fb import custody``.

The program runs on the machine of the installation, with the same settings and database. See
docs/custody.md; a program in another language uses ``python -m fb token``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

from fb.accounts import custody
from fb.accounts.custody import CustodyError, PageAccess
from fb.graph.client import GraphClient
from fb.installation import Installation, create_own_sandbox, open_installation
from fb.settings import read_settings
from fb.web.log_redaction import install_redaction

__all__ = [
    "CustodyError",
    "NotReady",
    "PageAccess",
    "graph_client",
    "page_access_token",
    "use_page_access",
]

T = TypeVar("T")

_ROOT = Path(__file__).resolve().parent.parent


class NotReady(Exception):
    """Settings or database can't be opened: ``python -m fb doctor`` says why."""


def page_access_token(page_id: str, *, consumer: str, permission: str) -> PageAccess:
    """Return a page access token that ``consumer`` may use for ``permission``.

    Ask for it again before each use, or every few minutes: an account that was renewed, frozen or
    disconnected has another token, or none. Raises `CustodyError`, which says what to do, or
    `NotReady`.
    """
    return custody.page_access_token(
        _installation(), page_id, consumer=consumer, permission=permission
    )


def use_page_access(
    page_id: str, call: Callable[[PageAccess], T], *, consumer: str, permission: str
) -> T:
    """Return ``call(access)``; another account of the Page takes over where one is dead.

    ``call`` raises `fb.graph.errors.AccessEnded` when Facebook answers so, as `graph_client` does.
    Raises what `page_access_token` raises, and whatever else ``call`` does.
    """
    return custody.use_page_access(
        _installation(), page_id, call, consumer=consumer, permission=permission
    )


def graph_client() -> GraphClient:
    """Return a new Graph client of this installation, which retries and raises named errors.

    It sends the proof with every token. Not thread-safe; the caller closes it.
    """
    return _installation().client()


@cache
def _installation() -> Installation:
    report = read_settings(os.environ, _ROOT)
    settings = report.settings
    if settings is None:
        raise NotReady("Settings are missing or wrong. Run: python -m fb doctor")
    install_redaction(settings.secrets)
    # Its clock may be days ahead; the dashboard serves its Graph.
    sandbox = create_own_sandbox(settings, _read_clock) if settings.is_sandbox else None
    now = _read_clock if sandbox is None else sandbox.now
    installation = open_installation(report, now=now, sandbox=sandbox).installation
    if installation is None:
        raise NotReady("The database can't be opened. Run: python -m fb doctor")
    return installation


def _read_clock() -> datetime:
    return datetime.now(UTC)
