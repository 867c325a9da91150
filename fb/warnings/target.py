"""Targets: opens connections to servers that operators name, and to none within the network.

Whoever operates the dashboard must not be able to reach with it what only its machine reaches. So a
name is looked up once for each connection, every address of it is checked, and the connection goes
to a checked address. No proxy of the environment is used: it would look the name up again. A
connection is shut after a time that covers all of it, from TLS to the answer.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from fb.settings_table import Wrong

POST_SECONDS = 10.0
MAX_URL_LENGTH = 2_000

# Why a message could not be sent; the screens have a sentence for each.
Failure = Literal[
    "unknown_name",  # its name can't be looked up
    "private",  # an address within the network, or of this computer
    "unreachable",  # no connection, or a broken one
    "timeout",
    "tls",  # no TLS, or a certificate that is not valid for the name
    "redirect",
    "status",  # an answer that is no success; comes with its status
    "unreadable",  # the answer is not of the protocol
    "sign_in",  # the mail server refuses user name or password
    "sender",
    "recipient",
    "sealed",  # the stored settings can't be opened
]

# Addresses that lead to an IPv4 address inside of them, and others that Python calls global.
_REFUSED_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "::/96",  # IPv4-compatible
            "::ffff:0:0/96",  # IPv4-mapped
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # site-local
            "192.88.99.0/24",  # 6to4 relays
        ),
    )
)


class SendFailed(Exception):
    """A message could not be sent. ``failure`` says why; ``status`` is the answer's, if any."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.status = status


@dataclass(frozen=True)
class Target:
    """An https URL in its parts. Its path may be a secret, as Slack's is."""

    host: str
    port: int
    path: str = field(repr=False)


def read_url(url: str) -> Target:
    """Return the parts of an https URL. Raises Wrong for any other text, and for a user in it."""
    whole = "This must be a whole address that begins with https://, without a user name or #."
    if len(url) > MAX_URL_LENGTH or not re.fullmatch(r"https://[!-~]+", url) or "\\" in url:
        raise Wrong(whole)
    try:
        parts = urlsplit(url)
        port = 443 if parts.port is None else parts.port
    except ValueError:
        raise Wrong(whole) from None
    if not parts.hostname or "@" in parts.netloc or "#" in url or not 0 < port < 65536:
        raise Wrong(whole)
    path = parts.path or "/"
    return Target(parts.hostname, port, f"{path}?{parts.query}" if parts.query else path)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and leads to no other one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    is_refused = any(ip in each for each in _REFUSED_NETWORKS if each.version == ip.version)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not is_refused


def post(target: Target, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> None:
    """Post ``body`` and read the answer's head; the rest of it is not read.

    No redirect is followed. Raises SendFailed for every answer but 2xx.
    """
    context = make_context()
    host, port = target.host, target.port
    with (
        connected(host, port, POST_SECONDS, allow_private=allow_private) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        connection = http.client.HTTPSConnection(host, port)
        connection.sock = secure
        connection.request("POST", target.path, body, {"User-Agent": "Pagekeeper", **headers})
        with connection.getresponse() as response:
            status = response.status
    if 300 <= status < 400:
        raise SendFailed("redirect", status)
    if not 200 <= status < 300:
        raise SendFailed("status", status)


def make_context() -> ssl.SSLContext:
    """Return TLS settings that trust the machine's certificates and those that come with requests.

    A small container has none of its own.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


@contextmanager
def connected(
    host: str, port: int, seconds: float, *, allow_private: bool
) -> Iterator[socket.socket]:
    """Yield a connection to a checked address of ``host``, and shut it after ``seconds``.

    Errors of sockets, TLS and HTTP within the block are raised as SendFailed, not chained to their
    cause.
    """
    deadline = time.monotonic() + seconds
    failure: Failure | None = None
    status = None
    try:
        with (
            _open(host, port, deadline, allow_private=allow_private) as plain,
            _shut_at(deadline, plain),
        ):
            yield plain
    except SendFailed as error:
        failure, status = error.failure, error.status
    except TimeoutError:
        failure = "timeout"
    except ssl.SSLError:
        failure = "tls"
    except OSError:
        failure = "unreachable"
    except (http.client.HTTPException, ValueError):
        failure = "unreadable"
    # What is cut may look like a broken connection, or like a complete answer.
    if time.monotonic() >= deadline:
        raise SendFailed("timeout")
    if failure is not None:
        raise SendFailed(failure, status)


@contextmanager
def _shut_at(deadline: float, connection: socket.socket) -> Iterator[None]:
    """Shut a connection at the deadline, so that what waits for it goes on."""
    # Its own descriptor: TLS takes the first one over.
    handle = connection.dup()

    def shut() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline - time.monotonic(), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _open(host: str, port: int, deadline: float, *, allow_private: bool) -> socket.socket:
    addresses = _look_up(host, port, allow_private=allow_private)
    error: OSError = OSError()
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        # Its share of the time: one that does not answer must not keep it from the others.
        patience = max(0.001, (deadline - time.monotonic()) / left)
        try:
            # An address, so nothing is looked up again.
            plain = socket.create_connection((address, port), patience)
        except OSError as refused:
            error = refused
        else:
            plain.settimeout(max(0.001, deadline - time.monotonic()))
            return plain
    raise error


def _look_up(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of a name. Raises SendFailed when one of them is not public.

    The system's resolver sets the time that this takes.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SendFailed("unknown_name") from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))
    if not allow_private and not all(map(is_public, addresses)):
        raise SendFailed("private")
    return addresses
