"""The figures of Pages by day, what is kept beside them, and files of past ones."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER, Base


class Snapshot(Base):
    """One Page, one day (UTC). Figures as Facebook reported them; NULL where it reported none."""

    __tablename__ = "snapshots"
    __table_args__ = (
        # Covers "all Pages on these days", which every total is made of.
        Index("snapshots_by_day", "day", "page_id", "fans_count", "followers_count"),
        {"sqlite_with_rowid": False},
    )

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    fans_count: Mapped[int | None] = mapped_column(BigInteger)
    followers_count: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str]  # "snapshot", or "import:<id>"
    fetched_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class DayColumn(Base):
    """One kind of figure of all Pages on one day: see storage/columns.py, which keeps it.

    Follows from ``snapshots`` and changes in the same transaction; an Overview of thousands of
    Pages reads a handful of these instead of as many rows as Pages.
    """

    __tablename__ = "day_columns"

    # "fans" | "followers", and the marks of unusual days: "fans_marks" | "followers_marks"
    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DayOrigin(Base):
    """Where snapshots of one day come from: see storage/origins.py, which keeps it."""

    __tablename__ = "day_origins"

    day: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    graph_version: Mapped[str] = mapped_column(primary_key=True)  # "" for none
    fetched_at: Mapped[datetime]  # the newest of them


class Import(Base):
    """One CSV file of past figures that was taken in; its snapshots have source "import:<id>"."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    file_name: Mapped[str]
    imported_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER)
    new_count: Mapped[int]
    equal_count: Mapped[int]
    conflicting_count: Mapped[int]
    refused_count: Mapped[int]
    undone_at: Mapped[datetime | None]
