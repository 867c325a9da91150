"""Gate: lets nobody reach Streamlit or a route of ours who is not signed in, or lacks the role.

ASGI middleware behind `fb.web.guard`, where people sign in. It is closed but for what `OPEN` lists,
each with its own proof. Its rules:

1. Without a session that holds, a navigation is led to /signin; any other request gets 401. Where
   the role is too low, 403.
2. Each frame of a websocket passes only while its session holds and the role is the one that it
   was opened with: a press runs in Streamlit before or without the script, so a check there would
   come too late. A sweep ends the sockets of silent tabs as well, whichever process ended their
   session. The tab is led to /signin; if only the role has changed, to the screen that it shows.
   What no screen sends passes for nobody: Streamlit would empty its caches for each visitor.
3. Streamlit learns the session by `SESSION_HEADER`, which no client can send: it is taken out of
   every request. Streamlit gives a session of its own to no one else then.
4. While the database does not answer nobody comes in. Open screens go on by the last answer for
   `GRACE_SECONDS`.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fb.addresses import CALENDAR_PATH, DELETION_PATH, SIGNED_PATHS
from fb.settings import Settings
from fb.sign_in.oidc import RETURN_PATH
from fb.web.guard import HEALTH_PATHS, SAFE_METHODS, is_navigation, is_probe
from fb.web.routes import GetStartup, notice, refusal
from storage.db.engine import Database
from storage.db.errors import StorageError
from storage.people.person import Person, Role
from storage.sign_in.sessions import find_by_secret, find_roles, note_use

log = logging.getLogger(__name__)

SESSION_HEADER = b"x-pagekeeper-session"
SIGN_IN_PATH, START_PATH = "/signin", "/signin/start"
SOCKET_PATH = "/_stcore/stream"
SUBPROTOCOLS = 2  # that a new tab offers

# Paths without a sign-in, by what answers for each instead.
OPEN: tuple[tuple[str, str], ...] = (
    (re.escape(SIGN_IN_PATH), "it is the way in"),
    (re.escape(START_PATH), "it is the way in"),
    (re.escape(RETURN_PATH), "a state that is used once, of the same browser"),
    (r"/healthz", "tells strangers one word"),
    (r"/metrics", "its token"),
    (r"/_stcore/health", "tells one word"),
    (r"/_stcore/host-config", "Streamlit's options for the browser, the same for all"),
    (r"/static/.*", "Streamlit's own files"),
    ("|".join(re.escape(path) for path in SIGNED_PATHS), "Facebook's signature"),
    (rf"{DELETION_PATH}[^/]+", "a secret code"),
    (rf"{CALENDAR_PATH}[^/]+", "a secret address"),
    # The Graph client calls the sandbox without a browser. Its dialog is for people.
    (r"/sandbox/(at/[0-9-]+/)?v[0-9.]+/(?!dialog/).*", "the sandbox's access tokens"),
    (r"/sandbox/pictures/[a-z0-9]+/[0-9x]+\.png", "made-up pictures, which a job fetches"),
)
_OPEN = re.compile("|".join(f"(?:{path})" for path, _ in OPEN))
# The role that a path takes, by its beginning; of all others, viewer.
ROLES: tuple[tuple[str, Role], ...] = (
    ("/oauth/", "operator"),
    ("/_stcore/upload_file/", "operator"),
    ("/sandbox/", "operator"),
)

REMEMBERED_SECONDS = 1.0  # so long a frame's answer serves those after it
SWEEP_SECONDS = 2.0
USE_SECONDS = 60.0  # one write a minute for each screen in use
GRACE_SECONDS = 55.0
LOOKUP_SECONDS = 5.0
MAX_LOOKUPS = 8  # at once
MAX_BACK = 1_000  # characters of a path to go back to

T = TypeVar("T")


@dataclass(frozen=True)
class Frame:
    """What a browser sent over a websocket. ``url``: of its tab, empty where it does not say.

    ``is_sent_by_screens``: False for what Streamlit would do for a developer.
    """

    is_use: bool  # by the person, not by a screen that looks by itself
    url: str = ""
    is_sent_by_screens: bool = True


ReadFrame = Callable[[bytes], Frame]
WriteRedirect = Callable[[str], bytes]


@dataclass(eq=False)
class OpenScreen:
    """One websocket. Times are monotonic seconds; ``known_at``: when the database last answered.

    ``comes_back``: a tab that lost its websocket, and asks for its screen by itself, as if somebody
    had pressed something.
    """

    session_id: str
    role: str
    known_at: float
    comes_back: bool = False
    used_at: float = 0.0
    back_to: str = "/"
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    target: str = SIGN_IN_PATH

    def end(self, target: str) -> None:
        """Lead the tab to ``target``, and close it."""
        if not self.is_over.is_set():
            self.target = target
            self.is_over.set()


class OpenScreens:
    """All websockets of this process, and whether their sessions hold."""

    def __init__(
        self, get_startup: GetStartup, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.get_startup = get_startup
        self.monotonic = monotonic
        self.screens: set[OpenScreen] = set()
        self._lookups = anyio.CapacityLimiter(MAX_LOOKUPS)
        # Apart from the lookups, which must not wait for whoever writes just now.
        self._writes = anyio.CapacityLimiter(1)
        self._notes: set[asyncio.Task[None]] = set()

    async def ask(self, question: Callable[[Database], T], *, writes: bool = False) -> T:
        """Ask the database on a thread. Raises StorageError, also where it takes too long."""

        def answer() -> T:
            installation = self.get_startup().installation  # may take a while, too
            if installation is None:
                raise StorageError("the installation is not open")
            return question(installation.database)

        limiter = self._writes if writes else self._lookups
        try:
            with anyio.fail_after(LOOKUP_SECONDS):
                return await anyio.to_thread.run_sync(
                    answer, abandon_on_cancel=True, limiter=limiter
                )
        except TimeoutError:
            raise StorageError("the database takes too long") from None

    async def sweep_for_ever(self) -> None:
        """End the screens whose session has ended anywhere, every SWEEP_SECONDS."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.check(self.screens)
            except Exception as error:  # noqa: BLE001 - the next sweep has to come
                log.error("the sweep met %s; it goes on", type(error).__name__)

    async def check(self, screens: Collection[OpenScreen]) -> None:
        """End those of the screens whose session does not hold, or has another role."""
        screens = list(screens)
        ids = {screen.session_id for screen in screens}
        if not ids:
            return
        try:
            roles = await self.ask(lambda database: _find_roles(database, ids))
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody was recognized
            log.warning("sessions can't be checked: %s", type(error).__name__)
            for screen in screens:
                if self.monotonic() - screen.known_at > GRACE_SECONDS:
                    screen.end(_sign_in_because("unavailable", screen))
            return
        for screen in screens:
            screen.known_at = self.monotonic()
            role = roles.get(screen.session_id)
            if role is None:
                screen.end(_sign_in_because("ended", screen))
            elif role != screen.role:
                screen.end(screen.back_to)

    async def admits(self, screen: OpenScreen, frame: Frame) -> bool:
        """Whether a frame of the screen may pass now."""
        if frame.url:
            screen.back_to = _path_of(frame.url)
        is_remembered = self.monotonic() - screen.known_at <= REMEMBERED_SECONDS
        if not screen.is_over.is_set() and not is_remembered:
            await self.check([screen])
        if screen.is_over.is_set():
            return False
        if frame.is_use and screen.comes_back:
            screen.comes_back = False
        elif frame.is_use and self.monotonic() - screen.used_at > USE_SECONDS:
            screen.used_at = self.monotonic()
            self._note_use(screen.session_id)
        return True

    def _note_use(self, session_id: str) -> None:
        async def note() -> None:
            try:
                await self.ask(lambda database: _note_use(database, session_id), writes=True)
            except StorageError as error:
                log.warning("a use can't be noted: %s", type(error).__name__)

        # Beside the frame: a writer may have to wait for others.
        task = asyncio.create_task(note())
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


