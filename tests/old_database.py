"""A database file as the migrations made it before they became one: "0001" to "0005"."""

from __future__ import annotations

import sqlite3
from pathlib import Path

TABLES = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), marker TEXT NOT NULL,
    created_at DATETIME NOT NULL, data_version INTEGER NOT NULL
);
CREATE TABLE pages (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, position INTEGER);
CREATE TABLE snapshots (
    page_id TEXT NOT NULL, day DATE NOT NULL, fans_count INTEGER, followers_count INTEGER,
    source TEXT NOT NULL, PRIMARY KEY (page_id, day)
) WITHOUT ROWID;
INSERT INTO pages VALUES ('10', 'Café', 0);
INSERT INTO snapshots VALUES ('10', '2026-11-19', 5, NULL, 'snapshot');
"""


def make_old_database(path: Path, marker: str, revision: str = "0005") -> Path:
    """Write the file, in WAL mode as the program left it, and return its path."""
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(TABLES)
    connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.execute(
        "INSERT INTO installation VALUES (1, ?, '2026-11-19 06:05:00.000000', 7)", (marker,)
    )
    connection.commit()
    connection.close()
    return path
