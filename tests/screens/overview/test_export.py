"""The Export popover on three screens: which files it offers, and what is in them."""

from __future__ import annotations

import csv
import io
from html import escape

import pytest

from pages.text import formats
from pages.ui.export import menu
from pages.ui.export.menu import Offer
from pages.ui.export.report import unbroken
from storage.csv_import.cells import UnreadableFile
from storage.csv_import.reader import read_file
from storage.notes.notes import NoteDraft, add_note
from tests.present import TODAY, ago
from tests.screens.conftest import NOW, Stage
from tests.screens.figures import connect, fill, give_page, rising

HOSTILE = "=cmd|'/c calc'!A1 <script>x</script>"


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Offer]:
    """The offers of the last screen by their keys: AppTest can't press a download."""
    found: dict[str, Offer] = {}
    drawn = menu._button

    def draw(offer: Offer) -> None:
        found[offer.key] = offer
        drawn(offer)

    monkeypatch.setattr(menu, "_button", draw)
    return found


def rows_in(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_overview_offers_all_rows_not_only_those_shown(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 30)
    stage.open("overview", popover=menu.KEY)
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
    assert offers["table-csv"].file_name == f"pagekeeper-pages-{ago(27)}-{TODAY}.csv"


def test_search_narrows_the_table_and_the_daily_figures(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 12)
    stage.open("overview", {"q": "Page 011"}, popover=menu.KEY)
    assert len(rows_in(offers["table-csv"].make())) == 1
    assert len(rows_in(offers["series-csv"].make())) == 28
    assert "12 Pages" in offers["report"].make().decode()
    assert offers["chart"].make().startswith(b"\x89PNG\r\n")


def test_a_page_and_its_hostile_name(stage: Stage, offers: dict[str, Offer]) -> None:
    give_page(stage, "7", rising(1000, 5), name=HOSTILE, grant_id=connect(stage))
    stage.open("page", {"id": "7"}, popover=menu.KEY)
    assert list(offers) == ["series-csv", "series-xlsx", "chart", "report"]
    assert offers["report"].file_name.startswith("pagekeeper-cmd-c-calc-A1-script")
    rows = rows_in(offers["series-csv"].make())
    assert len(rows) == 28
    assert {row["page_name"] for row in rows} == {"'" + HOSTILE}
    assert {row["net_new (fans)"] for row in rows} == {"5"}
    report = offers["report"].make().decode()
    assert "<script" not in report
    assert "&lt;script&gt;" in report


def test_what_does_not_fit_in_excel_is_said(
    stage: Stage, offers: dict[str, Offer], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stage, 2)
    monkeypatch.setattr(menu, "MIN_ZIP_ROWS", 10)
    monkeypatch.setattr("storage.export.csv_xlsx.MIN_ZIP_ROWS", 10)
    monkeypatch.setattr(menu, "MAX_XLSX_ROWS", 50)
    at = stage.open("overview", popover=menu.KEY)
    assert "series-xlsx" not in offers
    assert "56 rows don't fit in an Excel sheet" in " ".join(str(c.value) for c in at.caption)
    assert offers["series-csv"].make().startswith(b"PK")
    assert offers["series-csv"].file_name.endswith(".zip")


def test_compare_offers_its_table_with_whole_names(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 1)
    give_page(stage, "77", rising(1000, 5), name="=1+1 " + "x" * 60)
    stage.open("compare", {"ids": "77,1"}, popover=menu.KEY)
    assert list(offers)[:2] == ["table-csv", "table-xlsx"]
    assert offers["table-csv"].file_name == f"pagekeeper-compare-{ago(27)}-{TODAY}.csv"
    content = offers["table-csv"].make()
    first, second = rows_in(content)
    assert (first["page_id"], second["page_id"]) == ("77", "1")
    assert first["page_name"] == "'=1+1 " + "x" * 60
    assert (first["since (UTC)"], first["until (UTC)"]) == (f"{ago(27)}", f"{TODAY}")
    assert (first["net_new (fans)"], first["net_new_per_day"]) == ("140", "5.0000")
    assert first["days"] == "28"
    assert offers["table-xlsx"].make().startswith(b"PK")
    assert offers["chart"].make().startswith(b"\x89PNG\r\n")
    with pytest.raises(UnreadableFile, match="date"):  # its figures are of no single day
        read_file(io.BytesIO(content), NOW.date())


@pytest.mark.parametrize(("screen", "query"), [("overview", {}), ("page", {"id": "1"})])
def test_a_report_tells_the_notes_of_its_chart(
    stage: Stage, offers: dict[str, Offer], screen: str, query: dict[str, str | list[str]]
) -> None:
    fill(stage, 2)
    text = "<b>Autumn</b> campaign, which stands longer than a label"
    with stage.installation.database.writing() as session:
        add_note(session, NoteDraft(ago(14), text), NOW)
    stage.open(screen, query, popover=menu.KEY)
    report = offers["report"].make().decode()
    assert "<h2>Notes</h2>" in report
    assert unbroken(formats.weekday(ago(14))) in report
    assert f">{escape(text)}<" in report
    with_note = offers["chart"].make()
    stage.open(screen, {**query, "notes": "hidden"}, popover=menu.KEY)
    assert "<h2>Notes</h2>" not in offers["report"].make().decode()
    assert offers["chart"].make() != with_note
