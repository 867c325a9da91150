"""Controls bound to the URL: a segmented control, and changes to controls already drawn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_PENDING = "pending-controls"


def choose(label: str, options: Sequence[str], *, key: str, default: str | None = None) -> str:
    """Draw a segmented control and return its option; at first ``default`` or the first one.

    ``label`` is for screen readers. The options are values of the URL parameter ``key``, so a
    published one is never renamed.
    """
    first = default if default is not None and default in options else options[0]
    option = st.segmented_control(
        label,
        options,
        default=first,
        required=True,
        label_visibility="collapsed",
        key=key,
        bind="query-params",
    )
    return option or first


def change(**values: object) -> None:
    """Set the controls with these keys, and rerun.

    Streamlit forbids setting a control in the run that has drawn it, so the next run sets the
    values. A callback would be lost in a new session, after a restart of the server.
    """
    st.session_state[_PENDING] = values
    st.rerun()


def apply_changes() -> None:
    """Set the values of the last `change`. Call it before any control is drawn."""
    for key, value in st.session_state.pop(_PENDING, {}).items():
        st.session_state[key] = value
