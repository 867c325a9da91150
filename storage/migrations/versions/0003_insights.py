"""Facebook's other daily figures: the ledger of their names, their values, and their fetching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Spelled out rather than imported from storage.models: a migration stays as it was on its day.
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_ledger()
    _create_values()
    _create_runs()


def _create_ledger() -> None:
    op.create_table(
        "insight_metrics",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("retired_on", sa.Date()),
        sa.Column("replaced_by", sa.Text()),
        sa.Column("probed_at", TIME),
        sa.PrimaryKeyConstraint("name", name="pk_insight_metrics"),
    )


def _create_values() -> None:
    op.create_table(
        "insight_values",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("graph_version", sa.Text()),
        sa.PrimaryKeyConstraint("page_id", "metric", "day", name="pk_insight_values"),
        *_foreign_keys("insight_values"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "insight_spans",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "metric", name="pk_insight_spans"),
        *_foreign_keys("insight_spans"),
    )
    op.create_table(
        "insight_states",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.BigInteger()),
        sa.Column("trace_id", sa.Text()),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answered_at", TIME),
        sa.PrimaryKeyConstraint("page_id", name="pk_insight_states"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_insight_states_page_id"),
    )


def _foreign_keys(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name=f"fk_{table}_page_id"),
        sa.ForeignKeyConstraint(["metric"], ["insight_metrics.name"], name=f"fk_{table}_metric"),
    ]


def _create_runs() -> None:
    op.create_table(
        "insight_runs",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("heartbeat_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("active", sa.Integer()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pages_total", sa.Integer(), nullable=False),
        sa.Column("pages_failed", sa.Integer(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("values_count", sa.Integer(), nullable=False),
        sa.Column("limited_until", TIME),
        sa.Column("reason_code", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_insight_runs"),
        sa.UniqueConstraint("active", name="uq_insight_runs_active"),
    )
