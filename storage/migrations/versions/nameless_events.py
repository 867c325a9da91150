"""Second migration: events lose their names and point to what they are about; deletions are listed.

Names and texts in the facts of old events become ids where exactly one row fits, and are dropped
where none does. An event outlives what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "nameless_events"
down_revision = "import_mappings"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
SUBJECTS: Mapping[str, tuple[str, type[sa.Integer | sa.Text]]] = {
    "grant_id": ("grants", sa.Integer),
    "page_id": ("pages", sa.Text),
    "tag_id": ("tags", sa.Integer),
    "note_id": ("notes", sa.Integer),
    "import_id": ("imports", sa.Integer),
}
CONSENT_FACTS = ("saved", "added", "kept", "missing")
FACTS: Mapping[str, tuple[str, ...]] = {
    "connected": CONSENT_FACTS,
    "renewed": CONSENT_FACTS,
    "disconnected": ("revoked",),
    "needs_renewal": ("code", "subcode"),
    "tagged": ("pages",),
    "untagged": ("pages",),
    "tag_deleted": ("pages",),
    "noted": ("day",),
    "note_changed": ("day",),
    "note_deleted": ("day",),
    "imported": ("days",),
    "import_undone": ("days",),
}
NOTES = ("noted", "note_changed", "note_deleted")

OLD_EVENTS = sa.table(
    "events",
    sa.column("id"),
    sa.column("at", TIME),
    sa.column("kind"),
    sa.column("account_name"),
    sa.column("facts", sa.JSON()),
    sa.column("by"),
    sa.column("grant_id"),
    sa.column("page_id"),
)


def upgrade() -> None:
    old = op.get_bind().execute(sa.select(OLD_EVENTS).order_by(OLD_EVENTS.c.id)).mappings()
    new = _convert([dict(row) for row in old])
    op.drop_index("ix_events_at", "events")
    op.drop_table("events")
    events = op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text()),
        *(sa.Column(column, type_) for column, (_, type_) in SUBJECTS.items()),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=f"fk_events_{column}", ondelete="SET NULL"
            )
            for column, (table, _) in SUBJECTS.items()
        ),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_page_id", "events", ["page_id"])
    if new:
        # Without their ids, which then begin again at 1 in the same order.
        op.bulk_insert(events, new)
    op.create_table(
        "deletions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id_hash", name="pk_deletions"),
    )
    op.create_index("ix_job_failures_page_id", "job_failures", ["page_id"])
    with op.batch_alter_table("job_failures") as job_failures:
        job_failures.drop_column("account_name")


def _convert(old: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    find_grant = _finder("SELECT account_name, id FROM grants")
    find_tag = _finder("SELECT name, id FROM tags")
    find_import = _finder("SELECT id, id FROM imports")
    find_note = _finder("SELECT CAST(day AS TEXT) || ' ' || text, id FROM notes")
    rows = []
    for event in old:
        kind, facts = event["kind"], event["facts"]
        kept = {name: facts[name] for name in FACTS.get(kind, ()) if name in facts}
        if kind in NOTES:
            kept["scope"] = "page" if facts.get("page") else "tag" if facts.get("tag") else "all"
        rows.append(
            {
                "at": event["at"],
                "kind": kind,
                "facts": kept,
                "by": event["by"],
                "grant_id": event["grant_id"] or find_grant(event["account_name"]),
                "page_id": event["page_id"],
                "tag_id": find_tag(facts.get("new") or facts.get("tag")),
                "note_id": find_note(f"{facts.get('day')} {facts.get('text')}"),
                "import_id": find_import(facts.get("import")),
            }
        )
    return rows


def _finder(query: str) -> Callable[[Any], int | None]:
    """Return a function from a name to the id of the one row with it; None without one."""
    ids: dict[Any, list[int]] = {}
    for name, id in op.get_bind().execute(sa.text(query)):
        ids.setdefault(name, []).append(id)

    def find(name: Any) -> int | None:
        same = ids.get(name, [])
        return same[0] if len(same) == 1 else None

    return find


def downgrade() -> None:
    """The names are gone."""
    raise NotImplementedError
