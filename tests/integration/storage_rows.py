"""Rows to test the database with: an attempt, a grant, Pages and what the grant may do on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from storage.attempts import create_attempt
from storage.grants import GrantFacts, save_grant
from storage.models import Attempt
from storage.pages import PageRow, upsert_pages
from storage.saving import save_staged
from storage.staging import StagedPage, stage_pages
from storage.vault import PURPOSE_PAGE_TOKEN, PURPOSE_USER_TOKEN, Vault
from tests import present

NOW = present.NOW
LATER = NOW + timedelta(minutes=3)  # on the same day, whatever the present is
TRIP = {
    "marker": "sandbox",
    "redirect_uri": "http://localhost:8501/connect",
    "graph_url": "http://127.0.0.1:8501/sandbox",
    "dialog_url": "http://localhost:8501/sandbox",
}
KEY = Fernet.generate_key().decode()
OTHER_KEY = Fernet.generate_key().decode()


def add_attempt(session: Session, id: str = "a1", nonce_hash: str = "n1") -> None:
    """Begin a trip at NOW that may come back within fifteen minutes."""
    create_attempt(
        session,
        id=id,
        nonce_hash=nonce_hash,
        now=NOW,
        expires_at=NOW + timedelta(minutes=15),
        **TRIP,
    )


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
    pages = [staged_page(vault, account_id, page_id) for page_id in page_ids]
    return bring(session, vault, account_id, pages, now, graph_version="v26.0")


def bring(
    session: Session,
    vault: Vault,
    account_id: str,
    pages: Sequence[StagedPage],
    now: datetime = NOW,
    *,
    graph_version: str | None = None,
) -> int:
    """Save what a trip of an account brought, and return the grant's id."""
    sealed = vault.seal(PURPOSE_USER_TOKEN, account_id, user_token(account_id))
    grant_id = save_grant(session, facts_of(account_id), sealed, now)
    with staging(session) as attempt_id:
        stage_pages(session, attempt_id, pages)
        save_staged(
            session, attempt_id, grant_id, read_at=now, graph_version=graph_version, now=now
        )
    return grant_id


@contextmanager
def staging(session: Session, id: str = "staging") -> Iterator[str]:
    """An attempt to stage Pages under; gone afterwards with what is still staged."""
    times = {"created_at": NOW, "expires_at": NOW}
    session.execute(insert(Attempt).values(id=id, nonce_hash="", status="ready", **times, **TRIP))
    yield id
    session.execute(delete(Attempt).where(Attempt.id == id))


def staged_page(vault: Vault, account_id: str, page_id: str) -> StagedPage:
    """A Page with a token, a name, and nothing else: figures and all were not asked for."""
    token = page_token(account_id, page_id)
    sealed = vault.seal(PURPOSE_PAGE_TOKEN, f"{account_id}/{page_id}", token)
    return {
        "page_id": page_id,
        "depth": "basic",
        "tasks": ("ANALYZE",),
        "sealed_page_token": sealed.text,
        "key_id": sealed.key_id,
        "fans_count": None,
        "followers_count": None,
        "name": f"Page {page_id}",
        "category": None,
        "about": None,
        "website": None,
        "link": None,
        "username": None,
        "phone": None,
        "emails": None,
        "location": None,
        "verification_status": None,
        "is_published": None,
        "is_new_page_experience": None,
        "picture_url": None,
    }


def add_pages(session: Session, page_ids: Iterable[str], now: datetime = NOW) -> None:
    """Describe Pages with nothing but a name."""
    upsert_pages(session, [PageRow(id=id, name=f"Page {id}") for id in page_ids], now)
