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
import socket
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from streamlit import config

from fb.addresses import LOOPBACK_HOSTS
from fb.installation import PASSING_ERRORS, Installation, Startup
from fb.jobs.engine import LOOK_SECONDS
from fb.jobs.schedule import tick, watch
from fb.jobs.worker import error_location
from fb.sign_in.oidc import SignInService
from fb.web.calendar_route import make_calendar_routes
from fb.web.draining import draining
from fb.web.facebook_callbacks import make_facebook_routes
from fb.web.gate import SESSION_HEADER, Gate, OpenScreens
from fb.web.guard import Guard, HostPolicy
from fb.web.limits import Limits
from fb.web.listener import AddressTaken, serving, take_other_address
from fb.web.log_redaction import install_redaction
from fb.web.logs import install_logging, log_start
from fb.web.metrics_route import make_metrics_routes
from fb.web.process import (
    MIN_DESCRIPTORS,
    RESERVED_DESCRIPTORS,
    count_free_descriptors,
    protect_process,
)
from fb.web.routes import make_routes
from fb.web.sign_in_routes import make_sign_in_routes
from fb.web.unknown_address import UnknownAddress
from pages.resources import get_report, get_sandbox, get_startup, open_anew, read_clock
from pages.socket_frames import read_frame, write_redirect
from pages.ui import signed_in
from pages.ui.links import SCREENS
from pages.ui.message_page import for_database_error, for_refusal
from pages.week_message import write_week
from storage.db.errors import DatabaseBusy, DatabaseUnreachable, NewerSchema
from storage.people.person import NotAllowed

log = logging.getLogger("pagekeeper")

DEFAULT_PING_SECONDS = 30  # Streamlit's, where the option is not set
# Options that no flag, environment variable or config.toml may change.
FIXED_OPTIONS = {
    "browser.gatherUsageStats": False,  # it would send URLs with code and state
    "client.showErrorDetails": "none",
    "client.allowedOrigins": [],
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.baseUrlPath": "",  # routes and guard have paths from the root
}

protect_process()
install_redaction()
install_logging()


def fix_options() -> None:
    """Set the fixed options. Called again whenever Streamlit reloads its configuration."""
    host = urlsplit(make_host_policy().redirect_origin).hostname or "localhost"
    fixed = FIXED_OPTIONS | {
        # Any client could send such a header, but for the one that the gate lets nobody send.
        "server.trustedUserHeaders": (
            {SESSION_HEADER.decode(): signed_in.SESSION} if has_sign_in() else {}
        ),
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
        proxy_secret=settings.proxy_secret if settings and settings.is_behind_proxy else None,
        has_sign_in=has_sign_in(),
    )


def has_sign_in() -> bool:
    """Whether people sign in here."""
    settings = get_report().settings
    return settings is not None and settings.has_sign_in


def _is_loopback(address: str | None) -> bool:
    """Whether a bind address is a loopback address. None means all addresses of this computer."""
    if address == "localhost":
        return True
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def report_script_error(error: Exception) -> bool:
    """Show a reference instead of the error's text, which may be secret; log where it failed.

    A database that is held, gone or upgraded is said, and a role that does not allow it.
    """
    if isinstance(error, (DatabaseBusy, DatabaseUnreachable, NewerSchema)):
        log.warning("a screen met %s", type(error).__name__)
        message = for_database_error(error)
        st.error(message.sentence, title=message.title)
        return True
    if isinstance(error, NotAllowed):  # a press on what was drawn for a role that has changed
        message = for_refusal(error)
        st.error(message.sentence, title=message.title)
        return True
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


def take_all_of_localhost() -> socket.socket | None:
    """Listen on the loopback address that Streamlit does not, or end the program with a sentence.

    Only where `streamlit run` imports this file; Streamlit holds its own address by then.
    """
    if Path(sys.argv[0]).resolve() != Path(__file__).resolve():
        return None
    try:
        return take_other_address(st.get_option("server.address"), st.get_option("server.port"))
    except AddressTaken as taken:
        sys.exit(str(taken))


