"""The Export popover itself: files by kind, each a button that makes its file when pressed.

What is in it is drawn only while it is open, in a fragment: a closed one costs a screen nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.ui import screens

KEY = "export"
_MIMES = {
    "csv": "text/csv",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "html": "text/html",
}
_ICONS = {"png": ":material/image:", "html": ":material/description:"}


@dataclass(frozen=True)
class Offer:
    """One file that can be had. ``make`` is called when the button is pressed."""

    label: str
    key: str
    file_name: str
    make: Callable[[], bytes]

    @property
    def ending(self) -> str:
        """What the file's name ends in, without the dot."""
        return self.file_name.rpartition(".")[2]


@dataclass(frozen=True)
class Shelf:
    """Files of one kind under a heading; ``remark`` says what is missing and why."""

    heading: str
    offers: Sequence[Offer]
    remark: str | None = None


@st.fragment
def render(find_shelves: Callable[[], Sequence[Shelf]]) -> None:
    """Draw the popover; what is on its shelves is asked once it is open."""
    popover = st.popover(
        "Export", icon=":material/download:", key=KEY, width="content", on_change="rerun"
    )
    if not popover.open:
        return
    with popover, st.container(key="export-open"):
        for shelf in find_shelves():
            st.caption(f"**{shelf.heading}**")
            with st.container(horizontal=True, gap="small"):
                for offer in shelf.offers:
                    _button(offer)
            if shelf.remark:
                st.caption(shelf.remark)
        st.page_link(
            screens.link_to("imports"), label="Import past figures", icon=":material/upload:"
        )


def _button(offer: Offer) -> None:
    st.download_button(
        offer.label,
        offer.make,
        file_name=offer.file_name,
        mime=_MIMES[offer.ending],
        key=f"export-{offer.key}",
        icon=_ICONS.get(offer.ending, ":material/table:"),
        on_click="ignore",
    )
