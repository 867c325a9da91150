"""Setup: tells what is set and what is wrong in every state, and never a secret."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from cryptography.fernet import Fernet

from fb.graph.rate_limits import UsageReading
from fb.jobs.engine import Counts, EmbeddedJobs
from pages.setup import cron_line
from pages.text import formats, wording
from pages.text.formats import plain
from storage.accounts.keys import KeyReport
from storage.jobs.observations import (
    observe_graph,
)
from tests.old_database import make_old_database
from tests.screens.conftest import HOSTILE, NOW, Stage, words_of

SECRET = "0123456789abcdef0123456789abcdef"
STATE_SECRET = "a-secret-for-states-that-is-long-enough"
LIVE = {
    "FACEBOOK_APP_ID": "123456789012345",
    "FACEBOOK_APP_SECRET": SECRET,
    "STATE_TOKEN_SECRET": STATE_SECRET,
    "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
}


def test_the_sandbox_says_how_to_leave_it(stage: Stage) -> None:
    at = stage.open("setup")
    assert at.warning[0].proto.title == "Sandbox mode"
    said = words_of(at)
    assert "http://localhost:8501/connect" in said
    assert "everyone with an account on this computer" in said
    assert "encryption key opens all stored access" in said


def test_settings_that_are_right_show_no_secret(stage: Stage) -> None:
    stage.restart(LIVE)
    at = stage.open("setup")
    said = words_of(at)
    assert "`123456789012345`" in said
    for secret in (SECRET, STATE_SECRET, LIVE["TOKEN_ENCRYPTION_KEYS"]):
        assert secret not in said
        assert f" {len(secret)} " not in said
    assert not at.error


def test_all_that_is_wrong_is_told_at_once_and_first(stage: Stage) -> None:
    stage.restart(
        {"FACEBOOK_APP_ID": "12", "FACEBOOK_REDIRECT_URI": "nonsense", "TOKEN_ENCRYPTION_KEYS": "x"}
    )
    at = stage.open("setup")
    assert at.error[0].proto.title == "Facebook is not set up yet"
    count = len(stage.startup.report.problems)
    assert count >= 4
    assert f"{count} settings are missing or wrong" in at.error[0].value
    badges = [m.value for m in at.markdown if "-badge[" in m.value]
    states = ["Wrong" in badge or "Missing" in badge for badge in badges]
    assert states.index(False) == count
    assert not any(states[count:])


def test_an_env_file_that_cannot_be_read_is_told(stage: Stage) -> None:
    (stage.root / ".env").mkdir()
    stage.restart({})
    at = stage.open("setup")
    assert ".env" in words_of(at)
    assert at.error


def test_a_database_that_cannot_be_reached_is_told(stage: Stage, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database " * 100)
    stage.restart(LIVE | {"DATABASE_URL": f"sqlite:///{broken}"})
    at = stage.open("setup")
    assert at.error[0].proto.title == "The database can't be reached"


def test_a_database_of_another_mode_is_told_and_not_touched(stage: Stage) -> None:
    database = f"sqlite:///{stage.root}/data/sandbox.db"
    stage.restart(LIVE | {"DATABASE_URL": database})
    at = stage.open("setup")
    assert at.error[0].proto.title == "This database belongs to another installation"
    assert "`sandbox`" in at.error[0].value
    assert "`live:123456789012345`" in at.error[0].value


@pytest.mark.parametrize("screen", ["setup", "overview"])
def test_a_database_of_an_earlier_version_is_told_the_way(
    stage: Stage, tmp_path: Path, screen: str
) -> None:
    old = make_old_database(tmp_path / "old.db", "live:123456789012345")
    stage.restart(LIVE | {"DATABASE_URL": f"sqlite:///{old}"})
    at = stage.open(screen)
    said = words_of(at)
    assert "This database was made by an earlier Pagekeeper" in said
    assert "Export the daily figures as CSV with the earlier version" in said
    assert "Past figures" in said


@pytest.mark.parametrize("screen", ["overview", "activity", "connect"])
def test_without_an_installation_every_screen_leads_to_setup(stage: Stage, screen: str) -> None:
    stage.restart({"FACEBOOK_APP_ID": "12"})
    at = stage.open(screen)
    assert at.title[0].value == "Facebook is not set up yet"
    assert "Open Setup" in words_of(at)
    assert "/oauth/start" not in words_of(at)


def test_a_missing_key_names_its_accounts_and_both_ways(stage: Stage) -> None:
    keys = KeyReport(ok=False, unopenable=("abc123",), account_names=("Anna", HOSTILE))
    stage.installation.keys = keys
    at = stage.open("setup")
    error = next(e for e in at.error if e.proto.title == "The stored access can't be opened")
    assert "`abc123`" in error.value
    assert f"The access of Anna and {plain(HOSTILE)} can't be opened" in error.value
    assert "bring back `data/sandbox-secrets.json`" in error.value
    assert any("forget-key abc123" in code.value for code in at.code)


@pytest.mark.parametrize(
    ("address", "differs"),
    [
        ("http://localhost:8501/setup", False),
        ("https://localhost:8501/setup", True),
        (None, False),
    ],
)
def test_an_address_that_is_not_the_redirect_uris_is_pointed_out(
    stage: Stage, address: str | None, differs: bool
) -> None:
    at = stage.open("setup")
    at.context = {"url": address}
    at.run()
    assert not at.exception
    titles = [error.proto.title for error in at.error]
    assert ("The address in your browser differs" in titles) == differs


def observe(
    stage: Stage,
    version: str,
    dropped_fields: Collection[str] = (),
    usage: Mapping[str, UsageReading] = MappingProxyType({}),
) -> None:
    with stage.installation.database.writing() as session:
        observe_graph(
            session,
            version_served=version,
            dropped_fields=dropped_fields,
            usage=usage,
            now=NOW,
        )


def test_what_facebook_told_of_itself_is_shown(stage: Stage) -> None:
    observe(stage, "v27.0", {"about"}, {"app": UsageReading("app", "app", 28, None, 25, None)})
    at = stage.open("setup")
    titles = [warning.proto.title for warning in at.warning]
    assert "Facebook serves another version" in titles
    assert "Facebook no longer knows the field `about`" in titles
    assert formats.moment(NOW) in words_of(at)
    usage = at.dataframe[0].value
    assert usage["limit"].iloc[0] == "This app"
    assert usage["call_count"].iloc[0] == 28


def test_before_any_answer_nothing_is_said_of_limits(stage: Stage) -> None:
    said = words_of(stage.open("setup"))
    assert "Facebook has not answered yet." in said
    assert "no use of its limits" not in said
    observe(stage, "v26.0")
    assert "no use of its limits" in words_of(stage.open("setup"))


def test_the_version_that_was_asked_for_is_no_warning(stage: Stage) -> None:
    observe(stage, "v26.0")
    titles = [warning.proto.title for warning in stage.open("setup").warning]
    assert titles == ["Sandbox mode"]


def test_the_cron_line_finds_this_installation_from_anywhere(stage: Stage) -> None:
    line = cron_line(stage.startup)
    assert line == f"5 6 * * * cd {stage.root} && .venv/bin/python -m fb sync"
    assert line in words_of(stage.open("setup"))


def test_a_foreign_graph_is_pointed_out(stage: Stage) -> None:
    stage.restart(
        LIVE
        | {
            "FACEBOOK_GRAPH_URL": "https://proxy.example/graph",
            "FACEBOOK_DIALOG_URL": "https://www.facebook.com",
        }
    )
    at = stage.open("setup")
    warning = next(w for w in at.warning if "does not talk to Facebook itself" in w.proto.title)
    assert "proxy.example" in warning.value


def test_a_missing_worker_is_told_here_and_above_every_other_screen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedJobs, "count", lambda *_: Counts(3, 0, 0, 60.0, workers=0))
    at = stage.open("setup")
    assert at.error[0].proto.title == wording.NO_WORKER.title
    for screen in ("overview", "activity", "connections"):
        assert wording.NO_WORKER.sentence in words_of(stage.open(screen))
