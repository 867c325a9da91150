"""A row of buttons of which one is chosen, kept in the address: one way for all such switches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def choose(label: str, options: Sequence[str], *, key: str, default: str | None = None) -> str:
    """Draw the switch and return the option it stands at; at first ``default`` or the first one.

    ``label`` is for whoever can't see it. The options are what the address carries under ``key``,
    so a published one is not renamed.
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
