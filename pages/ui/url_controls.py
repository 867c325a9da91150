"""Controls bound to the URL: segments, a box for several values, and changes to drawn controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def choose_several(
    label: str,
    labels: Mapping[str, str],
    values: Sequence[str],
    *,
    key: str,
    placeholder: str,
    max_selections: int | None = None,
) -> list[str] | None:
    """Draw a box for several values of the URL; return them if the operator has changed them.

    For a control that is not drawn all the time, so that it can't be bound to the URL. ``labels``
    by value, in order; ``values``: those of the URL, all of them among the labels.
    """
    current, drawn = list(values), f"{key}-drawn"
    # The URL decides, unless the operator has chosen since the box was drawn with its values.
    if key not in st.session_state or st.session_state.get(drawn) != current:
        st.session_state[key] = st.session_state[drawn] = current
    selected: list[str] = st.multiselect(
        label,
        list(labels),
        format_func=lambda option: labels.get(option, option),
        placeholder=placeholder,
        max_selections=max_selections,
        select_all=False,
        key=key,
    )
    if selected == current:
        return None
    st.session_state[drawn] = selected
    return selected


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
