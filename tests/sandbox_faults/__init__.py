"""A sandbox with faults on purpose, a log of its calls, and a list of the secrets it issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from fb.sandbox import Sandbox, World, make_world
from fb.sandbox.world.memory import Memory
from fb.sandbox.world.platform import MetaApp
from tests.sandbox_faults.faults import Fault, FaultInjector


class FaultySandbox(Sandbox):
    """See the module. It has to be served at the root, or its connections can't be cut."""

    @cached_property
    def app(self) -> FaultInjector:
        """The sandbox's application behind a `FaultInjector`."""
        return FaultInjector(super().app)

    def inject(
        self, kind: str, *, call: int = 1, times: int = 1, path: str = "", **details: Any
    ) -> None:
        """Let coming Graph calls go wrong: see `faults` for kinds and details."""
        self.app.plan(Fault(kind, call, times, path, details))

    def clear_faults(self) -> None:
        """Forget planned faults and the log of calls."""
        self.app.clear()

    def start_over(self) -> None:
        """Start over without faults."""
        super().start_over()
        self.clear_faults()

    def remove_role(self, person_id: str, page_id: str) -> None:
        """Take the person's role on the Page away, for good."""
        roles = self.world.person_by_id[person_id].roles
        assert isinstance(roles, dict)
        del roles[self.world.page_by_id[page_id].index]

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path (no query) of each Graph call so far, oldest first."""
        return self.app.calls

    @property
    def issued_secrets(self) -> frozenset[str]:
        """Every token and code handed out so far."""
        return self.app.issued_secrets


def create_faulty_sandbox(
    *,
    app_id: str,
    app_secret: str,
    redirect_uri: str,
    real_now: Callable[[], datetime],
    state_path: Path | None = None,
    world: World | None = None,
    page_limit: int = 25,
) -> FaultySandbox:
    """As `create_sandbox`, with roles of its own: see `FaultySandbox.remove_role`."""
    world = world or make_world()
    people = tuple(replace(person, roles=dict(person.roles)) for person in world.people)
    return FaultySandbox(
        meta_app=MetaApp(app_id, app_secret, redirect_uri),
        world=World(world.pages, people, world.businesses),
        memory=Memory(state_path),
        real_now=real_now,
        page_limit=page_limit,
    )
