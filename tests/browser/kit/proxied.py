"""Two dashboards behind the nginx of docs/deploy/nginx.conf.template, and who signs in there."""

from __future__ import annotations

import getpass
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.orm import Session
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from storage.accounts.vault import Vault
from storage.db.engine import open_database
from storage.ledger.ledger_keys import attach_vault
from tests.browser.kit.serving import ROOT, Server, find_free_port, live_settings
from tests.postgres import serving_postgres
from tests.sign_in_service import ANN, Service, serving_sign_in
from tests.waiting import wait_until

if TYPE_CHECKING:  # which imports this folder
    from tests.browser.conftest import Serve

TEMPLATE = ROOT / "docs" / "deploy" / "nginx.conf.template"
PUBLIC = "pages.example"
ORIGIN = f"https://{PUBLIC}"
PROXY_SECRET = "proxy-secret-of-the-replica-tests-0123456789"
SESSION_COOKIE = "__Host-pagekeeper-session"
PATIENCE_SECONDS = 30.0


def find_nginx() -> str:
    """The path of nginx. Without it the tests are skipped, in CI they fail."""
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        sentence = "No nginx here. Install it: apt-get install nginx-light"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return path


def replica_settings(facebook_url: str, database_url: str, service: Service) -> dict[str, str]:
    """Settings that all replicas share: live mode, people sign in, `ANN` is the first of them."""
    return {
        **live_settings(facebook_url, find_free_port()),
        **service.settings,
        "SIGN_IN_FIRST_ADMIN": ANN,
        "FACEBOOK_REDIRECT_URI": f"{ORIGIN}/connect",
        "DATABASE_URL": database_url,
        "PROXY_SECRET": PROXY_SECRET,
    }


@dataclass
class Site:
    """The public address: nginx, the replicas behind it, and the service where people sign in."""

    port: int
    replicas: dict[str, Server]  # by the value of the cookie
    folder: Path
    service: Service

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings that the replicas share."""
        return self.replicas["a"].settings

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Change the replicas' database, as the command line does."""
        database = open_database(self.settings["DATABASE_URL"])
        attach_vault(database, Vault([self.settings["TOKEN_ENCRYPTION_KEYS"]]))
        try:
            with database.writing() as session:
                yield session
        finally:
            database.engine.dispose()

    @property
    def certificate(self) -> str:
        return str(self.folder / "fullchain.pem")

    @property
    def access_log(self) -> str:
        return (self.folder / "access.log").read_text(encoding="utf-8")

    def stranger(self, **cookies: str) -> Visitor:
        """A browser that is not signed in, with these cookies."""
        return Visitor(self, cookies)

    def visitor(self, **cookies: str) -> Visitor:
        """A browser in which `ANN` is signed in, with these cookies as well."""
        visitor = self.stranger()
        visitor.sign_in()
        return self.stranger(**{SESSION_COOKIE: visitor.http.cookies[SESSION_COOKIE]} | cookies)


