"""Sandbox server: serves the sandbox on its own port, for command line, tests and benchmarks."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from fb.sandbox import Sandbox

_HOST = "127.0.0.1"
_START_SECONDS = 10.0


@contextmanager
def serve(sandbox: Sandbox, *, prefix: str = "") -> Iterator[str]:
    """Serve the sandbox in a thread, and yield its URL ("http://127.0.0.1:41234" + ``prefix``).

    It listens on a free loopback port until the block ends. Raises OSError when it does not start.
    """
    app = Starlette(routes=[Mount(prefix, sandbox.app)]) if prefix else sandbox.app
    # With proto, asyncio switches Nagle's algorithm off, which would cost 40 ms a call.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind((_HOST, 0))
        port = listener.getsockname()[1]
        with _running(_Server(_config(app)), listener):
            yield f"http://{_HOST}:{port}{prefix}"


class _Server(uvicorn.Server):
    """A uvicorn server that does not handle the signals of the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,  # URLs contain tokens
        log_config=None,
        lifespan="off",
        loop="asyncio",
        ws="none",
        timeout_graceful_shutdown=1,
    )


@contextmanager
def _running(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
    )
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise OSError("the sandbox did not start")
        time.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
