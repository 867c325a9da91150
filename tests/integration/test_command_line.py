"""The command line as cron calls it: a process of its own, exit codes, sentences, no tracebacks."""

from __future__ import annotations

import compileall
import getpass
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from dotenv import dotenv_values
from sqlalchemy import delete

from fb import __main__ as command_line
from fb import __version__
from fb.accounts.connections import list_connections
from fb.accounts.disconnect import disconnect
from fb.commands import terminal
from fb.commands.sign_in_check import check_admin, check_service
from fb.jobs.worker import heartbeat
from fb.settings import read_settings
from storage.accounts.allowances import allow
from storage.accounts.page_tokens import list_page_tokens
from storage.accounts.vault import Vault, key_id_of
from storage.jobs import leases
from storage.jobs.runs import SNAPSHOTS, start_run
from storage.ledger.verification import verify_ledger
from storage.models import Event
from storage.people.person import THIS_COMPUTER
from storage.people.person import command_line as person_of_command_line
from storage.sign_in.people import let_in
from tests.integration.facebook.own_sandbox import connect, opened_sandbox
from tests.integration.facebook.sandbox_kit import BEN
from tests.integration.facebook.traveller import Traveller
from tests.integration.storage_rows import OTHER_KEY, add_grant
from tests.old_database import make_old_database
from tests.present import clock_environment
from tests.sign_in_service import CLIENT_SECRET, PATHS, serving_sign_in

PROXY_SECRET = "proxy-secret-of-the-tests-0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program that nobody runs: copies of it start sooner, being compiled."""
    folder = tmp_path_factory.mktemp("program")
    for name in ("fb", "storage"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / ".env.example", folder)
    compileall.compile_dir(folder, quiet=2)
    return folder


