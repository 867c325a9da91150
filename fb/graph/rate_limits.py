"""Rate limits: reads usage (percent of an allowance) and the served version from Graph's headers.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting

Facebook sends the headers only after a number of calls. Without them, usage is close to 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_APP_HEADER = "x-app-usage"
_PAGE_HEADER = "x-page-usage"  # no longer documented, but still sent
_BUSINESS_HEADER = "x-business-use-case-usage"
_MAX_READINGS = 64  # Facebook sends up to 32 objects
_VERSION = re.compile(r"v\d{1,3}\.\d")
_MAX_USAGE_READINGS = 100


@dataclass(frozen=True)
class UsageReading:
    """Usage of one allowance. Percents may exceed 100; None: not in the header.

    ``scope`` is "app", or the id of a business or Page. ``kind`` is Facebook's type ("pages", …),
    or "app" or "page" for headers without types. ``regain_minutes`` is the wait until calls are
    allowed again, None while they are allowed.
    """

    scope: str
    kind: str
    call_count_percent: int | None
    cpu_percent: int | None
    time_percent: int | None
    regain_minutes: int | None

    @property
    def highest_percent(self) -> int:
        """The largest of the three percents (any of them reaches the limit); 0 without any."""
        return max(self.call_count_percent or 0, self.cpu_percent or 0, self.time_percent or 0)


def parse_usage(headers: Mapping[str, str]) -> list[UsageReading]:
    """Read all usage headers; names ignore case. A malformed header is treated as absent."""
    readings: list[UsageReading] = []
    for name, text in headers.items():
        lowered = name.lower()
        if lowered in (_APP_HEADER, _PAGE_HEADER):
            kind = "app" if lowered == _APP_HEADER else "page"
            readings.extend(_read_one(kind, kind, facts) for facts in _dicts(_load(text)))
        elif lowered == _BUSINESS_HEADER:
            readings.extend(_read_business(_load(text)))
    return readings[:_MAX_READINGS]


@dataclass
class Observed:
    """Facts about Graph from all answers of one client.

    ``version_served`` differs from the requested version when that one has expired: Facebook then
    serves another version without an error. ``usage`` maps "<scope> <kind>" to the newest reading.
    """

    version_served: str | None = None
    usage: dict[str, UsageReading] = field(default_factory=dict)
    dropped_fields: set[str] = field(default_factory=set)

    def take_usage(self) -> list[UsageReading]:
        """Return the readings since the last call, one of each allowance, and forget them."""
        readings, self.usage = list(self.usage.values()), {}
        return readings

    def note(self, headers: Mapping[str, str]) -> None:
        """Record the served version and the usage of an answer's headers."""
        version = headers.get("facebook-api-version", "")
        if _VERSION.fullmatch(version):
            self.version_served = version
        for reading in parse_usage(headers):
            key = f"{reading.scope} {reading.kind}"
            if key in self.usage or len(self.usage) < _MAX_USAGE_READINGS:
                self.usage[key] = reading


def longest_regain_minutes(headers: Mapping[str, str]) -> int | None:
    """Return the longest wait in the headers, in minutes; None without any."""
    return max((r.regain_minutes for r in parse_usage(headers) if r.regain_minutes), default=None)


def _read_business(body: Any) -> Iterator[UsageReading]:
    if not isinstance(body, dict):
        return
    for scope, entries in body.items():
        for facts in _dicts(entries):
            kind = facts.get("type")
            yield _read_one(scope[:64], kind[:64] if isinstance(kind, str) else "unknown", facts)


def _read_one(scope: str, kind: str, facts: Mapping[str, Any]) -> UsageReading:
    return UsageReading(
        scope=scope,
        kind=kind,
        call_count_percent=_to_count(facts.get("call_count")),
        cpu_percent=_to_count(facts.get("total_cputime")),
        time_percent=_to_count(facts.get("total_time")),
        regain_minutes=_to_count(facts.get("estimated_time_to_regain_access")) or None,
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, dict)]


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _to_count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(value) if 0 <= value < 1_000_000 else None
