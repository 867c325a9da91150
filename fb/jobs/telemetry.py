"""Graph telemetry: stores the served version, dropped fields and usage that clients observed."""

from __future__ import annotations

from collections.abc import Iterable

from fb.graph.client import GraphClient
from fb.graph.rate_limits import UsageReading
from fb.installation import Installation
from storage.jobs.observations import observe_graph


def save_telemetry(installation: Installation, *clients: GraphClient) -> None:
    """Store what clients have observed, in its own transaction."""
    observed = [client.observed for client in clients]
    readings = [reading for each in observed for reading in each.usage.values()]
    with installation.database.writing() as session:
        observe_graph(
            session,
            version_served=next(filter(None, (each.version_served for each in observed)), None),
            dropped_fields={name for each in observed for name in each.dropped_fields},
            usage=find_highest_of_each_kind(readings),
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
