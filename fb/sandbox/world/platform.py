"""Platform: combines app, world, memory, tokens, clock and trouble, for both Graph and dialog.

A trouble is a failure of Facebook that an operator switches on, such as a rate limit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from fb.sandbox.world import consents
from fb.sandbox.world.memory import Memory, State, empty_state
from fb.sandbox.world.tokens import Mint
from fb.sandbox.world.world import World

NONE = "none"
RATE_LIMIT = "rate limit"
DOWN = "Facebook is down"
PASSWORD_CHANGED = "password changed"  # noqa: S105 - the name of a trouble
PERMISSION_WITHDRAWN = "permission withdrawn"
SLOW = "slow answers"
RETIRED_METRIC = "a retired metric"
PAGE_MOVED = "a Page moved to a new id"

# Shown under "Make trouble", in this order: name to sentence.
TROUBLES: dict[str, str] = {
    NONE: "Everything works. Access that a trouble ended stays ended until it is renewed.",
    RATE_LIMIT: "Every call is refused because of too many calls.",
    DOWN: "Every call is answered with a server error.",
    PASSWORD_CHANGED: "All access given so far ends; renewing mends it.",
    PERMISSION_WITHDRAWN: "pages_read_engagement is taken back; renewing mends it.",
    SLOW: "Every answer takes a few seconds.",
    RETIRED_METRIC: "page_views_total and post_clicks are not insights metrics any more.",
    PAGE_MOVED: "The first Page has another id for good; renewing lists it under the new one.",
}


@dataclass(frozen=True)
class MetaApp:
    """The app of the platform, with its one registered redirect URI."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str


@dataclass
class Platform:
    """Facebook without HTTP. Safe for threads and for processes with the same memory file."""

    meta_app: MetaApp
    world: World
    memory: Memory
    real_now: Callable[[], datetime]  # the real time, aware UTC
    page_limit: int  # the maximum number of Pages in one result page

    @cached_property
    def mint(self) -> Mint:
        """Issues and reads the app's tokens."""
        return Mint(self.meta_app.id, self.meta_app.secret)

    def now(self) -> datetime:
        """Return the sandbox's time, aware UTC: the real time plus the fast-forwarded days."""
        return self.real_now() + timedelta(days=self.memory.read()["offset_days"])

    def today(self) -> date:
        """The UTC day of ``now``."""
        return self.now().date()

    def advance(self, days: int) -> None:
        """Move the clock on by whole days. Raises ValueError below 0."""
        if days < 0:
            raise ValueError("the sandbox's clock only moves forward")

        def alter(state: State) -> None:
            state["offset_days"] += days

        self.memory.change(alter)

    @property
    def trouble(self) -> str:
        """The selected trouble, a key of TROUBLES. Setting another name raises KeyError.

        Access that a trouble has ended or withdrawn is only restored by another consent, not by
        another trouble. The Page that moved keeps its new id.
        """
        name = str(self.memory.read()["trouble"])
        return name if name in TROUBLES else NONE

    @trouble.setter
    def trouble(self, name: str) -> None:
        if name not in TROUBLES:
            raise KeyError(name)

        def alter(state: State) -> None:
            state["trouble"] = name
            state["has_moved"] = state["has_moved"] or name == PAGE_MOVED
            for person in self.world.people:
                if name == PASSWORD_CHANGED:
                    consents.end_access(state, person.id, consents.PASSWORD_CHANGED)
                if name == PERMISSION_WITHDRAWN:
                    consents.withdraw(state, person.id, "pages_read_engagement")

        self.memory.change(alter)

    @property
    def gives_figures(self) -> bool:
        """Whether a call for figures can succeed now, with the access of one person at least."""
        state = self.memory.read()
        if state["trouble"] in (RATE_LIMIT, DOWN):
            return False
        granted = [record["granted"] for record in state["people"].values() if "granted" in record]
        return not granted or any("pages_read_engagement" in names for names in granted)

    def end_access(self, person_id: str, subcode: int) -> None:
        """End all tokens of one person; ``subcode`` is one of graph_errors.token_ended."""
        self.memory.change(lambda state: consents.end_access(state, person_id, subcode))

    def start_over(self) -> None:
        """Reset clock, trouble and consents. All tokens and codes so far become invalid."""

        def alter(state: State) -> None:
            serial = state["serial"] + 1
            state.update(empty_state(), serial=serial, ended_serial=serial)

        self.memory.change(alter)
