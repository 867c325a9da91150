"""The command line, as cron calls it: a process of its own, exit codes, words, no tracebacks."""

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

from fb.connections import disconnect, list_connections
from tests.integration.test_rehearsal import connect, opened_sandbox
from tests.present import clock_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the program in a fresh directory."""
    for folder in ("fb", "storage"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / ".env.example", tmp_path)
    return tmp_path


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


def test_sync_without_any_page(home: Path) -> None:
    done = run(home, "sync")
    assert done.returncode == 0
    assert "No Page is connected yet" in done.stdout


def test_sync_serves_its_own_sandbox(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    done = run(home, "sync")
    assert done.returncode == 0, done.stderr
    assert "0 failed" in done.stdout


def test_sync_that_fails_in_part_exits_with_1(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
        person = installation.sandbox.world.people[0]
        page_id = next(iter(installation.sandbox.world.pages)).id
        installation.sandbox.remove_role(person.id, page_id)
    done = run(home, "sync")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "Activity" in done.stdout


def test_doctor_is_content_with_a_sandbox(home: Path) -> None:
    done = run(home, "doctor")
    assert done.returncode == 0, done.stdout
    assert "keys fit" in done.stdout


def test_doctor_names_every_problem_at_once(home: Path) -> None:
    done = run(
        home,
        "doctor",
        FACEBOOK_APP_ID="12",
        FACEBOOK_REDIRECT_URI="localhost/back",
        TOKEN_ENCRYPTION_KEYS="nonsense",
        DATABASE_URL="mysql://x/y",
        FACEBOOK_GRAPH_URL="https://graph.example",
    )
    assert done.returncode == 2
    for name in (
        "FACEBOOK_APP_ID",
        "FACEBOOK_APP_SECRET",
        "FACEBOOK_REDIRECT_URI",
        "TOKEN_ENCRYPTION_KEYS",
        "STATE_TOKEN_SECRET",
        "DATABASE_URL",
        "FACEBOOK_DIALOG_URL",
    ):
        assert name in done.stdout
    assert "nonsense" not in done.stdout


def test_an_env_file_that_is_a_directory(home: Path) -> None:
    (home / ".env").mkdir()
    done = run(home, "doctor")
    assert done.returncode == 2
    assert ".env" in done.stdout


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
    done = run(
        home,
        "sync",
        **LIVE,
        TOKEN_ENCRYPTION_KEYS=key,
        DATABASE_URL=f"sqlite:///{database}",
    )
    assert done.returncode == 2
    assert "another installation" in done.stdout
    assert database.read_bytes() == before


def test_a_live_database_in_sandbox_mode_is_not_touched(home: Path) -> None:
    url = f"sqlite:///{home}/data/live.db"
    key = Fernet.generate_key().decode()
    live = run(home, "doctor", **LIVE, TOKEN_ENCRYPTION_KEYS=key, DATABASE_URL=url)
    assert live.returncode in (0, 1), live.stdout
    before = (home / "data" / "live.db").read_bytes()
    done = run(home, "sync", DATABASE_URL=url)
    assert done.returncode == 2
    assert (home / "data" / "live.db").read_bytes() == before


def lose_key(home: Path) -> None:
    secrets = home / "data" / "sandbox-secrets.json"
    kept = json.loads(secrets.read_text())
    (name,) = [name for name, value in kept.items() if _is_key(value)]
    kept[name] = Fernet.generate_key().decode()
    secrets.write_text(json.dumps(kept))


def test_a_lost_key_can_be_mended_without_losing_history(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    lose_key(home)
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


def test_a_wrong_key_is_said_and_nothing_is_touched(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    lose_key(home)
    done = run(home, "sync")
    assert done.returncode == 2
    assert "encryption key" in done.stdout
    assert "don't reconnect" in done.stdout


def _is_key(value: object) -> bool:
    try:
        Fernet(str(value))
    except ValueError:
        return False
    return True


def test_a_dead_account_is_no_success_however_often(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
        installation.sandbox.end_access(installation.sandbox.world.people[0].id, 460)
    for _ in range(2):
        done = run(home, "sync")
        assert done.returncode == 1
        assert "failed" in done.stdout


def test_a_broken_database_is_said(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    with sqlite3.connect(home / "data" / "sandbox.db") as connection:
        connection.execute("ALTER TABLE snapshots RENAME TO elsewhere")
    assert run(home, "sync").returncode == 2


def test_rotate_keys(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    done = run(home, "rotate-keys")
    assert done.returncode == 0
    assert "sealed values" in done.stdout
    assert run(home, "sync").returncode == 0


def test_insights_without_any_page(home: Path) -> None:
    done = run(home, "insights")
    assert done.returncode == 0
    assert "No connected Page allows it" in done.stdout


def test_insights_serves_its_own_sandbox(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
    done = run(home, "insights")
    assert done.returncode == 0, done.stderr
    assert "figures of 56 Pages fetched; 1 gave none." in done.stdout
