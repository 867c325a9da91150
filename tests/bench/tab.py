"""A browser tab as far as a server of Streamlit can tell: its websocket, and the messages on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What one message of the tab brought back, up to the end of the script."""

    bytes_count: int  # payload of the frames; Streamlit compresses none of it unless told to
    seconds: float
    elements_count: int  # elements and containers that were drawn


class Tab:
    """One tab. It keeps large elements as a browser does, so an unchanged one is not sent again."""

    def __init__(self, connection: ClientConnection, screen: str) -> None:
        self._connection = connection
        self._screen = screen
        self._script_hash = ""
        self._query: dict[str, str] = {}
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[str, int] = {}  # hash → the run that showed it last
        self._kept_for_runs = 2
        self._run = 0
        self._widgets: dict[str, Element] = {}  # parameter of the address → the bound widget

    def rerun(self) -> Answer:
        """Have the script run once, as the tab stands; the first time this loads the screen."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = urlencode(self._query)
        state.page_script_hash = self._script_hash
        state.page_name = self._screen
        state.widget_states.widgets.extend(self._states.values())
        state.cached_message_hashes.extend(self._kept)
        state.context_info.timezone = "Etc/UTC"
        state.context_info.locale = "en-US"
        state.context_info.color_scheme = "light"
        text = message.SerializeToString()
        began_at = time.perf_counter()
        self._connection.send(text)
        bytes_count, elements_count = self._read_run()
        return Answer(bytes_count, time.perf_counter() - began_at, elements_count)

    def choose(self, parameter: str, label: str) -> Answer:
        """Choose one of several buttons in a row."""
        state = WidgetState(id=self._widgets[parameter].button_group.id)
        state.string_array_value.data.append(label)
        self._query[parameter] = label
        self._states[state.id] = state
        return self.rerun()

    def _read_run(self) -> tuple[int, int]:
        """Read to the end of the script, reruns that it asks for included.

        Return the bytes, and the number of elements and containers.
        """
        bytes_count, drawn = 0, set()
        while True:
            frame = self._connection.recv(PATIENCE_SECONDS, decode=False)
            bytes_count += len(frame)
            message = ForwardMsg.FromString(frame)
            kind = message.WhichOneof("type")
            if kind in ("delta", "ref_hash"):
                drawn.add(tuple(message.metadata.delta_path))
            if kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    self._forget_old()
                    return bytes_count, len(drawn)
            elif kind == "new_session":
                self._script_hash = message.new_session.page_script_hash
                self._kept_for_runs = message.new_session.config.max_cached_message_age
            elif kind == "navigation":
                # The screen that was led to; under the other name its widgets would be forgotten.
                self._script_hash = message.navigation.page_script_hash
            elif kind == "ref_hash":
                self._kept[message.ref_hash] = self._run
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._see(message)

    def _see(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self._kept[message.hash] = self._run
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        assert kind != "exception", element.exception.type
        parameter = getattr(getattr(element, kind or ""), "query_param_key", "")
        if parameter:
            self._widgets[parameter] = element

    def _forget_old(self) -> None:
        self._run += 1
        oldest = self._run - self._kept_for_runs
        self._kept = {hash: run for hash, run in self._kept.items() if run >= oldest}


@contextmanager
def opened_tab(port: int, screen: str = "", cookie: str = "") -> Iterator[Tab]:
    """Open a tab on a screen of the server at this port of loopback; nothing is loaded yet."""
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=Origin(f"http://127.0.0.1:{port}"),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": cookie} if cookie else None,
        compression=None,
        max_size=None,
    ) as connection:
        yield Tab(connection, screen)
