"""A database that goes away, or is held by another program, is said in words on every screen."""

from __future__ import annotations

import pytest

from pages.text import wording
from storage.db.errors import DatabaseBusy, DatabaseUnreachable, StorageError
from tests.screens.conftest import Stage, words_of


@pytest.mark.parametrize(
    ("error", "kind"),
    [(DatabaseUnreachable(), "database_unreachable"), (DatabaseBusy(), "database_held")],
)
@pytest.mark.parametrize("screen", ["overview", "connections", "connect"])
def test_every_screen_says_what_became_of_the_database(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    error: StorageError,
    kind: str,
) -> None:
    def reading() -> None:
        raise error

    monkeypatch.setattr(stage.installation.database, "reading", reading)
    said = words_of(stage.open(screen))
    expected = wording.STARTUP_ERRORS[kind]
    assert expected.title in said
    assert expected.sentence in said
