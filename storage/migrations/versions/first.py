"""First migration: creates every table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "first"
down_revision = None
branch_labels = None
depends_on = None

# Spelled out rather than imported from storage.models: a migration must not change with the models.
TIME = sa.DateTime(timezone=True)
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _create_installation()
    _create_accounts()
    _create_figures()
    _create_notes()
    _create_insights()
    _create_jobs()


def _create_installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.CheckConstraint("id = 1", name="installation_is_one_row"),
    )
    op.create_table(
        "vault_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed_canary", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_vault_keys"),
    )


def _create_accounts() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("sealed_user_token", sa.Text()),
        sa.Column("key_id", sa.Text()),
        sa.Column("granted_permissions", sa.JSON(), nullable=False),
        sa.Column("declined_permissions", sa.JSON(), nullable=False),
        sa.Column("issued_at", TIME),
        sa.Column("expires_at", TIME),
        sa.Column("data_access_expires_at", TIME),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", TIME, nullable=False),
        sa.Column("reason_code", sa.BigInteger()),
        sa.Column("reason_subcode", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("renewed_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.CheckConstraint(
            "sealed_user_token IS NULL OR status <> 'disconnected'",
            name="grants_no_token_when_disconnected",
        ),
        sa.UniqueConstraint("account_id", name="uq_grants_account_id"),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", BYTEWISE, nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("about", sa.Text()),
        sa.Column("website", sa.Text()),
        sa.Column("link", sa.Text()),
        sa.Column("username", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("emails", sa.JSON()),
        sa.Column("location", sa.JSON()),
        sa.Column("verification_status", sa.Text()),
        sa.Column("is_published", sa.Boolean()),
        sa.Column("is_new_page_experience", sa.Boolean()),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("described_at", TIME, nullable=False),
        sa.Column("graph_version", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
    )
    op.create_index("ix_pages_first_seen_at", "pages", ["first_seen_at"])
    op.create_index("pages_by_name", "pages", ["name_folded", "id"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("nonce_hash", sa.Text(), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("consumed_at", TIME),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("heartbeat_at", TIME),
        sa.Column("step", sa.Text()),
        sa.Column("pages_read", sa.Integer()),
        sa.Column("pages_total", sa.Integer()),
        sa.Column("account_name", sa.Text()),
        sa.Column("access_until", TIME),
        sa.Column("failure", sa.JSON()),
        sa.Column("sealed_result", sa.Text()),
        sa.Column("key_id", sa.Text()),
        sa.Column("unticked", sa.JSON()),
        sa.Column("preview_expires_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.JSON()),
        sa.Column("grant_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_attempts_grant_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "sealed_result IS NULL OR status = 'ready'", name="attempts_result_only_while_ready"
        ),
    )
    op.create_index("ix_attempts_expires_at", "attempts", ["expires_at"])
    op.create_table(
        "page_grants",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.JSON(), nullable=False),
        sa.Column("sealed_page_token", sa.Text()),
        sa.Column("key_id", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", TIME, nullable=False),
        sa.Column("reason_code", sa.BigInteger()),
        sa.Column("reason_subcode", sa.BigInteger()),
        sa.Column("granted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("page_id", "grant_id", name="pk_page_grants"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_page_grants_grant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_page_grants_page_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "sealed_page_token IS NULL OR status = 'ok'", name="page_grants_token_only_when_ok"
        ),
    )
    op.create_index("ix_page_grants_grant_id", "page_grants", ["grant_id"])
    op.create_index(
        "page_grants_role_lost",
        "page_grants",
        ["grant_id"],
        sqlite_where=sa.text("status = 'role_lost'"),
        postgresql_where=sa.text("status = 'role_lost'"),
    )
    op.create_table(
        "page_changes",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "field", "changed_at", name="pk_page_changes"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_page_changes_page_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "pictures",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text()),
        sa.Column("source_path", sa.Text()),
        sa.Column("source_at", TIME),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("content_type", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("fetched_at", TIME),
        sa.PrimaryKeyConstraint("page_id", name="pk_pictures"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_pictures_page_id", ondelete="CASCADE"
        ),
    )


def _create_figures() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.Column("equal_count", sa.Integer(), nullable=False),
        sa.Column("conflicting_count", sa.Integer(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("undone_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_table(
        "snapshots",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fans_count", sa.BigInteger()),
        sa.Column("followers_count", sa.BigInteger()),
        sa.Column("fans_source", sa.Text()),
        sa.Column("followers_source", sa.Text()),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("graph_version", sa.Text()),
        sa.PrimaryKeyConstraint("page_id", "day", name="pk_snapshots"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_snapshots_page_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "snapshots_by_day", "snapshots", ["day", "page_id", "fans_count", "followers_count"]
    )
    op.create_table(
        "unusual_days",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("metric", "day", "page_id", name="pk_unusual_days"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_unusual_days_page_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("unusual_days_by_page", "unusual_days", ["page_id", "day"])


def _create_notes() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", BYTEWISE, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("name_folded", name="uq_tags_name_folded"),
    )
    op.create_table(
        "page_tags",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "tag_id", name="pk_page_tags"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_page_tags_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_page_tags_tag_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_page_tags_tag_id", "page_tags", ["tag_id"])
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text()),
        sa.Column("tag_id", sa.Integer()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_notes_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_notes_tag_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("page_id IS NULL OR tag_id IS NULL", name="notes_have_one_scope"),
    )
    op.create_index("ix_notes_day", "notes", ["day"])
    op.create_table(
        "goals",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "metric", name="pk_goals"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_goals_page_id", ondelete="CASCADE"
        ),
    )


def _create_insights() -> None:
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
    op.create_table(
        "insight_values",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("graph_version", sa.Text()),
        sa.PrimaryKeyConstraint("page_id", "metric", "day", name="pk_insight_values"),
        sa.ForeignKeyConstraint(
            ["metric"], ["insight_metrics.name"], name="fk_insight_values_metric"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_insight_values_page_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "insight_spans",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "metric", name="pk_insight_spans"),
        sa.ForeignKeyConstraint(
            ["metric"], ["insight_metrics.name"], name="fk_insight_spans_metric"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_insight_spans_page_id", ondelete="CASCADE"
        ),
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
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_insight_states_page_id", ondelete="CASCADE"
        ),
    )


def _create_jobs() -> None:
    op.create_table(
        "job_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pages_total", sa.Integer(), nullable=False),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("pages_failed", sa.Integer(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("values_count", sa.Integer(), nullable=False),
        sa.Column("limited_until", TIME),
        sa.Column("reason_code", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
    )
    op.create_index("ix_job_runs_kind", "job_runs", ["kind", "day"])
    op.create_table(
        "job_failures",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Integer()),
        sa.Column("account_name", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.BigInteger()),
        sa.Column("subcode", sa.BigInteger()),
        sa.Column("trace_id", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "page_id", name="pk_job_failures"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_job_failures_grant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_job_failures_page_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["job_runs.id"], name="fk_job_failures_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "job_leases",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "unit", name="pk_job_leases"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["job_runs.id"], name="fk_job_leases_run_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text()),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("grant_id", sa.Integer()),
        sa.Column("page_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.id"], name="fk_events_grant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["pages.id"], name="fk_events_page_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_table(
        "observations",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("observed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_observations"),
    )


def downgrade() -> None:
    """There is nothing below the first tables; to start over, delete the database."""
    raise NotImplementedError
