"""The bot of docs/messenger-bot.md, run as it stands there, against the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from fb.accounts.custody import has_task, page_access_token
from storage.accounts.allowances import allow
from storage.accounts.page_tokens import list_holdings, list_page_tokens
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import (
    APP_ID,
    APP_SECRET,
    STATE_SECRET,
    Scene,
    opened_scene,
)
from tests.present import clock_environment

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "messenger-bot.md").read_text(encoding="utf-8")
MESSAGES = "pages_messaging"


@pytest.fixture(scope="module")
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str, key: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url, key=key) as scene:
        scene.traveller.connect()
        yield scene


@pytest.fixture
def page_id(scene: Scene) -> str:
    """A Page on which its account may write messages."""
    with scene.installation.database.reading() as session:
        return next(
            token.page_id
            for token in list_page_tokens(session)
            if has_task(list_holdings(session, token.page_id)[0].tasks, MESSAGES)
        )


def permit(scene: Scene, page_id: str, consumer: str = "messenger-bot") -> None:
    with scene.installation.database.writing() as session:
        allow(session, consumer, MESSAGES, scene.clock(), page_id=page_id, by=THIS_COMPUTER)


def run_bot(scene: Scene, home: Path, page_id: str, key: str) -> subprocess.CompletedProcess[str]:
    """Save the program beside a copy of the product, as the guide says, and run it."""
    for folder in ("fb", "storage"):
        ignored = shutil.ignore_patterns("*.pyc")
        shutil.copytree(ROOT / folder, home / folder, ignore=ignored, dirs_exist_ok=True)
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (home / "bot.py").write_text(program, encoding="utf-8")
    settings = {
        "FACEBOOK_APP_ID": APP_ID,
        "FACEBOOK_APP_SECRET": APP_SECRET,
        "FACEBOOK_GRAPH_URL": scene.graph_url,
        "FACEBOOK_DIALOG_URL": scene.graph_url,
        "STATE_TOKEN_SECRET": STATE_SECRET,
        "TOKEN_ENCRYPTION_KEYS": key,
        "DATABASE_URL": scene.installation.settings.database_url,
        "PATH": os.environ["PATH"],
        "HOME": str(home),
    }
    clock = clock_environment()
    return subprocess.run(
        [sys.executable, "bot.py", page_id],
        cwd=home,
        env=settings | clock | {"PYTHONPATH": f"{clock['PYTHONPATH']}{os.pathsep}{home}"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_bot_of_the_guide_answers_within_the_window_only(
    scene: Scene, tmp_path: Path, page_id: str, key: str
) -> None:
    home = tmp_path / "bot"
    refused = run_bot(scene, home, page_id, key)
    assert refused.returncode == 1
    assert "under Programs" in refused.stderr
    permit(scene, page_id)
    done = run_bot(scene, home, page_id, key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Noor Haddad: sent",
        "Per Nyström wrote over 24 hours ago: wait until they write again",
    ]


def test_the_bot_is_as_short_as_it_is_said_to_be() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert sum(1 for line in program.splitlines() if line.strip()) <= 40


@pytest.fixture
def page(scene: Scene, page_id: str, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The Page in Meta's own SDK, with a token from custody."""
    permit(scene, page_id, "sdk")
    access = page_access_token(scene.installation, page_id, consumer="sdk", permission=MESSAGES)
    monkeypatch.setattr(FacebookSession, "GRAPH", scene.graph_url)
    session = FacebookSession(APP_ID, APP_SECRET, access.access_token)
    return Page(page_id, api=FacebookAdsApi(session, api_version="v26.0"))


def test_the_sdk_subscribes_the_app(page: Page) -> None:
    assert list(page.get_subscribed_apps()) == []
    with pytest.raises(FacebookRequestError) as lacking:
        page.create_subscribed_app(params={"subscribed_fields": []})
    assert lacking.value.api_error_code() == 100
    page.create_subscribed_app(params={"subscribed_fields": ["messages"]})
    (app,) = page.get_subscribed_apps()
    assert app["id"] == APP_ID
    page.delete_subscribed_apps()
    assert list(page.get_subscribed_apps()) == []


def test_the_sdk_reads_conversations_and_answers(page: Page) -> None:
    recent, old = [
        next(person["id"] for person in talk["participants"]["data"] if person["id"] != page["id"])
        for talk in page.get_conversations(fields=["participants", "updated_time"])
    ]

    def send(person_id: str, message: dict[str, object]) -> dict[str, str]:
        params = {
            "recipient": {"id": person_id},
            "messaging_type": "RESPONSE",
            "message": message,
        }
        answer: dict[str, str] = page.create_message(params=params)
        return answer

    assert send(recent, {"text": "Hello"})["recipient_id"] == recent
    card = {"title": "x" * 81}
    template = {"payload": {"template_type": "generic", "elements": [card]}, "type": "template"}
    refusals: list[tuple[str, dict[str, object], int, int | None]] = [
        (old, {"text": "Hello"}, 10, 2018278),
        ("7", {"text": "Hello"}, 100, 2018001),
        (recent, {}, 100, None),
        (recent, {"attachment": template}, 100, None),
    ]
    for person, message, code, subcode in refusals:
        with pytest.raises(FacebookRequestError) as refused:
            send(person, message)
        error = refused.value
        assert (error.api_error_code(), error.api_error_subcode()) == (code, subcode)
