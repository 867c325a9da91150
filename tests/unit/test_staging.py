"""Listed Pages become rows that may wait in the database: every token sealed, and for its owner."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet

from fb.graph.pages import ListedPage, PageFields
from fb.login.staging import stage
from storage.accounts.vault import PURPOSE_PAGE_TOKEN, Vault

VAULT = Vault([Fernet.generate_key().decode()])
URL = "https://scontent.fbcdn.net/v/1_n.jpg?oh=signature"


TOKEN = "EAAtoken"


def staged(token: str | None = TOKEN, **fields: Any) -> dict[str, Any]:
    listed = ListedPage(PageFields("7", "Page", **fields), ("ANALYZE",), token)
    (row,) = stage(VAULT, "1", [listed])
    return dict(row)


def test_a_token_is_sealed_for_the_account_and_the_page() -> None:
    row = staged()
    assert TOKEN not in repr(row)
    opened = VAULT.open(PURPOSE_PAGE_TOKEN, "1/7", row["key_id"], row["sealed_page_token"])
    assert opened == TOKEN


def test_without_a_token_there_is_nothing_sealed() -> None:
    row = staged(None)
    assert (row["sealed_page_token"], row["key_id"]) == (None, None)


def test_a_silhouette_is_no_picture() -> None:
    assert staged(picture_url=URL)["picture_url"] == URL
    assert staged(picture_url=URL, picture_is_silhouette=False)["picture_url"] == URL
    assert staged(picture_url=URL, picture_is_silhouette=True)["picture_url"] is None


def test_what_was_left_out_stays_out_and_nothing_is_an_answer_too() -> None:
    row = staged(emails=(), fan_count=0, is_published=False, depth="basic")
    assert (row["emails"], row["fans_count"], row["is_published"]) == ([], 0, False)
    assert (row["followers_count"], row["location"], row["depth"]) == (None, None, "basic")
    assert staged()["emails"] is None
