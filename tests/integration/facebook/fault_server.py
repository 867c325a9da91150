"""A tiny HTTP server on loopback that answers with the very bytes a test wants, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

RESET = b"<reset>"  # closes the connection the rude way, without an answer
STALL = b"<stall>"  # says nothing until the server is closed

Script = Callable[[int], bytes]


@dataclass
class FaultServer:
    """What was asked of it (raw requests), and where it listens."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        """All requests as one text."""
        return b"\n".join(self.requests).decode("latin-1")


def http(
    body: bytes | str, status: str = "200 OK", *headers: str, length: int | None = None
) -> bytes:
    """A whole answer; ``length`` lies about the body's."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json; charset=UTF-8", *headers]
    lines.append(f"Content-Length: {len(content) if length is None else length}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


@contextmanager
def _listening(serve: Callable[[socket.socket, FaultServer], None]) -> Iterator[FaultServer]:
    """Runs ``serve`` on a thread, with the socket to accept from; it has to end when closing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultServer(listener.getsockname()[1])
        thread = threading.Thread(target=serve, args=(listener, server), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            # Wakes the thread out of its accept().
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                pass
            thread.join(5)


@contextmanager
def fault_server(*answers: bytes) -> Iterator[FaultServer]:
    """Serves the answers one after another; the last one again and again."""
    with _listening(lambda listener, server: _serve(listener, server, answers)) as server:
        yield server


@contextmanager
def talking_server(talk: Callable[[socket.socket], None]) -> Iterator[FaultServer]:
    """Hands every connection to ``talk`` on a thread of its own, after its first request."""

    def accept(listener: socket.socket, server: FaultServer) -> None:
        while True:
            connection, _ = listener.accept()
            if server.closing.is_set():
                connection.close()
                return
            threading.Thread(target=answer, args=(connection, server), daemon=True).start()

    def answer(connection: socket.socket, server: FaultServer) -> None:
        connection.settimeout(5)
        with connection, suppress(OSError):
            server.requests.append(_read_request(connection))
            talk(connection)

    with _listening(accept) as server:
        yield server


def _serve(listener: socket.socket, server: FaultServer, answers: tuple[bytes, ...]) -> None:
    waiting: list[socket.socket] = []
    while True:
        connection, _ = listener.accept()
        if server.closing.is_set():
            connection.close()
            break
        connection.settimeout(5)
        with suppress(OSError):
            server.requests.append(_read_request(connection))
            answer = answers[min(len(server.requests), len(answers)) - 1]
            if answer == STALL:
                waiting.append(connection)
                continue
            if answer == RESET:
                # No lingering: the other side sees a reset instead of an end.
                linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                connection.sendall(answer)
        connection.close()
    for connection in waiting:
        connection.close()


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
        if request.startswith(b"\x16"):  # TLS, which nobody speaks here
            return request
    head, _, body = request.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