@pytest.fixture
def home(tmp_path: Path, program: Path) -> Path:
    """A copy of the program in a fresh directory."""
    shutil.copytree(program, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def connected_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a sandbox with an account connected, to be copied."""
    root = tmp_path_factory.mktemp("connected")
    with opened_sandbox(root) as installation:
        connect(installation)
    return root / "data"


@pytest.fixture
def connected(home: Path, connected_data: Path) -> Path:
    """The program with an account connected in the sandbox."""
    shutil.copytree(connected_data, home / "data")
    return home


@pytest.fixture(scope="module", autouse=True)
def ended_server() -> Iterator[None]:
    """The process that starts commands has ended when these tests have."""
    yield
    if _server.cache_info().currsize:
        _server().communicate(timeout=90)
        _server.cache_clear()


def person_of(home: Path) -> Path:
    """The home folder of the person who runs the program in ``home``."""
    return home.with_name(f"{home.name}-person")


def run(
    home: Path, command: str, *more: str, typed: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    bare = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    bare["HOME"] = str(person_of(home))
    files = [home / name for name in ("typed", "stdout", "stderr")]
    files[0].write_text(typed)
    order = {
        "folder": str(home),
        "environment": bare | clock_environment() | settings,
        "words": [command, *more],
        "files": [str(file) for file in files],
    }
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps(order), file=server.stdin, flush=True)
    code = int(server.stdout.readline())
    stdout, stderr = (file.read_text() for file in files[1:])
    assert "Traceback" not in stdout + stderr
    return subprocess.CompletedProcess([command, *more], code, stdout, stderr)


@lru_cache(1)
def _server() -> subprocess.Popen[str]:
    """The process that starts commands."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "integration" / "command_server.py")],
        env={"PATH": os.environ["PATH"], **clock_environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("command", "phrase"),
    [
        ("sync", "No Page is connected yet"),
        ("insights", "No connected Page allows it"),
        ("posts", "No Page is left to read today"),
    ],
)
def test_nothing_to_fetch_is_no_failure(home: Path, command: str, phrase: str) -> None:
    done = run(home, command)
    assert done.returncode == 0
    assert phrase in done.stdout


@pytest.mark.parametrize(
    ("command", "phrase"),
    [
        ("sync", "0 failed"),
        ("insights", " Pages fetched"),
        ("rotate-keys", "0 values sealed anew. The first key now seals everything"),
    ],
)
def test_each_command_serves_its_own_sandbox(home: Path, command: str, phrase: str) -> None:
    with opened_sandbox(home) as installation:
        connect(installation, BEN)
    done = run(home, command)
    assert done.returncode == 0, done.stderr
    assert phrase in done.stdout


def test_an_account_is_erased_when_it_is_confirmed_and_again_after_a_restore(
    connected: Path,
) -> None:
    database = connected / "data" / "sandbox.db"
    with sqlite3.connect(database) as connection:
        ((id, name),) = connection.execute("SELECT account_id, account_name FROM grants")
    connection.close()
    copied = run(connected, "backup", "copy.db")
    assert (copied.returncode, "keys are not in it" in copied.stdout) == (0, True)
    asked = run(connected, "erase", "account", id)
    assert asked.returncode == 2
    assert f"Erases the account {id} ({name}): 57 Pages, " in asked.stdout
    assert "Nothing was erased." in asked.stdout
    assert run(connected, "erase", "account", id, typed="yes\n").returncode == 0
    with sqlite3.connect(database) as connection:
        erased = connection.execute("SELECT by FROM events WHERE kind = 'account_erased'")
        assert erased.fetchall() == [(f"command line ({getpass.getuser()})",)]
    connection.close()
    assert id.encode() not in database.read_bytes()
    assert name.encode() not in database.read_bytes()
    checked = run(connected, "check-backup", "copy.db")
    assert checked.returncode == 0
    assert re.search(r"Pages +57 +0\n", checked.stdout)
    shutil.copy(connected / "copy.db", database)
    advised = run(connected, "doctor")
    assert advised.returncode == 1
    assert "are here again, as after a restore (58)" in advised.stdout
    assert run(connected, "erase", "--again", "--yes").returncode == 0
    assert id.encode() not in database.read_bytes()
    again = run(connected, "erase", "--again")
    assert (again.returncode, again.stdout) == (0, "Nothing that was erased is here again.\n")


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ((), "Say what to erase"),
        (("account", "1", "--again"), "Say what to erase"),
        (("page", "12345", "--yes"), "No page here has the id 12345."),
    ],
)
def test_erasing_needs_to_know_what(home: Path, arguments: tuple[str, ...], phrase: str) -> None:
    done = run(home, "erase", *arguments)
    assert done.returncode == 2
    assert phrase in done.stdout


