"""The commands on people: what they do, in both modes, and a sentence for every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fb import __main__ as command_line
from fb.commands import terminal
from fb.commands.people_command import NO_SIGN_IN, REFUSALS
from storage.db.engine import Database, open_database
from storage.jobs.events import list_events
from storage.sign_in.people import find_by_address, list_people
from storage.sign_in.sessions import begin_session
from tests.integration.facebook.traveller import settings_of

ANN, BEN = "ann@agency.example", "ben@agency.example"
FACEBOOK = "http://127.0.0.1:9"  # nobody asks it
SIGN_IN = {
    "SIGN_IN_ISSUER": "https://id.agency.example",
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "a-client-secret-of-the-command-tests",
}


class Shell:
    """Runs commands in this process and returns what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        actual = command_line.main(["people", *words])
        said = self._capsys.readouterr().out
        assert actual == code, said
        return said


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setattr(terminal, "ROOT", tmp_path)
    monkeypatch.setenv("LOGNAME", "root")
    for name in ("protect_process", "install_logging"):  # of the whole process
        monkeypatch.setattr(command_line, name, lambda: None)
    return Shell(capsys)


@pytest.fixture
def live(live_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A live installation with a sign-in; its database for looking into it."""
    for name, value in {**settings_of(FACEBOOK, live_database_url), **SIGN_IN}.items():
        monkeypatch.setenv(name, value)
    database = open_database(live_database_url)
    yield database
    database.close()


def enter(database: Database, address: str, times: int = 1) -> None:
    with database.writing() as session:
        id = find_by_address(session, address)
        assert id is not None
        for _ in range(times):
            begin_session(session, id, "a browser")


def test_a_person_from_let_in_to_removed(run: Shell, live: Database) -> None:
    assert "Nobody is let in. Let the first in:" in run("list")
    assert run("add", " ANN@Agency.example", "admin") == f"{ANN} may sign in as admin.\n"
    run("add", BEN, "viewer")
    said = run("list").splitlines()
    assert said == [
        f"admin     {ANN}, has not signed in yet",
        f"viewer    {BEN}, has not signed in yet",
    ]
    assert run("role", BEN, "operator") == f"{BEN} is operator now.\n"
    enter(live, BEN, 2)
    assert "2 sessions" in run("list")
    assert run("sign-out", BEN) == f"{BEN} is signed out (2 sessions).\n"
    enter(live, ANN)
    enter(live, BEN)
    assert run("sign-out", "--all") == "Everybody is signed out (2 sessions).\n"
    assert "What they did stays recorded" in run("remove", BEN)
    with live.reading() as session:
        assert [each.address for each in list_people(session)] == [ANN]
        events = list_events(session, limit=None)
    assert {event.by for event in events} == {"command line (root)"}
    assert [event.kind for event in events[::-1]] == [
        *("let_in", "let_in", "role_changed", "signed_out_everywhere"),
        *("signed_out_everywhere", "signed_out_everywhere", "person_removed"),
    ]


def test_every_refusal_is_a_sentence_and_changes_nothing(run: Shell, live: Database) -> None:
    run("add", ANN, "admin")
    with live.reading() as session:
        before = list_people(session)
    for words, reason in (
        (("add", "no address", "viewer"), "address"),
        (("add", ANN, "viewer"), "taken"),
        (("role", BEN, "viewer"), "unknown"),
        (("remove", BEN), "unknown"),
        (("sign-out", BEN), "unknown"),
        (("free", BEN), "unknown"),
        (("role", ANN, "admin"), "same"),
        (("role", ANN, "viewer"), "last_admin"),
        (("remove", ANN), "last_admin"),
        (("free", ANN), "unbound"),
    ):
        said = run(*words, code=2)
        address, role = (*words[1:], "")[:2]
        assert REFUSALS[reason].format(address=address, role=role) in said
        assert said.endswith("Nothing was changed.\n")
    with live.reading() as session:
        assert list_people(session) == before


@pytest.mark.parametrize("words", [(), (ANN, "--all")])
def test_whom_to_sign_out_has_to_be_said(run: Shell, words: tuple[str, ...]) -> None:
    assert "Say whom to sign out" in run("sign-out", *words, code=2)


def test_the_way_back_in_works_in_the_sandbox_and_before_a_sign_in(run: Shell) -> None:
    assert run("add", ANN, "viewer").endswith(f"{NO_SIGN_IN}\n")
    assert "is admin now" in run("role", ANN, "admin")
    assert f"admin     {ANN}" in run("list")


def test_an_account_without_a_name_is_recorded_by_its_number(
    run: Shell, live: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", fail)
    monkeypatch.setattr("os.getuid", lambda: 1001)
    run("add", ANN, "admin")
    with live.reading() as session:
        (event,) = list_events(session)
    assert event.by == "command line (1001)"
