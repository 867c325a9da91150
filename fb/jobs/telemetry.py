"""Graph telemetry: stores the served version, dropped fields and usage that clients observed."""

from __future__ import annotations

from collections.abc import Iterable

from fb.graph.rate_limits import Observed, UsageReading
from fb.installation import Installation
from storage.jobs.observations import observe_graph


def save_telemetry(installation: Installation, observed: Observed) -> None:
    """Store what was observed, in its own transaction."""
    with installation.database.writing() as session:
        observe_graph(
            session,
            version_served=observed.version_served,
            dropped_fields=observed.dropped_fields,
            usage=find_highest_of_each_kind(observed.usage.values()),
            now=installation.now(),
        )


def find_highest_of_each_kind(readings: Iterable[UsageReading]) -> dict[str, UsageReading]:
    """Return the reading nearest to its limit for each kind.

    Each Page has its own allowance; only the one nearest to its limit is shown.
    """
    highest: dict[str, UsageReading] = {}
    for reading in readings:
        before = highest.get(reading.kind)
        if before is None or reading.highest_percent > before.highest_percent:
            highest[reading.kind] = reading
    return highest
