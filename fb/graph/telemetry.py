"""What Graph's answers tell about Graph itself, besides what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fb.graph.rate_limits import UsageReading, parse_usage

_VERSION = re.compile(r"v\d{1,3}\.\d")
_MAX_USAGE_READINGS = 100


@dataclass
class Observed:
    """What the answers told about Graph itself, gathered over the life of a client.

    ``version_served`` differs from the version asked for once that has expired: Facebook then
    serves another one without an error. ``usage`` is keyed "<scope> <kind>", newest reading each.
    """

    version_served: str | None = None
    usage: dict[str, UsageReading] = field(default_factory=dict)
    dropped_fields: set[str] = field(default_factory=set)

    def note(self, headers: Mapping[str, str]) -> None:
        """Takes the served version and the usage from an answer's headers."""
        version = headers.get("facebook-api-version", "")
        if _VERSION.fullmatch(version):
            self.version_served = version
        for reading in parse_usage(headers):
            key = f"{reading.scope} {reading.kind}"
            if key in self.usage or len(self.usage) < _MAX_USAGE_READINGS:
                self.usage[key] = reading
