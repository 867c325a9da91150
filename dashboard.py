"""The front door: wires the screens, the routes, the guard and the timer into one server.

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

from fb.guard import Guard, Premises
from fb.jobs.schedule import tick
from fb.jobs.worker import error_location
from fb.redaction import install_redaction
from fb.web import make_routes
from pages.resources import get_report, get_sandbox, get_startup

log = logging.getLogger("pagekeeper")

TICK_SECONDS = 30
# What a flag or an environment variable must not loosen, whatever config.toml says.
FIXED_OPTIONS = {
    "browser.gatherUsageStats": False,  # it would send the address, code and state included
    "client.showErrorDetails": "none",
    "client.allowedOrigins": [],
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.trustedUserHeaders": {},  # a client could send them itself
    "server.baseUrlPath": "",  # routes and guard live at the root
}

# Files made from here on (database, keys) are the operator's own.
os.umask(0o077)
install_redaction()


def fix_options() -> None:
    """Set what may not be loosened; Streamlit reads its files anew whenever one is saved."""
    host = urlsplit(make_premises().redirect_origin).hostname or "localhost"
    fixed = FIXED_OPTIONS | {
        # Behind a proxy the browser comes with the public name, and Streamlit would refuse it.
        "server.allowedHosts": sorted({"localhost", "127.0.0.1", "::1", host}),
        "browser.serverAddress": host,
    }
    for name, value in fixed.items():
        config.set_option(name, value)


def make_premises() -> Premises:
    """Say where the dashboard may be reached; with broken settings only on this computer."""
    report = get_report()
    port = int(st.get_option("server.port"))
    settings = report.settings
    return Premises(
        redirect_origin=settings.redirect_origin if settings else f"http://localhost:{port}",
        port=port,
        is_sandbox=report.mode == "sandbox",
        listens_on_loopback=_is_loopback(st.get_option("server.address")),
        behind_sign_in_proxy=settings.behind_sign_in_proxy if settings else False,
    )


def _is_loopback(address: str | None) -> bool:
    """No address means all of them."""
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
    """Warm what the first operator would wait for, tick while serving, stop the work at the end."""
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
    elif startup.trouble is not None and startup.trouble.kind == "database_unreachable":
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


fix_options()
config.on_config_parsed(fix_options, force_connect=True)
_sandbox = get_sandbox()
app = st.App(
    "pages/app.py",
    routes=make_routes(get_startup, _sandbox.app if _sandbox is not None else None),
    middleware=[
        Middleware(Guard, premises=make_premises()),
        # Streamlit leaves its own static files uncompressed: 5 MB that travel as less than 2.
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
    ],
    lifespan=lifespan,
    on_script_error=report_script_error,
)
