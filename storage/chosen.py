"""Some Pages, as a query that other statements hold: the ids themselves stay in the database."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, TextClause, bindparam, text
from sqlalchemy.orm import Session

from storage.models import Day


@dataclass(frozen=True)
class Chosen:
    """Pages as a query that gives their ``page_id``, and what it is asked with."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def bound(self, statement: str, **days: date) -> TextClause:
        """A statement, the query in the place of ``(chosen)``, with all that it is asked with."""
        given: list[BindParameter[Any]] = [
            bindparam(name, value) for name, value in self.values.items()
        ]
        given += [bindparam(name, day, type_=Day()) for name, day in days.items()]
        return text(statement.replace("(chosen)", f"({self.sql})")).bindparams(*given)


def chosen_by_id(session: Session, page_ids: Collection[str]) -> Chosen:
    """The Pages with these ids, which travel as one value however many they are."""
    if session.get_bind().dialect.name == "sqlite":
        ids = json.dumps(list(page_ids))
        return Chosen("SELECT value AS page_id FROM json_each(:ids)", {"ids": ids})
    unnested = "SELECT unnest(CAST(:ids AS text[])) AS page_id"
    return Chosen(unnested, {"ids": list(page_ids)})
