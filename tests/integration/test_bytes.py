"""How much Overview sends over the socket stays small, however many Pages there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import overview
from tests.bench.stage import served_dashboard
from tests.bench.tab import opened_tab


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[overview.Visit]:
    """A visit to a dashboard of 1,000 Pages with 90 days of history."""
    folder: Path = tmp_path_factory.mktemp("bytes")
    with (
        served_dashboard(folder, pages=overview.PAGES, days=overview.DAYS) as port,
        opened_tab(port) as tab,
    ):
        yield overview.visit(tab)


def test_the_first_load_is_small(seen: overview.Visit) -> None:
    assert seen.first_load.bytes_count <= overview.FIRST_LOAD_KB * 1000


def test_another_page_of_the_table_is_small(seen: overview.Visit) -> None:
    assert seen.other_rows.bytes_count > seen.same_figures[1].bytes_count  # it was sent at all
    assert seen.other_rows.bytes_count <= overview.OTHER_ROWS_KB * 1000


def test_another_period_is_small(seen: overview.Visit) -> None:
    assert seen.other_period.bytes_count > seen.same_figures[2].bytes_count
    assert seen.other_period.bytes_count <= overview.OTHER_PERIOD_KB * 1000


def test_what_has_not_changed_is_not_sent_again(seen: overview.Visit) -> None:
    sent = [answer.bytes_count for answer in seen.same_figures]
    assert max(sent) <= overview.SAME_FIGURES_KB * 1000, sent
