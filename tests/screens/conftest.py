"""A stage for screens: an installation in a temporary folder, `pages/app.py` under AppTest."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Metric

from fb.installation import Installation, Startup, open_installation
from fb.settings import read_settings
from pages import resources
from pages.parts.overview import overview_text
from storage.jobs.runs import SNAPSHOTS, RunRecord
from storage.models import PersonRow
from storage.people.person import THIS_COMPUTER, Person, Role
from storage.sign_in.people import find_by_address, let_in
from storage.sign_in.sessions import begin_session, find_by_secret
from tests import present

HOSTILE = ":material/delete: <b>x</b> www.evil.com"
APP = Path(__file__).parents[2] / "pages" / "app.py"
NOW = present.NOW
ADDRESS = "http://localhost:8501/"


def make_run(**changes: Any) -> RunRecord:
    """A run of the snapshot job that is under way since NOW."""
    facts: dict[str, Any] = {
        **dict.fromkeys(("pages_total", "pages_done", "pages_failed"), 0),
        **dict.fromkeys(("steps_total", "steps_done", "values_count"), 0),
        **dict.fromkeys(("finished_at", "limited_until", "reason_code")),
        "id": 7,
        "kind": SNAPSHOTS,
        "started_by": "daily",
        "day": NOW.date(),
        "started_at": NOW,
        "status": "running",
    }
    return RunRecord(**{**facts, **changes})


SIGN_IN = {
    "SIGN_IN_ISSUER": "https://id.agency.example",
    "SIGN_IN_CLIENT_ID": "pagekeeper",
    "SIGN_IN_CLIENT_SECRET": "a-client-secret-of-the-screen-tests",
}


@dataclass
class FakeSandbox:
    """The sandbox as the screens know it, without a server behind it."""

    trouble: str = "none"
    started_over: bool = False
    gives_figures: bool = True

    def now(self) -> datetime:
        return NOW

    def start_over(self) -> None:
        self.started_over = True


@dataclass
class Client:
    """What Streamlit asks of the websocket's client; AppTest has none."""

    cookies: dict[str, str] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)
    remote_ip: str | None = None


@dataclass
class Stage:
    """Holds the installation and opens screens of it."""

    root: Path
    client: Client
    set_startup: Callable[[Startup], None]
    startup: Startup
    user: dict[str, str] = field(default_factory=dict)  # what the gate tells Streamlit

    @property
    def installation(self) -> Installation:
        assert self.startup.installation is not None
        return self.startup.installation

    def restart(self, environ: Mapping[str, str], now: datetime = NOW) -> Startup:
        """Start as with these settings; what was open is closed."""
        if self.startup.installation is not None:
            self.startup.installation.close()
        report = read_settings(environ, self.root)
        sandbox = FakeSandbox() if report.mode == "sandbox" else None
        self.startup = open_installation(report, now=lambda: now, sandbox=sandbox)
        self.set_startup(self.startup)
        return self.startup

    def sign_in(self, role: Role, address: str = "ann@agency.example") -> Person:
        """Restart with a sign-in if there is none, and open what follows as a person of the role.

        The person is let in, or gets this role, and a new session.
        """
        if not self.installation.settings.has_sign_in:
            self.restart(SIGN_IN)
        with self.installation.database.writing() as session:
            id = find_by_address(session, address)
            if id is None:
                id = let_in(session, address, role, NOW, by=THIS_COMPUTER)
            session.execute(update(PersonRow).where(PersonRow.id == id).values(role=role))
            person = find_by_secret(session, begin_session(session, id, "a browser"))
        assert person is not None
        self.user = {"session": str(person.session_id)}
        return person

    def open(
        self,
        screen: str,
        query: Mapping[str, str | list[str]] | None = None,
        *,
        popover: str | None = None,
        locale: str = "en-GB",
        timezone: str = "UTC",
        ticked: Sequence[str] = (),
    ) -> AppTest:
        """Run the screen as a browser that typed its address. It is drawn without an exception.

        ``popover`` is the key of one that is opened then, which takes a run of its own. ``ticked``
        are the ids of Pages: AppTest can't tick a row.
        """
        at = AppTest.from_file(str(APP), default_timeout=20)
        at.context = {"url": ADDRESS + screen, "locale": locale, "timezone": timezone}
        at.user = self.user
        at.session_state["ticked-pages"] = tuple(ticked)
        for name, value in (query or {}).items():
            at.query_params[name] = value
        at.switch_page(f"{screen}.py")
        at.run()
        if popover is not None:
            at.session_state[popover] = True
            at.run()
        assert not at.exception, query
        return at


@pytest.fixture(scope="session", autouse=True)
def packages_scanned_once() -> Iterator[None]:
    """Let AppTest remember which packages bring components: each screen took 0.15 s to ask all."""
    scan = manifest_scanner.scan_component_manifests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan))
        yield


@pytest.fixture(scope="session")
def fresh_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an empty sandbox installation: copying it is quicker than migrating."""
    root = tmp_path_factory.mktemp("fresh")
    startup = open_installation(read_settings({}, root), now=lambda: NOW, sandbox=FakeSandbox())
    assert startup.installation is not None
    startup.installation.close()
    return root / "data"


@pytest.fixture
def stage(tmp_path: Path, fresh_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An empty sandbox installation at `NOW`."""
    shutil.copytree(fresh_data, tmp_path / "data")
    client = Client()
    monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: client)
    report = read_settings({}, tmp_path)
    startup = open_installation(report, now=lambda: NOW, sandbox=FakeSandbox())

    def set_startup(startup: Startup) -> None:
        monkeypatch.setattr(resources, "get_startup", lambda: startup)
        monkeypatch.setattr(resources, "get_report", lambda: startup.report)

    set_startup(startup)
    stage = Stage(tmp_path, client, set_startup, startup)
    yield stage
    if stage.startup.installation is not None:
        stage.startup.installation.close()


def words_of(at: AppTest) -> str:
    """Everything a person reads on a screen, joined; links and code included."""
    said: list[str] = []
    for kind in ("title", "header", "markdown", "caption", "html", "code"):
        said += [str(element.value) for element in at.get(kind) if not isinstance(element, Block)]
    for alerts in (at.error, at.warning, at.info, at.success):
        said += [f"{alert.proto.title} {alert.value}" for alert in alerts]
    said += [str(button.label) for button in at.button]
    return html.unescape("\n".join(said))


def tiles_of(at: AppTest) -> dict[str, str]:
    """The tiles' figures by their labels; a tile of two figures has both labels."""
    return {label: metric.value for metric in at.metric for label in labels_of(metric)}


def labels_of(tile: Metric) -> list[str]:
    """The label of a tile; of "Fans and followers", which are one figure, both."""
    return ["Fans", "Followers"] if tile.label == overview_text.BOTH else [str(tile.label)]


def links_of(at: AppTest) -> list[str]:
    """The labels of the links to other screens."""
    return [str(link.value) for link in at.page_link]


def charts_of(at: AppTest) -> list[dict[str, Any]]:
    """The specs of the charts, in their order on the screen."""
    return [json.loads(chart.proto.spec) for chart in at.get("vega_lite_chart")]


def press(at: AppTest, label: str) -> AppTest:
    """Press the one button with this label."""
    (button,) = [button for button in at.button if button.label == label]
    return button.click().run()


def open_dialog(at: AppTest, press: Callable[[AppTest], Any]) -> None:
    """Press what opens a dialog, and leave it open for the next press in it.

    AppTest runs no fragment alone: the run after a press in the dialog opens it once more.
    """
    press(at).run()
    press(at)
