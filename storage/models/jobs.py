"""What the background did, what people did, and what Graph's answers told about Graph itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


class JobRun(Base):
    """One execution of a job.

    ``status``: running · done · stopped (a rate limit, or the dashboard stopped) · failed ·
    interrupted (its lease expired and the next run took its place).
    """

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_kind", "kind", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]  # "snapshots" | "insights" | "pictures" | "sandbox_history"
    started_by: Mapped[str]  # "manual" | "daily" | "command" | "history" | "fast_forward"
    # Of snapshots: whose figures. Of insights and pictures: the day it began on, UTC. Of the
    # sandbox's history: the first of its days.
    day: Mapped[date]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    pages_total: Mapped[int]
    pages_done: Mapped[int]
    pages_failed: Mapped[int]
    # Of insights: requests for one Page and at most 90 days each. Of the sandbox's history: days.
    steps_total: Mapped[int]
    steps_done: Mapped[int]
    values_count: Mapped[int]
    limited_until: Mapped[datetime | None]  # when Facebook names the end of a rate limit
    reason_code: Mapped[GraphCode | None]


class JobLease(Base):
    """The right of a run to work on one unit of a kind, until it expires by the database's clock.

    ``unit`` is empty for the whole run, which makes it the only one of its kind.
    """

    __tablename__ = "job_leases"

    kind: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_runs.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class JobFailure(Base):
    """Why one Page could not be read in a run."""

    __tablename__ = "job_failures"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("job_runs.id", ondelete="CASCADE"), primary_key=True
    )
    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
    account_name: Mapped[str | None]
    kind: Mapped[str]  # class name of the error, e.g. "RateLimited"
    code: Mapped[GraphCode | None]
    subcode: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]


class Event(Base):
    """What a person did, or what Pagekeeper noticed of a connection."""

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
    """What Graph's answers told about Graph itself; the newest of each."""

    __tablename__ = "observations"

    key: Mapped[str] = mapped_column(primary_key=True)  # "graph_version", "usage:<kind>", …
    value: Mapped[dict[str, Any]]
    observed_at: Mapped[datetime]
