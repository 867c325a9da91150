"""A small stand-in for Graph with many accounts that answers after a set time, on loopback.

It knows what a day's snapshot asks for: the check of an account, and batches of Pages. Who holds
which Page stands in the tokens, as `tests.integration.storage_rows` makes them.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PERMISSIONS = ("pages_show_list", "pages_read_engagement")
_BATCH = re.compile(rb'name="batch"\r\n\r\n(.*?)\r\n--', re.DOTALL)
_OWNER = re.compile(r"page-token-of-(\d+)-(\d+)")

Answer = tuple[int, dict[str, str], Any]


@dataclass
class FastGraph:
    """What it does, and what it has seen.

    ``limited`` are accounts with the minutes until their limit ends. ``refused`` are accounts that
    may not read their Pages, ``down`` those for which Graph itself fails. ``app_percent`` is the
    use of the app's limit, in the header of every answer: from 100 on it refuses. Batches of
    accounts in ``held`` wait while ``gate`` is closed. ``reads`` counts how often each Page was
    answered, ``calls`` the batches by account, ``waiting`` those that are not answered yet,
    ``calls_count`` all calls.
    """

    latency_seconds: float = 0.0
    limited: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    app_percent: int = 0
    held: frozenset[str] = frozenset()
    gate: threading.Event = field(default_factory=threading.Event)
    reads: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    calls_count: int = 0
    most_at_once: int = 0
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, query: dict[str, str], batch: bytes | None) -> Answer:
        """Answer one call."""
        items = [urlsplit(item["relative_url"]) for item in json.loads(batch)] if batch else []
        queries = [dict(parse_qsl(item.query)) for item in items]
        owners = [_OWNER.fullmatch(item["access_token"]) for item in queries]
        account = next((owner[1] for owner in owners if owner), "")
        with self._counted(account):
            if account in self.held:
                self.gate.wait()
            time.sleep(self.latency_seconds)
        headers = {"facebook-api-version": "v26.0"}
        if self.app_percent:
            headers["X-App-Usage"] = json.dumps({"call_count": self.app_percent})
        if self.app_percent >= 100:
            return 400, headers, _error(4)
        if batch is not None:
            return 200, headers, [self._item(owner[1], owner[2]) for owner in owners if owner]
        if path.endswith("/debug_token"):
            return 200, headers, {"data": {"is_valid": True, "type": "USER"}}
        granted = [{"permission": name, "status": "granted"} for name in PERMISSIONS]
        return 200, headers, {"data": granted}

    def _item(self, account: str, page_id: str) -> dict[str, Any]:
        if account in self.limited:
            usage = {"type": "pages", "estimated_time_to_regain_access": self.limited[account]}
            header = {
                "name": "X-Business-Use-Case-Usage",
                "value": json.dumps({page_id: [usage]}),
            }
            return {"code": 400, "headers": [header], "body": json.dumps(_error(80001))}
        if account in self.down:
            return {"code": 500, "headers": [], "body": json.dumps(_error(2))}
        if account in self.refused:
            return {"code": 400, "headers": [], "body": json.dumps(_error(10))}
        with self._lock:
            self.reads[page_id] += 1
        node = {
            "id": page_id,
            "name": f"Page {page_id}",
            "category": "Shop",
            "fan_count": 1_000,
            "followers_count": 1_100,
        }
        return {"code": 200, "headers": [], "body": json.dumps(node)}

    @contextmanager
    def _counted(self, account: str) -> Iterator[None]:
        with self._lock:
            self.calls_count += 1
            self.calls[account] += bool(account)
            self.waiting[account] += 1
            self.most_at_once = max(self.most_at_once, self.waiting.total())
        try:
            yield
        finally:
            with self._lock:
                self.waiting[account] -= 1


@contextmanager
def served_fast_graph() -> Iterator[FastGraph]:
    """Serve it on a free port of loopback from a thread; ``url`` is its address."""
    graph = FastGraph()
    graph.gate.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._send(graph.answer(url.path, dict(parse_qsl(url.query)), None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            batch = _BATCH.search(body)
            self._send(graph.answer(self.path, {}, batch[1] if batch else None))

        def _send(self, answer: Answer) -> None:
            status, headers, body = answer
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        graph.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield graph
        finally:
            graph.gate.set()
            server.shutdown()
            thread.join()


def _error(code: int) -> dict[str, Any]:
    return {"error": {"message": "refused", "type": "OAuthException", "code": code}}
