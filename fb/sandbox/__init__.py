"""A stand-in for Facebook on this computer: dialog, token endpoints and Graph, with made-up Pages.

Imports nothing else of Pagekeeper, so that a mistake can't be shared by client and stand-in.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fb.sandbox.sandbox import Sandbox
from fb.sandbox.tokens import Mint
from fb.sandbox.troubles import FAULTS, OFFERED_TROUBLES, TROUBLES, Trouble
from fb.sandbox.world import World, make_world

__all__ = [
    "FAULTS",
    "OFFERED_TROUBLES",
    "TROUBLES",
    "Sandbox",
    "Trouble",
    "World",
    "create_sandbox",
    "make_world",
]


def create_sandbox(
    *,
    app_id: str,
    app_secret: str,
    redirect_uri: str,
    state_path: Path | None,
    real_now: Callable[[], datetime],
    test_controls: bool = False,
    world: World | None = None,
    page_limit: int = 25,
) -> Sandbox:
    """A sandbox with one app, registered for exactly one ``redirect_uri``.

    ``state_path`` is its memory across restarts and processes, None keeps it in this one.
    ``real_now`` gives the present as aware UTC. ``page_limit`` is the most that one result page of
    a list holds. ``test_controls`` adds faults, call log, issued secrets and ``/_control``.
    """
    return Sandbox(
        app_id=app_id,
        app_secret=app_secret,
        mint=Mint(app_id, app_secret),
        redirect_uri=redirect_uri,
        world=world or make_world(),
        state_path=state_path,
        real_now=real_now,
        page_limit=page_limit,
        test_controls=test_controls,
    )
