"""Socket frames: the messages between browser and Streamlit that the gate reads and writes.

They are internals of the pinned Streamlit; a test holds what is used of them.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it has no types
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from fb.web.gate import Frame

# What the screens send. The rest is for developers: "clear_cache" would open the installation anew
# for everybody.
SENT = ("rerun_script", "stop_script", "app_heartbeat", "file_urls_request")
SENT_OPERATIONS = ("deferred_file", "dataframe_chunk")


def read_frame(data: bytes) -> Frame:
    """Return what a frame of the browser says; Streamlit itself refuses what it can't read."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return Frame(is_use=False)
    kind = message.WhichOneof("type")
    if kind == "rerun_script":
        rerun = message.rerun_script
        return Frame(is_use=not rerun.is_auto_rerun, url=rerun.context_info.url)
    is_sent = kind in SENT
    if kind == "backend_operation_request":
        is_sent = message.backend_operation_request.WhichOneof("payload") in SENT_OPERATIONS
    return Frame(is_use=False, is_sent_by_screens=is_sent)


def write_redirect(target: str) -> bytes:
    """Return the message that leads a tab to another address, as ``st.logout`` does."""
    message = ForwardMsg()
    message.auth_redirect.url = target
    data: bytes = message.SerializeToString()
    return data
