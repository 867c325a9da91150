"""Tables of figures by day: snapshots with their unusual days and imports, and insights.

Insights are Facebook's daily metrics beside fans and followers.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER_KEY, Base, GraphCode


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
    """One file of past figures that was imported; its figures have the source "import:<id>".

    ``mapping``: see storage.csv_import.mapping; remembered for the next file with this header.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    file_name: Mapped[str]
    imported_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)
    new_count: Mapped[int]
    equal_count: Mapped[int]
    conflicting_count: Mapped[int]
    refused_count: Mapped[int]
    undone_at: Mapped[datetime | None]
    header_hash: Mapped[str | None] = mapped_column(index=True)
    mapping: Mapped[dict[str, Any] | None]


class InsightMetric(Base):
    """One metric of the ledger: its name at Facebook, and whether Facebook still answers it.

    ``status``: live · retired (Facebook refuses the name, first seen on ``retired_on``) ·
    unconfirmed (never answered here yet). ``kind``: "level" (a state, the last day counts), "count"
    (days may be summed), "unique" (different people of a day: never summed).
    """

    __tablename__ = "insight_metrics"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]  # the order in which they are shown
    label: Mapped[str]
    unit: Mapped[str]  # plural, as it stands after a number: "views"
    kind: Mapped[str]
    meaning: Mapped[str]
    status: Mapped[str]
    retired_on: Mapped[date | None]
    replaced_by: Mapped[str | None]
    probed_at: Mapped[datetime | None]  # when Facebook last answered or refused the name
    scope: Mapped[str] = mapped_column(server_default="page")  # of a "page" or a "post"


class InsightValue(Base):
    """One Page, one metric, one day that ends at midnight Pacific time, not UTC."""

    __tablename__ = "insight_values"
    __table_args__ = ({"sqlite_with_rowid": False},)

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    metric: Mapped[str] = mapped_column(ForeignKey("insight_metrics.name"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    fetched_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class InsightSpan(Base):
    """The days for which a metric was requested: Pacific, both ends included, without gaps."""

    __tablename__ = "insight_spans"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    metric: Mapped[str] = mapped_column(ForeignKey("insight_metrics.name"), primary_key=True)
    since: Mapped[date]
    until: Mapped[date]


class InsightState(Base):
    """The result of the last request for a Page's insights.

    ``state``: ok · empty (no values) · too_few_likes · no_permission · access_ended ·
    not_answering · limited · refused. The code and trace are Graph's.
    """

    __tablename__ = "insight_states"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str]
    code: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # when values came last