class Gate:
    """ASGI middleware of the rules above.

    ``read_frame`` and ``write_redirect`` know Streamlit's messages: see `pages.socket_frames`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        screens: OpenScreens,
        read_frame: ReadFrame,
        write_redirect: WriteRedirect,
    ) -> None:
        self.app = app
        self.cookie = session_cookie(settings)
        self.screens = screens
        self.read_frame = read_frame
        self.write_redirect = write_redirect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = [
            (name, value) for name, value in scope["headers"] if name.lower() != SESSION_HEADER
        ]
        scope = {**scope, "headers": headers}
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["path"] == SOCKET_PATH:
            await self._open_screen(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        is_open = is_open_path(path) or is_probe(scope)
        person: Person | None = None
        if not is_open or path in HEALTH_PATHS:
            try:
                person = await self._find_person(scope)
            except StorageError as error:
                if not is_open:
                    log.warning("nobody is let in: %s", type(error).__name__)
                    await _unavailable()(scope, receive, send)
                    return
        if not is_open and person is None:
            await _refuse_stranger(scope)(scope, receive, send)
            return
        needed: Role = next((role for start, role in ROLES if path.startswith(start)), "viewer")
        if person is not None and not person.may(needed):
            await refusal(needed)(scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "person": person}

        async def send_privately(message: Message) -> None:
            # What a screen offers for download may be of what this person alone may see.
            if message["type"] == "http.response.start" and path.startswith("/media/"):
                MutableHeaders(scope=message)["cache-control"] = "private, no-store"
            await send(message)

        await self.app(scope, receive, send_privately)

    async def _find_person(self, scope: Scope) -> Person | None:
        secret = HTTPConnection(scope).cookies.get(self.cookie)
        if not secret:
            return None
        return await self.screens.ask(lambda database: _find_person(database, secret))

    async def _open_screen(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = f"{SIGN_IN_PATH}?why=ended"
        try:
            person = await self._find_person(scope)
        except StorageError:
            person, target = None, f"{SIGN_IN_PATH}?why=unavailable"
        if person is None or person.session_id is None:
            # An old tab comes back by itself: it is told where to go. Streamlit learns nothing.
            if (await receive())["type"] == "websocket.connect":
                offered = scope.get("subprotocols") or [None]
                await send({"type": "websocket.accept", "subprotocol": offered[0]})
                await self._lead(send, target)
            return
        # With the role: Streamlit then gives nobody a session of its own that had another one.
        value = f"{person.session_id} {person.role}".encode()
        scope["headers"] = [*scope["headers"], (SESSION_HEADER, value)]
        screen = OpenScreen(
            person.session_id,
            person.role,
            self.screens.monotonic(),
            # Streamlit's protocol, its token, and the session that the tab had.
            comes_back=len(scope.get("subprotocols") or ()) > SUBPROTOCOLS,
        )
        self.screens.screens.add(screen)
        over: asyncio.Future[Any] = asyncio.ensure_future(screen.is_over.wait())
        try:
            await self.app(
                scope, self._receive_from(screen, over, receive, send), _send_to(screen, send)
            )
        finally:
            self.screens.screens.discard(screen)
            over.cancel()

    def _receive_from(
        self, screen: OpenScreen, over: asyncio.Future[Any], receive: Receive, send: Send
    ) -> Receive:
        async def leave() -> Message:
            try:
                await self._lead(send, screen.target)
            except Exception as error:  # noqa: BLE001 - the browser may have gone first
                log.debug("a screen had gone already: %s", type(error).__name__)
            return {"type": "websocket.disconnect", "code": 1008}

        async def receive_one() -> Message:
            waiting: asyncio.Future[Any] = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not waiting.done():
                    waiting.cancel()
            if over.done():
                return await leave()
            message: Message = waiting.result()
            return message

        async def receive_while_it_holds() -> Message:
            while True:
                message = await receive_one()
                if message["type"] != "websocket.receive":
                    return message
                frame = self.read_frame(message.get("bytes") or b"")
                if not await self.screens.admits(screen, frame):
                    return await leave()
                if frame.is_sent_by_screens:
                    return message

        return receive_while_it_holds

    async def _lead(self, send: Send, target: str) -> None:
        await send({"type": "websocket.send", "bytes": self.write_redirect(target)})
        await send({"type": "websocket.close", "code": 1008})


def is_open_path(path: str) -> bool:
    """Whether a path answers without a sign-in, by a proof of its own."""
    return _OPEN.fullmatch(path) is not None


def session_cookie(settings: Settings) -> str:
    """Return the name of the cookie with a session's secret."""
    return f"{cookie_prefix(settings)}pagekeeper-session"


