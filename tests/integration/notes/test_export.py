"""What is exported, on both databases; and that importing it again changes nothing."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from storage.csv_import.page_index import PageIndex, fold_name
from storage.db.engine import Database
from storage.export.tables import (
    GAINED,
    ExportQuery,
    count_daily_figures,
    export_daily_figures,
    export_page_table,
)
from storage.figures.filters import Filter
from storage.figures.table import SortKey
from storage.models import InsightValue, Page, Snapshot
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.notes.csv_files import NOW, list_snapshots, take_in, try_out
from tests.past_files import guess, read_file

pytestmark = pytest.mark.both_databases

ALL = ExportQuery(day(0), day(20), "fans")
SHOWN = ("fans", "followers", "net_new_fans")
HOSTILE = '=1+1, "Café";\n\'x'


def export_series(database: Database, query: ExportQuery) -> bytes:
    with database.reading() as session:
        return export_daily_figures(session, query, "csv")


def export_table(database: Database, *, sort: SortKey, descending: bool) -> bytes:
    with database.reading() as session:
        return export_page_table(session, ALL, "csv", sort=sort, descending=descending)


def count_rows(database: Database, query: ExportQuery) -> int:
    with database.reading() as session:
        return count_daily_figures(session, query)


def rows_in(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def stocked(database: Database) -> Database:
    """Pages with gaps, without one of the figures, with the same name, with a hostile one."""
    with database.writing() as session:
        add_page(
            session,
            "1",
            {-1: 99, 0: 100, 1: 103, 5: 110, 6: None, 7: 112},
            {0: 7, 6: 9},
            name="Twin",
        )
        add_page(session, "2", {0: 0, 1: 5}, {}, name="Twin", category="Café")
        add_page(session, "3", {}, {-3: 1, 2: 4, 3: 4}, name=HOSTILE)
        add_page(session, "4", {2: None}, {2: None}, name="Silent")
        add_page(session, "5", name="Without any day")
    return database


def test_daily_figures(stocked: Database) -> None:
    rows = rows_in(export_series(stocked, ALL))
    shown = [
        (
            row["page_id"],
            (date.fromisoformat(row["date_utc"]) - day(0)).days,
            row["fans"],
            row["followers"],
            row["net_new_fans"],
        )
        for row in rows
    ]
    assert shown == [
        ("3", 2, "", "4", ""),
        ("3", 3, "", "4", ""),
        ("1", 0, "100", "7", "1"),
        ("1", 1, "103", "", "3"),
        ("1", 5, "110", "", "7"),
        ("1", 6, "", "9", ""),
        ("1", 7, "112", "", "2"),
        ("2", 0, "0", "", ""),
        ("2", 1, "5", "", "5"),
    ]
    assert rows[0]["page_name"] == "'=1+1, \"Café\";'\n'x"
    assert (rows[0]["source"], rows[0]["graph_version"]) == ("snapshot", "v26.0")
    assert rows[0]["fetched_at_utc"] == f"{day(2)} 06:05:00"
    assert count_rows(stocked, ALL) >= len(rows)


def test_daily_figures_of_some_pages(stocked: Database) -> None:
    chosen = ExportQuery(day(0), day(20), "followers", page_ids=("3",))
    rows = rows_in(export_series(stocked, chosen))
    assert [(row["page_id"], row["net_new_followers"]) for row in rows] == [("3", ""), ("3", "0")]
    of_category = ExportQuery(day(0), day(20), "fans", Filter(categories=("Café",)))
    assert {row["page_id"] for row in rows_in(export_series(stocked, of_category))} == {"2"}
    assert count_rows(stocked, of_category) == 2


def test_what_facebook_says_was_gained_stands_beside_and_is_no_part_of_net(
    stocked: Database,
) -> None:
    with stocked.writing() as session:
        session.add(InsightValue(page_id="1", metric=GAINED, day=day(1), value=8, fetched_at=NOW))
    rows = rows_in(export_series(stocked, ALL))
    gained = "gained_pacific_day"
    assert {(r["page_id"], r["date_utc"], r["net_new_fans"]) for r in rows if r[gained]} == {
        ("1", f"{day(1)}", "3")
    }


def test_the_table_has_every_page_and_no_totals(stocked: Database) -> None:
    content = export_table(stocked, sort="name", descending=False)
    rows = rows_in(content)
    assert [row["page_id"] for row in rows] == ["3", "4", "1", "2", "5"]
    assert rows[2]["fans"] == "112"


def taken_in_again(database: Database, content: bytes) -> None:
    """Import an exported file; nothing may change."""
    before = list_snapshots(database)
    figures = read_file(io.BytesIO(content), day(21))
    assert try_out(database, figures).counts.new == 0
    assert take_in(database, figures, "export.csv", NOW) is None
    assert list_snapshots(database) == before


def test_importing_an_export_changes_nothing(stocked: Database) -> None:
    for since in (0, -3):
        asked = ExportQuery(day(since), day(20), "fans")
        taken_in_again(stocked, export_series(stocked, asked))
    figures = read_file(io.BytesIO(export_series(stocked, ALL)), day(21))
    counts = try_out(stocked, figures).counts
    assert (counts.equal, counts.conflicting, counts.refused) == (9, 0, 0)


def test_the_table_is_no_file_of_figures_by_day(stocked: Database) -> None:
    """Its two figures may be of different days, so its day is not taken without a question."""
    table = export_table(stocked, sort="fans", descending=True).decode("utf-8-sig")
    (question,) = guess(table, PageIndex([])).questions
    assert question.startswith("“as_of_utc” seems to be the day")


FIGURES = st.one_of(st.none(), st.integers(0, 10**9))
DAYS = st.dictionaries(st.integers(0, 20), FIGURES, max_size=6)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def id_of(number: int) -> str:
    """An id that no name is equal to by chance."""
    return f"1015805685000000{number}"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([("\t", {}, {}), (" \t", {}, {0: 0})])
@example([("\r", {}, {}), (" \t", {}, {0: 0})])
@example([("0E0", {0: 0}, {})])
@given(st.lists(st.tuples(NAMES | st.text("'=+-@ ,;\"\n\r\t", min_size=1), DAYS, DAYS), max_size=4))
def test_any_export_is_understood_again(database: Database, pages: list[Any]) -> None:
    """By id, and by name alone where it is unique: each stored day is met as it is stored."""
    with database.writing() as session:
        for model in (Snapshot, Page):
            session.execute(delete(model))
        for number, (name, fans, followers) in enumerate(pages):
            add_page(session, id_of(number), fans, followers, name=name)
    content = export_series(database, ALL)
    if not rows_in(content):
        return
    taken_in_again(database, content)
    by_name = io.StringIO()
    writer = csv.DictWriter(
        by_name, ["page_name", "date_utc", "fans", "followers"], extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(rows_in(content))
    counts = try_out(database, read_file(io.BytesIO(by_name.getvalue().encode()), day(21))).counts
    # Whoever shares a name, or has none that can be seen, is found by id alone.
    names = [name for name, _, _ in pages]
    refused = [
        row
        for row in rows_in(content)
        if names.count(name := names[int(row["page_id"][-1])]) > 1 or not fold_name(name)
    ]
    assert counts.refused == len(refused)
    assert (counts.new, counts.conflicting) == (0, 0)
