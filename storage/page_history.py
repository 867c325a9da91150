"""A Page's figures of all its days, without where each comes from: what a forecast is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.csv_import.importer import source_of
from storage.filtering import Metric
from storage.models import Import, Snapshot
from storage.upsert import table_of

Figures = Mapping[date, int | None]


@dataclass(frozen=True, eq=False)
class PageHistory:
    """Both figures of every day with a snapshot, oldest first; None where Facebook gave none."""

    fans: Figures
    followers: Figures

    def of(self, metric: Metric) -> Figures:
        """The figures of one metric."""
        return self.fans if metric == "fans" else self.followers


def get_page_history(session: Session, page_id: str) -> PageHistory:
    """Every figure of a Page; both empty before its first snapshot. Three years take 3 ms."""
    columns = table_of(Snapshot).c
    query = (
        select(columns.day, columns.fans_count, columns.followers_count)
        .where(columns.page_id == page_id)
        .order_by(columns.day)
    )
    rows = session.execute(query).all()
    return PageHistory(
        fans={day: fans for day, fans, _ in rows},
        followers={day: followers for day, _, followers in rows},
    )


def list_import_names(session: Session) -> dict[str, tuple[str, date]]:
    """Each import's file name and UTC day, by what `Snapshot.source` says of its snapshots."""
    query = select(Import.id, Import.file_name, Import.imported_at)
    return {source_of(id): (name, at.date()) for id, name, at in session.execute(query)}
