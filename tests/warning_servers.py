"""Servers that receive warnings, on loopback: HTTPS and SMTP, with a certificate of their own.

What they answer is set by the test, also that they answer nothing.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "receiver.example"  # the only name in the certificate


@cache
def make_certificate() -> tuple[bytes, bytes]:
    """A self-signed certificate of `NAME`, and its key, as PEM. TLS reads the machine's clock."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


@cache
def server_context() -> ssl.SSLContext:
    """TLS of the servers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.pem"
        path.write_bytes(b"".join(make_certificate()))
        context.load_cert_chain(path)
    return context


def trusting_context() -> ssl.SSLContext:
    """TLS of a client that trusts the servers' certificate alone."""
    return ssl.create_default_context(cadata=make_certificate()[0].decode())


Serve = Callable[["Receiver", socket.socket], None]


@dataclass
class Receiver:
    """A server. ``received`` are the requests' or mails' bytes; ``connections`` counts them."""

    port: int
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(serve: Serve) -> Iterator[Receiver]:
    """Serve each connection on a thread until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = Receiver(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def handle(connection: socket.socket) -> None:
            connection.settimeout(5)
            with connection, contextlib.suppress(OSError):
                serve(receiver, connection)

        def accept() -> None:
            while not receiver.stopped.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                receiver.connections += 1
                threads.append(threading.Thread(target=handle, args=(connection,)))
                threads[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield receiver
        finally:
            receiver.stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join()


def https(receiver: Receiver, connection: socket.socket) -> None:
    """Read a request and give the answer."""
    with server_context().wrap_socket(connection, server_side=True) as secure:
        request = b""
        while b"\r\n\r\n" not in request:
            request += secure.recv(65536)
        head, _, body = request.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += secure.recv(65536)
        receiver.received.append(head + b"\r\n\r\n" + body)
        secure.sendall(receiver.answer)


def silent(receiver: Receiver, connection: socket.socket) -> None:
    """Say nothing at all."""
    receiver.stopped.wait(5)


def silent_after_tls(receiver: Receiver, connection: socket.socket) -> None:
    """Agree on TLS, and say nothing more."""
    with server_context().wrap_socket(connection, server_side=True):
        receiver.stopped.wait(5)


def dripping(receiver: Receiver, connection: socket.socket) -> None:
    """Send a header without end, byte by byte, so that no single wait is long."""
    with server_context().wrap_socket(connection, server_side=True) as secure:
        secure.sendall(b"HTTP/1.1 200 OK\r\nx-drip: ")
        while not receiver.stopped.wait(0.01):
            secure.sendall(b"x")


def smtp(
    receiver: Receiver,
    connection: socket.socket,
    *,
    offers_tls: bool = True,
    is_secure: bool = False,
    refuses: str = "",
) -> None:
    """Take mails; ``refuses``: the command that is answered with a refusal."""
    if is_secure:
        connection = server_context().wrap_socket(connection, server_side=True)
    connection.sendall(b"220 receiver ESMTP\r\n")
    lines = connection.makefile("rb")
    while line := lines.readline():
        command = line.split(b" ")[0].strip().decode().upper()
        receiver.commands.append(command)
        if refuses and line.decode().upper().startswith(refuses):
            connection.sendall(b"535 no\r\n" if refuses == "AUTH" else b"550 no\r\n")
        elif command == "EHLO":
            tls = b"250-STARTTLS\r\n" if offers_tls and not is_secure else b""
            connection.sendall(b"250-receiver\r\n" + tls + b"250 AUTH PLAIN\r\n")
        elif command == "STARTTLS":
            connection.sendall(b"220 go\r\n")
            connection = server_context().wrap_socket(connection, server_side=True)
            lines, is_secure = connection.makefile("rb"), True
        elif command == "AUTH":
            connection.sendall(b"235 yes\r\n")
        elif command == "DATA":
            connection.sendall(b"354 go on\r\n")
            mail = b""
            while (line := lines.readline()) not in (b".\r\n", b""):
                mail += line
            receiver.received.append(mail)
            connection.sendall(b"250 taken\r\n")
        elif command == "QUIT":
            connection.sendall(b"221 bye\r\n")
            break
        else:
            connection.sendall(b"250 yes\r\n")
    lines.close()
    connection.close()
