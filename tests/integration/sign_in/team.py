"""A team that signs in: an installation in live mode, its people and their browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import update
from starlette.types import ASGIApp, Message, Scope
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from fb.installation import Installation, Startup, open_installation
from fb.settings import read_settings
from fb.web.gate import SOCKET_PATH, session_cookie
from storage.models import PersonRow, SignInSession
from storage.people.person import THIS_COMPUTER, Person, Role
from storage.sign_in.people import let_in
from storage.sign_in.sessions import begin_session, find_by_secret
from tests.integration.facebook.traveller import settings_of
from tests.present import NOW

HOME = "http://localhost:8501"
SIGN_IN = {
    "SIGN_IN_ISSUER": "https://id.agency.example",
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "a-client-secret-of-the-tests",
}


@dataclass
class Team:
    """``startup`` may be replaced, as when the database is lost."""

    startup: Startup

    @property
    def installation(self) -> Installation:
        assert self.startup.installation is not None
        return self.startup.installation

    def sign_in(self, role: Role, address: str = "ann@agency.example") -> Browser:
        """Let somebody in and sign them in."""
        with self.installation.database.writing() as session:
            id = let_in(session, address, role, NOW, by=THIS_COMPUTER)
        return self.sign_in_again(id)

    def sign_in_again(self, person_id: int) -> Browser:
        """Sign in a person who is let in, in one more browser."""
        with self.installation.database.writing() as session:
            secret = begin_session(session, person_id, "a browser")
            person = find_by_secret(session, secret)
        assert person is not None
        return Browser(person, {session_cookie(self.installation.settings): secret})

    def change(self, person: Person, **values: Any) -> None:
        """Change the person's row, past all rules."""
        with self.installation.database.writing() as session:
            session.execute(update(PersonRow).where(PersonRow.id == person.id).values(**values))

    def change_session(self, person: Person, **values: Any) -> None:
        """Change the row of the person's session, past all rules."""
        of_session = SignInSession.id == person.session_id
        with self.installation.database.writing() as session:
            session.execute(update(SignInSession).where(of_session).values(**values))


@dataclass(frozen=True)
class Browser:
    """A browser that is signed in."""

    person: Person
    cookies: dict[str, str] = field(repr=False)

    @property
    def cookie_header(self) -> tuple[bytes, bytes]:
        return b"cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()).encode()


@contextmanager
def opened_team(
    root: Path, database_url: str, settings: Mapping[str, str] | None = None
) -> Iterator[Team]:
    """Open an installation whose people sign in; ``settings`` come on top of those it needs."""
    environ = settings_of("http://127.0.0.1:9", database_url) | SIGN_IN | dict(settings or {})
    startup = open_installation(read_settings(environ, root), now=lambda: NOW)
    assert startup.installation is not None, startup.report.problems
    yield Team(startup)
    startup.installation.close()


def press(*, auto: bool = False, url: str = "") -> bytes:
    """The frame of a press, or of a screen that looks by itself (``auto``)."""
    frame = BackMsg()
    frame.rerun_script.is_auto_rerun = auto
    frame.rerun_script.context_info.url = url
    data: bytes = frame.SerializeToString()
    return data


class Tab:
    """An open websocket, driven by hand: what goes in, what has come out."""

    def __init__(
        self,
        app: ASGIApp,
        headers: Sequence[tuple[bytes, bytes]] = (),
        subprotocols: Sequence[str] = ("streamlit", "a token"),
    ) -> None:
        scope = {
            "type": "websocket",
            "path": SOCKET_PATH,
            "headers": list(headers),
            "subprotocols": list(subprotocols),
            "state": {},
        }
        self.sent: list[Message] = []
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        async def send(message: Message) -> None:
            self.sent.append(message)

        await app(scope, self._incoming.get, send)

    async def press(self, frame: bytes) -> None:
        """Send a frame, and wait until it was dealt with."""
        self._incoming.put_nowait({"type": "websocket.receive", "bytes": frame})
        await self.settle()

    async def settle(self) -> None:
        """Wait until the app waits for the next frame, or has ended."""
        for _ in range(400):
            await asyncio.sleep(0.005)
            if self._task.done() or self._incoming.empty():
                await asyncio.sleep(0.02)
                return

    async def leave(self) -> None:
        """Close the tab."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, 5)

    @property
    def led_to(self) -> str | None:
        """Where the tab was led; None while it is open."""
        closes = [each for each in self.sent if each["type"] == "websocket.close"]
        if not closes:
            return None
        message = ForwardMsg()
        message.ParseFromString(
            [each for each in self.sent if each["type"] == "websocket.send"][-1]["bytes"]
        )
        assert message.WhichOneof("type") == "auth_redirect"
        return str(message.auth_redirect.url)


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run an asynchronous test."""
    asyncio.run(asyncio.wait_for(test(), 60))