@pytest.mark.parametrize("rival", ["has died", "is alive", "hangs"])
def test_sync_waits_for_the_lease_of_a_run_that_died(
    connected: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rival: str,
) -> None:
    """And for no other: cron would lose the day, or wait for nothing."""
    monkeypatch.setattr(terminal, "ROOT", connected)
    monkeypatch.setattr(command_line, "LEASE_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(command_line, "MAX_LEASE_WAIT_SECONDS", 1.0 if rival == "hangs" else 60.0)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 2 if rival == "has died" else 60)
    with opened_sandbox(connected) as installation:
        now = installation.now()
        with installation.database.writing() as session:
            run_id = start_run(session, kind=SNAPSHOTS, started_by="daily", day=now.date(), now=now)
        database = installation.database

        def beat() -> None:
            with database.writing() as session:
                leases.renew_leases(session, run_id)

        with ExitStack() as stack:
            if rival == "is alive":
                stack.enter_context(heartbeat(beat, every_seconds=0.1))
            began = time.monotonic()
            code = command_line.sync()
    assert time.monotonic() - began < 40, "a run that lives is told at its next heartbeat"
    said = capsys.readouterr().out
    if rival == "has died":
        assert code == 0, said
        assert "Pages refreshed, 0 failed." in said
    else:
        assert code == 2
        assert "Another refresh is running already." in said


@pytest.mark.fault(
    "another program has the SQLite file locked when a command begins", "the reason, in words"
)
def test_a_database_that_another_program_holds_is_said_to_be_held(
    connected: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "ROOT", connected)
    monkeypatch.setattr("storage.db.engine.LOCK_PATIENCE_SECONDS", 0)
    database = connected / "data" / "sandbox.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert command_line.sync() == 2
    said = capsys.readouterr().out
    assert "Another program holds the database" in said
    assert "reached" not in said


def test_sync_that_fails_in_part_exits_with_1(home: Path) -> None:
    with opened_sandbox(home) as installation:
        connect(installation)
        traveller = Traveller(installation, installation.settings.graph_url)
        traveller.answer(traveller.set_out(), unticked_pages=1)
    done = run(home, "sync")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "Activity" in done.stdout


def test_the_log_goes_from_start_to_end_without_secrets(connected: Path) -> None:
    """On stderr, each line once; what was asked for goes to stdout."""
    done = run(connected, "sync")
    lines = done.stderr.splitlines()
    assert f"Pagekeeper {__version__} starts python -m fb: sandbox mode, SQLite" in lines[0]
    began, ended = (line for line in lines if "snapshots run" in line)
    assert began.endswith(" begins")
    assert re.search(r"Z INFO fb\.jobs\.runner: .*57 of 57 Pages, 0 failed, done after \d", ended)
    assert len(set(lines)) == len(lines)
    secrets = json.loads((connected / "data" / "sandbox-secrets.json").read_text())
    assert not [secret for secret in secrets.values() if str(secret) in done.stderr]
    assert "INFO" not in done.stdout


def test_problems_of_the_settings_are_logged_at_the_start(home: Path) -> None:
    done = run(home, "doctor", FACEBOOK_REDIRECT_URI="https://x.example/dash/connect")
    assert done.returncode == 2
    for said in (done.stdout, done.stderr):
        assert "root of a host" in said
    below = run(home, "doctor", STREAMLIT_SERVER_BASE_URL_PATH="dash")
    assert below.returncode == 2
    assert "WRONG    server.baseUrlPath: The dashboard can only be served" in below.stdout


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


APP = {name: LIVE[name] for name in ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET")}


def test_new_keys_are_made_moved_and_rotated_without_being_shown(home: Path) -> None:
    """The whole life of the keys file, from a fresh installation whose keys are in ``.env``."""
    keys_file = person_of(home) / ".config" / "pagekeeper" / "keys.env"
    old = Fernet.generate_key().decode()
    (home / ".env").write_text(f"TOKEN_ENCRYPTION_KEYS={old}\n")
    (home / ".env").chmod(0o600)
    advised = run(home, "doctor", **LIVE)
    assert (advised.returncode, "new-key" in advised.stdout) == (1, True)
    moved = run(home, "new-key")
    assert moved.returncode == 0
    for phrase in (
        str(keys_file),
        "So is a new secret for logins",
        "TOKEN_ENCRYPTION_KEYS out of .env",
        "rotate-keys",
    ):
        assert phrase in moved.stdout
    (home / ".env").unlink()
    content = dotenv_values(keys_file)
    assert str(content["TOKEN_ENCRYPTION_KEYS"]).split(",")[1:] == [old]
    for secret in (old, *str(content["TOKEN_ENCRYPTION_KEYS"]).split(",")):
        assert secret not in moved.stdout + moved.stderr
    assert str(content["STATE_TOKEN_SECRET"]) not in moved.stdout + moved.stderr
    content_doctor = run(home, "doctor", **APP)
    assert content_doctor.returncode == 0, content_doctor.stdout
    assert str(keys_file) in content_doctor.stdout
    assert run(home, "rotate-keys", **APP).returncode == 0
    only_new = str(content["TOKEN_ENCRYPTION_KEYS"]).split(",")[0]
    done = run(home, "doctor", **LIVE, TOKEN_ENCRYPTION_KEYS=only_new)
    assert done.returncode == 0, "after rotation the older key can go"


def test_new_key_leaves_the_environments_keys_alone(home: Path) -> None:
    done = run(home, "new-key", TOKEN_ENCRYPTION_KEYS=Fernet.generate_key().decode())
    assert done.returncode == 2
    assert "set in the environment" in done.stdout
    assert not person_of(home).exists()


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
    assert "encryption key is missing" in refused.stdout
    assert "forget-key" in refused.stdout
    assert run(home, "rotate-keys").returncode == 2, "not while anything is sealed with it"
    with opened_sandbox(home) as installation:
        assert not installation.can_open_tokens
        for connection in list_connections(installation, installation.now()):
            disconnect(installation, connection.grant_id, revoke=False, by=THIS_COMPUTER)
    assert run(home, "rotate-keys").returncode == 0
    with opened_sandbox(home) as installation:
        assert installation.can_open_tokens
        connect(installation)
    assert run(home, "sync").returncode == 0


def test_a_lost_key_is_given_up_and_the_other_accounts_go_on(connected: Path) -> None:
    with opened_sandbox(connected) as installation:
        kept_id = installation.vault.current_key_id
        with installation.database.writing() as session:
            add_grant(session, Vault([OTHER_KEY]), "7", ["70", "71"])
    lost_id = key_id_of(OTHER_KEY)
    told = run(connected, "doctor")
    assert told.returncode == 2
    assert "The access of Account 7 can't be opened" in told.stdout
    assert f"python -m fb forget-key {lost_id}" in told.stdout
    for key_id, phrase in ((kept_id, "is not missing"), ("beef", "Nothing is sealed with")):
        refused = run(connected, "forget-key", key_id, "--yes")
        assert (refused.returncode, phrase in refused.stdout) == (2, True)
    asked = run(connected, "forget-key", lost_id)
    assert asked.returncode == 2
    assert "Erases the access of Account 7 (2 Pages)." in asked.stdout
    assert "Nothing was erased." in asked.stdout
    assert run(connected, "forget-key", lost_id, typed="yes\n", LOGNAME="ann").returncode == 0
    with sqlite3.connect(connected / "data" / "sandbox.db") as connection:
        given_up = connection.execute("SELECT by FROM events WHERE kind = 'key_given_up'")
        assert given_up.fetchall() == [("command line (ann)",)]
    connection.close()
    assert run(connected, "doctor").returncode == 0
    synced = run(connected, "sync")
    assert (synced.returncode, "2 failed" in synced.stdout) == (1, True)


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


def test_doctor_asks_the_sign_in_service_and_for_an_administrator(home: Path) -> None:
    with serving_sign_in() as service:
        done = run(home, "doctor", **service.settings)
        assert [call.path for call in service.calls] == list(PATHS[:2])
    gone = run(home, "doctor", **service.settings, SIGN_IN_FIRST_ADMIN="ann@agency.example")
    for each in (done, gone):
        assert each.returncode == 1
        assert "redirect URI: http://localhost:8501/signin/return" in each.stdout
        assert CLIENT_SECRET not in each.stdout + each.stderr
    assert "The sign-in service answers." in done.stdout
    assert "ADVICE   people: there is no administrator" in done.stdout
    assert "python -m fb people add ADDRESS admin" in done.stdout
    assert "ADVICE   sign-in: the service does not answer as one (no_answer)" in gone.stdout
    assert "Who signs in as ann@agency.example becomes one." in gone.stdout


def test_doctor_is_content_with_an_administrator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened_sandbox(tmp_path) as installation:
        assert check_admin(installation) == 1
        with installation.database.writing() as session:
            by = person_of_command_line("ann")
            let_in(session, "ann@agency.example", "admin", installation.now(), by=by)
        assert "ADVICE" in capsys.readouterr().out
        assert check_admin(installation) == 0
        assert capsys.readouterr().out == ""


def test_doctor_says_what_is_wrong_with_a_sign_in_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving_sign_in() as service:
        settings = read_settings(service.settings, tmp_path).settings
        assert settings is not None
        for discovery, code, phrase in (
            ({"issuer": f"{service.url}/"}, 2, "WRONG    SIGN_IN_ISSUER: The service calls itself"),
            ({"token_endpoint": "http://login.example/"}, 2, "an address that others can read"),
            ({"jwks_uri": f"{service.url}/none"}, 1, "ADVICE   sign-in: the service does not"),
            ({}, 0, "The sign-in service answers."),
        ):
            service.discovery = discovery
            assert check_service(settings) == code
            assert phrase in capsys.readouterr().out
        public = replace(settings, redirect_uri="https://pages.example.org/connect")
        assert check_service(public) == 1
        assert "ADVICE   PROXY_SECRET: without it all" in capsys.readouterr().out
        assert check_service(replace(public, proxy_secret=PROXY_SECRET)) == 0
        nowhere = replace(settings, sign_in_issuer=f"{service.url}/realms/none")
        assert check_service(nowhere) == 2
        assert "There is no sign-in service at this address" in capsys.readouterr().out


def test_doctor_says_what_the_machine_lacks_and_what_the_proxy_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proxied = {"BEHIND_SIGN_IN_PROXY": "yes", "PROXY_SECRET": PROXY_SECRET}
    assert command_line.check_machine(read_settings({}, tmp_path))
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(command_line, "has_ipv6_loopback", lambda: False)
    monkeypatch.setattr(command_line, "find_descriptor_limit", lambda: 256)
    assert not command_line.check_machine(read_settings(proxied, tmp_path))
    shown = capsys.readouterr().out
    for phrase in ("X-Pagekeeper-Proxy", "no address ::1", "ADVICE   open files", "256"):
        assert phrase in shown
    assert PROXY_SECRET not in shown


def allow_bot(home: Path) -> str:
    """Let a program have one Page's access; return the Page's id."""
    with opened_sandbox(home) as installation, installation.database.writing() as session:
        page_id = list_page_tokens(session)[0].page_id
        allow(
            session,
            "bot",
            "pages_read_engagement",
            installation.now(),
            page_id=page_id,
            by=THIS_COMPUTER,
        )
    return page_id


def test_token_goes_through_a_pipe_to_a_program_that_is_allowed(connected: Path) -> None:
    page_id = allow_bot(connected)
    ask = ("token", page_id, "--consumer", "bot", "--permission")
    done = run(connected, *ask, "pages_read_engagement")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["page_id"] == page_id
    assert set(answer) == {"page_id", "access_token", "appsecret_proof"}
    assert answer["access_token"] not in done.stderr
    refused = run(connected, *ask, "pages_messaging")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "under Programs" in refused.stderr


def test_token_is_never_written_on_a_terminal(connected: Path) -> None:
    page_id = allow_bot(connected)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "fb", "token", page_id, "--consumer", "bot"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(person_of(connected))}
    with closing(os.fdopen(master, "rb", 0)), closing(os.fdopen(slave, "wb", 0)):
        done = subprocess.run(
            command,
            cwd=connected,
            env=environment | clock_environment(),
            stdout=slave,
            stderr=subprocess.PIPE,
            timeout=90,
            check=False,
        )
    assert done.returncode == 2
    assert b"through a pipe" in done.stderr


def test_the_ledger_is_checked(connected: Path) -> None:
    with opened_sandbox(connected) as installation:
        with installation.database.reading() as session:
            whole = verify_ledger(session, installation.vault)
        with installation.database.writing() as session:
            session.execute(delete(Event).where(Event.sequence == whole.count))
    assert (whole.count > 0, whole.flaw) == (True, None)
    cut = run(connected, "ledger", "verify", "--head", whole.digest)
    assert cut.returncode == 1
    assert "No entry has the digest that you noted" in cut.stdout
