"""A tick of the screen that was left reaches a real Streamlit session while the next is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from starlette.testclient import TestClient, WebSocketTestSession
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime

# Both screens draw the same fragment at the same place, as the sandbox's strip stands on all, and
# are at it for a while.
SCRIPT = """
import time
import streamlit as st
from pages.ui import polling

def draw():
    @polling.poll(60)
    def watch():
        st.caption("watched")

    watch()
    if "lead" in st.query_params:
        time.sleep(0.3)
        polling.go_to("compare")
    time.sleep(0.3)

polling.begin_run()
chosen = st.navigation([
    st.Page(lambda: draw(), title="Overview", url_path="overview", default=True),
    st.Page(lambda: draw(), title="Compare", url_path="compare"),
])
polling.note_screen()
chosen.run()
"""


class Tab:
    """A browser's side of one session."""

    def __init__(self, socket: WebSocketTestSession) -> None:
        self.socket = socket
        self.session_id = ""
        self.screens: list[str] = []  # as of every run that began
        self.pages: list[str] = []
        self.fragments: list[str] = []

    def ask(self, page_hash: str = "", fragment: str = "", query: str = "") -> None:
        """Ask for a run, as the browser does for a click, or for a tick of a fragment."""
        message = BackMsg()
        message.rerun_script.page_script_hash = page_hash
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        message.rerun_script.query_string = query
        self.socket.send_bytes(message.SerializeToString())

    def read_until(self, is_it: Callable[[ForwardMsg], bool]) -> None:
        """Take what comes, up to the message that is waited for."""
        while True:
            message = ForwardMsg.FromString(self.socket.receive_bytes())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session_id = message.new_session.initialize.session_id
                self.screens.append(message.new_session.page_script_hash)
            if kind == "navigation":
                self.pages = [page.page_script_hash for page in message.navigation.app_pages]
            if kind == "auto_rerun":
                self.fragments.append(message.auto_rerun.fragment_id)
            if is_it(message):
                return

    def read_run(self) -> None:
        """Take what comes until a run is over."""
        self.read_until(
            lambda message: (
                message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                and message.WhichOneof("type") == "script_finished"
            )
        )

    def read_fragment_run(self) -> None:
        """Take what comes until a fragment alone has run."""
        self.read_until(
            lambda message: message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        )

    def read_fragment(self) -> None:
        """Take what comes until a fragment is drawn; its screen is drawn for a while yet."""
        self.read_until(lambda message: message.WhichOneof("type") == "auto_rerun")


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    """A tab whose first screen is drawn."""
    script = tmp_path / "screens.py"
    script.write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(Runtime, "_instance", None)
    with (
        TestClient(st.App(script)) as client,
        client.websocket_connect(
            "ws://localhost:8501/_stcore/stream", subprotocols=["streamlit"]
        ) as socket,
    ):
        opened = Tab(socket)
        opened.ask()
        opened.read_run()
        opened.screens.clear()  # without a screen in the question, the script decides
        yield opened
        Runtime.instance().close_session(opened.session_id)


def test_a_tick_of_the_screen_that_was_left_is_dropped(tab: Tab) -> None:
    (overview, compare), (tick,) = tab.pages, tab.fragments
    tab.ask(compare)
    tab.read_fragment()
    tab.ask(overview, tick)
    tab.read_run()
    tab.ask(compare)
    tab.read_run()
    assert tab.screens == [compare, compare]


def test_a_tick_on_the_way_to_another_screen_is_dropped(tab: Tab) -> None:
    """The script leads on by itself, and the browser has heard nothing of that yet."""
    (overview, compare), (tick,) = tab.pages, tab.fragments
    tab.ask(overview, query="lead=1")
    tab.read_fragment()
    tab.ask(overview, tick)  # waits for the end of the run
    tab.read_fragment()
    tab.ask(overview, tick)  # comes when the other screen is drawn
    tab.read_run()
    tab.ask(compare)
    tab.read_run()
    assert tab.screens == [overview, compare, compare]


def test_a_tick_of_the_screen_on_view_is_answered(tab: Tab) -> None:
    (overview, _), (tick,) = tab.pages, tab.fragments
    tab.ask(overview)
    tab.read_fragment()
    tab.ask(overview, tick)
    tab.read_run()
    tab.read_fragment_run()
    assert tab.screens == [overview, overview]
    assert set(tab.fragments) == {tick}
