"""Of thousands of allowances the one that ends first is kept."""

from __future__ import annotations

from fb.graph.rate_limits import UsageReading
from fb.jobs.telemetry import find_highest_of_each_kind


def reading(scope: str, kind: str, percent: int) -> UsageReading:
    return UsageReading(scope, kind, percent, None, 0, None)


def test_each_kind_keeps_its_highest() -> None:
    app, low, high = reading("app", "app", 3), reading("1", "pages", 5), reading("2", "pages", 97)
    assert find_highest_of_each_kind([app, low, high]) == {"app": app, "pages": high}
    assert find_highest_of_each_kind([]) == {}
