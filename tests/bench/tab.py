"""A browser tab as far as a server of Streamlit can tell: its websocket, and the messages on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

ANSWER_SECONDS = 60.0


class ScriptFailed(Exception):
    """The script ended with an exception instead of a screen."""


@dataclass(frozen=True)
class Answer:
    """What one message of the tab brought back, up to the end of the script."""

    bytes_count: int  # payload of the frames; Streamlit compresses none of it unless told to
    seconds: float  # from sending to having read the last message


class Tab:
    """One tab. It keeps large elements as a browser does, so an unchanged one is not sent again."""

    def __init__(
        self, connection: ClientConnection, page_name: str, query: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._script_hash = ""
        self._page_name = page_name
        self._query = dict(query)
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[str, int] = {}  # hash → the run that showed it last
        self._kept_for_runs = 2
        self._run = 0
        self.widgets: dict[str, Element] = {}  # parameter of the address → the bound widget

    def rerun(self, patience_seconds: float = ANSWER_SECONDS) -> Answer:
        """Have the script run once, as the tab stands; the first time this loads the screen.

        Raises TimeoutError when nothing came for ``patience_seconds``.
        """
        message = BackMsg()
        state = message.rerun_script
        state.query_string = urlencode(self._query)
        state.page_script_hash = self._script_hash
        # Only the first time: after that the script's own name for the screen is known.
        state.page_name = "" if self._script_hash else self._page_name
        state.widget_states.widgets.extend(self._states.values())
        state.cached_message_hashes.extend(self._kept)
        state.context_info.timezone = "Etc/UTC"
        state.context_info.locale = "en-US"
        state.context_info.color_scheme = "light"
        text = message.SerializeToString()
        began_at = time.perf_counter()
        self._connection.send(text)
        return Answer(self._read_run(patience_seconds), time.perf_counter() - began_at)

    def turn_to(self, page_number: int) -> Answer:
        """Choose another page of the table."""
        state = WidgetState(id=self.widgets["page"].pagination.id, int_value=page_number)
        return self._press("page", str(page_number), state)

    def choose(self, parameter: str, label: str) -> Answer:
        """Choose one of several buttons in a row."""
        state = WidgetState(id=self.widgets[parameter].button_group.id)
        state.string_array_value.data.append(label)
        return self._press(parameter, label, state)

    def pick(self, parameter: str, label: str) -> Answer:
        """Choose one of a box that opens."""
        state = WidgetState(id=self.widgets[parameter].selectbox.id, string_value=label)
        return self._press(parameter, label, state)

    def follow(self, **query: str) -> Answer:
        """Change words of the address that belong to no widget; an empty one goes."""
        self._query.update(query)
        self._query = {name: value for name, value in self._query.items() if value}
        return self.rerun()

    def _press(self, parameter: str, value: str, state: WidgetState) -> Answer:
        self._query[parameter] = value
        self._states[state.id] = state
        return self.rerun()

    def _read_run(self, patience_seconds: float) -> int:
        """Read to the end of the script, reruns that it asks for included; return the bytes."""
        bytes_count = 0
        while True:
            frame = self._connection.recv(patience_seconds, decode=False)
            bytes_count += len(frame)
            message = ForwardMsg.FromString(frame)
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    self._forget_old()
                    return bytes_count
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    raise ScriptFailed
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
        if kind == "exception":
            raise ScriptFailed(element.exception.type)
        parameter = getattr(getattr(element, kind or ""), "query_param_key", "")
        if parameter:
            self.widgets[parameter] = element
        if kind == "pagination" and element.pagination.set_value:  # as a browser heeds it
            self._states.pop(element.pagination.id, None)
            self._query[parameter] = str(element.pagination.value)

    def _forget_old(self) -> None:
        self._run += 1
        oldest = self._run - self._kept_for_runs
        self._kept = {hash: run for hash, run in self._kept.items() if run >= oldest}


@contextmanager
def opened_tab(port: int, page_name: str = "", **query: str) -> Iterator[Tab]:
    """Open a tab on the server at this port of loopback; nothing is loaded yet.

    ``page_name`` and ``query`` are what the address says: "" is the first screen.
    """
    with connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        origin=Origin(f"http://localhost:{port}"),
        subprotocols=[Subprotocol("streamlit")],
        compression=None,
        max_size=None,
    ) as connection:
        yield Tab(connection, page_name, query)
