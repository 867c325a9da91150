"""Roles: what each may open and see, and what a press does once a role was taken away."""

from __future__ import annotations

import pytest

from storage.people.person import Role
from tests.screens.conftest import Stage, words_of


@pytest.mark.parametrize(
    ("role", "screen", "is_open"),
    [
        ("viewer", "overview", True),
        ("viewer", "setup", False),
        ("viewer", "imports", False),
        ("operator", "setup", True),
    ],
)
def test_a_typed_address_says_which_role_it_takes(
    stage: Stage, role: Role, screen: str, is_open: bool
) -> None:
    stage.sign_in(role)
    at = stage.open(screen)
    assert ("It takes the role" in words_of(at)) != is_open


def test_whoever_is_signed_out_sees_no_figures(stage: Stage) -> None:
    stage.sign_in("admin")
    stage.user = {"session": "0123456789abcdef"}
    assert "You are signed out" in words_of(stage.open("overview"))
