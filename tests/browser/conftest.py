"""One browser for all of these tests, and servers that several of them look at.

Everything ends with this folder's last test: Playwright leaves an event loop running in the thread
it was started from, in which other tests could not start one of their own.
"""

from __future__ import annotations

import compileall
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.kit.browsing import READER, TALL, WAIT_MS, WIDTH, NewPage, Watch, launch
from tests.browser.kit.furnishing import furnish
from tests.browser.kit.live import Live, serving_live
from tests.browser.kit.serving import Server, copy_program, serving
from tests.browser.kit.stored import INSIGHTS_DONE, POSTS_DONE
from tests.browser.kit.trips import connect
from tests.waiting import wait_until

# Posts and two years of views and engagement follow the history by themselves, in the background.
FETCH_SECONDS = 240


class Serve(Protocol):
    """Starts a server of one's own, which ends with the block.

    ``data_of`` is a server whose data it starts with; ``prepare`` changes its folder before.
    """

    def __call__(
        self,
        *,
        data_of: Server | None = None,
        prepare: Callable[[Path], None] = lambda folder: None,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> AbstractContextManager[Server]: ...


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program that nobody serves: copies of it start sooner, being compiled."""
    folder = copy_program(tmp_path_factory.mktemp("program"))
    compileall.compile_dir(folder, quiet=2)
    return folder


@pytest.fixture(scope="package")
def serve(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Serves fresh copies, with nothing in them or with another server's data."""

    def start(
        *,
        data_of: Server | None = None,
        prepare: Callable[[Path], None] = lambda folder: None,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> AbstractContextManager[Server]:
        folder = tmp_path_factory.mktemp("served")
        shutil.copytree(program, folder, dirs_exist_ok=True)
        if data_of is not None:
            data_of.copy_data(folder)
        prepare(folder)
        return serving(folder, settings, port)

    return start


class Browsers:
    """Opens browsers that know nothing of each other, and judges what they did."""

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self.stack = ExitStack()
        self.watches: list[Watch] = []

    def open(self, **options: Any) -> Page:
        """A tab of a new browser; options as of Playwright's ``new_context``."""
        chosen: dict[str, Any] = {"viewport": {"width": WIDTH, "height": TALL}}
        context = self.chromium.new_context(**(chosen | READER | options))
        self.stack.callback(context.close)
        context.set_default_timeout(WAIT_MS)
        watch = Watch()
        watch.attach(context)
        self.watches.append(watch)
        return context.new_page()

    def close(self) -> None:
        """Close them; fail when one reached beyond this machine, or complained."""
        self.stack.close()
        for watch in self.watches:
            watch.check()


@pytest.fixture
def browsers(chromium: Browser) -> Iterator[Browsers]:
    """Opens browsers; see `Browsers`."""
    opened = Browsers(chromium)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def new_page(browsers: Browsers) -> NewPage:
    """Opens a tab of a new browser."""
    return browsers.open


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A tab of a new browser."""
    return new_page()


@pytest.fixture(scope="package")
def empty(serve: Serve) -> Iterator[Server]:
    """A sandbox where nobody saves anything: tests that use it only look."""
    with serve() as server:
        yield server


@pytest.fixture(scope="package")
def filled(serve: Serve, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Anna's 57 Pages, whose history, insights and posts are read: data to copy, not served.

    The first of several processes that test makes it for all: a copy has nothing to fetch today.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    filled = Server(folder / "filled", port=0)
    with (folder / "filled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not filled.folder.exists():
            with serve() as server:
                opened = Browsers(chromium)
                try:
                    connect(opened.open(), server.url)
                finally:
                    opened.close()
                wait_until(
                    lambda: server.query(INSIGHTS_DONE)[0] * server.query(POSTS_DONE)[0] > 0,
                    FETCH_SECONDS,
                )
                filled.folder.mkdir()
                server.copy_data(filled.folder)
    return filled


@pytest.fixture(scope="package")
def full(serve: Serve, filled: Server) -> Iterator[Server]:
    """A sandbox with Anna's 57 Pages and 90 days of history: tests that use it only look.

    Nobody goes to its dialog: what is unticked there loses its access at once, as at Facebook.
    """
    with serve(data_of=filled) as server:
        yield server


@pytest.fixture(scope="package")
def furnished(serve: Serve, filled: Server) -> Iterator[Server]:
    """The same with tags, notes and a goal: tests that use it only look, too."""
    with serve(data_of=filled) as server:
        furnish(server)
        yield server


@pytest.fixture(scope="module")
def live_for_module(serve: Serve) -> Iterator[Live]:
    """A dashboard in live mode for all trips of one module: each is made by its own browser."""
    with serving_live(serve) as live:
        yield live


@pytest.fixture
def live(live_for_module: Live) -> Live:
    """The same, when Facebook works and nobody has asked it anything yet."""
    live_for_module.facebook.clear_faults()
    return live_for_module
