"""What Graph's answers told about Graph itself: version served, dropped fields, usage.

Only the newest of each is kept, under the keys below.
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
USAGE = "usage:"  # value: one reading
# A person with ten thousand Pages has as many allowances; a screen shows a handful.
MAX_USAGE_READINGS = 100


def list_observations(session: Session, prefix: str = "") -> list[Observation]:
    """Return the facts whose key begins with ``prefix``, by key; each with its ``observed_at``."""
    query = select(Observation).where(Observation.key.startswith(prefix, autoescape=True))
    return list(
        session.scalars(
            query.order_by(Observation.key), execution_options={"populate_existing": True}
        )
    )


def observe_graph(
    session: Session,
    *,
    version_served: str | None,
    dropped_fields: Collection[str],
    usage: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep what a Graph client noticed while it worked.

    ``usage`` maps a kind to a reading (any dataclass of plain values). What was not
    noticed this time stays as it was noticed last; ``observed_at`` tells how old it is.
    """
    facts: dict[str, Mapping[str, Any]] = {}
    if version_served is not None:
        facts[GRAPH_VERSION] = {"served": storable(version_served)}
    for name in dropped_fields:
        facts[DROPPED_FIELD + name] = {"field": name}
    for name, reading in islice(usage.items(), MAX_USAGE_READINGS):
        facts[USAGE + name] = asdict(reading)
    rows = [
        {"key": storable(key), "value": dict(value), "observed_at": now}
        for key, value in facts.items()
    ]
    upsert(session, Observation, rows)