class Visitor:
    """A browser without a screen: it keeps cookies, and speaks as Streamlit's own code does."""

    def __init__(self, site: Site, cookies: dict[str, str]) -> None:
        self.site = site
        self.http = requests.Session()
        self.http.verify = site.certificate
        self.http.headers["Host"] = PUBLIC
        self.http.headers["Origin"] = ORIGIN
        for name, value in cookies.items():
            self.http.cookies.set(name, value, domain=PUBLIC, path="/", secure=True)

    @property
    def replica(self) -> str | None:
        """The replica that the cookie names."""
        return self.http.cookies.get("pagekeeper_replica")

    def ask(self, path: str, method: str = "GET", **options: object) -> requests.Response:
        """Send one request, and keep the cookies of its answer."""
        # As it stands: requests would take a path such as //readyz for something else.
        request = requests.Request(method, f"https://127.0.0.1:{self.site.port}/", **options)
        prepared = self.http.prepare_request(request)
        prepared.url = f"https://127.0.0.1:{self.site.port}{path}"
        return self.http.send(prepared, allow_redirects=False, timeout=PATIENCE_SECONDS)

    def sign_in(self, address: str = ANN, back: str = "/") -> requests.Response:
        """Go to the sign-in service, sign in there, and come back; return the last answer."""
        away = self.ask(f"/signin/start?{urlencode({'back': back})}")
        returned = self.site.service.sign_in(away.headers["Location"], address)
        return self.ask(returned.removeprefix(ORIGIN))

    @contextmanager
    def connected(self) -> Iterator[ssl.SSLSocket]:
        """A connection to nginx, on which nothing was said yet."""
        context = ssl.create_default_context(cafile=self.site.certificate)
        with (
            socket.create_connection(("127.0.0.1", self.site.port), PATIENCE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=PUBLIC) as connection,
        ):
            yield connection

    @contextmanager
    def opened_screen(self) -> Iterator[Screen]:
        """Open the websocket of a screen, and keep the cookies of the handshake."""
        context = ssl.create_default_context(cafile=self.site.certificate)
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        with connect(
            f"wss://{PUBLIC}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", self.site.port), PATIENCE_SECONDS),
            ssl=context,
            origin=Origin(ORIGIN),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": cookies},
            compression=None,
            max_size=None,
        ) as connection:
            assert connection.response is not None
            for cookie in connection.response.headers.get_all("Set-Cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.http.cookies.set(name, value, domain=PUBLIC, path="/", secure=True)
            yield Screen(connection)

    def upload(self, address: str, size: int) -> int:
        """Upload a file of so many bytes as Streamlit does, and return the status."""
        token = self.http.cookies.get("_streamlit_xsrf")
        if token is None:
            self.ask("/_stcore/health")
            token = self.http.cookies.get("_streamlit_xsrf")
        files = {"file": ("past.csv", b"x" * size)}
        headers = {"X-Xsrftoken": str(token)}
        return self.ask(address, "PUT", files=files, headers=headers).status_code


class Screen:
    """One session of Streamlit."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._buttons: list[str] = []  # ids of those that were drawn; each ends with its key

    def read(self, page: str = "", query: str = "", *, press: str | None = None) -> str:
        """Have the script run once, and return every Markdown text that it draws.

        ``press`` is the key of a button that was drawn before.
        """
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        if press is not None:
            (id,) = {id for id in self._buttons if id.endswith(f"-{press}")}
            message.rerun_script.widget_states.widgets.add(id=id, trigger_value=True)
        self._connection.send(message.SerializeToString())
        texts: list[str] = []
        while True:
            answer = self._receive()
            if answer.WhichOneof("type") == "script_finished":
                return "\n".join(texts)
            element = answer.delta.new_element
            if element.markdown.body:
                texts.append(element.markdown.body)
            if element.button.id:
                self._buttons.append(element.button.id)

    def ask_upload_address(self) -> str:
        """Ask for an address to upload a file to, as a file uploader does."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append("past.csv")
        self._connection.send(message.SerializeToString())
        while True:
            answer = self._receive()
            if answer.WhichOneof("type") == "file_urls_response":
                return str(answer.file_urls_response.file_urls[0].upload_url)

    def _receive(self) -> ForwardMsg:
        message: ForwardMsg = ForwardMsg.FromString(
            self._connection.recv(PATIENCE_SECONDS, decode=False)
        )
        return message


@contextmanager
def serving_replicas(serve: Serve, folder: Path, facebook_url: str) -> Iterator[Site]:
    """Serve two replicas, which start at once on a database without tables, behind nginx."""
    find_nginx()
    with ExitStack() as stack:
        service = stack.enter_context(serving_sign_in())
        database_url = stack.enter_context(serving_postgres())
        settings = replica_settings(facebook_url, database_url, service)
        starting = [serve(settings=settings) for _ in "ab"]
        with ThreadPoolExecutor(2) as pool:
            replicas = dict(zip("ab", pool.map(stack.enter_context, starting), strict=True))
        yield stack.enter_context(serving_site(replicas, folder, service))


@contextmanager
def serving_site(replicas: dict[str, Server], folder: Path, service: Service) -> Iterator[Site]:
    """Serve the replicas "a" and "b" behind nginx, with its files in ``folder``."""
    nginx = find_nginx()
    site = Site(find_free_port(), replicas, folder, service)
    _write_certificate(folder)
    text = Template(TEMPLATE.read_text(encoding="utf-8")).safe_substitute(
        PUBLIC_NAME=PUBLIC,
        TLS_FOLDER=folder,
        DASHBOARD_A=f"127.0.0.1:{replicas['a'].port}",
        DASHBOARD_B=f"127.0.0.1:{replicas['b'].port}",
        PROXY_SECRET=PROXY_SECRET,
    )
    for there, here in {
        "listen [::]:443 ssl;": "",
        "listen [::]:80;": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{site.port} ssl;",
        "listen 80;": f"listen 127.0.0.1:{find_free_port()};",
        "/var/log/nginx": str(folder),
    }.items():
        assert there in text, "the template has changed"
        text = text.replace(there, here)
    (folder / "pagekeeper.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=getpass.getuser()))
    process = subprocess.Popen(
        [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    )
    try:
        wait_until(lambda: process.poll() is not None or _listens(site.port), PATIENCE_SECONDS)
        assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
        yield site
    finally:
        process.terminate()
        process.wait(20)


# What Debian's nginx.conf and that of the container have around the files they include.
_MAIN = """
daemon off;
user {user};
pid {folder}/nginx.pid;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/pagekeeper.conf;
}}
"""


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _write_certificate(folder: Path) -> None:
    """Write a certificate of the site, and its key. OpenSSL knows the machine's clock only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, PUBLIC)])
    names = [x509.DNSName(PUBLIC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
