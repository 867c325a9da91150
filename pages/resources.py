"""Holds what is built once per process and shared by screens, routes and the timer.

Always imported as ``pages.resources``: under a second name there would be a second database, a
second worker, a second sandbox.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from fb.installation import Startup, create_own_sandbox, open_installation
from fb.settings import SettingsReport, read_settings

ROOT = Path(__file__).resolve().parent.parent


def read_clock() -> datetime:
    """Return the real present, aware UTC: the one place of the dashboard that looks at a clock."""
    return datetime.now(UTC)


@st.cache_resource(show_spinner=False)
def get_report() -> SettingsReport:
    """Read the settings, the first time; the same report ever after."""
    return read_settings(os.environ, ROOT, port=int(st.get_option("server.port")))


@st.cache_resource(show_spinner=False)
def get_sandbox() -> Any:
    """Return the stand-in for Facebook, None in live mode and with broken settings."""
    settings = get_report().settings
    if settings is None or not settings.is_sandbox:
        return None
    return create_own_sandbox(settings, read_clock)


@st.cache_resource(show_spinner=False)
def get_startup() -> Startup:
    """Open the installation, the first time; the same object ever after.

    Never raises for what is amiss: `Startup.trouble` says it. In the sandbox the present is the
    sandbox's own.
    """
    sandbox = get_sandbox()
    now = sandbox.now if sandbox is not None else read_clock
    return open_installation(get_report(), now=now, sandbox=sandbox)
