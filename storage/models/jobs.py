"""Tables of the installation and its jobs: keys, runs, failures, deletions, observations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, GraphCode


class Installation(Base):
    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="installation_is_one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[str]  # "sandbox" or "live:<app id>"
    created_at: Mapped[datetime]
    # Raised in every transaction that changes what a screen shows; answers are cached by it.
    data_version: Mapped[int] = mapped_column(default=0)


class VaultKey(Base):
    __tablename__ = "vault_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    sealed_canary: Mapped[str]
    created_at: Mapped[datetime]


class JobRun(Base):
    """One execution of a job.

    ``status``: running · done · stopped (a rate limit, or the dashboard stopped) · failed ·
    interrupted (its lease expired, and a later run took the lease).
    """

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_kind", "kind", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]  # a `storage.jobs.runs.JobKind`
    started_by: Mapped[str]  # "manual" | "daily" | "command" | "history" | "fast_forward"
    # Snapshots: the day of the figures. Insights, posts, pictures: the day of the start, UTC. The
    # sandbox's history: the first of its days.
    day: Mapped[date]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    pages_total: Mapped[int]
    pages_done: Mapped[int]
    pages_failed: Mapped[int]
    # Insights: requests, each for one Page and at most 90 days. The sandbox's history: days. Posts:
    # checkpoints, of which the missed ones are not done.
    steps_total: Mapped[int]
    steps_done: Mapped[int]
    values_count: Mapped[int]  # figures; posts: readings, each of all figures of one post
    limited_until: Mapped[datetime | None]  # end of a rate limit, where Facebook names it
    reason_code: Mapped[GraphCode | None]
    posts_new: Mapped[int] = mapped_column(server_default="0")


class JobLease(Base):
    """The right of a run to work on one unit of a kind, until it expires by the database's clock.

    ``unit`` is empty for the whole run; then no other run of the kind can start. ``outcome``: how
    the work on a unit ended that another process had begun the run of; see `storage.jobs.leases`.
    ``holder`` is then the process that works on the unit.
    """

    __tablename__ = "job_leases"

    kind: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_runs.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    outcome: Mapped[str | None]
    holder: Mapped[str | None]


class JobFailure(Base):
    """The reason why a run could not read a Page."""

    __tablename__ = "job_failures"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("job_runs.id", ondelete="CASCADE"), primary_key=True
    )
    # Indexed for erasing a Page: the database looks here for each one.
    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"))
    kind: Mapped[str]  # class name of the error, e.g. "RateLimited"
    code: Mapped[GraphCode | None]
    subcode: Mapped[GraphCode | None]
    trace_id: Mapped[str | None]


class Deletion(Base):
    """An account or a Page that was erased. Its id is kept as a keyed hash only.

    See `storage.accounts.deletions`: which key, and what the list is for.
    """

    __tablename__ = "deletions"

    kind: Mapped[str] = mapped_column(primary_key=True)  # "account" | "page"
    id_hash: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    deleted_at: Mapped[datetime]


class DeletionRequest(Base):
    """A request to delete what is stored about an account or a Page.

    It came from Facebook, or an operator entered it. ``status``: pending · erased · absent (nothing
    was stored) · renewed (connected again after the request, so that it stays). The id is sealed
    while the request is pending; after that a keyed hash is left of it. The confirmation code is
    kept as a hash only.
    """

    __tablename__ = "deletion_requests"
    __table_args__ = (
        CheckConstraint(
            "(sealed_id IS NOT NULL) = (status = 'pending')",
            name="deletion_requests_sealed_while_pending",
        ),
    )

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]  # "account" | "page"
    id_hash: Mapped[str]
    hash_key_id: Mapped[str]  # the key of the hash; of the seal: key_id
    sealed_id: Mapped[str | None]
    key_id: Mapped[str | None]
    asked_at: Mapped[datetime]  # what was connected or renewed after it is left alone
    received_at: Mapped[datetime]
    status: Mapped[str]
    finished_at: Mapped[datetime | None]
    asked_by: Mapped[str | None]  # the `Person.key` of an administrator; None: Facebook


class Observation(Base):
    """A fact about the Graph API seen in its answers; only the newest of each key is kept."""

    __tablename__ = "observations"

    key: Mapped[str] = mapped_column(primary_key=True)  # "graph_version", "usage:<kind>", …
    value: Mapped[dict[str, Any]]
    observed_at: Mapped[datetime]
