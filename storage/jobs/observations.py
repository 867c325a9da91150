"""Observations: the Graph API's version, dropped fields and usage, as seen in its answers.

Only the newest of each is kept, under the keys below. Those of LIMIT are written and read by
`storage.jobs.rate_limits`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.text import storable
from storage.db.upsert import upsert
from storage.models import Observation

GRAPH_VERSION = "graph_version"  # value: {"served": "v26.0"}
DROPPED_FIELD = "dropped_field:"  # value: {"field": name}
USAGE = "usage:"  # value: a usage record, percentages
LIMIT = "limit:"  # value: {"percent": 96, "until": the time in ISO 8601}; both may be null
# Facebook counts usage per Page, so an account can have ten thousand; a screen shows a few.
MAX_USAGE_KINDS = 100


def list_observations(session: Session) -> list[Observation]:
    """Return all observations, ordered by key."""
    query = select(Observation).order_by(Observation.key)
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def observe_graph(
    session: Session,
    *,
    version_served: str | None,
    dropped_fields: Collection[str],
    usage: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store the observations of a Graph client.

    ``usage`` maps a kind of limit to a record (a dataclass of plain values). Observations not made
    this time keep their last value and their ``observed_at``.
    """
    facts: dict[str, Mapping[str, Any]] = {}
    if version_served is not None:
        facts[GRAPH_VERSION] = {"served": storable(version_served)}
    for name in dropped_fields:
        facts[DROPPED_FIELD + name] = {"field": name}
    for name, record in islice(usage.items(), MAX_USAGE_KINDS):
        facts[USAGE + name] = asdict(record)
    rows = [
        {"key": storable(key), "value": dict(value), "observed_at": now}
        for key, value in facts.items()
    ]
    upsert(session, Observation, rows)
