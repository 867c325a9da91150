"""The vault: what is sealed opens for the same purpose and owner, with the right key only."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from storage.accounts.vault import PURPOSE_PAGE_TOKEN, PURPOSE_USER_TOKEN, Sealed, Vault, key_id_of
from storage.db.errors import SealBroken, WrongKey

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
TEXT = st.text()
LINE = st.text(st.characters(exclude_characters="\n"))


@given(purpose=LINE, owner=LINE, secret=TEXT)
def test_what_is_sealed_opens(purpose: str, owner: str, secret: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(purpose, owner, secret)
    assert vault.open(purpose, owner, sealed.key_id, sealed.text) == secret


@given(secret=TEXT)
def test_what_an_older_key_sealed_opens_after_a_new_one_came(secret: str) -> None:
    sealed = Vault([OLD]).seal("p", "o", secret)
    both = Vault([NEW, OLD])
    assert both.open("p", "o", sealed.key_id, sealed.text) == secret
    again = both.seal("p", "o", secret)
    assert again.key_id == key_id_of(NEW) != sealed.key_id
    assert Vault([NEW]).open("p", "o", again.key_id, again.text) == secret


@given(purpose=LINE, owner=LINE, other_purpose=LINE, other_owner=LINE)
def test_another_purpose_or_owner_is_refused(
    purpose: str, owner: str, other_purpose: str, other_owner: str
) -> None:
    if (purpose, owner) == (other_purpose, other_owner):
        return
    vault = Vault([OLD])
    sealed = vault.seal(purpose, owner, "secret")
    with pytest.raises(SealBroken):
        vault.open(other_purpose, other_owner, sealed.key_id, sealed.text)


@pytest.mark.parametrize(("purpose", "owner"), [("p\n", "o"), ("p", "o\n"), ("p\no", "")])
def test_purpose_and_owner_are_one_line_each(purpose: str, owner: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        Vault([OLD]).seal(purpose, owner, "secret")


@pytest.mark.parametrize(
    ("purpose", "owner"),
    [(PURPOSE_USER_TOKEN, "1/2"), (PURPOSE_PAGE_TOKEN, "1/3"), (PURPOSE_PAGE_TOKEN, "12")],
)
def test_a_page_token_moved_to_another_row_is_refused(purpose: str, owner: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(PURPOSE_PAGE_TOKEN, "1/2", "secret")
    with pytest.raises(SealBroken):
        vault.open(purpose, owner, sealed.key_id, sealed.text)


def test_an_unknown_key_is_named() -> None:
    sealed = Vault([OLD]).seal("p", "o", "secret")
    with pytest.raises(WrongKey) as caught:
        Vault([NEW]).open("p", "o", sealed.key_id, sealed.text)
    assert caught.value.key_id == key_id_of(OLD)


@pytest.mark.parametrize("text", ["", "x", "gAAAAA", "ünicode", "x" * 5000])
def test_what_was_never_sealed_is_refused(text: str) -> None:
    vault = Vault([OLD])
    with pytest.raises(SealBroken):
        vault.open("p", "o", vault.current_key_id, text)


def test_an_altered_seal_is_refused() -> None:
    vault = Vault([OLD])
    sealed = vault.seal("p", "o", "secret")
    middle = len(sealed.text) // 2
    letter = "A" if sealed.text[middle] != "A" else "B"
    altered = sealed.text[:middle] + letter + sealed.text[middle + 1 :]
    with pytest.raises(SealBroken):
        vault.open("p", "o", sealed.key_id, altered)


def test_a_seal_of_another_key_under_this_keys_id_is_refused() -> None:
    sealed = Vault([OLD]).seal("p", "o", "secret")
    vault = Vault([NEW])
    with pytest.raises(SealBroken):
        vault.open("p", "o", vault.current_key_id, sealed.text)


def test_the_first_key_seals_and_all_open() -> None:
    vault = Vault([NEW, OLD])
    assert vault.current_key_id == key_id_of(NEW)
    assert vault.key_ids == {key_id_of(NEW), key_id_of(OLD)}


def test_a_key_id_is_twelve_hex_digits_and_no_part_of_the_key() -> None:
    key_id = key_id_of(OLD)
    assert len(key_id) == 12
    assert int(key_id, 16) >= 0
    assert key_id not in OLD


@pytest.mark.parametrize("keys", [[], [""], ["too short"], [OLD, "x" * 44]])
def test_bad_keys_are_refused_without_being_repeated(keys: list[str]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the check is on its text, below)
        Vault(keys)
    assert not any(key and key in str(caught.value) for key in keys)


def test_neither_vault_nor_seal_shows_anything() -> None:
    vault = Vault([OLD])
    sealed = vault.seal("p", "o", "secret")
    assert OLD not in repr(vault)
    assert "secret" not in sealed.text
    assert sealed.text not in repr(sealed)
    assert isinstance(sealed, Sealed)


def test_two_seals_of_one_secret_differ() -> None:
    vault = Vault([OLD])
    assert vault.seal("p", "o", "secret").text != vault.seal("p", "o", "secret").text
