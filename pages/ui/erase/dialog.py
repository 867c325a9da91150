"""Erase dialog: shows what erasing an account or a Page deletes, and erases it when confirmed."""

from __future__ import annotations

import streamlit as st

from fb.accounts import erase
from fb.installation import Installation
from pages.ui import flash, viewer
from pages.ui.erase import erase_text
from pages.ui.polling import go_to
from pages.ui.signed_in import me
from storage.accounts.erasure import Erasure, ErasureKind
from storage.db.errors import JobRunning, StorageError

ICON = ":material/delete_forever:"


@viewer.dialog("Erase for good?", icon=ICON)
def confirm(
    installation: Installation, kind: ErasureKind, id: str, *, has_access: bool = False
) -> None:
    """Draw the dialog. ``id`` is Facebook's; ``has_access``: the account is still connected."""
    erasure = erase.load_erasure(installation, kind, id)
    if erasure is None:
        st.markdown(erase_text.GONE)
        if st.button("Close", key="erase-close"):
            st.rerun()
        return
    st.markdown(erase_text.goes(erasure))
    is_sqlite = installation.database.is_sqlite
    for line in erase_text.stays(erasure, has_access=has_access, is_sqlite=is_sqlite):
        st.caption(line)
    with st.container(horizontal=True):
        is_pressed = st.button("Erase for good", type="primary", icon=ICON, key="erase-yes")
        if st.button("Keep it", key="erase-no"):
            st.rerun()
    if is_pressed:
        problem = erase_shown(installation, erasure)
        if problem is not None:
            st.error(problem)
        elif kind == "page":
            go_to("overview")
        else:
            st.rerun()


def erase_shown(installation: Installation, erasure: Erasure) -> str | None:
    """Erase what a dialog has shown; return why not, or None.

    What happened is left as a message for the next run.
    """
    try:
        with st.spinner("Erasing…"):
            is_clean = erase.erase(installation, erasure, by=me())
    except JobRunning:
        return erase_text.RUNNING
    except StorageError:
        return erase_text.BUSY
    if is_clean:
        flash.leave(erase_text.done(erasure), ICON)
    else:
        flash.leave(erase_text.TRACES, ":material/warning:")
    return None
