"""A fresh copy of the program, served by the command that people type, on a port of its own."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from fb.settings_table import SETTING_NAMES
from tests.present import clock_environment

ROOT = Path(__file__).parents[3]
# What a person gets who clones the repository and runs it; tests and tools are not needed.
PARTS = (
    "dashboard.py",
    "pages",
    "fb",
    "storage",
    ".streamlit",
    ".env.example",
    "README.md",
    "requirements.txt",
    "requirements-dev.txt",
)
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# None of these may stand in the log of a server that did what it should.
BAD_IN_LOG = ("Traceback", "ScriptRunContext", "ended by", "screen failed", "the timer met")

LIVE_APP_ID = "123456789012345"
LIVE_APP_SECRET = "app-secret-of-the-browser-tests-0123456789"


def copy_program(target: Path) -> Path:
    """Copy what a clone would hold, without data, secrets and caches."""
    for name in _list_files():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place)
    return target


def _list_files() -> list[str]:
    """Relative paths of the program. In a checkout what git ignores is left out, as in a clone."""
    with suppress(OSError, subprocess.CalledProcessError):
        found = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PARTS],
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=30,
        ).stdout.decode()
        names = [name for name in found.split("\0") if name and (ROOT / name).is_file()]
        if "dashboard.py" in names:
            return names
    files = [
        file
        for part in PARTS
        for file in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    ]
    return [str(file.relative_to(ROOT)) for file in files]


def find_free_port() -> int:
    """A port that nobody listens on now, on any address of loopback."""
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = int(listener.getsockname()[1])
            try:
                with socket.socket(socket.AF_INET6) as other:
                    other.bind(("::1", port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
            return port


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a person who has set nothing but ``settings``, in the tests' present."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in SETTING_NAMES and not name.startswith(("STREAMLIT_", "PYTEST"))
    }
    return {**own, **clock_environment(), **settings}


def command(port: int) -> list[str]:
    """What README tells people to type, with another port."""
    run = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
    return [*run, "--server.port", str(port)]


def live_settings(facebook_url: str, port: int) -> dict[str, str]:
    """Settings of live mode with a made-up app, whose Facebook is at ``facebook_url``."""
    return {
        "FACEBOOK_APP_ID": LIVE_APP_ID,
        "FACEBOOK_APP_SECRET": LIVE_APP_SECRET,
        "FACEBOOK_REDIRECT_URI": f"http://localhost:{port}/connect",
        "FACEBOOK_GRAPH_URL": facebook_url,
        "FACEBOOK_DIALOG_URL": facebook_url,
        "STATE_TOKEN_SECRET": "state-secret-of-the-browser-tests-0123456789",
        "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    }


@dataclass
class Server:
    """One server on one folder. It can be stopped, killed and started again on the same port."""

    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the dashboard wants to be visited."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        """Everything the server has written so far, over all its starts."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    @property
    def database(self) -> Path:
        """The SQLite file, whichever mode made it."""
        name = "pagekeeper.db" if "FACEBOOK_APP_ID" in self.settings else "sandbox.db"
        return self.folder / "data" / name

    def start(self) -> None:
        """Start it and wait until it answers with a database and keys that work, or don't."""
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command(self.port),
                cwd=self.folder,
                env=clean_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, f"the server ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.log}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code in (200, 403, 503)
        except (requests.ConnectionError, requests.Timeout):
            return False

    def stop(self) -> None:
        """End it as a person does with Ctrl-C in the terminal's place; it closes what is open."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self._wait()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS)
            raise AssertionError(f"the server did not stop when asked:\n{self.log}") from None
        finally:
            self.process = None

    def query(self, sql: str, *values: object) -> list[Any]:
        """Rows of the SQLite database; each row a tuple, or its one value."""
        uri = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            rows = connection.execute(sql, values).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def copy_data(self, folder: Path) -> None:
        """Give another copy of the program what this one keeps, as it is at this moment."""
        target = folder / "data"
        target.mkdir(mode=0o700)
        for file in self.database.parent.glob("*.json"):
            shutil.copy2(file, target)
        copy = target / self.database.name
        copy.touch(mode=0o600)
        with (
            closing(sqlite3.connect(self.database, timeout=10)) as here,
            closing(sqlite3.connect(copy)) as there,
        ):
            here.backup(there)

    def change(self, sql: str, *values: object) -> None:
        """Change rows of the SQLite database behind the program's back; screens notice."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            assert connection.execute(sql, values).rowcount > 0
            connection.execute("UPDATE installation SET data_version = data_version + 1")

    def check_log(self) -> None:
        """Fail when something went wrong that nobody saw on the screen."""
        bad = [mark for mark in BAD_IN_LOG if mark in self.log]
        assert not bad, f"{bad} in the server's log:\n{self.log}"


@contextmanager
def serving(
    folder: Path, settings: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Server]:
    """Serve the copy of the program in ``folder``; judge the log at the end."""
    server = Server(folder, port or find_free_port(), settings or {})
    try:
        server.start()
        yield server
    finally:
        server.stop()
    server.check_log()
