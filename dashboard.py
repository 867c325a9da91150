"""Server: wires the screens, the routes, the guard and the timer together.

Start it with ``streamlit run dashboard.py``. Streamlit imports this file once for ``app``; the
script that runs for every operator is ``pages/app.py``.
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
# What no flag, environment variable or config.toml may loosen.
FIXED_OPTIONS = {
    "browser.gatherUsageStats": False,  # it would send the address, code and state included
    "client.showErrorDetails": "none",
    "client.allowedOrigins": [],
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.trustedUserHeaders": {},  # a client could send them itself
    "server.baseUrlPath": "",  # routes and guard know their paths from the root
}

os.umask(0o077)  # files made from here on, database and keys among them, are their owner's alone
install_redaction()


def fix_options() -> None:
    """Set what may not be loosened. Called again whenever Streamlit reads its files anew."""
    host = urlsplit(make_host_policy().redirect_origin).hostname or "localhost"
    fixed = FIXED_OPTIONS | {
        # Behind a proxy the browser comes with the public name, and Streamlit would refuse it.
        "server.allowedHosts": sorted({*LOOPBACK_HOSTS, host}),
        "browser.serverAddress": host,
    }
    for name, value in fixed.items():
        config.set_option(name, value)


def make_host_policy() -> HostPolicy:
    """The hosts that the dashboard answers to; while settings are wrong, this computer only."""
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
    """Whether this computer alone reaches the address. None means all addresses of it."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def report_script_error(error: Exception) -> bool:
    """Show an id instead of the error's text, which may hold anything; the log has the rest."""
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
    """Load what the first operator would wait for, tick while serving, close at the end."""
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
    import altair  # noqa: F401 - Streamlit imports it with the first chart: 0.4 s of waiting
    import pandas  # noqa: F401 - and this one with the first table

    get_startup()
    gc.collect()
    gc.freeze()


def _tick_once() -> None:
    startup = get_startup()
    if startup.installation is not None:
        tick(startup.installation)
    elif startup.error is not None and startup.error.kind == "database_unreachable":
        get_startup.clear()  # databases come back; the next call tries again


async def _tick_for_ever() -> None:
    while True:
        try:
            await asyncio.to_thread(_tick_once)
        except Exception as error:  # noqa: BLE001 - tomorrow's snapshot depends on the next tick
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
        # Streamlit leaves its own static files uncompressed: 5 MB that travel as less than 2.
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
    ],
    lifespan=lifespan,
    on_script_error=report_script_error,
)
