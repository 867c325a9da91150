"""Rows to test the database with: an attempt, a grant, Pages and what the grant may do on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import MetaData, Table, event, select, update
from sqlalchemy.orm import Session

from storage.accounts.attempts import create_attempt
from storage.accounts.grants import GrantFacts, PageAccess, save_grant, upsert_page_grants
from storage.accounts.pages import PageDetails, PageReport, upsert_pages
from storage.accounts.vault import Vault
from storage.db.engine import Database
from storage.figures.snapshots import store_reports
from storage.models import Attempt, JobLease
from storage.people.person import THIS_COMPUTER
from tests import present

NOW = present.NOW
LATER = NOW + timedelta(minutes=3)  # on the same day, whatever the present is
BINDING = "hash of the settings"
KEY = Fernet.generate_key().decode()
OTHER_KEY = Fernet.generate_key().decode()


def add_attempt(session: Session, id: str = "a1", nonce_hash: str = "n1") -> None:
    """Begin a trip at NOW that may come back within fifteen minutes."""
    create_attempt(
        session, id=id, nonce_hash=nonce_hash, binding=BINDING, now=NOW, by=THIS_COMPUTER
    )


def age_attempts(session: Session, *, seconds: float) -> None:
    """Let so many seconds go by for every attempt: nobody can move the database's clock."""
    names = ("expires_at", "consumed_at", "heartbeat_at", "preview_expires_at")
    session.flush()
    for attempt in session.scalars(select(Attempt).execution_options(populate_existing=True)):
        for name in names:
            if (at := getattr(attempt, name)) is not None:
                setattr(attempt, name, at - timedelta(seconds=seconds))
    session.flush()


def facts_of(account_id: str, name: str | None = None) -> GrantFacts:
    """What Facebook says of an account that granted everything for sixty days."""
    return GrantFacts(
        account_id=account_id,
        account_name=name or f"Account {account_id}",
        granted=("pages_show_list",),
        declined=("read_insights",),
        issued_at=NOW,
        expires_at=NOW + timedelta(days=60),
        data_access_expires_at=NOW + timedelta(days=90),
    )


def user_token(account_id: str) -> str:
    """The user access token of an account."""
    return f"user-token-of-{account_id}"


def page_token(account_id: str, page_id: str) -> str:
    """An account's page access token of a Page."""
    return f"page-token-of-{account_id}-{page_id}"


def add_grant(
    session: Session, vault: Vault, account_id: str, page_ids: Iterable[str], now: datetime = NOW
) -> int:
    """Save an account with its Pages, each with a token, and return the grant's id."""
    reports = [PageReport(id=id, name=f"Page {id}", depth="basic") for id in page_ids]
    return bring(session, vault, account_id, reports, now, graph_version="v26.0")


def bring(
    session: Session,
    vault: Vault,
    account_id: str,
    reports: Sequence[PageReport],
    now: datetime = NOW,
    *,
    graph_version: str | None = None,
    tasks: Sequence[str] = ("ANALYZE",),
) -> int:
    """Save what Facebook said of an account's Pages, and return the grant's id."""
    sealed = vault.seal_user_token(account_id, user_token(account_id))
    grant_id = save_grant(session, facts_of(account_id), sealed, now)
    store_reports(session, reports, now, graph_version)
    accesses = [
        PageAccess(
            report.id,
            tasks,
            vault.seal_page_token(account_id, report.id, page_token(account_id, report.id)),
        )
        for report in reports
    ]
    upsert_page_grants(session, grant_id, accesses, now)
    return grant_id


def add_pages(session: Session, page_ids: Iterable[str], now: datetime = NOW) -> None:
    """Describe Pages with nothing but a name."""
    upsert_pages(session, [PageDetails(id=id, name=f"Page {id}") for id in page_ids], now)


def expire_leases(database: Database) -> None:
    """Let every job's lease be a minute old, as if its process had died."""
    with database.writing() as session:
        session.execute(update(JobLease).values(expires_at=datetime(2000, 1, 1, tzinfo=UTC)))


@contextmanager
def full_disk(database: Database) -> Iterator[None]:
    """Within the block SQLite's file can't grow."""

    def limit(driver_connection: Any, _record: object) -> None:
        driver_connection.execute("PRAGMA max_page_count = 1")  # at least what it has

    event.listen(database.engine, "connect", limit)
    database.engine.dispose()
    try:
        yield
    finally:
        event.remove(database.engine, "connect", limit)
        database.engine.dispose()


def insert_filled(session: Session, table_name: str, /, **values: Any) -> None:
    """Add a row to a table as it is stored now, with something in every column that needs it."""
    table = Table(table_name, MetaData(), autoload_with=session.connection())
    filler = {int: 1, str: "x", datetime: NOW, date: NOW.date(), object: []}
    needed = [column for column in table.c if not column.nullable and column.name != "id"]
    row = {column.name: filler[column.type.python_type] for column in needed} | values
    if session.connection().dialect.name == "sqlite":
        row = {
            name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
    session.execute(table.insert().values(row))
