"""Socket frames: the messages between browser and Streamlit that the gate reads and writes.

They are internals of the pinned Streamlit; a test holds what is used of them.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from fb.web.gate import Frame


def read_frame(data: bytes) -> Frame:
    """Return what a frame of the browser says; Streamlit itself refuses what it can't read."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return Frame(is_use=False)
    if message.WhichOneof("type") != "rerun_script":
        return Frame(is_use=False)
    rerun = message.rerun_script
    return Frame(is_use=not rerun.is_auto_rerun, url=rerun.context_info.url)


def write_redirect(target: str) -> bytes:
    """Return the message that leads a tab to another address, as ``st.logout`` does."""
    message = ForwardMsg()
    message.auth_redirect.url = target
    data: bytes = message.SerializeToString()
    return data
