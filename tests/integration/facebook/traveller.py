"""A person with a browser, as far as a test needs one: cookies, the dialog, the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from cryptography.fernet import Fernet

from fb.installation import Installation, open_installation
from fb.login.attempt import cookie_name
from fb.login.preview import AttemptView, Preview, get_view
from fb.login.save import save
from fb.login.start import accept_return, start_attempt
from fb.sandbox import World
from fb.sandbox.serve import serve
from fb.settings import read_settings
from storage.people.person import THIS_COMPUTER, Person
from tests import present
from tests.sandbox_faults import FaultySandbox, create_faulty_sandbox
from tests.waiting import wait_until

APP_ID = "123456789012345"
APP_SECRET = "app-secret-of-the-tests-0123456789abcdef"
REDIRECT_URI = "http://localhost:8501/connect"
STATE_SECRET = "state-secret-of-the-tests-0123456789abcdef"
START = present.NOW


@dataclass
class MovableClock:
    """A clock that stands still until a test moves it."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Scene:
    """A live installation whose Facebook is a sandbox on another port."""

    installation: Installation
    sandbox: FaultySandbox
    clock: MovableClock
    graph_url: str
    traveller: Traveller = field(init=False)

    def __post_init__(self) -> None:
        self.traveller = Traveller(self.installation, self.graph_url)


def settings_of(facebook_url: str, database_url: str, key: str | None = None) -> dict[str, str]:
    """The settings of live mode; without ``key`` with an encryption key of its own."""
    return {
        "FACEBOOK_APP_ID": APP_ID,
        "FACEBOOK_APP_SECRET": APP_SECRET,
        "FACEBOOK_GRAPH_URL": facebook_url,
        "FACEBOOK_DIALOG_URL": facebook_url,
        "STATE_TOKEN_SECRET": STATE_SECRET,
        "TOKEN_ENCRYPTION_KEYS": key or Fernet.generate_key().decode(),
        "DATABASE_URL": database_url,
    }


@contextmanager
def opened_scene(
    tmp_path: Path,
    database_url: str,
    *,
    world: World | None = None,
    page_limit: int = 25,
    key: str | None = None,
) -> Iterator[Scene]:
    """Serve a sandbox and open an installation on it, with a clock of the test's own."""
    clock = MovableClock()
    sandbox = create_faulty_sandbox(
        app_id=APP_ID,
        app_secret=APP_SECRET,
        redirect_uri=REDIRECT_URI,
        real_now=clock,
        world=world,
        page_limit=page_limit,
    )
    with serve(sandbox) as url:
        report = read_settings(settings_of(url, database_url, key), tmp_path)
        startup = open_installation(report, now=clock)
        assert startup.installation is not None, (startup.error, report.problems)
        try:
            yield Scene(startup.installation, sandbox, clock, url)
        finally:
            startup.installation.close()


@dataclass
class Traveller:
    """One browser: what it holds in cookies, who uses it, and what they do on a trip."""

    installation: Installation
    graph_url: str
    cookies: dict[str, str] = field(default_factory=dict)
    by: Person = THIS_COMPUTER

    def set_out(self, renew: int | None = None) -> str:
        """Click the connect link, or Renew of a grant; return the address of the dialog."""
        attempt = start_attempt(
            self.installation, self.installation.now(), expected_grant_id=renew, by=self.by
        )
        self.cookies[cookie_name(attempt.id, self.installation.settings)] = attempt.nonce
        return attempt.authorization_url

    def answer(
        self,
        dialog: str,
        *,
        agree: bool = True,
        person: str | None = None,
        without: Sequence[str] = (),
        unticked_pages: int = 0,
    ) -> dict[str, list[str]]:
        """Press Continue or Cancel; return the parameters that Facebook sends back."""
        parts = urlsplit(dialog)
        choice: dict[str, str] = {"off": f"{unticked_pages:x}", "no": ",".join(without)}
        if person is not None:
            choice["as"] = person
        last = "continue" if agree else "cancel"
        url = parts._replace(
            path=f"{parts.path}/{last}", query=f"{parts.query}&{urlencode(choice)}"
        ).geturl()
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text[:300]
        back = urlsplit(answer.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT_URI
        return parse_qs(back.query, keep_blank_values=True)

    def come_back(self, parameters: Mapping[str, Sequence[str]]) -> str:
        """Arrive at the connect screen; return the attempt's id."""
        return accept_return(
            self.installation, parameters, self.cookies, self.installation.now(), by=self.by
        )

    def look(self, attempt_id: str) -> AttemptView:
        """Look at the attempt as this browser may see it."""
        return get_view(self.installation, attempt_id, self.cookies, by=self.by)

    def wait(self, attempt_id: str) -> AttemptView:
        """Wait until the Pages are read, or reading them failed."""
        wait_until(lambda: self.look(attempt_id).status != "reading")
        return self.look(attempt_id)

    def travel(
        self,
        *,
        person: str | None = None,
        without: Sequence[str] = (),
        unticked_pages: int = 0,
        renew: int | None = None,
    ) -> tuple[str, Preview]:
        """Make the whole trip up to the preview."""
        back = self.answer(
            self.set_out(renew), person=person, without=without, unticked_pages=unticked_pages
        )
        attempt_id = self.come_back(back)
        view = self.wait(attempt_id)
        assert view.status == "ready", view
        assert view.preview is not None
        return attempt_id, view.preview

    def save(self, attempt_id: str, preview: Preview, but: Sequence[str] = ()) -> dict[str, object]:
        """Press Save with every usable Page ticked, except ``but``."""
        return save(
            self.installation,
            attempt_id,
            self.cookies,
            self.installation.now(),
            page_ids=frozenset(page.id for page in preview.usable).difference(but),
            digest=preview.digest,
            by=self.by,
        )

    def connect(self, person: str | None = None) -> dict[str, object]:
        """Make the whole trip and save everything."""
        return self.save(*self.travel(person=person))
