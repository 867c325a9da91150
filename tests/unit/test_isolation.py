"""Tests have no way out: nothing but loopback can be reached, and no setting comes from outside."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
import requests

from fb.settings_table import SETTING_NAMES


def test_other_machines_can_not_be_reached() -> None:
    with socket.socket() as outside, pytest.raises(OSError, match="other machines"):
        outside.connect(("192.0.2.1", 443))
    with socket.socket() as outside, pytest.raises(OSError, match="other machines"):
        outside.connect_ex(("192.0.2.1", 443))
    with pytest.raises(OSError, match="other machines"):
        socket.getaddrinfo("graph.facebook.com", 443)
    with pytest.raises(requests.ConnectionError):
        requests.get("https://graph.facebook.com/", timeout=5)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=5),
    ):
        pass
    path = str(Path(tempfile.mkdtemp()) / "s")
    with (
        socket.socket(socket.AF_UNIX) as unix_listener,
        socket.socket(socket.AF_UNIX) as unix_client,
    ):
        unix_listener.bind(path)
        unix_listener.listen()
        unix_client.connect(path)


def test_settings_of_this_machine_do_not_count() -> None:
    assert not set(os.environ) & {*SETTING_NAMES, "HTTPS_PROXY", "https_proxy"}
