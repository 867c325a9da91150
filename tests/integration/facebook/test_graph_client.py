"""The Graph client over real HTTP: broken lines, broken answers, and the sandbox end to end."""

from __future__ import annotations

import gc
import gzip
import hashlib
import hmac
import io
import logging
import socket
import threading
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fb.graph import errors, oauth
from fb.graph.client import GraphClient
from fb.graph.debug_token import debug_token
from fb.graph.http import MAX_ANSWER_BYTES, exchange, open_session
from fb.graph.pages import fetch_figures, fetch_pages
from fb.jobs.worker import Worker
from storage.accounts.pages import PageReport
from tests.integration.facebook.fault_server import (
    RESET,
    STALL,
    FaultServer,
    fault_server,
    http,
    talking_server,
)
from tests.integration.facebook.sandbox_kit import (
    ANNA,
    APP_ID,
    APP_SECRET,
    REDIRECT_URI,
    Facebook,
    facebook,
)

TOKEN = "EAABsbCS1iHgBO7ZCxqZBZAv4ZC"
CODE = "AQDcodeThatNobodyMaySee"
OK = http('{"id":"7"}', "200 OK", "facebook-api-version: v26.0")


def client_of(url: str, **options: Any) -> GraphClient:
    """A client without patience, unless it is given some; it never really sleeps."""
    defaults: dict[str, Any] = {
        "graph_url": url,
        "version": "v26.0",
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "patience_seconds": 0,
        "connect_timeout_seconds": 2.0,
        "read_timeout_seconds": 0.3,
        "sleep": lambda seconds: None,
        "random": lambda: 0.0,
    }
    return GraphClient(**(defaults | options))


def read_me(server: FaultServer, **options: Any) -> Any:
    client = client_of(server.url, **options)
    try:
        return client.get("me", {"fields": "id"}, TOKEN)
    finally:
        client.close()


pytestmark = pytest.mark.usefixtures("redacted_logging")


# What is sent


def test_the_token_travels_in_a_header_and_its_proof_beside_it() -> None:
    with fault_server(OK) as server:
        assert read_me(server) == {"id": "7"}
    head = server.text
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert f"Authorization: Bearer {TOKEN}" in head
    assert head.startswith(f"GET /v26.0/me?fields=id&appsecret_proof={proof} HTTP/1.1")
    assert TOKEN not in head.splitlines()[0]
    assert APP_SECRET not in head


def test_a_secret_travels_in_a_body_only() -> None:
    with fault_server(http('{"access_token":"EAAx"}')) as server:
        oauth.exchange_code(client_of(server.url), redirect_uri=REDIRECT_URI, code=CODE)
        oauth.exchange_for_long_lived(client_of(server.url), TOKEN)
    for request in server.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v26.0/oauth/access_token HTTP/1.1")
        assert b"Authorization" not in head
        assert APP_SECRET.encode() in body


def test_a_netrc_gives_nobody_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    # As for Facebook itself, where the environment counts.
    session = open_session("https://graph.facebook.com")
    assert session.trust_env
    with fault_server(OK) as server, session:
        for token in (TOKEN, None):
            exchange(
                session, "POST", server.url, form={}, token=token, timeouts=(2, 2), total_seconds=2
            )
    assert f"Bearer {TOKEN}" in server.requests[0].decode()
    assert b"Authorization" not in server.requests[1]


def test_a_proxy_of_the_environment_does_not_see_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    with fault_server(OK) as server, fault_server(OK) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        read_me(server)
    assert (len(server.requests), proxy.requests) == (1, [])


def test_cookies_are_not_sent_back() -> None:
    with fault_server(http("{}", "200 OK", "Set-Cookie: datr=x; Path=/")) as server:
        client = client_of(server.url)
        client.get("me", {}, TOKEN)
        client.get("me", {}, TOKEN)
    assert "cookie" not in server.text.lower()


