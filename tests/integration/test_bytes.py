"""How much Overview sends over the socket stays small, however many Pages there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.bench import overview
from tests.bench.stage import make_dashboard, served_dashboard
from tests.bench.tab import Answer, opened_tab

PAGES, DAYS = 1_000, 90


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[overview.Visit]:
    """A visit to a dashboard of 1,000 Pages with 90 days of history."""
    folder: Path = tmp_path_factory.mktemp("bytes")
    make_dashboard(folder, pages=PAGES, days=DAYS)
    with served_dashboard(folder) as server, opened_tab(server.port) as tab:
        yield overview.visit(tab)


def largest(answers: Iterable[Answer]) -> int:
    return max(answer.bytes_count for answer in answers)


def test_the_first_load_is_small(seen: overview.Visit) -> None:
    assert seen.first_load.bytes_count <= overview.FIRST_LOAD_KB * 1000


def test_other_rows_are_sent_and_small(seen: overview.Visit) -> None:
    assert largest(seen.same_figures) < largest(seen.other_rows) <= overview.OTHER_ROWS_KB * 1000


def test_another_period_is_sent_and_small(seen: overview.Visit) -> None:
    assert (
        largest(seen.same_figures) < largest(seen.other_period) <= overview.OTHER_PERIOD_KB * 1000
    )


def test_what_has_not_changed_is_not_sent_again(seen: overview.Visit) -> None:
    assert largest(seen.same_figures) <= overview.SAME_FIGURES_KB * 1000
