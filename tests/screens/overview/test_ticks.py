"""Ticked Pages of Overview's table: the bar, what stays ticked, and the columns above them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from pages.parts.overview import ticks
from pages.parts.overview.columns import BY_NAME
from storage.accounts.archive import archive_pages
from storage.db.installation import bump_data_version
from storage.models import Page, PageGrant, Snapshot
from storage.people.person import THIS_COMPUTER
from tests.screens.conftest import NOW, Stage, links_of, open_dialog, press, words_of
from tests.screens.figures import fill
from tests.screens.overview.test_overview import names_of, table_of
from tests.screens.overview.test_tags import give_tag, labels, tagged

HINT = "Tick Pages to open, tag, compare or export them."


def ticked(at: AppTest) -> tuple[str, ...]:
    ids: tuple[str, ...] = at.session_state["ticked-pages"]
    return ids


def test_nothing_ticked_is_a_hint_and_no_bar(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview")
    assert HINT in words_of(at)
    assert "ticked-clear" not in [button.key for button in at.button]


def test_one_ticked_page_can_be_opened_with_the_way_back(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", {"sort": "Name A to Z"}, ticked=["2"])
    assert "**1 ticked** ·" in words_of(at)
    link = next(link for link in at.page_link if link.value == "Open")
    assert link.proto.query_string == "id=2&from=sort%3DName%2BA%2Bto%2BZ"
    assert "Compare takes 2 to 5 Pages" in words_of(at)


@pytest.mark.parametrize(("count", "can_compare"), [(2, True), (6, False)])
def test_two_to_five_can_be_compared(stage: Stage, count: int, *, can_compare: bool) -> None:
    fill(stage, 8)
    at = stage.open("overview", ticked=[str(number) for number in range(1, count + 1)])
    assert (f"Compare these {count}" in links_of(at)) == can_compare
    assert ("Compare takes 2 to 5 Pages" in words_of(at)) != can_compare
    assert "Open" not in links_of(at)


def test_ticks_outlive_page_turns_search_order_and_filter(stage: Stage) -> None:
    fill(stage, 30)
    at = stage.open("overview", {"page": "2"}, ticked=["1", "30"])
    assert "**2 ticked** ·" in words_of(at), "both are in the list, on whichever page"
    at.text_input(key="q").set_value("Page 030").run()
    assert "**2 ticked**, 1 of them not in this list ·" in words_of(at)
    at.text_input(key="q").set_value("nobody").run()
    assert "**2 ticked**, 2 of them not in this list ·" in words_of(at)
    at.text_input(key="q").set_value("").run()
    at.selectbox(key="sort").select("Name A to Z").run()
    assert "**2 ticked** ·" in words_of(at)
    at.button(key="ticked-clear").click().run()
    assert ticked(at) == ()
    assert HINT in words_of(at)


def test_a_page_that_is_gone_is_not_ticked(stage: Stage) -> None:
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        for model in (Snapshot, PageGrant):
            session.execute(delete(model).where(model.page_id == "2"))
        session.execute(delete(Page).where(Page.id == "2"))
        bump_data_version(session)
    at = stage.open("overview", ticked=["1", "2", "no such"])
    assert "**1 ticked** ·" in words_of(at)
    assert ticked(at) == ("1",)


def test_tags_are_given_to_the_ticked_pages_and_to_no_others(stage: Stage) -> None:
    fill(stage, 12)
    give_tag(stage, "Client", ["1"])
    at = stage.open("overview", {"q": "Page 005"}, ticked=["1", "2", "3"], popover="tags-bulk")
    said = words_of(at)
    assert "**Tag these 3 Pages**" in said
    assert "The ticked Pages, also those that are not in this list." in said
    assert "Remove from 1 Page" in labels(at)
    at = press(at, "Add to 2 Pages")
    assert tagged(stage, "Client") == ["1", "2", "3"]
    assert "**3 ticked**, 3 of them not in this list ·" in words_of(at)


def test_taking_the_ticks_of_a_table_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {ticks.KEY: ("1", "7")}
    monkeypatch.setattr("streamlit.session_state", state)
    assert ticks.take(["1", "2", "3"], [1, 2])
    assert ticks.list_ticked() == ("2", "3", "7")
    assert not ticks.take(["1", "2", "3"], [1, 2])
    monkeypatch.setattr(ticks, "MAX_TICKED", 2)
    ticks.take(["4", "5"], [0, 1])
    assert len(ticks.list_ticked()) <= 3
    assert "no more can be ticked" in ticks.describe(2, 2)


def test_columns_are_those_of_the_address_and_can_be_chosen(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", {"columns": "fans,category,bogus"}, popover="columns-box")
    assert list(table_of(at).columns) == ["picture", "name", "fans", "category"]
    box = at.multiselect(key="columns-chosen")
    assert box.value == ["fans", "category"]
    assert box.options[:3] == ["Fans", "New fans", "Growth"]
    box.set_value(["updated"]).run()
    assert list(table_of(at).columns) == ["picture", "name", "updated"]
    assert at.query_params["columns"] == "updated"
    mover = next(link for link in at.page_link if "Page 003" in str(link.value))
    assert "from=columns%3Dupdated" in mover.proto.query_string
    at.multiselect(key="columns-chosen").set_value([]).run()
    assert "columns" not in at.query_params
    shown = list(table_of(at).columns)
    assert shown == ["picture", "name", "fans", "net", "growth", "trend"]
    assert set(shown) < set(BY_NAME)


def test_pages_are_archived_from_the_bar_and_then_no_longer_ticked(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", ticked=["1", "2"])
    open_dialog(at, lambda at: at.button(key="ticked-archive").click())
    at.button(key="archive-yes").click().run()
    assert names_of(at) == ["Page 003"]
    assert ticked(at) == ()
    assert HINT in words_of(at)


def test_archived_pages_are_ticked_among_the_archived_alone(stage: Stage) -> None:
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        archive_pages(session, ["2"], NOW, by=THIS_COMPUTER)
    at = stage.open("overview", {"archived": "yes"}, ticked=["1", "2"])
    assert names_of(at) == ["Page 002"]
    assert "**2 ticked**, 1 of them not in this list ·" in words_of(at)
    assert "ticked-archive" not in [button.key for button in at.button]
    at.button(key="ticked-unarchive").click().run()
    at = stage.open("overview", ticked=["1", "2"])
    assert ticked(at) == ("1", "2"), "both are back in the list"


def test_search_is_counted_in_the_heading_and_said_to_narrow_the_table(stage: Stage) -> None:
    fill(stage, 12)
    headings = [heading.value for heading in stage.open("overview").header]
    assert "12 Pages" in headings
    at = stage.open("overview", {"q": "Page 01"})
    assert "4 of 12 Pages" in [heading.value for heading in at.header]
    said = words_of(at)
    assert "narrow this table alone" in said
    assert "Together" in said
    one = stage.open("overview", {"q": "Page 011"})
    assert "1 of 12 Pages" in [heading.value for heading in one.header]
    assert "Together" not in words_of(one)
    assert names_of(one) == ["Page 011"]
