"""What was done, and what Graph's answers told about Graph itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


class Run(Base):
    """One execution of a sync, for one day.

    ``status``: running · done · stopped (a rate limit or the operator ended it early) · failed ·
    interrupted (its heart stopped and the next run took its place).
    ``active`` is 1 while running and NULL after: its unique index allows one sync at a time.
    """

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]  # "manual" | "daily" | "command" | "history" | "fast_forward"
    day: Mapped[date] = mapped_column(index=True)
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    active: Mapped[int | None] = mapped_column(unique=True)
    status: Mapped[str]
    pages_total: Mapped[int]
    pages_done: Mapped[int]
    pages_failed: Mapped[int]
    limited_until: Mapped[datetime | None]  # when Facebook names the end of a rate limit
    reason_code: Mapped[GraphCode | None]


class RunFailure(Base):
    __tablename__ = "run_failures"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    account_name: Mapped[str | None]
    kind: Mapped[str]  # class name of the error, e.g. "RateLimited"
    code: Mapped[GraphCode | None]
    subcode: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]


class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str]  # connected, renewed, disconnected, needs_renewal, frozen, thawed
    account_name: Mapped[str | None]
    facts: Mapped[dict[str, Any]]
    by: Mapped[str | None]  # None: Pagekeeper by itself
    # What it is about; it goes when this is erased, and stays when it is disconnected.
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))


class Observation(Base):
    __tablename__ = "observations"

    key: Mapped[str] = mapped_column(primary_key=True)  # "graph_version", "usage:app", …
    value: Mapped[dict[str, Any]]
    observed_at: Mapped[datetime]
