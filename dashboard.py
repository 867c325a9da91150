"""Server: connects screens, routes, guard and timer. Start: ``streamlit run dashboard.py``.

Streamlit imports this file once for ``app``. The script that runs for every operator is
``pages/app.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import logging
import os
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from streamlit import config

from fb.addresses import LOOPBACK_HOSTS
from fb.jobs.schedule import tick
from fb.jobs.worker import error_location
from fb.web.guard import Guard, HostPolicy
from fb.web.log_redaction import install_redaction
from fb.web.routes import make_routes
from pages.resources import get_report, get_sandbox, get_startup

log = logging.getLogger("pagekeeper")

TICK_SECONDS = 30
# Options that no flag, environment variable or config.toml may change.
FIXED_OPTIONS = {
    "browser.gatherUsageStats": False,  # it would send URLs with code and state
    "client.showErrorDetails": "none",
    "client.allowedOrigins": [],
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.trustedUserHeaders": {},  # any client could send them
    "server.baseUrlPath": "",  # routes and guard have paths from the root
}

os.umask(0o077)  # only the owner can read new files, such as database and keys
install_redaction()


def fix_options() -> None:
    """Set the fixed options. Called again whenever Streamlit reloads its configuration."""
    host = urlsplit(make_host_policy().redirect_origin).hostname or "localhost"
    fixed = FIXED_OPTIONS | {
        # Behind a proxy the browser sends the public name, which Streamlit would refuse.
        "server.allowedHosts": sorted({*LOOPBACK_HOSTS, host}),
        "browser.serverAddress": host,
    }
    for name, value in fixed.items():
        config.set_option(name, value)


def make_host_policy() -> HostPolicy:
    """Return the accepted hosts; while settings are wrong, these are loopback names only."""
    report = get_report()
    port = int(st.get_option("server.port"))
    settings = report.settings
    return HostPolicy(
        redirect_origin=settings.redirect_origin if settings else f"http://localhost:{port}",
        port=port,
        is_sandbox=report.mode == "sandbox",
        listens_on_loopback=_is_loopback(st.get_option("server.address")),
        behind_sign_in_proxy=settings.behind_sign_in_proxy if settings else False,
    )


def _is_loopback(address: str | None) -> bool:
    """Whether a bind address is a loopback address. None means all addresses of this computer."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def report_script_error(error: Exception) -> bool:
    """Show a reference instead of the error's text, which may be secret; log where it failed."""
    reference = uuid.uuid4().hex[:8]
    log.error(
        "reference %s: screen failed with %s at %s",
        reference,
        type(error).__name__,
        error_location(error),
    )
    st.error(
        f"This screen could not be drawn (reference {reference}). Nothing was changed. "
        "Reload; if it stays, the log of the dashboard says more under that reference.",
        title="Something went wrong",
    )
    return True


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, run the timer while the server runs, and close the installation at the end."""
    _warm_up()
    ticking = asyncio.create_task(_tick_for_ever())
    try:
        yield {}
    finally:
        ticking.cancel()
        installation = get_startup().installation
        if installation is not None:
            await asyncio.to_thread(installation.close)


def _warm_up() -> None:
    import altair  # noqa: F401 - Streamlit imports it with the first chart, which takes 0.4 s
    import pandas  # noqa: F401 - Streamlit imports it with the first table

    get_startup()
    gc.collect()
    gc.freeze()


def _tick_once() -> None:
    startup = get_startup()
    if startup.installation is not None:
        tick(startup.installation)
    elif startup.error is not None and startup.error.kind == "database_unreachable":
        get_startup.clear()  # the next call tries to open the database again


async def _tick_for_ever() -> None:
    while True:
        try:
            await asyncio.to_thread(_tick_once)
        except Exception as error:  # noqa: BLE001 - the timer must not stop
            log.error(
                "the timer met %s at %s; it goes on", type(error).__name__, error_location(error)
            )
        await asyncio.sleep(TICK_SECONDS)


_settings, _sandbox = get_report().settings, get_sandbox()
if _settings is not None:
    install_redaction(_settings.secrets)
fix_options()
config.on_config_parsed(fix_options, force_connect=True)
app = st.App(
    "pages/app.py",
    routes=make_routes(get_startup, _sandbox.app if _sandbox is not None else None),
    middleware=[
        Middleware(Guard, policy=make_host_policy()),
        # Streamlit does not compress its static files: 5 MB, compressed less than 2 MB.
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
    ],
    lifespan=lifespan,
    on_script_error=report_script_error,
)
