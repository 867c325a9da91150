"""Tables ``snapshots``, ``unusual_days`` and ``imports``: figures of Pages by day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER, Base


class Snapshot(Base):
    """One Page, one day (UTC). Figures as Facebook reported them; NULL where it reported none."""

    __tablename__ = "snapshots"
    __table_args__ = (
        # Covers the query for all Pages on some days, which every total needs.
        Index("snapshots_by_day", "day", "page_id", "fans_count", "followers_count"),
        {"sqlite_with_rowid": False},
    )

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    fans_count: Mapped[int | None] = mapped_column(BigInteger)
    followers_count: Mapped[int | None] = mapped_column(BigInteger)
    # Source of each figure: "snapshot" (Facebook) or "import:<id>"; NULL without a figure.
    fans_source: Mapped[str | None]
    followers_source: Mapped[str | None]
    fetched_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class UnusualDay(Base):
    """A day on which one figure of one Page rose or fell beyond its usual noise.

    Written by `storage.figures.unusual.judge`, in the transaction in which snapshots change. Days
    that are usual, and days that can't be judged, have no row.
    """

    __tablename__ = "unusual_days"
    __table_args__ = (
        Index("unusual_days_by_page", "page_id", "day"),
        {"sqlite_with_rowid": False},
    )

    metric: Mapped[str] = mapped_column(primary_key=True)  # "fans" | "followers"
    day: Mapped[date] = mapped_column(primary_key=True)
    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    direction: Mapped[str]  # "rose" | "fell"


class Import(Base):
    """One CSV file of past figures that was imported; its figures have the source "import:<id>"."""

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
