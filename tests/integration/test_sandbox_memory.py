"""What the sandbox remembers across a restart, and what two processes share."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fb.sandbox import make_world
from tests.integration.sandbox_kit import ANNA, error_of, facebook, make_sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the state is kept."""
    return tmp_path / "data" / "sandbox-world.json"


def test_tokens_codes_clock_and_trouble_survive_a_restart(path: Path) -> None:
    with facebook(state_path=path) as fb:
        token = fb.long_token(no="read_insights", off="1")
        page = fb.list_pages(token, "id,access_token")[0]
        used, code = fb.agree(off="1", no="read_insights")["code"], fb.agree(off="1")["code"]
        fb.exchange(used)
        fb.sandbox.advance(0)
    with facebook(state_path=path) as fb:
        assert fb.get("me", token).json()["id"] == ANNA
        assert fb.get(page["id"], page["access_token"]).status_code == 200
        assert error_of(fb.exchange(used))["error_subcode"] == 36009
        assert fb.exchange(code).status_code == 200
        assert len(fb.list_pages(token)) == 57
        fb.sandbox.advance(30)
        fb.sandbox.trouble = "rate limit"
    reopened = make_sandbox(state_path=path)
    assert reopened.trouble == "rate limit"
    assert reopened.today().isoformat() == "2026-12-22"


def test_tokens_outlive_even_the_memory(path: Path) -> None:
    """Without a file they still say by themselves what they open."""
    with facebook() as fb:
        token = fb.long_token(no="pages_read_engagement", off="1")
    with facebook() as fb:
        assert len(fb.list_pages(token)) == 57
        assert error_of(fb.get("me/accounts", token, fields="fan_count"))["code"] == 10


def test_an_ending_survives_a_restart(path: Path) -> None:
    with facebook(state_path=path) as fb:
        token = fb.long_token()
        fb.sandbox.trouble = "password changed"
    with facebook(state_path=path) as fb:
        assert error_of(fb.get("me", token))["error_subcode"] == 460


def test_another_secret_reads_nothing() -> None:
    with facebook() as fb:
        token = fb.long_token()
    with facebook(app_secret="another secret of the same app") as fb:
        assert error_of(fb.get("me", token))["code"] == 190


def test_two_processes_share_the_file(path: Path) -> None:
    with facebook(state_path=path) as server:
        beside = make_sandbox(state_path=path)
        token = server.long_token()
        beside.advance(5)
        assert server.sandbox.today() == beside.today()
        beside.trouble = "Facebook is down"
        assert server.get("me", token).status_code == 503
        beside.start_over()
        assert server.sandbox.trouble == "none"
        assert server.get("me", token).status_code == 400


def test_a_code_is_used_once_whichever_process_takes_it(path: Path) -> None:
    with facebook(state_path=path) as one, facebook(state_path=path) as two:
        for _ in range(5):
            code = one.agree()["code"]
            with ThreadPoolExecutor(4) as pool:
                trips = [pool.submit(fb.exchange, code) for fb in (one, two, one, two)]
            statuses = sorted(trip.result().status_code for trip in trips)
            assert statuses == [200, 400, 400, 400]


def test_the_file_is_for_its_owner_and_holds_no_secret(path: Path) -> None:
    with facebook(state_path=path) as fb:
        fb.long_token()
        secrets = fb.sandbox.issued_secrets
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    text = path.read_text()
    assert not [secret for secret in secrets if secret in text]
    assert "0123456789abcdef" not in text


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00", json.dumps({"offset_days": 3})])
def test_a_damaged_file_counts_as_empty(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    sandbox = make_sandbox(state_path=path)
    assert sandbox.trouble == "none"
    sandbox.advance(1)
    assert make_sandbox(state_path=path).store.read()["offset_days"] in (1, 4)


def test_many_threads_lose_no_change(path: Path) -> None:
    sandboxes = [make_sandbox(state_path=path) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        for number in range(60):
            pool.submit(sandboxes[number % 3].advance, 1)
    assert make_sandbox(state_path=path).store.read()["offset_days"] == 60


def test_a_code_of_a_larger_world_still_opens_what_is_left() -> None:
    with facebook(world=make_world(pages=1000)) as fb:
        token = fb.long_token()
    with facebook() as fb:
        assert len(fb.list_pages(token)) == 58
