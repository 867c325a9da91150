"""The command line as cron calls it: a process of its own, exit codes, sentences, no tracebacks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fb.accounts.connections import list_connections
from fb.accounts.disconnect import disconnect
from tests.integration.facebook.own_sandbox import connect, opened_sandbox
from tests.integration.facebook.traveller import Traveller
from tests.old_database import make_old_database
from tests.present import clock_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the program in a fresh directory."""
    for folder in ("fb", "storage"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


@pytest.fixture
def connected(home: Path) -> Path:
    """The same with an account connected in the sandbox."""
    with opened_sandbox(home) as installation:
        connect(installation)
    return home


def run(home: Path, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "fb", command],
        cwd=home,
        env=bare | clock_environment() | settings,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    ("command", "phrase"),
    [("sync", "No Page is connected yet"), ("insights", "No connected Page allows it")],
)
def test_nothing_to_fetch_is_no_failure(home: Path, command: str, phrase: str) -> None:
    done = run(home, command)
    assert done.returncode == 0
    assert phrase in done.stdout


@pytest.mark.parametrize(
    ("command", "phrase"),
    [
        ("sync", "0 failed"),
        ("insights", "figures of 56 Pages fetched; 1 gave none."),
        ("rotate-keys", "sealed values"),
    ],
)
def test_each_command_serves_its_own_sandbox(connected: Path, command: str, phrase: str) -> None:
    done = run(connected, command)
    assert done.returncode == 0, done.stderr
    assert phrase in done.stdout


def test_sync_that_fails_in_part_exits_with_1(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
        traveller = Traveller(installation, installation.settings.graph_url)
        traveller.answer(traveller.set_out(), unticked_pages=1)
    done = run(home, "sync")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "Activity" in done.stdout


def test_doctor_is_content_with_a_sandbox(home: Path) -> None:
    done = run(home, "doctor")
    assert done.returncode == 0, done.stdout
    assert "keys fit" in done.stdout


def test_doctor_names_every_problem_at_once(home: Path) -> None:
    wrong = {"FACEBOOK_APP_ID": "12", "TOKEN_ENCRYPTION_KEYS": "nonsense", "DATABASE_URL": "x://y"}
    done = run(home, "doctor", **wrong)
    assert done.returncode == 2
    for name in (*wrong, "FACEBOOK_APP_SECRET", "STATE_TOKEN_SECRET"):
        assert name in done.stdout
    assert "nonsense" not in done.stdout


def test_an_env_file_that_is_not_text(home: Path) -> None:
    (home / ".env").write_bytes(b"FACEBOOK_APP_ID=\xff\xfe\n")
    done = run(home, "sync")
    assert done.returncode == 2
    assert ".env" in done.stdout


LIVE = {
    "FACEBOOK_APP_ID": "123456789012345",
    "FACEBOOK_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "STATE_TOKEN_SECRET": "a-secret-of-more-than-32-characters-for-tests",
}


def test_a_sandbox_database_in_live_mode_is_not_touched(home: Path) -> None:
    assert run(home, "doctor").returncode == 0
    database = home / "data" / "sandbox.db"
    before = database.read_bytes()
    key = Fernet.generate_key().decode()
    url = f"sqlite:///{database}"
    done = run(home, "sync", **LIVE, TOKEN_ENCRYPTION_KEYS=key, DATABASE_URL=url)
    assert done.returncode == 2
    assert "another installation" in done.stdout
    assert database.read_bytes() == before


@pytest.mark.parametrize("command", ["sync", "doctor"])
def test_a_database_of_an_earlier_version_is_told_the_way_and_not_touched(
    home: Path, command: str
) -> None:
    database = make_old_database(home / "data" / "sandbox.db", "sandbox")
    before = database.read_bytes()
    done = run(home, command)
    assert done.returncode == 2
    assert f"sqlite:///{database}" in done.stdout
    assert "Export the daily figures as CSV" in done.stdout
    assert database.read_bytes() == before


def lose_key(home: Path) -> None:
    path = home / "data" / "sandbox-secrets.json"
    new_key = {"encryption_key": Fernet.generate_key().decode()}
    path.write_text(json.dumps(json.loads(path.read_text()) | new_key))


def test_a_wrong_key_is_told_and_can_be_mended_without_losing_history(connected: Path) -> None:
    home = connected
    lose_key(home)
    refused = run(home, "sync")
    assert refused.returncode == 2
    assert "encryption key" in refused.stdout
    assert "don't reconnect" in refused.stdout
    assert run(home, "rotate-keys").returncode == 2, "not while anything is sealed with it"
    with opened_sandbox(home) as installation:
        assert not installation.can_open_tokens
        for connection in list_connections(installation, installation.now()):
            disconnect(installation, connection.grant_id, revoke=False)
    assert run(home, "rotate-keys").returncode == 0
    with opened_sandbox(home) as installation:
        assert installation.can_open_tokens
        connect(installation)
    assert run(home, "sync").returncode == 0


def test_a_database_file_that_can_not_be_made_is_said_without_its_options(home: Path) -> None:
    (home / "a-file").touch()
    done = run(home, "doctor", DATABASE_URL="sqlite:///a-file/x.db?password=hunter2")
    assert done.returncode == 2
    assert f"sqlite:///{home}/a-file/x.db." in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_a_broken_database_is_said(connected: Path) -> None:
    with sqlite3.connect(connected / "data" / "sandbox.db") as connection:
        connection.execute("ALTER TABLE snapshots RENAME TO elsewhere")
    assert run(connected, "sync").returncode == 2
