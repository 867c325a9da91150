"""What holds for every test: no way out but loopback, no settings but its own, one present."""

from __future__ import annotations

import atexit
import gc
import ipaddress
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import settings as hypothesis_settings

from fb.settings_table import SETTING_NAMES
from fb.web import log_redaction
from tests.faults import note_end
from tests.present import NOW, start_clock, tell_servers_time

# Few examples while one works; many with --hypothesis-profile=thorough. A machine under load is no
# reason to fail: what is slow shows in the durations.
hypothesis_settings.register_profile("quick", deadline=None, max_examples=15)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis_settings.load_profile("quick")

BROWSER_TESTS = Path(__file__).parent / "browser"
_clock = pytest.StashKey[time_machine.Traveller]()

_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_real_connect = socket.socket.connect
_real_connect_ex = socket.socket.connect_ex
_real_getaddrinfo = socket.getaddrinfo


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported or collected: other fixtures and modules start servers early."""
    _forget_environment()
    config.stash[_clock] = start_clock()
    # Where PostgreSQL from the package keeps its lock; it warns where this is not set.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = _make_folder()
    # For the whole run, and never undone: servers live longer than any one test.
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _guarded_connect)
    patch.setattr(socket.socket, "connect_ex", _guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", _guarded_getaddrinfo)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector the modules and the tests, which stay until the end.

    Looking through them again and again took a sixth of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin every test at the same moment, however long the ones before it took.

    Servers' clocks only go forward, so the tests that speak with them keep to the servers' time.
    """
    speaks_with_servers = item.path.is_relative_to(BROWSER_TESTS)
    item.config.stash[_clock].move_to(tell_servers_time() if speaks_with_servers else NOW)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell ``make faults`` how each of its tests ended."""
    report = yield
    if report.failed or (report.when == "call" and not report.skipped):
        note_end(item, report.passed)
    return report


@pytest.fixture
def now() -> datetime:
    """The present in tests, aware UTC."""
    return NOW


@pytest.fixture
def redacted_logging() -> Iterator[None]:
    """The redaction, installed for one test and taken out again."""
    factory = logging.getLogRecordFactory()
    levels = {name: logging.getLogger(name).level for name in ("urllib3", "urllib3.connection")}
    log_redaction.install_redaction()
    yield
    logging.setLogRecordFactory(factory)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    log_redaction.installed_secrets.clear()
    for handler in log_redaction.list_handlers():
        handler.filters = [
            each for each in handler.filters if not isinstance(each, log_redaction.RedactingFilter)
        ]


def _forget_environment() -> None:
    """A developer's own settings and proxies must not decide what a test sees."""
    for name in list(os.environ):
        is_ours = name in SETTING_NAMES or name.startswith("STREAMLIT_")
        if is_ours or name.lower() in _PROXY_NAMES:
            del os.environ[name]
    # Where the developer's own keys file is not. Chromium writes here, too.
    os.environ["XDG_CONFIG_HOME"] = _make_folder()


def _make_folder() -> str:
    folder = tempfile.mkdtemp(prefix="pagekeeper-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _refuse_foreign(self.family, address)
    _real_connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _refuse_foreign(self.family, address)
    return _real_connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name and name != "localhost" and not _is_loopback(name):
        raise OSError("tests do not look up other machines")
    return _real_getaddrinfo(host, *args, **kwargs)


def _refuse_foreign(family: int, address: Any) -> None:
    if family == socket.AF_UNIX:
        return
    if not (address[0] == "localhost" or _is_loopback(address[0])):
        raise OSError("tests do not talk to other machines")


def _is_loopback(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
