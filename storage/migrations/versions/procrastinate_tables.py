"""Adds Procrastinate's tables, in a schema of their own on PostgreSQL, and who works on a unit.

They are made by the SQL of the package, whose version a test compares with PROCRASTINATE. A later
version may change them by SQL files of its own; a revision has to run those, where it is needed.
https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
"""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "procrastinate_tables"
down_revision = "message_folded"
branch_labels = None
depends_on = None

SCHEMA = "pagekeeper_jobs"
# Whose tables these are. Between 3.4 and 3.10 none changed.
PROCRASTINATE = "3.10.0"


def upgrade() -> None:
    op.add_column("job_leases", sa.Column("outcome", sa.Text()))
    op.add_column("job_leases", sa.Column("holder", sa.Text()))
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
    path = connection.execute(sa.text("SHOW search_path")).scalar_one()
    connection.execute(sa.text(f"SET LOCAL search_path = {SCHEMA}"))
    # By the driver: SQLAlchemy would take its colons and per cents for parameters.
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute((files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8"))
    connection.execute(sa.text(f"SET LOCAL search_path = {path}"))
