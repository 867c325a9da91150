"""Turns the Pages that Facebook listed into the rows that wait for the operator."""

from __future__ import annotations

from collections.abc import Iterable

from fb.graph.pages import ListedPage
from fb.login.save import picture_url
from storage.accounts.staging import StagedPage
from storage.accounts.vault import Vault


def stage(vault: Vault, account_id: str, pages: Iterable[ListedPage]) -> list[StagedPage]:
    """Return the Pages as rows, each token sealed for good: as the page grant will hold it."""
    return [_staged(vault, account_id, page) for page in pages]


def _staged(vault: Vault, account_id: str, page: ListedPage) -> StagedPage:
    fields, sealed = page.fields, None
    if page.access_token is not None:
        sealed = vault.seal_page_token(account_id, fields.id, page.access_token)
    return {
        "page_id": fields.id,
        "depth": fields.depth,
        "tasks": page.tasks,
        "sealed_page_token": sealed.text if sealed else None,
        "key_id": sealed.key_id if sealed else None,
        "fans_count": fields.fan_count,
        "followers_count": fields.followers_count,
        "name": fields.name,
        "category": fields.category,
        "about": fields.about,
        "website": fields.website,
        "link": fields.link,
        "username": fields.username,
        "phone": fields.phone,
        "emails": list(fields.emails) if fields.emails is not None else None,
        "location": fields.location,
        "verification_status": fields.verification_status,
        "is_published": fields.is_published,
        "is_new_page_experience": fields.is_new_page_experience,
        "picture_url": picture_url(fields),
    }
