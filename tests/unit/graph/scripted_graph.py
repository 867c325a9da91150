"""A Graph without a network: a client whose exchanges are answered by a function of the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest

from fb.graph import client as graph
from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError
from fb.graph.http import Answer

APP_ID = "123456789012345"
APP_SECRET = "0123456789abcdef0123456789abcdef"
BASE = "https://graph.example/v26.0"


@dataclass(frozen=True)
class Call:
    """One exchange, or one item of a batch."""

    method: str
    path: str
    parameters: dict[str, str]
    token: str | None
    timeouts: tuple[float, float] = (0.0, 0.0)


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


Reply = tuple[int, Any] | tuple[int, Any, Mapping[str, str]] | FacebookError


@dataclass
class ScriptedGraph:
    """Answers with what ``handler`` returns: status, body (bytes or JSON), perhaps headers."""

    handler: Callable[[Call], Reply]
    calls: list[Call] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)

    def exchange(
        self,
        session: object,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        is_multipart: bool,
        token: str | None,
        timeouts: tuple[float, float],
        total_seconds: float,
    ) -> Answer:
        assert url.startswith(BASE)
        assert "?" not in url
        path = url.removeprefix(BASE).removeprefix("/")
        call = Call(method, path, dict(params or form or {}), token, timeouts)
        self.calls.append(call)
        return to_answer(self.handler(call))


def to_answer(reply: Reply) -> Answer:
    if isinstance(reply, FacebookError):
        raise reply
    status, body, *rest = reply
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, rest[0] if rest else {}, content)


class Scripted(Protocol):
    """Makes a client on a script: returns it with the script, its calls and its clock."""

    def __call__(
        self, handler: Callable[[Call], Reply], **options: Any
    ) -> tuple[GraphClient, ScriptedGraph]: ...


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Clients whose exchanges are answered by a function of the test."""

    def make(handler: Callable[[Call], Reply], **options: Any) -> tuple[GraphClient, ScriptedGraph]:
        script = ScriptedGraph(handler)
        monkeypatch.setattr(graph, "exchange", script.exchange)
        client = GraphClient(
            graph_url=BASE.rpartition("/")[0],
            version="v26.0",
            app_id=APP_ID,
            app_secret=APP_SECRET,
            sleep=script.time.sleep,
            monotonic=script.time.monotonic,
            random=lambda: 1.0,
            **options,
        )
        return client, script

    return make


def replies(*answers: Reply) -> Callable[[Call], Reply]:
    """A handler that gives these answers, one after another."""
    waiting = iter(answers)
    return lambda call: next(waiting)


def batch_of(item_handler: Callable[[Call], Any]) -> Callable[[Call], Reply]:
    """A handler that answers a batch item by item; None leaves an item undone."""

    def handle(call: Call) -> Reply:
        elements: list[Any] = []
        for item in json.loads(call.parameters["batch"]):
            parts = urlsplit(item["relative_url"])
            parameters = dict(parse_qsl(parts.query))
            answer = item_handler(
                Call(item["method"], parts.path, parameters, parameters.get("access_token"))
            )
            if answer is None:
                elements.append(None)
                continue
            status, body, *headers = answer
            listed = [{"name": k, "value": v} for k, v in (headers[0] if headers else {}).items()]
            elements.append({"code": status, "headers": listed, "body": json.dumps(body)})
        return 200, elements

    return handle


def error(code: int, message: str = "no", **facts: Any) -> tuple[int, Any]:
    """Graph's error envelope under the status 400."""
    return 400, {"error": {"code": code, "message": message, "type": "OAuthException", **facts}}
