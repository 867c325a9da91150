"""What a run of fetching insights holds while it goes on, and its one way to ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from fb.graph.client import GraphClient
from fb.graph.errors import FacebookError, RateLimited
from fb.graph.insights import InsightRequest, Values, fetch_insights
from fb.insights_sync.target import Target
from fb.installation import Installation
from fb.sync import RunEnded


@dataclass
class InsightsRun:
    """The state of one run, begun on ``day`` (UTC). ``names`` are the live metrics, in the order of
    the ledger.

    ``answered`` are the metrics that some Page got in this run; ``steps_total`` is an estimate
    until the run is over: names come and go, and Pages are given up.
    """

    installation: Installation
    client: GraphClient
    run_id: int
    targets: list[Target]
    names: list[str]
    newest: date
    day: date
    stop: threading.Event
    on_progress: Callable[[int, int], None]
    steps_total: int = 0
    steps_done: int = 0
    values_count: int = 0
    answered: set[str] = field(default_factory=set)
    limited: RateLimited | None = None
    # Asked for nothing more: Facebook limits them, or the operator ended or paused them.
    left_grants: set[int] = field(default_factory=set)
    was_probed: bool = False

    @property
    def pages_failed(self) -> int:
        """Pages that have been given up so far."""
        return sum(target.failure is not None for target in self.targets)

    def ask(self, requests: Sequence[InsightRequest]) -> list[Values | FacebookError]:
        """Fetch, 50 requests a call; end the run at once when the whole app is limited."""
        answers = fetch_insights(self.client, requests)
        for answer in answers:
            if isinstance(answer, RateLimited) and answer.scope == "app":
                self.limited = answer
                raise RunEnded("stopped", answer)
        return answers
