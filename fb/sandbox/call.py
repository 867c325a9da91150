"""One Graph call and its answer, whether it came by itself or inside a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fb.sandbox import errors, versions

if TYPE_CHECKING:
    from fb.sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Call:
    """What was asked. ``params`` are query and form together; ``day`` is the day of the figures."""

    sandbox: "Sandbox" = field(repr=False)
    method: str
    segments: tuple[str, ...]  # the path without day and version
    params: Mapping[str, str] = field(repr=False)
    token: str | None = field(repr=False)
    version: str
    now: datetime
    day: date
    root_url: str  # where the sandbox lives, no trailing slash
    prefix: str  # "/at/2026-08-01" or ""

    @property
    def now_seconds(self) -> float:
        """``now`` as epoch seconds."""
        return self.now.timestamp()

    def url(self, path: str, query: Mapping[str, str]) -> str:
        """A full address of this sandbox, same day and version."""
        return f"{self.root_url}{self.prefix}/{self.version}/{path}?{urlencode(query)}"

    def inner(self, method: str, segments: tuple[str, ...], params: Mapping[str, str]) -> "Call":
        """One item of a batch: own path and parameters, own token if it brings one."""
        token = params.get("access_token", self.token)
        if token == self.token and "appsecret_proof" in self.params:
            params = {"appsecret_proof": self.params["appsecret_proof"], **params}
        return replace(self, method=method, segments=segments, params=params, token=token)


@dataclass(frozen=True)
class Answer:
    """What Graph says: a JSON body, or a redirect when ``headers`` hold a Location."""

    body: Any = field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Place:
    """A path taken apart: day of the figures, version asked for, the rest."""

    prefix: str
    day: date | None
    version: str | None
    segments: tuple[str, ...]


def take_apart(path: str) -> Place:
    """Split ``/at/2026-08-01/v26.0/me/accounts``; day and version may be missing."""
    segments = tuple(part for part in path.split("/") if part)
    prefix, day = "", None
    if segments[:1] == ("at",):
        day = _parse_day(segments)
        prefix, segments = f"/at/{segments[1]}", segments[2:]
    version = None
    if segments and versions.looks_like_version(segments[0]):
        version, segments = segments[0], segments[1:]
    return Place(prefix, day, version, segments)


def _parse_day(segments: tuple[str, ...]) -> date:
    try:
        return date.fromisoformat(segments[1])
    except (IndexError, ValueError):
        raise errors.path_unknown("/".join(segments[:2])) from None
