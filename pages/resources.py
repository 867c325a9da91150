"""Resources: objects built once per process and shared by screens, routes and the timer.

Always import it as ``pages.resources``: a second name would make a second database, a second worker
and a second sandbox.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from fb.installation import Installation, Startup, create_own_sandbox, open_installation
from fb.settings import BASE_PATH, SettingsReport, read_settings

if TYPE_CHECKING:
    from fb.sandbox import Sandbox  # in live mode it is never loaded

ROOT = Path(__file__).resolve().parent.parent


def read_clock() -> datetime:
    """The real time, aware UTC. No other function of the dashboard reads a clock."""
    return datetime.now(UTC)


@st.cache_resource(show_spinner=False)
def get_report() -> SettingsReport:
    """The settings, read on the first call: before ``dashboard.py`` fixes Streamlit's options."""
    return read_settings(
        os.environ,
        ROOT,
        port=int(st.get_option("server.port")),
        base_path=str(st.get_option(BASE_PATH) or ""),
    )


@st.cache_resource(show_spinner=False)
def get_sandbox() -> Sandbox | None:
    """The sandbox; None in live mode and while settings are wrong."""
    settings = get_report().settings
    if settings is None or not settings.is_sandbox:
        return None
    return create_own_sandbox(settings, read_clock)


@st.cache_resource(show_spinner=False)
def get_startup() -> Startup:
    """The start-up with the installation, opened on the first call.

    Never raises: `Startup.error` is the reason for no installation. In sandbox mode ``now`` is the
    sandbox's clock.
    """
    sandbox = get_sandbox()
    now = sandbox.now if sandbox is not None else read_clock
    return open_installation(get_report(), now=now, sandbox=sandbox)


def open_anew() -> Startup:
    """Open the installation once more, and end the work of the one that was open.

    For a database that was migrated by a newer version meanwhile: then there is none any more.
    """
    before = get_startup().installation
    get_startup.clear()
    startup = get_startup()
    if before is not None:
        before.close()
    return startup


def get_installation() -> Installation:
    """The installation.

    Raises:
        LookupError: there is none; `get_startup` has the reason.
    """
    installation = get_startup().installation
    if installation is None:
        raise LookupError("the dashboard runs without an installation")
    return installation