def make_listener_options() -> dict[str, Any]:
    """Return uvicorn's options of the second address, the same as Streamlit's of the first."""
    ping_seconds = int(st.get_option("server.websocketPingInterval") or DEFAULT_PING_SECONDS)
    return {
        "ws": "websockets-sansio",
        "ws_ping_interval": ping_seconds,
        "ws_ping_timeout": ping_seconds,
        "ws_max_size": int(st.get_option("server.maxMessageSize")) * 1_000_000,
        "ws_per_message_deflate": st.get_option("server.enableWebsocketCompression"),
        "ssl_certfile": st.get_option("server.sslCertFile"),
        "ssl_keyfile": st.get_option("server.sslKeyFile"),
    }


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, run the timer while the server runs, and close the installation at the end."""
    addresses = [st.get_option("server.address") or "all addresses"]
    if _other_address is not None:
        addresses.append(_other_address.getsockname()[0])
    log_start(get_report(), "the dashboard", addresses, st.get_option("server.port"))
    _warm_up()
    ticking = asyncio.create_task(_tick_for_ever())
    sweeping = asyncio.create_task(_screens.sweep_for_ever())

    def begin_draining() -> None:
        ticking.cancel()
        installation = get_startup().installation
        if installation is not None:
            installation.is_draining = True

    def stop_work() -> None:
        installation = get_startup().installation
        if installation is not None:
            installation.worker.stopping.set()

    settings = get_report().settings
    seconds = 0 if settings is None else settings.drain_seconds
    try:
        async with serving(app, _other_address, **make_listener_options()):
            # Streamlit's own banner is off: it comes before the second address is tried.
            print(f"\n  Pagekeeper: {make_host_policy().redirect_origin}\n", flush=True)
            with draining(seconds, begin_draining, stop_work):
                yield {}
    finally:
        ticking.cancel()
        sweeping.cancel()
        installation = get_startup().installation
        if installation is not None:
            await asyncio.to_thread(installation.close)
        log.info("Pagekeeper stops")


def _warm_up() -> None:
    import altair  # noqa: F401 - Streamlit imports it with the first chart, which takes 0.4 s
    import pandas  # noqa: F401 - Streamlit imports it with the first table

    _log_error(get_startup())
    gc.collect()
    gc.freeze()


def _tick_once() -> None:
    free = count_free_descriptors()
    if free is not None and free < MIN_DESCRIPTORS // 4:
        log.warning(
            "only %d more files can be opened; from %d on no browser is let in",
            free,
            RESERVED_DESCRIPTORS,
        )
    startup = get_startup()
    if startup.installation is not None:
        startup.installation.write_week = write_week
        try:
            _look_for_work(startup.installation)
        except NewerSchema as newer:
            log.error("%s This process has to be restarted on the newer version.", newer)
            _log_error(open_anew())
    elif startup.error is not None and startup.error.kind in PASSING_ERRORS:
        get_startup.clear()
        _log_error(get_startup())


def _look_for_work(installation: Installation) -> None:
    if installation.settings.workers == "dashboard":
        tick(installation)
    else:
        watch(installation)


def _log_error(startup: Startup) -> None:
    if startup.error is not None:
        log.error("the installation is not open (%s): see Setup", startup.error.kind)


async def _tick_for_ever() -> None:
    while True:
        try:
            await asyncio.to_thread(_tick_once)
        except Exception as error:  # noqa: BLE001 - the timer must not stop
            log.error(
                "the timer met %s at %s; it goes on", type(error).__name__, error_location(error)
            )
        await asyncio.sleep(LOOK_SECONDS)


_other_address = take_all_of_localhost()
_open_sockets: Counter[str] = Counter()
_screens = OpenScreens(get_startup)
_settings, _sandbox = get_report().settings, get_sandbox()
if _settings is not None:
    install_redaction(_settings.secrets)
fix_options()
config.on_config_parsed(fix_options, force_connect=True)
_sign_in_routes: list[BaseRoute] = []
_gate: list[Middleware] = []
if _settings is not None and _settings.has_sign_in:
    _sign_in_routes = make_sign_in_routes(
        get_startup, _settings, SignInService(_settings, read_clock)
    )
    _gate = [
        Middleware(
            Gate,
            settings=_settings,
            screens=_screens,
            read_frame=read_frame,
            write_redirect=write_redirect,
        )
    ]
app = st.App(
    "pages/app.py",
    routes=[
        *_sign_in_routes,
        *make_routes(get_startup, _sandbox.app if _sandbox is not None else None),
        *make_facebook_routes(get_startup),
        *make_calendar_routes(get_startup),
        *make_metrics_routes(get_startup, _open_sockets.total),
    ],
    middleware=[
        Middleware(Guard, policy=make_host_policy()),
        Middleware(
            Limits,
            is_behind_proxy=make_host_policy().proxy_secret is not None,
            open_sockets=_open_sockets,
        ),
        *_gate,
        Middleware(
            UnknownAddress,
            screens=[screen.name for screen in SCREENS if not screen.is_default],
            unknown="unknown",
        ),
        # Streamlit does not compress its static files: 5 MB, compressed less than 2 MB.
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
    ],
    lifespan=lifespan,
    on_script_error=report_script_error,
)
