"""Prints what was measured beside what was aimed at."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Line:
    """One measurement. ``holds`` is None where nothing was aimed at."""

    what: str
    measured: str
    goal: str = ""
    holds: bool | None = None


def at_most(what: str, measured: float, limit: float, unit: str = "") -> Line:
    """A measurement that should not be larger than ``limit``."""
    return Line(
        what, f"{measured:,.3g} {unit}".rstrip(), f"≤ {limit:g} {unit}".rstrip(), measured <= limit
    )


def at_least(what: str, measured: float, limit: float, unit: str = "") -> Line:
    """A measurement that should not be smaller than ``limit``."""
    return Line(
        what, f"{measured:,.3g} {unit}".rstrip(), f"≥ {limit:g} {unit}".rstrip(), measured >= limit
    )


def describe_machine() -> str:
    """What the figures depend on, in one line."""
    # Not all cores of a machine are ours in a container.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, Streamlit {version('streamlit')}"
    )


def print_lines(title: str, lines: Sequence[Line]) -> None:
    """Print a table under its title."""
    marks = {True: "holds", False: "MISSED", None: ""}
    print(f"\n{title}")
    for line in lines:
        print(f"  {line.what:<64}{line.measured:>12}  {line.goal:<10}{marks[line.holds]}".rstrip())
