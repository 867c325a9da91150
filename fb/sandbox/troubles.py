"""The troubles a sandbox can be in, and the faults a test can put on single calls."""

import threading
from dataclasses import dataclass, field
from typing import Any

NONE = "none"
RATE_LIMIT = "rate limit"
DOWN = "Facebook is down"
PASSWORD_CHANGED = "password changed"  # noqa: S105 - the name of a trouble
PERMISSION_WITHDRAWN = "permission withdrawn"
SLOW = "slow answers"
APP_REMOVED = "app removed"
EXPIRED = "expired token"
PROOF_REQUIRED = "app secret proof required"
RETIRED_FIELD = "retired field"
RETIRED_METRIC = "a retired metric"
USER_RATE_LIMIT = "user rate limit"
RATE_LIMIT_WITHOUT_TIME = "rate limit without a time"
NULL_ITEMS = "null batch items"


@dataclass(frozen=True)
class Trouble:
    """One row of the table. ``is_offered``: a person may choose it; the others are for tests.

    ``ends_subcode``: choosing it ends all access given so far, and Graph names this subcode. Such
    access stays ended when another trouble is chosen: only another trip to the dialog mends it.
    """

    name: str
    sentence: str
    is_offered: bool = False
    ends_subcode: int | None = None


TROUBLES: dict[str, Trouble] = {
    trouble.name: trouble
    for trouble in (
        Trouble(NONE, "Everything works.", True),
        Trouble(RATE_LIMIT, "Every call is refused because of too many calls.", True),
        Trouble(DOWN, "Every call is answered with a server error.", True),
        Trouble(PASSWORD_CHANGED, "All access given so far ends; renewing mends it.", True, 460),
        Trouble(
            PERMISSION_WITHDRAWN, "pages_read_engagement is taken back; renewing mends it.", True
        ),
        Trouble(SLOW, "Every answer takes a few seconds.", True),
        Trouble(RETIRED_METRIC, "page_views_total is not an insights metric any more.", True),
        Trouble(APP_REMOVED, "The app is removed by everybody; renewing mends it.", False, 458),
        Trouble(EXPIRED, "All tokens given so far have expired.", False, 463),
        Trouble(PROOF_REQUIRED, "A call without appsecret_proof is refused."),
        Trouble(RETIRED_FIELD, "verification_status is not a field any more."),
        Trouble(USER_RATE_LIMIT, "User access tokens are limited (code 17)."),
        Trouble(RATE_LIMIT_WITHOUT_TIME, "As rate limit, but no time is named."),
        Trouble(NULL_ITEMS, "Every third item of a batch is null."),
    )
}
OFFERED_TROUBLES: tuple[str, ...] = tuple(t.name for t in TROUBLES.values() if t.is_offered)

FAULTS: dict[str, str] = {
    "html": "HTTP 502 with an HTML page",
    "empty": "HTTP 200 with an empty body",
    "truncated": "HTTP 200, the JSON is cut in half",
    "json string": "HTTP 200, the body is a JSON string",
    "200 with error": "HTTP 200 with an error envelope inside",
    "redirect": "HTTP 307 to `location` (default: /elsewhere of the sandbox itself)",
    "cut": "the connection is closed without an answer, nothing has happened",
    "cut after": "the call is carried out, then the connection is closed without an answer",
    "500": "HTTP 500, code 2, is_transient",
    "permanent 1": "HTTP 500, code 1 with is_transient false",
    "too much data": "code 1 'reduce the amount of data' if limit is above `limit_above`",
    "error": "an envelope with `code`, and `subcode`, `status`, `message`, `is_transient` if given",
    "null items": "a batch answers null for each item",
    "javascript": "the right answer as text/javascript",
    "no expires_in": "a token answer without expires_in",
    "delay": "the right answer after `seconds`",
}


@dataclass
class Fault:
    """One fault, due at the ``call``-th coming Graph call (1: the next) that ends in ``path``."""

    kind: str
    call: int = 1
    times: int = 1
    path: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def strikes(self, path: str, params: dict[str, str]) -> bool:
        """Count this call; True if it is one of those that go wrong."""
        if not path.endswith(self.path) or self.times <= 0:
            return False
        if self.kind == "too much data" and _limit_of(params) <= self.details.get("limit_above", 0):
            return False
        self.call -= 1
        if self.call > 0:
            return False
        self.times -= 1
        return True


class Controls:
    """What a test plans and learns: faults, log of calls, secrets handed out. Thread-safe."""

    def __init__(self, *, is_on: bool) -> None:
        self.is_on = is_on
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[tuple[str, str]] = []
        self._issued: set[str] = set()

    def plan(self, fault: Fault) -> None:
        """Let a fault happen. ValueError for a kind that is not in FAULTS."""
        self._require()
        if fault.kind not in FAULTS:
            raise ValueError(f"no such fault: {fault.kind}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget planned faults and the log of calls; what was handed out stays known."""
        with self._lock:
            self._faults.clear()
            self._calls.clear()

    def note_call(self, method: str, path: str, params: dict[str, str]) -> Fault | None:
        """Write one Graph call into the log; the fault that strikes it, if any."""
        if not self.is_on:
            return None
        with self._lock:
            self._calls.append((method, path))
            struck = [fault for fault in self._faults if fault.strikes(path, params)]
            self._faults = [fault for fault in self._faults if fault.times > 0]
        return struck[0] if struck else None

    def note_issued(self, *secrets: str) -> None:
        """Remember tokens and codes that were handed out."""
        if self.is_on:
            with self._lock:
                self._issued.update(secrets)

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path (no query) of each Graph call so far, oldest first."""
        self._require()
        with self._lock:
            return list(self._calls)

    @property
    def issued(self) -> frozenset[str]:
        """Every token and code handed out so far."""
        self._require()
        with self._lock:
            return frozenset(self._issued)

    def _require(self) -> None:
        if not self.is_on:
            raise RuntimeError("this sandbox was made without test_controls")


def _limit_of(params: dict[str, str]) -> int:
    limit = params.get("limit", "")
    return int(limit) if limit.isascii() and limit.isdigit() else 25
