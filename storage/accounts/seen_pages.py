"""Seen Pages: stores which Pages Facebook named for an account without giving access to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from storage.accounts.pages import MAX_FOLDED_LENGTH
from storage.db.text import storable
from storage.models import SeenPage
from storage.models.folding import fold

SeenKind = Literal["not_ticked", "in_portfolio", "not_listed"]


@dataclass(frozen=True)
class Sighting:
    """A Page that an account's last trip named only; ``kind`` as in `storage.models.SeenPage`."""

    id: str
    name: str
    kind: SeenKind


def replace_sightings(
    session: Session, grant_id: int, sightings: Sequence[Sighting], now: datetime
) -> None:
    """Replace what was seen on the account's trips before; of a repeated id the last one counts."""
    session.execute(delete(SeenPage).where(SeenPage.grant_id == grant_id))
    rows = [
        {
            "grant_id": grant_id,
            "page_id": each.id,
            "name": storable(each.name),
            "name_folded": fold(storable(each.name))[:MAX_FOLDED_LENGTH],
            "kind": each.kind,
            "seen_at": now,
        }
        for each in {each.id: each for each in sightings}.values()
    ]
    if rows:
        session.execute(insert(SeenPage), rows)
