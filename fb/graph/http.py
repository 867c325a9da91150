"""One HTTP exchange with Facebook: no redirects, no cookies, no foreign login, safe errors."""

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

# What a broken line, a broken answer or a broken address may raise; some are not requests' own.
_TRANSPORT_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)
# Trying again does not mend a certificate, a proxy's refusal of the name, or an address.
_LASTING_ERRORS = (requests.exceptions.SSLError, ValueError)


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status. ``headers`` ignores case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)  # holds tokens


class BearerAuth(AuthBase):
    """Sends ``Authorization: Bearer …``, or nothing for None.

    Always handed to ``auth=``, also as "nothing": without one requests takes whatever a ``.netrc``
    holds for the host.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Session(requests.Session):
    """A session that can't follow a redirect, whoever calls it and however."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """There is never a next place to go to."""


def open_session(url: str) -> requests.Session:
    """A pooled session for the host of ``url``; whoever asks closes it.

    Proxies and certificate bundles of the environment count (many offices have no other way out),
    but not for loopback: a proxy could not reach it, and would see what passes.
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
    token: str | None = None,
    timeouts: tuple[float, float],
) -> Answer:
    """Sends one request and reads the whole answer.

    Args:
        timeouts: seconds to connect, and seconds between two pieces of the answer.

    Raises:
        Unreachable: no connection, a broken one, or none in time. Carries no trace of the requests
            error, whose text holds the URL with everything in it.
        RedirectRefused: any 3xx. On a 307 requests would send the body, secret included, elsewhere.
    """
    failure: FacebookError
    try:
        response = session.request(
            method,
            url,
            params=params,
            data=form,
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
    # Raised outside the handler: not even __context__ leads to the error with the URL in it.
    raise failure
