"""Live mode, with a made-up app whose Facebook is a sandbox in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from fb.sandbox.serve import serve as serve_sandbox
from tests.browser.kit import trips
from tests.browser.kit.browsing import visit
from tests.browser.kit.serving import (
    LIVE_APP_ID,
    LIVE_APP_SECRET,
    Server,
    find_free_port,
    live_settings,
)
from tests.sandbox_faults import FaultySandbox, create_faulty_sandbox

if TYPE_CHECKING:  # which imports this module
    from tests.browser.conftest import Serve

READING = "Reading your Pages from Facebook"


@dataclass(frozen=True)
class Live:
    """A dashboard in live mode, and the Facebook it talks to, which a test can disturb."""

    server: Server
    facebook: FaultySandbox

    def delay_the_list(self, seconds: float) -> None:
        """Let Facebook take its time over the first part of the list of Pages."""
        self.facebook.inject("delay", path="me/accounts", seconds=seconds)

    def begin(self, page: Page, person: str | None = None) -> str:
        """Make a trip up to our screen, as it reads; return the attempt's id."""
        visit(page, f"{self.server.url}/connect")
        trips.set_out(page)
        trips.choose(page, person=person)
        trips.agree(page)
        expect(page).to_have_url(trips.ATTEMPT)
        return trips.attempt_id(page)

    def travel(self, page: Page, person: str | None = None) -> str:
        """Make a trip up to the preview; return the attempt's id."""
        self.begin(page, person)
        return trips.wait_for_preview(page)

    def saves(self) -> int:
        """How often a list was saved, so far."""
        kinds = "SELECT count(*) FROM events WHERE kind IN ('connected', 'renewed')"
        return int(self.server.query(kinds)[0])

    def exchanges(self) -> int:
        """How many codes and tokens were taken to Facebook to be exchanged, so far."""
        return sum(path.endswith("/oauth/access_token") for _, path in self.facebook.calls)


@contextmanager
def serving_live(serve: Serve, settings: Mapping[str, str] | None = None) -> Iterator[Live]:
    """Serve a fresh dashboard in live mode; ``settings`` come on top of those it needs."""
    port = find_free_port()
    facebook = create_faulty_sandbox(
        app_id=LIVE_APP_ID,
        app_secret=LIVE_APP_SECRET,
        redirect_uri=f"http://localhost:{port}/connect",
        real_now=lambda: datetime.now(UTC),
    )
    with serve_sandbox(facebook) as url:
        chosen = live_settings(url, port) | dict(settings or {})
        with serve(settings=chosen, port=port) as server:
            yield Live(server, facebook)
