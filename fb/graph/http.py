"""HTTP exchange with Facebook: one request without redirects, cookies or ``.netrc`` credentials.

Its errors are safe to log: none contains a URL. An answer has a limit in size and in total time, so
that neither Facebook in trouble nor a proxy in between can hold or kill the server.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from fb.addresses import is_loopback
from fb.graph.errors import FacebookError, RedirectRefused, Unreachable, UnreadableAnswer

# After decompression. A hundred Pages with everything, and a batch of 50, are below 1 MB.
MAX_ANSWER_BYTES = 20_000_000
_PIECE_BYTES = 65_536

# Not every error of a connection, an answer or a URL is a RequestException.
_TRANSPORT_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
# A retry does not help against a bad certificate or a bad URL.
_LASTING_ERRORS = (requests.exceptions.SSLError, ValueError)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer of any status but 3xx. Look-ups in ``headers`` ignore case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)  # holds tokens


class BearerAuth(AuthBase):
    """Sends ``Authorization: Bearer …``, or nothing for None.

    Pass it to ``auth=`` even with None: without it, requests sends the ``.netrc`` credentials.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Exchange(threading.local):
    """What the exchange of a thread reads from, for the timer that ends it; None without one.

    ``ends_at``: by the monotonic clock, in seconds.
    """

    sockets: list[socket.socket] | None = None
    ends_at: float = 0.0


_exchange = _Exchange()


class _Connection(urllib3.connection.HTTPConnection):
    """Tells the exchange of its thread the socket it reads from."""

    def getresponse(self) -> Any:
        """Read the head of the answer."""
        if _exchange.sockets is not None:
            # Several dead addresses of a host can take up the time before one connects.
            if time.monotonic() >= _exchange.ends_at:
                raise TimeoutError
            _exchange.sockets.append(self.sock)
        return super().getresponse()


class _SecureConnection(urllib3.connection.HTTPSConnection, _Connection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    """Uses these connections, to Facebook and to a proxy of the environment."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Return the pools of a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


@contextmanager
def _limited_to(seconds: float) -> Iterator[threading.Event]:
    """Shut this thread's connection down after ``seconds``, wherever its answer is then.

    A timeout of requests only limits the time between two bytes. The event is set when it was shut.
    """
    is_cut = threading.Event()
    sockets: list[socket.socket] = []
    _exchange.sockets, _exchange.ends_at = sockets, time.monotonic() + seconds

    def cut() -> None:
        for each in sockets:
            is_cut.set()
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_cut
    finally:
        timer.cancel()
        _exchange.sockets = None


class _Session(requests.Session):
    """A session that never follows a redirect, even with ``allow_redirects=True``."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: there is no redirect target."""


def open_session(url: str) -> requests.Session:
    """Return a pooled session for the host of ``url``. The caller closes it.

    Proxies and certificate bundles of the environment are used (many offices need them), but not
    for loopback: a proxy can't reach it, and would see the tokens.
    """
    session = _Session()
    session.trust_env = not is_loopback(url)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "Pagekeeper"
    adapter = _Adapter(pool_connections=2, pool_maxsize=4)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def exchange(
    session: requests.Session,
    method: Literal["GET", "POST", "DELETE"],
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    is_multipart: bool = False,
    token: str | None = None,
    timeouts: tuple[float, float],
    total_seconds: float,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> Answer:
    """Send one request and read the whole answer.

    Args:
        is_multipart: send ``form`` as multipart/form-data, which needs no percent-encoding.
        timeouts: seconds to connect, and seconds between two pieces of the answer.
        total_seconds: seconds for the whole exchange, from the connection to the answer's end.
        max_bytes: of the answer's body, after decompression.

    Raises:
        Unreachable: no connection, a broken connection, or a timeout. It is not chained to the
            error of requests, whose text contains the full URL.
        RedirectRefused: any 3xx. On a 307, requests would send the body with the app secret to
            another host.
        UnreadableAnswer: more than ``max_bytes``, or slower than ``total_seconds``.
    """
    failure: FacebookError
    parts = {name: (None, text) for name, text in (form or {}).items()}
    try:
        with (
            _limited_to(total_seconds) as is_cut,
            session.request(
                method,
                url,
                params=params,
                data=None if is_multipart else form,
                files=parts if is_multipart else None,
                auth=BearerAuth(token),
                timeout=timeouts,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            status = response.status_code
            if 300 <= status < 400:
                failure = RedirectRefused(status=status)
            else:
                content = _read_body(response, max_bytes)
                # An answer without a length looks complete when it is cut.
                if content is not None and not is_cut.is_set():
                    return Answer(status, response.headers, content)
                # A large one would be as large again.
                failure = UnreadableAnswer(status=status, is_transient=is_cut.is_set())
    except _TRANSPORT_ERRORS as error:
        is_lasting = isinstance(error, _LASTING_ERRORS)
        failure = Unreachable(is_transient=not is_lasting)
        if is_cut.is_set():
            failure = UnreadableAnswer()
    # Raised outside the handler, so that __context__ does not lead to the error with the URL.
    raise failure


def _read_body(response: requests.Response, max_bytes: int) -> bytes | None:
    """Return the decompressed body; None when it has more than ``max_bytes``."""
    pieces: list[bytes] = []
    size = 0
    # read1 returns what has arrived; read would wait, without end, until a piece is full.
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            return None
    return b"".join(pieces)
