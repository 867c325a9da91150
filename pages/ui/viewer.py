"""Viewer: the locale and the zone of the browser that a run draws for.

Streamlit runs the script in a new thread each time, and a fragment or a dialog alone in a thread of
its own, without `pages/app.py`. Each of them begins here; `st.fragment` and `st.dialog` are used
nowhere else, or their texts would be British for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import streamlit as st

from pages.text.locale import read_locale, set_locale

Draw = TypeVar("Draw", bound=Callable[..., None])


def begin() -> None:
    """Write numbers, days and times for this browser. Call it first in a run."""
    set_locale(read_locale(st.context.locale, st.context.timezone))


def fragment(draw: Draw, *, run_every: float | None = None) -> Draw:
    """``st.fragment``, in the viewer's locale. Also as a decorator."""
    return st.fragment(_for_viewer(draw), run_every=run_every)


def dialog(title: str, **options: Any) -> Callable[[Draw], Draw]:
    """``st.dialog``, in the viewer's locale."""
    return lambda draw: st.dialog(title, **options)(_for_viewer(draw))


def _for_viewer(draw: Draw) -> Draw:
    @wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> None:
        begin()
        draw(*args, **kwargs)

    return drawn  # type: ignore[return-value]
