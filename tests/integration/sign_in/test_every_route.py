"""Every route of the program is closed to strangers, unless it is in a list with its own proof."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fb.web.gate import OPEN, is_open_path
from tests.browser.kit.serving import clean_environment, copy_program
from tests.integration.sign_in.team import HOME, SIGN_IN

# What strangers get where they need no sign-in, by the path as its route has it: statuses, and why.
# Everything else is refused. A new route is so, too, unless it is opened in the gate and here.
OPENED: dict[str, set[int]] = {
    "/signin": {200, 405},
    "/signin/start": {303, 204, 405},  # the sign-in service of this test does not answer
    "/signin/return": {303, 204, 405},  # without a state back to the sign-in
    "/healthz": {200, 405},  # one word: see test_health_tells_strangers_one_word
    "/metrics": {404, 405},  # without a token
    "/_stcore/health": {200, 204},
    "/_stcore/host-config": {200},
    "/facebook/deauthorize": {400, 405},  # without a signature
    "/facebook/data-deletion": {400, 405},
    "/facebook/deletion/{code}": {404, 405},  # without a code that was given out
    "/calendar/{file_name}": {404, 405},  # without a secret that was given out
}
# What the guard shuts for everybody.
NEVER = ("/_stcore/metrics", "/_stcore/agent/", "/oauth2callback", "/auth/")
REFUSED, LED = 401, 303


def ask_every_route(folder: Path) -> dict[str, tuple[int, int, str | None]]:
    program = Path(__file__).with_name("ask_every_route.py")
    asked = subprocess.run(
        [sys.executable, str(program), HOME],
        cwd=copy_program(folder),
        env=clean_environment(SIGN_IN) | {"PYTHONPATH": os.fspath(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return {name: tuple(each) for name, each in json.loads(asked.stdout.splitlines()[-1]).items()}


def test_a_stranger_gets_the_sign_in_and_nothing_else(tmp_path: Path) -> None:
    asked = ask_every_route(tmp_path)
    paths = {name.partition(" ")[2] for name in asked}
    assert set(OPENED) <= paths
    assert {"/oauth/start", "/pictures/{page_id}", "/media/{file_id:path}", "/{path:path}"} < paths
    wrong = {}
    for name, (status, opened, location) in asked.items():
        path = name.partition(" ")[2]
        if path in OPENED:
            is_right = {status, opened} <= OPENED[path]
        elif path.startswith(NEVER):
            is_right = (status, opened) == (404, 404)
        else:
            is_led = opened == LED and str(location).startswith("/signin?back=")
            is_right = status == REFUSED and (is_led or opened == REFUSED)
        if not is_right:
            wrong[name] = (status, opened, location)
    assert wrong == {}


def test_each_open_path_says_what_guards_it() -> None:
    assert all(proof for _, proof in OPEN)
    sandbox = ("/sandbox/v26.0/", "/sandbox/v26.0/me", "/sandbox/at/2026-08-01/v26.0/")
    for path in ("/static/js/index.js", "/sandbox/pictures/1/50x50.png", *sandbox):
        assert is_open_path(path)
    for path in ("/static", "/staticx", "/sandbox/v26.0/dialog/oauth", "/sandbox/control", "/x"):
        assert not is_open_path(path)
