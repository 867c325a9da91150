"""Tables ``insight_metrics``, ``insight_values``, ``insight_spans`` and ``insight_states``.

They hold Facebook's daily metrics beside fans and followers.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


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
