"""Controls bound to the address: a segmented control, and changes to what is drawn already."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_PENDING = "pending-controls"


def choose(label: str, options: Sequence[str], *, key: str, default: str | None = None) -> str:
    """Draw a segmented control and return its option; at first ``default`` or the first one.

    ``label`` is for screen readers. The options are what the address carries under ``key``, so a
    published one is not renamed.
    """
    first = default if default is not None and default in options else options[0]
    chosen = st.segmented_control(
        label,
        options,
        default=first,
        required=True,
        label_visibility="collapsed",
        key=key,
        bind="query-params",
    )
    return chosen or first


def change(**values: object) -> None:
    """Give controls of these keys other values, and run the script again.

    Streamlit lets nobody change a control in the run that drew it, so the values wait for the next
    run. A press judged here also counts in a new session, which knows no callbacks yet.
    """
    st.session_state[_PENDING] = values
    st.rerun()


def apply_changes() -> None:
    """Set what `change` left; called before any control is drawn."""
    for key, value in st.session_state.pop(_PENDING, {}).items():
        st.session_state[key] = value
