"""Deletion desk of Setup: what people asked to have deleted, entered by hand, and how it ended.

No name and no id is kept of a request that is done. The part that erases is a fragment, which runs
without the screen's read session: that would keep SQLite's file from being written anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from fb.accounts import removal
from fb.accounts.removal import Removal, Unreadable
from fb.addresses import DATA_DELETION_PATH, DEAUTHORIZE_PATH, is_loopback, origin_of
from fb.installation import Installation
from pages.text import wording
from pages.text.formats import UNKNOWN, cell_day, local, moment, zones_of
from pages.ui import viewer
from pages.ui.erase import erase_text
from pages.ui.erase.dialog import ICON
from pages.ui.signed_in import me
from storage.accounts.deletion_requests import RequestStatus, list_requests
from storage.db.errors import StorageError

STATUS: Mapping[RequestStatus, str] = {
    "pending": "Waits",
    "erased": "Erased",
    "absent": "Nothing was stored",
    "renewed": "Connected again since",
}
DONE = "Done. Give each person the address, which tells what became of the request:"
WAITS = (
    "A refresh is running, or another program uses the database's file. The deletion is done by "
    "itself as soon as that has ended. Give each person the address, which tells when it is:"
)


def render_addresses(redirect_uri: str) -> None:
    """Draw the addresses of both callbacks, to be pasted into Meta's console."""
    origin = origin_of(redirect_uri)
    st.caption("Facebook Login › Settings › Deauthorize callback URL")
    st.code(f"{origin}{DEAUTHORIZE_PATH}", language=None, wrap_lines=True)
    st.caption("Facebook Login › Settings › Data Deletion Request URL, as a callback")
    st.code(f"{origin}{DATA_DELETION_PATH}", language=None, wrap_lines=True)
    if is_loopback(redirect_uri) or not redirect_uri.startswith("https://"):
        st.caption(
            "Facebook's servers reach a public https address only. Until this dashboard has one, "
            "leave both empty, and enter what people ask for below."
        )


@viewer.fragment
def render(installation: Installation) -> None:
    """Draw the section: what to delete, what goes, and the newest requests."""
    st.header("Requests to delete data", anchor=False)
    st.markdown(
        "Whoever removes the app at Facebook can ask there to have everything deleted. Facebook "
        "sends that here, and it is done at once. What reaches you in another way goes in here:"
    )
    if installation.can_open_tokens:
        _enter(installation)
    else:
        st.caption(wording.WRONG_KEY.sentence)
    _list(installation)


def _enter(installation: Installation) -> None:
    text = st.text_area(
        "Ids of accounts or Pages, or a signed request of Facebook's",
        key="deletion-text",
        max_chars=20_000,
        help="Ids are separated by spaces, commas or lines. A signed request is what Facebook "
        "posts to the second address above.",
    )
    st.button("Show what goes", icon=":material/search:", key="deletion-show")
    if not text.strip():
        return
    try:
        removals = removal.read_pasted(installation, text)
    except Unreadable as error:
        st.error(str(error))
        return
    preview = st.empty()
    with preview.container():
        is_pressed = _preview(installation, removals)
    if is_pressed:
        preview.empty()
        _remove(installation, removals)


def _preview(installation: Installation, removals: Sequence[Removal]) -> bool:
    """Draw what goes and what stays; return whether it is to be done."""
    st.markdown("\n".join(f"- {_sentence(each)}" for each in removals))
    stays = (
        line
        for each in removals
        if each.erasure is not None
        for line in erase_text.stays(
            each.erasure,
            has_access=each.has_access,
            is_sqlite=installation.database.is_sqlite,
        )
    )
    for line in dict.fromkeys(stays):
        st.caption(line)
    goes = any(each.erasure is not None for each in removals)
    label = "Erase for good" if goes else "Record the request"
    return st.button(label, type="primary", icon=ICON, key="deletion-yes")


def _sentence(each: Removal) -> str:
    id = wording.as_code(each.id)
    if each.erasure is not None:
        return f"{id}: {erase_text.goes(each.erasure)}"
    if each.is_renewed:
        asked = moment(each.asked_at)
        return f"{id}: connected again after this request of {asked}. It stays."
    if each.deleted_at is not None:
        return f"{id}: nothing is stored here. It was erased on {moment(each.deleted_at)}."
    return f"{id}: nothing is stored here."


def _remove(installation: Installation, removals: Sequence[Removal]) -> None:
    try:
        with st.spinner("Erasing…"):
            codes, is_done = removal.remove(installation, removals, by=me())
    except StorageError:
        st.error(erase_text.BUSY)
        return
    if is_done:
        st.success(DONE, icon=":material/check:")
    else:
        st.warning(WAITS, icon=":material/hourglass_empty:")
    lines = (
        f"{each.id} {removal.status_url(installation, code)}"
        for each, code in zip(removals, codes, strict=True)
    )
    st.code("\n".join(lines), language=None, wrap_lines=True)


def _list(installation: Installation) -> None:
    with installation.database.reading() as session:
        requests = list_requests(session)
    if not requests:
        st.caption("Nobody has asked yet.")
        return
    zone = zones_of(request.received_at for request in requests)
    st.dataframe(
        pd.DataFrame(
            {
                "received": pd.to_datetime([local(each.received_at) for each in requests]),
                "about": ["A Page" if each.kind == "page" else "An account" for each in requests],
                "status": [STATUS[each.status] for each in requests],
                "finished": pd.to_datetime(
                    pd.Series(
                        [each.finished_at and local(each.finished_at) for each in requests],
                        dtype="datetime64[s]",
                    )
                ),
            }
        ),
        column_config={
            "received": st.column_config.DatetimeColumn(
                f"Received ({zone})", width=170, format=cell_day(clock=True)
            ),
            "about": st.column_config.TextColumn("About", width=110),
            "status": st.column_config.TextColumn("Result", width=200),
            "finished": st.column_config.DatetimeColumn(
                f"Done ({zone})", width=170, format=cell_day(clock=True)
            ),
        },
        hide_index=True,
        width="content",
        height="content",
        placeholder=UNKNOWN,
        alt="The newest requests to delete data, and how each ended",
    )
    st.caption(
        "The newest 25. No name and no id is kept of what is done: enter an id above, and it says "
        "when it was erased last."
    )
