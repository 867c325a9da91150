"""A user of PostgreSQL who may not make what a migration makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url

from fb.installation import open_installation
from fb.settings import read_settings
from storage.db.engine import open_database
from tests.postgres import execute
from tests.present import NOW

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def guest_url(empty_database_url: str) -> Iterator[str]:
    """The URL of an empty database for a user who may not make anything in it."""
    execute(
        empty_database_url,
        "CREATE ROLE guest LOGIN",
        "REVOKE CREATE ON SCHEMA public FROM public",
    )
    url = make_url(empty_database_url).set(username="guest")
    yield url.render_as_string(hide_password=False)
    execute(empty_database_url, "DROP OWNED BY guest", "DROP ROLE guest")


@pytest.mark.parametrize("may_make_tables", [False, True])
def test_it_is_told_and_nothing_is_left(
    empty_database_url: str, guest_url: str, tmp_path: Path, may_make_tables: bool
) -> None:
    if may_make_tables:  # but no schema
        execute(empty_database_url, "GRANT CREATE ON SCHEMA public TO guest")
    startup = open_installation(
        read_settings({"DATABASE_URL": guest_url}, tmp_path), now=lambda: NOW
    )
    assert startup.error is not None
    assert startup.error.kind == "right_missing"
    database = open_database(empty_database_url)
    with database.reading() as session:
        assert inspect(session.connection()).get_table_names() == []
    database.close()
