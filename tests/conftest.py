"""What holds for every test: no way out but loopback, no settings but its own, one present."""

from __future__ import annotations

import atexit
import ipaddress
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from fb import redaction
from fb.settings import SETTING_NAMES

# A machine under load is no reason to fail; what is slow shows in the durations.
hypothesis_settings.register_profile("pagekeeper", deadline=None)
# Asked for with --hypothesis-profile=many.
hypothesis_settings.register_profile("many", deadline=None, max_examples=2_000)
hypothesis_settings.load_profile("pagekeeper")

_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_real_connect = socket.socket.connect
_real_connect_ex = socket.socket.connect_ex
_real_getaddrinfo = socket.getaddrinfo


def pytest_configure() -> None:
    """Before anything is imported or collected: other fixtures and modules start servers early."""
    _forget_environment()
    # Where PostgreSQL from the package keeps its lock; it warns where this is not set.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = folder = tempfile.mkdtemp(prefix="pagekeeper-tests-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # For the whole run, and never undone: servers live longer than any one test.
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _guarded_connect)
    patch.setattr(socket.socket, "connect_ex", _guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", _guarded_getaddrinfo)


@pytest.fixture
def now() -> datetime:
    """The present in tests: an ordinary moment, aware UTC."""
    return datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


@pytest.fixture
def redacted_logging() -> Iterator[None]:
    """The redaction, installed for one test and taken out again."""
    factory = logging.getLogRecordFactory()
    levels = {name: logging.getLogger(name).level for name in ("urllib3", "urllib3.connection")}
    redaction.install_redaction()
    yield
    logging.setLogRecordFactory(factory)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    redaction.forget_secrets()
    for handler in redaction.list_handlers():
        handler.filters = [
            found for found in handler.filters if not isinstance(found, redaction.RedactingFilter)
        ]


def _forget_environment() -> None:
    """A developer's own settings and proxies must not decide what a test sees."""
    for name in list(os.environ):
        is_ours = name in SETTING_NAMES or name.startswith("STREAMLIT_")
        if is_ours or name.lower() in _PROXY_NAMES:
            del os.environ[name]


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