# What comes back


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http("<!DOCTYPE html><h1>Sorry</h1>"), errors.UnreadableAnswer),
        (http('{"id":"7","na'), errors.UnreadableAnswer),
        (http('[{"id":"7"}]'), errors.UnreadableAnswer),
        (http("null"), errors.UnreadableAnswer),
        (http("[" * 100_000), errors.UnreadableAnswer),
        (http("", "204 No Content"), errors.UnreadableAnswer),
        (http("<html>", "502 Bad Gateway"), errors.TemporarilyDown),
        (http('{"error":{"code":190,"error_subcode":460}}'), errors.AccessEnded),
        (http('{"error":"Service Unavailable"}'), errors.Refused),
        (http('{"id":"7"}', length=500), errors.Unreachable),
        (b"", errors.Unreachable),
        (RESET, errors.Unreachable),
        (STALL, errors.Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Len", errors.UnreadableAnswer),
        (b"this is not HTTP\r\n\r\n", errors.Unreachable),
        (http("not gzip at all", "200 OK", "Content-Encoding: gzip"), errors.Unreachable),
    ],
)
def test_a_broken_answer_is_one_error_that_tells_nothing(
    answer: bytes, kind: type[errors.FacebookError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    gc.collect()  # what earlier tests left can't be closed at the limit of recursion
    with fault_server(answer) as server, pytest.raises(kind) as caught:
        read_me(server)
    assert type(caught.value) is kind
    assert len(server.requests) == 1
    assert_tells_nothing(caught.value, caplog.text)


def assert_tells_nothing(error: BaseException, log: str) -> None:
    told = io.StringIO()
    traceback.print_exception(error, file=told)
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (TOKEN, CODE, APP_SECRET, "appsecret_proof=", "?fields", "127.0.0.1:"):
        assert secret not in told.getvalue() + repr(error) + log


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening: connections are refused
        client = client_of(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(errors.Unreachable) as caught:
            client.get("me", {}, TOKEN)
    assert caught.value.is_transient
    assert_tells_nothing(caught.value, caplog.text)


def test_what_no_retry_mends_is_not_retried() -> None:
    slept: list[float] = []
    options: dict[str, Any] = {"patience_seconds": 20, "sleep": slept.append}
    with fault_server(OK) as server:
        # Not TLS: a certificate that is wrong stays wrong.
        secure = client_of(f"https://127.0.0.1:{server.port}", **options)
        with pytest.raises(errors.Unreachable) as caught:
            secure.get("me", {}, TOKEN)
    assert_tells_nothing(caught.value, "")
    with pytest.raises(errors.Unreachable):
        client_of("http://127.0.0.1:99999", **options).get("me", {}, TOKEN)
    assert slept == []


def test_texts_come_out_fit_to_be_stored() -> None:
    answer = http(r'{"name":"\u00d3bidos \ud83d\ude00 a\ud83dz \u0000"}')
    # JSON is read whatever it is called.
    with fault_server(answer.replace(b"application/json", b"text/javascript")) as server:
        assert read_me(server) == {"name": "Óbidos 😀 a?z "}


def test_the_version_and_the_usage_are_observed() -> None:
    usage = '{"call_count":28,"total_time":25,"total_cputime":24}'
    answer = http("{}", "200 OK", "Facebook-API-Version: v22.0", f"X-App-Usage: {usage}")
    with fault_server(OK, answer, http("{}", "200 OK", "facebook-api-version: <b>")) as server:
        client = client_of(server.url)
        for served in ("v26.0", "v22.0", "v22.0"):
            client.get("me", {}, TOKEN)
            assert client.observed.version_served == served
    assert client.observed.usage["app app"].call_count_percent == 28


# How much of it is read


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_a_compressed_answer_is_read_up_to_a_limit() -> None:
    """300 MB of spaces in 300 kB."""
    press = zlib.compressobj(9, wbits=31)
    bomb = b"".join(press.compress(b" " * 1_000_000) for _ in range(300)) + press.flush()
    with fault_server(http("", "200 OK", "Content-Encoding: gzip", length=len(bomb)) + bomb) as it:
        tracemalloc.start()
        try:
            with pytest.raises(errors.UnreadableAnswer) as caught:
                read_me(it, patience_seconds=60)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 * MAX_ANSWER_BYTES
    assert not caught.value.is_transient
    assert len(it.requests) == 1, "it would be as large again"


def test_a_compressed_answer_is_read() -> None:
    small = gzip.compress(b'{"id":"7"}')
    whole = http("", "200 OK", "Content-Encoding: gzip", length=len(small)) + small
    with fault_server(whole) as server:
        assert read_me(server) == {"id": "7"}
    cut_off = http("", "200 OK", "Content-Encoding: gzip", length=12) + small[:12]
    with fault_server(cut_off) as server, pytest.raises(errors.TransportFailed):
        read_me(server)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_answer_is_read_up_to_a_limit(is_chunked: bool) -> None:
    sent: list[int] = []
    piece = b" " * 100_000
    length = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: 400000000"

    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + length + b"\r\n\r\n")
        for _ in range(4_000):
            connection.sendall(b"186a0\r\n" + piece + b"\r\n" if is_chunked else piece)
            sent.append(len(piece))

    with talking_server(talk) as server, pytest.raises(errors.UnreadableAnswer):
        read_me(server)
    assert sum(sent) < 3 * MAX_ANSWER_BYTES, "the rest is not even taken from the line"


def drip(start: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    """Never silent for long, and never done."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(HEAD + start)
        for _ in range(1_000):
            connection.sendall(piece)
            time.sleep(0.05)

    return talk


DRIP = drip(b"Content-Length: 1000\r\n\r\n", b" ")


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(DRIP, id="body"),
        pytest.param(drip(b"X-Long: ", b"x"), id="head"),
        pytest.param(drip(b"Transfer-Encoding: chunked\r\n\r\n", b"0"), id="length of a piece"),
        # What has come looks complete when the connection ends.
        pytest.param(drip(b'\r\n{"id":"7"}', b" "), id="without a length"),
    ],
)
def test_a_slow_answer_is_read_up_to_a_time(talk: Callable[[socket.socket], None]) -> None:
    with talking_server(talk) as server, pytest.raises(errors.UnreadableAnswer) as caught:
        read_me(server, total_timeout_seconds=0.3)
    assert caught.value.is_transient


def test_slow_answers_do_not_hold_the_worker() -> None:
    worker = Worker(threads=4)
    done = threading.Event()
    failed: list[type[Exception]] = []

    def read() -> None:
        try:
            read_me(server, total_timeout_seconds=0.3)
        except errors.FacebookError as error:
            failed.append(type(error))

    with talking_server(DRIP) as server:
        for _ in range(4):
            worker.submit("slow", read)
        worker.submit("the day's sync", done.set)
        assert done.wait(20)
        worker.close()
    assert failed == [errors.UnreadableAnswer] * 4


def test_one_connection_serves_one_call_after_another() -> None:
    """A body that was read to its end gives the connection back."""

    def talk(connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(HEAD + b"Content-Length: 10\r\n\r\n" + b'{"id":"7"}')
            connection.recv(65_536)

    with talking_server(talk) as server:
        client = client_of(server.url)
        assert [client.get("me", {}, TOKEN) for _ in range(2)] == [{"id": "7"}] * 2
        client.close()
    assert len(server.requests) == 1, "the first request of each connection"


# Redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_no_redirect_is_followed(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with fault_server(OK) as elsewhere:
        answer = http("{}", f"{status} Elsewhere", f"Location: {elsewhere.url}/steal")
        with fault_server(answer) as server:
            client = client_of(server.url, patience_seconds=20)
            with pytest.raises(errors.RedirectRefused) as caught:
                client.get("me", {}, TOKEN)
            with pytest.raises(errors.RedirectRefused):
                oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code=CODE)
            with pytest.raises(errors.RedirectRefused):
                oauth.revoke(client, "7", TOKEN)
    assert len(server.requests) == 3
    assert elsewhere.requests == []
    assert_tells_nothing(caught.value, caplog.text)


@pytest.mark.parametrize("location", ["http://[", "//", "", "\\\\x", "http://127.0.0.1:99999/"])
def test_a_mad_location_is_a_redirect_like_any(location: str) -> None:
    answer = http("{}", "307 Elsewhere", f"Location: {location}")
    with fault_server(answer) as server, pytest.raises(errors.RedirectRefused):
        read_me(server)


# Retries


def test_what_passes_is_tried_again_until_it_works() -> None:
    answers = (RESET, http("<html>", "502 Bad Gateway"), http('{"error":{"code":1}}'), b"", OK)
    slept: list[float] = []
    with fault_server(*answers) as server:
        found = read_me(server, patience_seconds=20, sleep=slept.append, random=lambda: 1.0)
    assert found == {"id": "7"}
    assert slept == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "refusal",
    ['{"error":{"code":190}}', '{"error":{"code":4}}', '{"error":{"code":1,"is_transient":false}}'],
)
def test_what_does_not_pass_is_asked_once(refusal: str) -> None:
    answers = (http(refusal, "400 Bad Request"), OK)
    with fault_server(*answers) as server, pytest.raises(errors.GraphRefused):
        read_me(server, patience_seconds=20)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [RESET, b"", http("<html>", "502 Bad"), http("{}"), STALL])
def test_a_code_is_sent_once_whatever_happens(answer: bytes) -> None:
    with fault_server(answer, http('{"access_token":"EAAx"}')) as server:
        client = client_of(server.url, patience_seconds=20)
        with pytest.raises(errors.FacebookError) as caught:
            oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code=CODE)
    assert len(server.requests) == 1
    assert_tells_nothing(caught.value, "")


def test_a_retry_waits_no_longer_than_the_patience_lasts() -> None:
    moments = iter([0.0, 18.9])  # of the first failure, and when the retry is sent
    with fault_server(RESET, STALL) as server:
        client = client_of(
            server.url,
            patience_seconds=20,
            read_timeout_seconds=60,
            monotonic=lambda: next(moments, 30.0),
        )
        with pytest.raises(errors.Unreachable):
            client.get("me", {}, TOKEN)
    assert len(server.requests) == 2


# Against the sandbox


@pytest.fixture(scope="module")
def shared() -> Iterator[Facebook]:
    """One sandbox for all tests of this module; each clears its faults and its trouble."""
    with facebook() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(shared: Facebook) -> Iterator[Facebook]:
    yield shared
    shared.sandbox.start_over()


@pytest.fixture
def client(stand_in: Facebook) -> Iterator[GraphClient]:
    found = client_of(stand_in.url, read_timeout_seconds=5, patience_seconds=20)
    yield found
    found.close()


def connect(stand_in: Facebook, client: GraphClient, **dialog: str) -> str:
    """A long-lived user access token, by our own code all the way."""
    code = stand_in.agree(**dialog)["code"]
    short = oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code=code)
    return oauth.exchange_for_long_lived(client, short)


def test_a_whole_trip(stand_in: Facebook, client: GraphClient) -> None:
    token = connect(stand_in, client, no="read_insights")
    facts = debug_token(client, token)
    identity = oauth.fetch_identity(client, token)
    assert (facts.is_valid, facts.app_id, facts.type) == (True, APP_ID, "USER")
    assert facts.user_id == identity.id == ANNA
    assert facts.expires_at is not None
    assert (facts.expires_at - stand_in.sandbox.now()).days > 50
    permissions = oauth.fetch_permissions(client, token)
    assert "pages_show_list" in permissions.granted
    assert permissions.declined == ("read_insights",)
    listing = fetch_pages(client, token, PageReport)
    assert len(listing.pages) > 50
    assert sum(page.access_token is None for page in listing.pages) == 1
    assert client.observed.version_served == "v26.0"
    oauth.revoke(client, identity.id, token)
    assert not debug_token(client, token).is_valid
    with pytest.raises(errors.AccessEnded):
        oauth.fetch_identity(client, token)


def test_a_used_code_is_rejected(stand_in: Facebook, client: GraphClient) -> None:
    code = stand_in.agree()["code"]
    oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code=code)
    with pytest.raises(errors.CodeRejected) as caught:
        oauth.exchange_code(client, redirect_uri=REDIRECT_URI, code=code)
    assert (caught.value.code, caught.value.subcode) == (100, 36009)


def test_the_proof_is_right_for_every_token(stand_in: Facebook, client: GraphClient) -> None:
    stand_in.sandbox.inject("proof required", times=99)
    token = connect(stand_in, client)
    pages = [page for page in fetch_pages(client, token, PageReport).pages if page.access_token]
    debug_token(client, token)
    chunk = next(
        fetch_figures(client, [(p.page.id, p.access_token or "") for p in pages], PageReport)
    )
    assert all(isinstance(result, PageReport) for _, result in chunk)
