"""Two dashboards on one PostgreSQL database, behind the nginx of docs/deploy/. No browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from pages.text import wording
from tests.browser.conftest import Serve
from tests.browser.kit.proxied import (
    PATIENCE_SECONDS,
    PROXY_SECRET,
    PUBLIC,
    SESSION_COOKIE,
    Site,
    serving_replicas,
)
from tests.postgres import execute
from tests.sign_in_service import CLIENT_SECRET
from tests.waiting import wait_until

MEGABYTE = 1_000_000


# Nobody connects here.
NO_FACEBOOK = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both replicas."""
    with serving_replicas(serve, tmp_path_factory.mktemp("nginx"), NO_FACEBOOK) as site:
        yield site


def test_of_two_that_start_at_once_one_makes_the_tables(site: Site) -> None:
    logs = [replica.log for replica in site.replicas.values()]
    assert sum("its tables are made" in log for log in logs) == 1


def test_who_is_not_signed_in_meets_the_sign_in(site: Site) -> None:
    stranger = site.stranger()
    for path in ("/", "/setup", "/media/x.csv", "/oauth/start", "/pictures/1"):
        assert stranger.ask(path).status_code == 401
    for path in ("/setup", "/setup/", "//setup", "/setup%3Fx", "/x/../setup"):
        answer = stranger.ask(path, headers={"Sec-Fetch-Mode": "navigate"})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/signin?back=%2F")
    forged = {"X-Pagekeeper-Session": "0123456789abcdef admin"}
    assert stranger.ask("/setup", headers=forged).status_code == 401
    # Facebook and calendars can't sign in; the dashboard itself refuses these.
    assert stranger.ask("/facebook/deauthorize", "POST").status_code == 400
    assert stranger.ask("/calendar/no-such-secret.ics").status_code == 404
    assert "no-such-secret" not in site.access_log


def test_a_stranger_s_upload_is_refused_before_it_is_sent(site: Site) -> None:
    head = (
        f"PUT /_stcore/upload_file/x/y HTTP/1.1\r\nHost: {PUBLIC}\r\nOrigin: https://{PUBLIC}\r\n"
        f"Content-Length: {200 * MEGABYTE}\r\n\r\n"
    )
    with site.stranger().connected() as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_a_sign_in_holds_on_both_replicas_and_leaves_no_trace_in_logs(site: Site) -> None:
    visitor = site.stranger(pagekeeper_replica="a")
    away = visitor.ask("/signin/start?back=%2Fposts%3Fperiod%3D7d")
    returned = urlsplit(site.service.sign_in(away.headers["Location"]))
    assert (returned.scheme, returned.netloc) == ("https", PUBLIC)
    # Any replica may be the one that finishes it.
    visitor.http.cookies.set("pagekeeper_replica", "b", domain=PUBLIC, path="/", secure=True)
    home = visitor.ask(f"{returned.path}?{returned.query}")
    assert (home.status_code, home.headers["Location"]) == (303, "/posts?period=7d")
    given = [each for each in home.raw.headers.getlist("Set-Cookie") if SESSION_COOKIE in each]
    assert len(given) == 1
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(given[0].split("; "))
    secret = visitor.http.cookies[SESSION_COOKIE]
    for name in site.replicas:
        signed_in = site.stranger(**{SESSION_COOKIE: secret, "pagekeeper_replica": name})
        assert signed_in.ask("/setup").status_code == 200
        assert signed_in.replica == name
    logs = [replica.log for replica in site.replicas.values()]
    for kept in (secret, CLIENT_SECRET, *returned.query.split("&")):
        assert kept not in site.access_log
        assert not [log for log in logs if kept.rpartition("=")[2] in log]


def test_only_through_the_proxy_the_dashboard_answers(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.ask("/setup").status_code == 200
    cookies = {SESSION_COOKIE: visitor.http.cookies[SESSION_COOKIE]}
    for replica in site.replicas.values():
        for path in ("/setup", "/signin", "/signin/start", "/facebook/deauthorize"):
            direct = requests.get(
                f"http://127.0.0.1:{replica.port}{path}",
                headers={"Host": PUBLIC},
                cookies=cookies,
                timeout=10,
            )
            assert direct.status_code == 403
            assert "through its proxy only" in direct.text
        assert PROXY_SECRET not in replica.log
    assert PROXY_SECRET not in site.access_log


@pytest.mark.parametrize(
    "path", ["/readyz", "/livez", "/healthz", "/metrics", "//readyz", "/x/../livez", "/%72eadyz"]
)
def test_probes_are_for_the_machine_itself(site: Site, path: str) -> None:
    assert site.visitor().ask(path).status_code == 404
    for replica in site.replicas.values():
        assert requests.get(f"http://127.0.0.1:{replica.port}/readyz", timeout=10).text == "ready"


def test_a_browser_stays_with_its_replica_and_uploads_there(site: Site) -> None:
    newcomer = site.visitor()
    first = newcomer.ask("/")
    assert newcomer.replica in site.replicas
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(first.headers["Set-Cookie"].split("; "))
    assert "pagekeeper_replica" not in newcomer.ask("/").headers.get("Set-Cookie", "")
    for name, other in (("a", "b"), ("b", "a")):
        visitor = site.visitor(pagekeeper_replica=name)
        with visitor.opened_screen() as screen:
            assert "the chart begins" in screen.read()
            address = screen.ask_upload_address()
            assert visitor.upload(address, 3 * MEGABYTE) == 204
            astray = site.visitor(pagekeeper_replica=other)
            assert astray.upload(address, 10) == 400, "the other replica does not know it"
            assert visitor.replica == name
    assert (
        newcomer.ask("/facebook/deauthorize", "POST", data=b"x" * 3 * MEGABYTE).status_code == 413
    )


def test_a_browser_moves_when_its_replica_ends_and_stays_there(site: Site) -> None:
    visitor = site.visitor(pagekeeper_replica="a")
    site.replicas["a"].stop()
    with visitor.opened_screen() as screen:
        assert visitor.replica == "b"
        screen.read()
        site.replicas["a"].start()
        assert visitor.ask("/").status_code == 200
        assert visitor.upload(screen.ask_upload_address(), 10) == 204, "its session is there"
        assert visitor.replica == "b"

    def is_back() -> bool:
        another = site.visitor(pagekeeper_replica="a")
        another.ask("/")
        return another.replica == "a"

    # nginx asks a again after fail_timeout; the other tests, in any order, need both.
    wait_until(is_back, PATIENCE_SECONDS)


def test_an_older_version_says_that_it_is_one(site: Site) -> None:
    database_url = site.settings["DATABASE_URL"]
    set_revision = "UPDATE alembic_version SET version_num = "
    with site.visitor().opened_screen() as screen:
        screen.read()
        execute(database_url, f"{set_revision} 'newer-' || version_num")
        try:
            assert wording.STARTUP_ERRORS["newer_schema"].sentence in screen.read()
            for replica in site.replicas.values():
                ready = requests.get(f"http://127.0.0.1:{replica.port}/readyz", timeout=10)
                assert (ready.status_code, ready.text) == (503, "not ready: newer_schema")
        finally:
            execute(database_url, f"{set_revision} substr(version_num, 7)")
