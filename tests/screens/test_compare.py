"""Compare: Pages from the address, what was dropped, chart, table, and a few to begin with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from storage.notes.notes import NoteDraft, add_note
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, charts_of, words_of
from tests.screens.figures import TODAY, connect, day_of, fill, give_page, rising


def chart_of(at: AppTest) -> dict[str, Any]:
    (spec,) = charts_of(at)
    return spec


def marks_of(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    layers = [inner for layer in spec["layer"] for inner in layer.get("layer", [layer])]
    return [layer for layer in layers if layer["mark"]["type"] == mark]


def ends_of(at: AppTest) -> list[str]:
    return [text["data"]["values"][0]["text"] for text in marks_of(chart_of(at), "text")]


def said_by(at: AppTest) -> str:
    """Everything a person reads, without the marks that defuse Markdown."""
    return words_of(at).replace("\u2060", "").replace("\\", "")


def chips_of(at: AppTest) -> list[str]:
    return [b.label for b in at.button if str(b.key).startswith("compare-remove-")]


def offers_of(at: AppTest) -> dict[str, str]:
    """The ids of what there is to begin with, by what it says."""
    buttons = [b for b in at.button if str(b.key).startswith("compare-begin-")]
    return {b.label: str(b.key).removeprefix("compare-begin-") for b in buttons}


def test_two_pages_side_by_side(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 10), rising(4000, 1), grant_id=grant_id, name="Optik")
    give_page(stage, "2", rising(5000, -5), grant_id=grant_id, name="Hofladen")
    at = stage.open("compare", {"ids": "2,1"})
    assert [title.value for title in at.title] == ["Compare"]
    assert chips_of(at) == ["Hofladen", "Optik"]
    assert [text.partition(" ")[2] for text in ends_of(at)] == ["Hofladen", "Optik"]
    assert "Fans, start = 100" in said_by(at)
    (table,) = at.dataframe
    hofladen, optik = (row for _, row in table.value.iterrows())
    assert (hofladen["name"], hofladen["net"], hofladen["days"]) == ("Hofladen", -140, "28 of 28")
    assert (optik["fans"], optik["followers"], optik["net"]) == (1610, 4061, 280)
    assert optik["growth"] == pytest.approx(100 * 280 / 1330, abs=0.005)
    assert optik["best"] == 10
    assert optik["per_day"] == 10
    assert optik["ratio"] == pytest.approx(0.4, abs=0.005)
    assert table.value["net_delta"].tolist() == [0, 0]
    assert "Someone who follows two of these Pages counts in both." in said_by(at)


def test_the_previous_period_is_compared_where_there_is_one(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 10), grant_id=grant_id)
    give_page(stage, "2", rising(1000, 10, range(10, TODAY + 1)), grant_id=grant_id)
    at = stage.open("compare", {"ids": "1,2", "period": "7 days"})
    (table,) = at.dataframe
    assert table.value["net_delta"].isna().tolist() == [False, True]
    assert "Page 2 has no earlier figures to compare with." in said_by(at)
    at = stage.open("compare", {"ids": "1,2", "period": "7 days", "comparison": "No comparison"})
    assert not {"net_delta", "growth_delta"} & {*at.dataframe[0].value.columns}
    assert "earlier figures" not in said_by(at)


@pytest.mark.parametrize(
    ("query", "heading", "end"),
    [
        ({"scale": "Numbers", "figure": "Followers"}, "Followers", "4,061"),
        ({"scale": "nonsense", "figure": "x"}, "Fans, start = 100", "121.1"),
    ],
)
def test_switches_stand_in_the_address(
    stage: Stage, query: dict[str, str], heading: str, end: str
) -> None:
    grant_id = connect(stage)
    for page_id in ("1", "2"):
        give_page(stage, page_id, rising(1000, 10), rising(4000, 1), grant_id=grant_id)
    at = stage.open("compare", {"ids": "1,2", **query})
    assert heading in [header.value for header in at.header]
    assert ends_of(at)[0].startswith(end)
    hundred = [r for r in marks_of(chart_of(at), "rule") if "datum" in r["encoding"].get("y", {})]
    assert len(hundred) == ("start" in heading)


def test_without_two_pages_the_largest_are_offered(stage: Stage) -> None:
    fill(stage, 6)
    at = stage.open("compare")
    assert "Choose two Pages to compare." in said_by(at)
    assert not at.get("vega_lite_chart")
    assert offers_of(at) == {
        "Page 006": "6",
        "Page 005": "5",
        "Page 004": "4",
        "Compare these 3": "6,5,4",
    }
    at.button(key="compare-begin-6,5,4").click().run()
    assert at.query_params["ids"] == "6,5,4"
    assert chips_of(at) == ["Page 006", "Page 005", "Page 004"]


def test_what_was_compared_can_be_compared_again(stage: Stage) -> None:
    fill(stage, 6)
    at = stage.open("compare", {"ids": "2,1"})
    assert not [button for button in at.button if button.key == "compare-again"]
    del at.query_params["ids"]  # as the navigation leads here
    at.run()
    (again,) = [button for button in at.button if button.key == "compare-again"]
    assert again.label == "Compare Page 002 and Page 001 again"
    again.click().run()
    assert at.query_params["ids"] == "2,1"
    assert chips_of(at) == ["Page 002", "Page 001"]


def test_with_one_page_the_most_alike_are_offered(stage: Stage) -> None:
    fill(stage, 8)
    at = stage.open("compare", {"ids": "2"})
    assert chips_of(at) == ["Page 002"]
    assert "Nearest to Page 002 in size:" in said_by(at)
    assert offers_of(at) == {"Page 001": "2,1", "Page 003": "2,3", "Page 004": "2,4"}


def test_an_installation_without_pages(stage: Stage) -> None:
    at = stage.open("compare", {"ids": "1,2"})
    assert "No Page is connected yet" in said_by(at)


def test_pages_without_any_figure(stage: Stage) -> None:
    grant_id = connect(stage)
    for page_id in ("1", "2"):
        give_page(stage, page_id, {}, grant_id=grant_id)
    assert "No Page has a figure yet." in said_by(stage.open("compare"))
    at = stage.open("compare", {"ids": "1,2"})
    assert "No fans to draw in this period." in said_by(at)
    assert "Page 1 has no snapshot yet." in said_by(at)


@pytest.mark.parametrize(
    ("ids", "chips", "said"),
    [
        ("1,2,99", ["Page 001", "Page 002"], "1 Page that is not connected here."),
        ("<script>,%,a\0b,,'--", [], "4 Pages that are not connected here."),
    ],
)
def test_what_the_address_asks_too_much_is_dropped_and_said(
    stage: Stage, ids: str, chips: list[str], said: str
) -> None:
    fill(stage, 2)
    at = stage.open("compare", {"ids": ids})
    assert chips_of(at) == chips
    assert f"Left out of this address: {said}" in said_by(at)


def test_a_search_without_a_match_says_so(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("compare", {"ids": "1"})
    at.text_input(key="compare-search").set_value("caffe").run()
    assert "No Page matches “caffe” besides those chosen." in said_by(at)


def test_five_pages_are_enough(stage: Stage) -> None:
    fill(stage, 6)
    at = stage.open("compare", {"ids": "1,2,3,4,5"})
    assert not at.text_input
    assert "5 Pages are the most that can be compared." in said_by(at)
    assert len(marks_of(chart_of(at), "line")) == 5


def test_a_base_of_0_or_none_is_left_out_of_the_index_only(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 10), grant_id=grant_id, name="Old")
    give_page(stage, "2", rising(0, 0), grant_id=grant_id, name="Empty")
    give_page(stage, "3", rising(10, 1, range(10, TODAY + 1)), grant_id=grant_id, name="New")
    at = stage.open("compare", {"ids": "3,2,1"})
    assert [end.split()[1] for end in ends_of(at)] == ["Old"]
    (line,) = marks_of(chart_of(at), "line")
    assert line["encoding"]["color"]["datum"] == "2"
    said = said_by(at)
    assert "Empty is left out of the index: it starts with 0 fans" in said
    assert "New is left out of the index: no count of fans at the start of the period." in said
    assert "New has no count of fans at the start of the period: its first snapshot is of" in said
    (table,) = at.dataframe
    assert table.value["net"].isna().tolist() == [True, False, False]
    at = stage.open("compare", {"ids": "3,2,1", "scale": "Numbers"})
    assert len(marks_of(chart_of(at), "line")) == 3
    assert "left out of the index" not in said_by(at)


def test_equal_names_are_told_apart(stage: Stage) -> None:
    grant_id = connect(stage)
    for page_id in ("1001", "1002"):
        give_page(stage, page_id, rising(1000, 10), grant_id=grant_id, name=HOSTILE)
    at = stage.open("compare", {"ids": "1001,1002"})
    names = at.dataframe[0].value["name"].tolist()
    for texts in (names, ends_of(at)):
        assert {text[-7:] for text in texts} == {"(…1001)", "(…1002)"}
    assert not [label for label in chips_of(at) if ":material" in label]


def test_notes_of_these_pages_and_of_all_are_drawn(stage: Stage) -> None:
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        for text, page_id in (("For all", None), ("For one", "1"), ("For another", "3")):
            add_note(session, NoteDraft(day_of(10), text, page_id), NOW)
    at = stage.open("compare", {"ids": "1,2"})
    drawn = json.dumps(chart_of(at))
    assert "For all" in drawn
    assert "Page 001: For one" in drawn
    assert "For another" not in drawn


def test_more_than_a_year_is_weekly_and_says_so(stage: Stage) -> None:
    grant_id = connect(stage)
    for page_id in ("1", "2"):
        give_page(stage, page_id, rising(1000, 1, range(-600, TODAY + 1)), grant_id=grant_id)
    query = {"ids": "1,2", "period": "Custom", "since": f"{ago(539)}", "until": f"{ago(0)}"}
    at = stage.open("compare", query)
    assert "the chart has one figure a week: the last known." in said_by(at)
    at = stage.open("compare", {"ids": "1,2", "period": "12 months"})
    assert "one figure a week" not in said_by(at)
