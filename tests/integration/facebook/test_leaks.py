"""No token, code, secret or nonce in the database files, a log line or an exception text.

Whatever the sandbox hands out is known here, so that everything the program leaves behind can be
searched for it: on a good trip, and with the connection cut at each call to Graph.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fb.accounts.disconnect import disconnect
from fb.jobs.snapshots import run_snapshots
from fb.web.log_redaction import install_redaction
from storage.accounts.grants import list_grants
from storage.people.person import THIS_COMPUTER
from tests.integration.facebook.traveller import APP_SECRET, STATE_SECRET, Scene, opened_scene


class Everything(logging.Handler):
    """Keeps every line of every logger, with tracebacks, as a log file would show it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Everything]:
    root = logging.getLogger()
    handler, level = Everything(), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    install_redaction()
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def secrets_of(scene: Scene) -> set[str]:
    settings = scene.installation.settings
    return {
        *scene.sandbox.issued_secrets,
        *scene.traveller.cookies.values(),
        *settings.encryption_keys,
        APP_SECRET,
        STATE_SECRET,
    }


def search(scene: Scene, folder: Path, log: Everything) -> list[str]:
    """Return where a secret was found, never the secret itself."""
    places = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    places["log"] = "\n".join(log.lines).encode()
    assert any(name.endswith(".db") for name in places)
    needles = [secret.encode() for secret in secrets_of(scene)]
    assert len(needles) > 4
    return [
        name for name, content in places.items() if any(needle in content for needle in needles)
    ]


def walk(scene: Scene, folder: Path, log: Everything) -> None:
    """Connect, sync, disconnect, as far as Facebook lets it."""
    traveller = scene.traveller
    attempt_id = traveller.come_back(traveller.answer(traveller.set_out()))
    view = traveller.wait(attempt_id)
    if view.preview is not None:
        assert search(scene, folder, log) == [], "while it waits for the operator"
        traveller.save(attempt_id, view.preview)
    run_snapshots(scene.installation, "manual")
    with scene.installation.database.reading() as session:
        grants = [grant.id for grant in list_grants(session)]
    for grant_id in grants:
        disconnect(scene.installation, grant_id, revoke=False, by=THIS_COMPUTER)


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder}/data/test.db"


def test_a_good_walk_leaves_no_secret(tmp_path: Path, log: Everything) -> None:
    with opened_scene(tmp_path, url_in(tmp_path)) as scene:
        walk(scene, tmp_path, log)
        assert len(scene.sandbox.issued_secrets) > 50
        assert search(scene, tmp_path, log) == []


def test_the_search_would_find_one(tmp_path: Path, log: Everything) -> None:
    with opened_scene(tmp_path, url_in(tmp_path)) as scene:
        walk(scene, tmp_path, log)
        secret = next(iter(secrets_of(scene)))
        (tmp_path / "left-behind").write_text(f"x{secret}y", encoding="utf8")
        assert search(scene, tmp_path, log) == ["left-behind"]


# Eleven calls make the trip of a person with 58 Pages: exchange, exchange, check, name,
# permissions, three to list, and then the check and the two batches of the sync. Every call meets a
# fault, and every fault several calls of either part.
@pytest.mark.parametrize(
    ("call", "fault"), [*zip(range(1, 12), itertools.cycle(["cut", "html", "error"]), strict=False)]
)
def test_a_walk_that_breaks_at_any_call_leaves_no_secret(
    tmp_path: Path, log: Everything, call: int, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: died.append(str(args.exc_value)))
    with opened_scene(tmp_path, url_in(tmp_path)) as scene:
        if fault == "error":
            scene.sandbox.inject(fault, call=call, code=190, subcode=460)
        else:
            scene.sandbox.inject(fault, call=call)
        walk(scene, tmp_path, log)
        assert search(scene, tmp_path, log) == []
        assert died == []
