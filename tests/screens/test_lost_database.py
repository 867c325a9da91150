"""A database that goes away while the dashboard runs is said in words, on every screen."""

from __future__ import annotations

import pytest

from storage.db.errors import DatabaseUnreachable
from tests.screens.conftest import Stage, words_of


@pytest.mark.parametrize("screen", ["overview", "connections", "connect"])
def test_every_screen_says_that_the_database_is_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    def reading() -> None:
        raise DatabaseUnreachable("it does not answer")

    monkeypatch.setattr(stage.installation.database, "reading", reading)
    at = stage.open(screen)
    assert "database" in words_of(at).casefold()
