"""HTTP exchange with Facebook: one request without redirects, cookies or ``.netrc`` credentials.

Its errors are safe to log: none contains a URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Literal

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from fb.addresses import is_loopback
from fb.graph.errors import FacebookError, RedirectRefused, Unreachable

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
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=4)
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
) -> Answer:
    """Send one request and read the whole answer.

    Args:
        is_multipart: send ``form`` as multipart/form-data, which needs no percent-encoding.
        timeouts: seconds to connect, and seconds between two pieces of the answer.

    Raises:
        Unreachable: no connection, a broken connection, or a timeout. It is not chained to the
            error of requests, whose text contains the full URL.
        RedirectRefused: any 3xx. On a 307, requests would send the body with the app secret to
            another host.
    """
    failure: FacebookError
    parts = {name: (None, text) for name, text in (form or {}).items()}
    try:
        response = session.request(
            method,
            url,
            params=params,
            data=None if is_multipart else form,
            files=parts if is_multipart else None,
            auth=BearerAuth(token),
            timeout=timeouts,
            allow_redirects=False,
        )
    except _TRANSPORT_ERRORS as error:
        failure = Unreachable(is_transient=not isinstance(error, _LASTING_ERRORS))
    else:
        if not 300 <= response.status_code < 400:
            return Answer(response.status_code, response.headers, response.content)
        failure = RedirectRefused(status=response.status_code)
    # Raised outside the handler, so that __context__ does not lead to the error with the URL.
    raise failure
