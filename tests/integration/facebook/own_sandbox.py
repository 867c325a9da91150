"""An installation in sandbox mode for a test, its connect, and the end of its history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fb.installation import Installation, create_own_sandbox, open_installation
from fb.jobs import sandbox_history
from fb.jobs.runner import find_active
from fb.sandbox.serve import serve
from fb.settings import read_settings
from storage.jobs.runs import SANDBOX_HISTORY
from tests.integration.facebook.traveller import START, Traveller


@contextmanager
def opened_sandbox(root: Path) -> Iterator[Installation]:
    """An installation in sandbox mode, as ``python -m fb`` opens it."""
    report = read_settings({}, root)
    assert report.settings is not None
    sandbox = create_own_sandbox(report.settings, lambda: START)
    with serve(sandbox, prefix="/sandbox") as url:
        settings = replace(report.settings, graph_url=url)
        startup = open_installation(report, settings=settings, now=sandbox.now, sandbox=sandbox)
        assert startup.installation is not None
        try:
            yield startup.installation
        finally:
            startup.installation.close()


def connect(installation: Installation, person: str | None = None) -> None:
    """Connect a person of the sandbox, the first one if None, and save all Pages."""
    settings = installation.settings
    # The dialog is reached where this test serves it, not where a browser would find it.
    object.__setattr__(settings, "dialog_url", settings.graph_url)
    Traveller(installation, settings.graph_url).connect(person)


def is_finished(installation: Installation) -> bool:
    """Whether no history is being made, and none waits to be made."""
    # In this order: a run that begins in between is seen by the second question.
    is_due = sandbox_history.is_due(installation)
    return not is_due and find_active(installation, SANDBOX_HISTORY) is None
