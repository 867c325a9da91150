"""Makes the events a ledger: numbered without gaps, with pseudonyms and columns for a chain.

The keys are in no reach of a migration: the first entry that is appended begins the chain, and
covers the older ones.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "event_chain"
down_revision = "expected_account"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
# By the column of a subject: its table, its type, and the column of the pseudonym.
SUBJECTS: Mapping[str, tuple[str, type[sa.Integer | sa.Text], str]] = {
    "grant_id": ("grants", sa.Integer, "account"),
    "page_id": ("pages", sa.Text, "page"),
    "tag_id": ("tags", sa.Integer, "tag"),
    "note_id": ("notes", sa.Integer, "note"),
    "import_id": ("imports", sa.Integer, "file"),
}
OLD_EVENTS = sa.table(
    "events",
    sa.column("id"),
    sa.column("at", TIME),
    sa.column("kind"),
    sa.column("facts", sa.JSON()),
    sa.column("by"),
    *(sa.column(name) for name in SUBJECTS),
)


def upgrade() -> None:
    old = op.get_bind().execute(sa.select(OLD_EVENTS).order_by(OLD_EVENTS.c.id)).mappings().all()
    for name in ("at", "page_id"):
        op.drop_index(f"ix_events_{name}", "events")
    op.drop_table("events")
    subjects = op.create_table(
        "event_subjects",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("hash_key", sa.Text(), nullable=False),
        *(sa.Column(name, type_) for name, (_, type_, _) in SUBJECTS.items()),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_event_subjects"),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{table}.id"], name=f"fk_event_subjects_{name}", ondelete="CASCADE"
            )
            for name, (table, _, _) in SUBJECTS.items()
        ),
    )
    for name in SUBJECTS:
        op.create_index(f"ix_event_subjects_{name}", "event_subjects", [name])
    events = op.create_table(
        "events",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text()),
        *(sa.Column(pseudonym, sa.Text()) for _, _, pseudonym in SUBJECTS.values()),
        sa.Column("key_id", sa.Text()),
        sa.Column("previous", sa.Text()),
        sa.Column("mac", sa.Text()),
        sa.PrimaryKeyConstraint("sequence", name="pk_events"),
        sa.UniqueConstraint("previous", name="uq_events_previous"),
    )
    for name in ("at", "account", "page"):
        op.create_index(f"ix_events_{name}", "events", [name])
    op.create_table(
        "ledger_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_keys"),
    )
    rows, pseudonyms = _convert(old)
    if pseudonyms:
        op.bulk_insert(subjects, pseudonyms)
    if rows:
        op.bulk_insert(events, rows)


def _convert(
    old: list[Mapping[str, Any]] | Any,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the new rows of events, and those of event_subjects."""
    made: dict[tuple[str, Any], dict[str, Any]] = {}
    rows = []
    for sequence, event in enumerate(old, start=1):
        row = {name: event[name] for name in ("at", "kind", "facts", "by")}
        for name, (_, _, pseudonym) in SUBJECTS.items():
            id = event[name]
            if id is not None and (name, id) not in made:
                made[name, id] = dict.fromkeys(SUBJECTS) | _subject(name, id)
            row[pseudonym] = None if id is None else made[name, id]["pseudonym"]
        rows.append({"sequence": sequence, **row})
    return rows, list(made.values())


def _subject(name: str, id: Any) -> dict[str, Any]:
    hash_key = secrets.token_bytes(32)
    pseudonym = hmac.digest(hash_key, f"{name}:{id}".encode(), "sha256").hex()[:32]
    return {"pseudonym": pseudonym, "hash_key": hash_key.hex(), name: id}


def downgrade() -> None:
    """Entries of a ledger are not rewritten."""
    raise NotImplementedError
