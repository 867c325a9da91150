"""A dashboard ends while it works, asked to or killed: what becomes of its work. No browser."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import create_engine, text

from fb.installation import open_installation
from fb.settings import read_settings
from tests.browser.conftest import Serve
from tests.browser.kit.proxied import find_nginx, replica_settings, serving_site
from tests.browser.kit.serving import Server, find_free_port, live_settings
from tests.fast_graph import FastGraph, served_fast_graph
from tests.integration.storage_rows import add_grant
from tests.postgres import execute, serving_postgres
from tests.present import tell_servers_time
from tests.sign_in_service import serving_sign_in
from tests.waiting import wait_until

ACCOUNT = "900"
PAGES = 150  # of which two calls read a hundred at once
START_SECONDS = 60.0
RUNS = "SELECT status, pages_done FROM job_runs WHERE kind = 'snapshots' ORDER BY id"


@pytest.fixture
def graph() -> Iterator[FastGraph]:
    """A Facebook that takes calls for Pages, and answers when its gate is opened."""
    with served_fast_graph() as graph:
        graph.held = frozenset({ACCOUNT})
        graph.gate.clear()
        yield graph


def connect_yesterday(settings: Mapping[str, str], folder: Path) -> None:
    """Save an account with its Pages, which have no figures of today then."""

    def yesterday() -> datetime:
        return tell_servers_time() - timedelta(days=1)

    startup = open_installation(read_settings(settings, folder), now=yesterday)
    assert startup.installation is not None, startup.error
    page_ids = [f"{ACCOUNT}{number:04d}" for number in range(PAGES)]
    with startup.installation.database.writing() as session:
        add_grant(session, startup.installation.vault, ACCOUNT, page_ids, yesterday())
    startup.installation.close()


@pytest.mark.fault(
    "a dashboard is asked to stop (SIGTERM) amid its calls to Facebook",
    "what was read; the next start reads the rest",
)
def test_a_server_that_is_asked_to_stop_keeps_what_it_has_read(
    serve: Serve, graph: FastGraph
) -> None:
    port = find_free_port()
    settings = live_settings(graph.url, port) | {"DRAIN_SECONDS": "60"}

    def prepare(folder: Path) -> None:
        connect_yesterday(settings, folder)

    with serve(settings=settings, port=port, prepare=prepare) as server:
        wait_until(lambda: graph.waiting[ACCOUNT] == 2, START_SECONDS)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in requests.get(f"{server.url}/readyz", timeout=10).text)
        assert graph.waiting[ACCOUNT] == 2, "while it drains it works"
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_listening(server))
        graph.gate.set()
        server.stop()
        assert server.query(RUNS) == [("stopped", 100)]
        assert graph.reads.total() == count_todays(server) == 100
        server.settings = settings | {"DRAIN_SECONDS": "0"}
        server.start()
        wait_until(lambda: server.query(RUNS) == [("stopped", 100), ("done", 50)])
        assert graph.reads.total() == count_todays(server) == PAGES
        assert set(graph.reads.values()) == {1}


def is_listening(server: Server) -> bool:
    try:
        requests.get(f"{server.url}/livez", timeout=10)
    except requests.ConnectionError:
        return False
    return True


def count_todays(server: Server) -> int:
    today = tell_servers_time().date().isoformat()
    return int(server.query("SELECT count(*) FROM snapshots WHERE day = ?", today)[0])


@pytest.mark.fault(
    "of two dashboards one is killed while it reads Pages, for a refresh and for a new account",
    "the browser moves on; the trip is told as broken off, the refresh reads each Page",
)
def test_a_replica_that_is_killed_leaves_its_work_to_the_other(
    serve: Serve, graph: FastGraph, tmp_path: Path
) -> None:
    find_nginx()
    with ExitStack() as stack:
        url = stack.enter_context(serving_postgres())
        service = stack.enter_context(serving_sign_in())
        settings = replica_settings(graph.url, url, service)
        connect_yesterday(settings, tmp_path)
        replicas = {"a": stack.enter_context(serve(settings=settings))}
        wait_until(lambda: graph.waiting[ACCOUNT] == 2, START_SECONDS)
        replicas["b"] = stack.enter_context(serve(settings=settings))
        site = stack.enter_context(serving_site(replicas, tmp_path, service))
        graph.held |= {""}  # the exchange of the code, too
        visitor = site.visitor(pagekeeper_replica="a")
        dialog = visitor.ask("/oauth/start").headers["location"]
        (state,) = parse_qs(urlsplit(dialog).query)["state"]
        with visitor.opened_screen() as screen:
            assert "the work goes on" in screen.read("connect", f"code=a-code&state={state}")
        assert visitor.replica == "a"
        wait_until(lambda: graph.waiting[""] == 1)
        replicas["a"].kill()
        assert query(url, RUNS) == [("running", 0)]
        # What the dead one has asked for reaches nobody.
        graph.gate.set()
        wait_until(lambda: not graph.waiting.total())
        graph.reads.clear()
        with visitor.opened_screen() as screen:
            assert visitor.replica == "b"
            (attempt_id,) = query(url, "SELECT id FROM attempts")[0]
            address = ("connect", f"attempt={attempt_id}")
            assert "the work goes on" in screen.read(*address), "for 20 s nobody can tell"
            let_time_pass(url)
            assert "Nothing was saved and nothing was lost." in screen.read(*address)
            screen.read()
            screen.read(press="refresh-now")
            wait_until(lambda: query(url, RUNS) == [("interrupted", 0), ("done", PAGES)])
        assert len(graph.reads) == PAGES
        assert set(graph.reads.values()) == {1}


def let_time_pass(url: str) -> None:
    """Let the minute go by after which a dead process shows to be dead."""
    minute = "- interval '1 minute'"
    execute(
        url,
        f"UPDATE job_leases SET expires_at = expires_at {minute}",
        f"UPDATE attempts SET heartbeat_at = heartbeat_at {minute}",
    )


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(sql))]
    engine.dispose()
    return rows
