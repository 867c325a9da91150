"""Archiving: from a Page's screen, out of Overview, found again, and brought back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pages.text.formats import day
from storage.accounts.archive import archive_pages, list_archived
from storage.db.installation import bump_data_version
from storage.people.person import THIS_COMPUTER
from tests.screens.conftest import HOSTILE, NOW, Stage, open_dialog, press, tiles_of, words_of
from tests.screens.figures import connect, give_page, rising
from tests.screens.overview.test_overview import names_of


def fill(stage: Stage, hostile: str = "Optik Keller") -> None:
    grant_id = connect(stage)
    for page_id, name in (("1", "Café Lindenhof"), ("2", hostile), ("3", "Café Krone")):
        give_page(stage, page_id, rising(1000, int(page_id)), name=name, grant_id=grant_id)


def put_away(stage: Stage, *page_ids: str) -> None:
    with stage.installation.database.writing() as session:
        archive_pages(session, page_ids, NOW, by=THIS_COMPUTER)
        bump_data_version(session)


def archived(stage: Stage) -> set[str]:
    with stage.installation.database.reading() as session:
        return list_archived(session, ["1", "2", "3"])


def test_a_page_is_archived_from_its_screen_and_brought_back(stage: Stage) -> None:
    fill(stage, HOSTILE)
    at = stage.open("page", {"id": "2"})
    assert "Archived" not in words_of(at).replace("Archive this Page", "")
    open_dialog(at, lambda at: at.button(key="archive-page").click())
    said = words_of(at)
    assert "leaves the totals, the chart, the table, the daily refresh and “Needs atten" in said
    assert "those days stay empty for ever" in said
    assert "one click brings it back" in said
    assert "<b>" not in said.replace("\\<b", "")
    at.button(key="archive-yes").click().run()
    assert not at.exception
    assert archived(stage) == {"2"}
    assert "was archived" in at.toast[0].value
    at = stage.open("page", {"id": "2"})
    assert f"Archived since {day(NOW.date())}" in words_of(at)
    at.button(key="unarchive").click().run()
    assert not at.exception
    assert archived(stage) == set()
    assert "Archived since" not in words_of(at)


def test_cancel_archives_nothing(stage: Stage) -> None:
    fill(stage)
    at = stage.open("page", {"id": "2"})
    open_dialog(at, lambda at: at.button(key="archive-page").click())
    at.button(key="archive-no").click().run()
    assert archived(stage) == set()


def test_what_is_archived_is_on_overview_only_where_it_is_asked_for(stage: Stage) -> None:
    fill(stage)
    put_away(stage, "1")
    at = stage.open("overview")
    assert set(names_of(at)) == {"Optik Keller", "Café Krone"}
    assert tiles_of(at)["Pages"] == "2"
    assert not [link for link in at.page_link if "Lindenhof" in str(link.value)]
    assert "archived" not in words_of(at)
    at = stage.open("overview", {"q": "café"})
    assert names_of(at) == ["Café Krone"]
    press(at, "1 archived Page matches")
    assert names_of(at) == ["Café Lindenhof"]
    assert at.query_params["archived"] == "yes"
    assert "**1 Page** in the archive." in words_of(at)
    press(at, "Show every Page")
    assert "archived" not in at.query_params


def test_the_filter_has_a_switch_once_there_is_an_archive(stage: Stage) -> None:
    fill(stage)
    assert not stage.open("overview", popover="filter").toggle
    put_away(stage, "1", "3")
    at = stage.open("overview", popover="filter")
    assert [toggle.label for toggle in at.toggle] == ["Archived Pages (2)"]
    at.toggle(key="filter-archived").set_value(True).run()
    assert set(names_of(at)) == {"Café Lindenhof", "Café Krone"}
    assert at.toggle(key="filter-archived").value is True
    at.toggle(key="filter-archived").set_value(False).run()
    assert names_of(at) == ["Optik Keller"]


def test_with_every_page_archived_overview_says_where_they_are(stage: Stage) -> None:
    fill(stage)
    put_away(stage, "1", "2", "3")
    at = stage.open("overview")
    assert tiles_of(at)["Pages"] == "0"
    press(at, "Show 3 archived Pages")
    assert len(names_of(at)) == 3
    assert not at.exception


def test_compare_says_which_page_is_archived_and_offers_none(stage: Stage) -> None:
    fill(stage)
    put_away(stage, "1")
    assert "Café Lindenhof is archived" in words_of(stage.open("compare", {"ids": "1,2"}))
    assert "Lindenhof" not in words_of(stage.open("compare"))


def test_activity_names_what_was_archived(stage: Stage) -> None:
    fill(stage)
    put_away(stage, "1")
    put_away(stage, "2", "3")
    rows: AppTest = stage.open("activity")
    told = list(rows.dataframe[0].value["what"][:2])
    assert told == ["2 Pages were archived", "Café Lindenhof was archived"]
