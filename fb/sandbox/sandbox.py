"""The sandbox as its owner holds it: clock, trouble, consents and the application."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from fb.sandbox import consents
from fb.sandbox.app import build_app
from fb.sandbox.state import State, StateStore, empty_state
from fb.sandbox.tokens import Mint
from fb.sandbox.troubles import PERMISSION_WITHDRAWN, TROUBLES, Controls, Fault
from fb.sandbox.world import World


class Sandbox:
    """A stand-in for Facebook with made-up Pages. See ``create_sandbox`` for the arguments.

    All methods may be called from any thread, and from another process on the same state file.
    """

    slow_seconds: float = 3.0  # how long an answer takes under "slow answers"

    def __init__(
        self,
        *,
        app_id: str,
        mint: Mint,
        app_secret: str,
        redirect_uri: str,
        world: World,
        state_path: Path | None,
        real_now: Callable[[], datetime],
        page_limit: int,
        test_controls: bool,
    ) -> None:
        self.app_id = app_id
        self.app_secret = app_secret
        self.redirect_uri = redirect_uri
        self.world = world
        self.mint = mint
        self.page_limit = page_limit
        self.store = StateStore(state_path)
        self.controls = Controls(is_on=test_controls)
        self._real_now = real_now
        self.app: Starlette = build_app(self)

    # Clock

    def now(self) -> datetime:
        """The sandbox's present, aware UTC: the real one, moved on by what was fast-forwarded."""
        return self._real_now() + timedelta(days=self.store.read()["offset_days"])

    def today(self) -> date:
        """The UTC day of ``now``."""
        return self.now().date()

    def advance(self, days: int) -> None:
        """Move the sandbox's clock on. ValueError below 0: time does not run backwards."""
        if days < 0:
            raise ValueError("the sandbox's clock only moves forward")

        def alter(state: State) -> None:
            state["offset_days"] += days

        self.store.change(alter)

    # Trouble

    @property
    def trouble(self) -> str:
        """The trouble chosen last, a key of TROUBLES."""
        return str(self.store.read()["trouble"])

    @trouble.setter
    def trouble(self, name: str) -> None:
        trouble = TROUBLES[name]

        def alter(state: State) -> None:
            state["trouble"] = name
            for person in self.world.people:
                if trouble.ends_subcode is not None:
                    consents.end_access(state, person.id, trouble.ends_subcode)
                if name == PERMISSION_WITHDRAWN:
                    consents.withdraw(state, person.id, "pages_read_engagement")

        self.store.change(alter)

    def end_access(self, person_id: str, subcode: int) -> None:
        """One person's tokens die, with one of the subcodes of token_errors.token_ended."""
        self.store.change(lambda state: consents.end_access(state, person_id, subcode))

    def withdraw(self, person_id: str, permission: str) -> None:
        """One person takes one permission back."""
        self.store.change(lambda state: consents.withdraw(state, person_id, permission))

    def remove_role(self, person_id: str, page_id: str) -> None:
        """One person loses the role on one Page (190, subcode 492)."""
        self.store.change(lambda state: consents.lose_role(state, person_id, page_id))

    def start_over(self) -> None:
        """Forget clock, trouble and consents; tokens and codes given so far are dead."""

        def alter(state: State) -> None:
            serial = state["serial"] + 1
            state.update(empty_state(), serial=serial, ended_serial=serial)

        self.store.change(alter)
        self.controls.clear()

    # For tests; RuntimeError unless made with test_controls

    def inject(
        self, kind: str, *, call: int = 1, times: int = 1, path: str = "", **details: Any
    ) -> None:
        """Let coming Graph calls go wrong: see troubles.FAULTS for kinds and details."""
        self.controls.plan(Fault(kind, call, times, path, details))

    def clear_faults(self) -> None:
        """Forget planned faults and the log of calls."""
        self.controls.clear()

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path of every Graph call so far."""
        return self.controls.calls

    @property
    def issued_secrets(self) -> frozenset[str]:
        """Every token and code handed out so far."""
        return self.controls.issued
