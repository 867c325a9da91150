"""The Export popover on three screens: which files it offers, and what is in them."""

from __future__ import annotations

import csv
import io

import pytest

from pages.reporting import exporting
from pages.reporting.exporting import Offer
from tests.screens.conftest import Stage
from tests.screens.figures import connect, fill, give_page, rising

HOSTILE = "=cmd|'/c calc'!A1 <script>x</script>"


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Offer]:
    """The offers of the last screen by their keys: AppTest can't press a download."""
    found: dict[str, Offer] = {}
    drawn = exporting._button

    def draw(offer: Offer) -> None:
        found[offer.key] = offer
        drawn(offer)

    monkeypatch.setattr(exporting, "_button", draw)
    return found


def rows_in(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_overview_offers_all_rows_not_only_those_shown(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 30)
    at = stage.open("overview")
    assert not at.exception
    assert list(offers) == [
        "table-csv",
        "table-xlsx",
        "series-csv",
        "series-xlsx",
        "chart",
        "report",
    ]
    table = rows_in(offers["table-csv"].make())
    assert [row["page_name"] for row in table[:2]] == ["Page 030", "Page 029"]
    assert len(table) == 30
    assert len(rows_in(offers["series-csv"].make())) == 30 * 28
    assert offers["table-csv"].file_name == "pagekeeper-pages-2026-10-26-2026-11-22.csv"


def test_search_narrows_the_table_and_the_daily_figures(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 12)
    stage.open("overview", {"q": "Page 011"})
    assert len(rows_in(offers["table-csv"].make())) == 1
    assert len(rows_in(offers["series-csv"].make())) == 28
    assert "12 Pages" in offers["report"].make().decode()


def test_a_page_and_its_hostile_name(stage: Stage, offers: dict[str, Offer]) -> None:
    give_page(stage, "7", rising(1000, 5), name=HOSTILE, grant_id=connect(stage))
    at = stage.open("page", {"id": "7"})
    assert not at.exception
    assert list(offers) == ["series-csv", "series-xlsx", "chart", "report"]
    assert offers["report"].file_name.startswith("pagekeeper-cmd-c-calc-A1-script")
    rows = rows_in(offers["series-csv"].make())
    assert len(rows) == 28
    assert {row["page_name"] for row in rows} == {"'" + HOSTILE}
    assert {row["net_new (fans)"] for row in rows} == {"5"}
    report = offers["report"].make().decode()
    assert "<script" not in report
    assert "&lt;script&gt;" in report


def test_pictures_are_pictures(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 2)
    for screen, query in (("overview", {}), ("page", {"id": "1"}), ("compare", {"ids": "1,2"})):
        offers.clear()
        at = stage.open(screen, query)
        assert not at.exception
        assert offers["chart"].make().startswith(b"\x89PNG\r\n")


def test_what_does_not_fit_in_excel_is_said(
    stage: Stage, offers: dict[str, Offer], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stage, 2)
    monkeypatch.setattr(exporting, "PACKED_FROM_ROWS", 10)
    monkeypatch.setattr("fb.exporting.PACKED_FROM_ROWS", 10)
    monkeypatch.setattr(exporting, "MOST_XLSX_ROWS", 50)
    at = stage.open("overview")
    assert "series-xlsx" not in offers
    assert "56 rows don't fit in an Excel sheet" in " ".join(str(c.value) for c in at.caption)
    assert offers["series-csv"].make().startswith(b"PK")
    assert offers["series-csv"].file_name.endswith(".zip")
