"""Serves a sandbox with faults on a port, and calls its dialog and Graph as a client would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from fb.sandbox.serve import serve
from tests.sandbox_faults import FaultySandbox, create_faulty_sandbox

APP_ID = "100000000000001"
APP_SECRET = "0123456789abcdef0123456789abcdef"
APP_TOKEN = f"{APP_ID}|{APP_SECRET}"
REDIRECT_URI = "http://localhost:8501/connect"
SCOPES = (
    "pages_show_list,pages_messaging,pages_manage_metadata,pages_read_engagement,"
    "read_insights,business_management"
)
# A day of its own: which figures, versions and metrics there are depends on it.
NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
ANNA, BEN, CARLA = "10223456789012345", "10167890123456781", "122100987654321098"


def make_sandbox(**arguments: Any) -> FaultySandbox:
    """A sandbox whose clock stands still."""
    defaults: dict[str, Any] = {
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "redirect_uri": REDIRECT_URI,
        "real_now": lambda: NOW,
    }
    return create_faulty_sandbox(**(defaults | arguments))


@dataclass
class Facebook:
    """A served sandbox as a client sees it."""

    sandbox: FaultySandbox
    url: str
    version: str = "v26.0"

    def get(self, path: str, token: str | None = None, **params: Any) -> requests.Response:
        """GET of a Graph path with the token as Bearer."""
        return self.send("GET", path, token, params=params)

    def send(
        self, method: str, path: str, token: str | None = None, **kwargs: Any
    ) -> requests.Response:
        """Any method; redirects are not followed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{self.url}/{self.version}/{path}"
        return requests.request(
            method, address, headers=headers, allow_redirects=False, timeout=10, **kwargs
        )

    def dialog(self, rest: str = "", **params: str) -> requests.Response:
        """The dialog (or its ``/continue``, ``/cancel``) for our app; parameters override."""
        query = {
            "client_id": APP_ID,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": SCOPES,
            "state": "the state",
            **params,
        }
        return self.send("GET", f"dialog/oauth{rest}", params=query)

    def agree(self, person: str = ANNA, **params: str) -> dict[str, str]:
        """Go through the dialog; return the parameters of the redirect."""
        return redirected(self.dialog("/continue", **{"as": person, **params}))

    def exchange(self, code: str, **form: str) -> requests.Response:
        """The code exchange, as a POST; form entries override."""
        data = {
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "redirect_uri": REDIRECT_URI,
            "code": code,
        }
        return self.send("POST", "oauth/access_token", data=data | form)

    def prolong(self, token: str) -> requests.Response:
        """The exchange of a short-lived user access token for a long-lived one."""
        params = {
            "grant_type": "fb_exchange_token",
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "fb_exchange_token": token,
        }
        return self.get("oauth/access_token", **params)

    def short_token(self, person: str = ANNA, **params: str) -> str:
        """A short-lived user access token by a whole trip."""
        return str(self.exchange(self.agree(person, **params)["code"]).json()["access_token"])

    def long_token(self, person: str = ANNA, **params: str) -> str:
        """A long-lived user access token by a whole trip."""
        return str(self.prolong(self.short_token(person, **params)).json()["access_token"])

    def debug(self, token: str) -> dict[str, Any]:
        """The answer of debug_token."""
        facts = self.get("debug_token", APP_TOKEN, input_token=token).json()["data"]
        assert isinstance(facts, dict)
        return facts

    def list_pages(
        self, token: str, fields: str = "id,name", **params: Any
    ) -> list[dict[str, Any]]:
        """All Pages of me/accounts, by cursors."""
        pages: list[dict[str, Any]] = []
        while True:
            body = self.get("me/accounts", token, fields=fields, **params).json()
            pages += body["data"]
            if "next" not in body.get("paging", {}):
                return pages
            after = body["paging"]["cursors"]["after"]
            assert after != params.get("after"), "the list has no end"
            params["after"] = after

    def batch(self, items: list[dict[str, Any]], token: str | None = None, **form: str) -> Any:
        """The answers to a batch."""
        return self.send("POST", "", token, data={"batch": json.dumps(items), **form}).json()


@contextmanager
def facebook(**arguments: Any) -> Iterator[Facebook]:
    """A served sandbox; the arguments are those of create_faulty_sandbox, and ``prefix``."""
    prefix = arguments.pop("prefix", "")
    sandbox = make_sandbox(**arguments)
    with serve(sandbox, prefix=prefix) as url:
        yield Facebook(sandbox, url)


def redirected(answer: requests.Response) -> dict[str, str]:
    """The query of the address that the dialog sends to."""
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{REDIRECT_URI}?")
    assert location.endswith("#_=_")
    query = parse_qs(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
    return {name: values[0] for name, values in query.items()}


def error_of(answer: requests.Response) -> dict[str, Any]:
    """The error envelope of a refusal."""
    error = answer.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)
    assert isinstance(error, dict)
    return error
