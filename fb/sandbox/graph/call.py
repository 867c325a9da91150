"""Graph call: parses the path of a request, and finds the version that serves it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode

from fb.sandbox.graph import graph_errors
from fb.sandbox.world.platform import Platform

# The last day of each version. Afterwards a call "will be defaulted to the next oldest usable
# version", without an error: https://developers.facebook.com/docs/graph-api/changelog/versions
_UNTIL: dict[str, date | None] = {
    "v18.0": date(2026, 1, 26),
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
_TIME_OF_OTHER_DAYS = time(6, tzinfo=UTC)
_VERSION = re.compile(r"v(\d{1,3})\.\d")


@dataclass(frozen=True)
class Call:
    """One call, sent by itself or inside a batch. ``params`` are query and form together."""

    platform: Platform = field(repr=False)
    method: str
    segments: tuple[str, ...]  # the path without day and version
    params: Mapping[str, str] = field(repr=False)
    token: str | None = field(repr=False)
    version: str
    now: datetime
    day: date  # the day of the figures
    root_url: str  # the sandbox's own URL, no trailing slash
    prefix: str  # "/at/2026-08-01" or ""

    @property
    def now_seconds(self) -> float:
        """``now`` as epoch seconds."""
        return self.now.timestamp()

    @property
    def moment(self) -> datetime:
        """The moment of a post's figures: now, or the morning of another day.

        So no post is newer than the time at which the history's snapshots count as fetched.
        """
        if self.day == self.now.date():
            return self.now
        return datetime.combine(self.day, _TIME_OF_OTHER_DAYS)

    def url(self, path: str, query: Mapping[str, str]) -> str:
        """Return a full URL of this sandbox with the same day and version."""
        return f"{self.root_url}{self.prefix}/{self.version}/{path}?{urlencode(query)}"

    def inner(self, method: str, segments: tuple[str, ...], params: Mapping[str, str]) -> "Call":
        """Return one item of a batch, with its own token or with this call's token and proof."""
        token = params.get("access_token", self.token)
        if token == self.token and "appsecret_proof" in self.params:
            params = {"appsecret_proof": self.params["appsecret_proof"], **params}
        return replace(self, method=method, segments=segments, params=params, token=token)


@dataclass(frozen=True)
class Answer:
    """Graph's answer: a JSON body, with headers of its own."""

    body: Any = field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Route:
    """The parts of a path; ``version`` is the version that the client named."""

    prefix: str
    day: date | None
    version: str | None
    segments: tuple[str, ...]


def parse_path(path: str) -> Route:
    """Split ``/at/2026-08-01/v26.0/me/accounts``; day and version may be missing.

    Raises GraphError 2500 for an invalid day.
    """
    segments = tuple(part for part in path.split("/") if part)
    prefix, day = "", None
    if segments[:1] == ("at",):
        day = _parse_day(segments)
        prefix, segments = f"/at/{segments[1]}", segments[2:]
    version = None
    if segments and _VERSION.fullmatch(segments[0]):
        version, segments = segments[0], segments[1:]
    return Route(prefix, day, version, segments)


def find_served_version(named: str | None, today: date) -> str | None:
    """Return the version that answers: the requested one, or the oldest served one for an expired
    version and for None. Returns None for a version that does not exist yet."""
    served = [name for name, until in _UNTIL.items() if until is None or today < until]
    if named is None:
        return served[0]
    if named in served:
        return named
    match = _VERSION.fullmatch(named)
    is_past = match is not None and 1 <= int(match[1]) <= 26
    return served[0] if is_past else None


def _parse_day(segments: tuple[str, ...]) -> date:
    try:
        return date.fromisoformat(segments[1])
    except (IndexError, ValueError):
        raise graph_errors.path_unknown("/".join(segments[:2])) from None
