"""The sentences on Activity about Facebook's limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pages.parts.activity.limits import describe
from storage.jobs.rate_limits import Limit

NOW = datetime(2026, 11, 22, 13, 40, tzinfo=UTC)
UNTIL = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "limit", "sentence"),
    [
        (
            None,
            Limit(None, 96, UNTIL),
            "Facebook's limit for this app: 96 % used. Reading goes on at 14:05 UTC.",
        ),
        (
            None,
            Limit(None, 85, None),
            "Facebook's limit for this app: 85 % used. Until it is less, reading is slower.",
        ),
        (
            "Anna Example",
            Limit(3, None, UNTIL),
            "Facebook's limit for Anna Example is reached. Reading goes on at 14:05 UTC.",
        ),
    ],
)
def test_what_a_limit_means_for_reading(name: str | None, limit: Limit, sentence: str) -> None:
    assert describe(name, limit, NOW) == sentence