def cookie_prefix(settings: Settings) -> str:
    """Return what makes browsers take a cookie from this exact host only, over https."""
    return "__Host-" if settings.redirect_uri.startswith("https://") else ""


def safe_path(path: str) -> str:
    """Return a path of ours to go back to; "/" for anything that a browser could take elsewhere."""
    is_plain = re.fullmatch(r"/(?![/\\])[\w\-./?=&%,:+~*]*", path, re.ASCII)
    if not is_plain or len(path) > MAX_BACK or path.startswith((SIGN_IN_PATH, "/oauth/")):
        return "/"
    # What Facebook sends back is carried nowhere.
    is_return = path.startswith("/connect?") and not path.startswith("/connect?attempt=")
    return "/connect" if is_return else path


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # a client may send anything
        return "/"
    return safe_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def _sign_in_because(why: str, screen: OpenScreen) -> str:
    return f"{SIGN_IN_PATH}?why={why}&back={quote(screen.back_to, safe='')}"


def _find_person(database: Database, secret: str) -> Person | None:
    with database.reading() as session:
        return find_by_secret(session, secret)


def _find_roles(database: Database, ids: Collection[str]) -> dict[str, str]:
    with database.reading() as session:
        return find_roles(session, ids)


def _note_use(database: Database, session_id: str) -> None:
    with database.writing() as session:
        note_use(session, session_id)


def _send_to(screen: OpenScreen, send: Send) -> Send:
    async def send_while_it_holds(message: Message) -> None:
        if not screen.is_over.is_set():
            await send(message)

    return send_while_it_holds


def _refuse_stranger(scope: Scope) -> Response:
    if scope["method"] not in SAFE_METHODS or not is_navigation(Headers(scope=scope)):
        return PlainTextResponse("Please sign in.", 401, {"Cache-Control": "no-store"})
    query = scope["query_string"].decode("latin-1")
    back = f"{scope['path']}?{query}" if query else scope["path"]
    target = f"{SIGN_IN_PATH}?back={quote(safe_path(back), safe='')}"
    return RedirectResponse(target, 303, {"Cache-Control": "no-store"})


def _unavailable() -> Response:
    return notice(
        503,
        "Nobody can come in right now",
        "Pagekeeper can't reach its database, so it can't tell who is signed in. Nothing was "
        "changed. Wait a moment and try again; the log of the dashboard says more.",
        is_for_strangers=True,
    )
