"""Compare: Pages from the address, what was dropped, chart, table, and a few to begin with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.compare import PICKER_KEY
from pages.text import formats
from storage.notes.notes import NoteDraft, add_note
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, charts_of, press, words_of
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


def picker_of(at: AppTest) -> Any:
    return at.multiselect(key=PICKER_KEY)


def chips_of(at: AppTest) -> list[str]:
    """What the box holds, by its labels."""
    box = picker_of(at)
    return [box.options[index] for index in box.indices]


def give_tag(stage: Stage, name: str, *page_ids: str) -> int:
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, name, NOW, by=THIS_COMPUTER)
        for page_id in page_ids:
            tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    return tag_id


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
    assert "Choose two Pages or tags to compare." in said_by(at)
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
    assert any("/oauth/start" in each.proto.body for each in at.get("html"))
    assert not at.segmented_control, "no period without a figure"


def test_pages_without_any_figure(stage: Stage) -> None:
    grant_id = connect(stage)
    for page_id in ("1", "2"):
        give_page(stage, page_id, {}, grant_id=grant_id)
    assert "No Page has a figure yet." in said_by(stage.open("compare"))
    at = stage.open("compare", {"ids": "1,2"})
    assert "No fans to draw in this period." in said_by(at)
    assert "Page 1 has no figures yet." in said_by(at)


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


def test_the_box_adds_and_removes(stage: Stage) -> None:
    fill(stage, 3)
    tag_id = give_tag(stage, "Brand", "1", "2")
    at = stage.open("compare", {"ids": "1"})
    assert picker_of(at).options == ["Page 001", "Page 002", "Page 003", "Brand (tag, 2 Pages)"]
    picker_of(at).select(f"tag {tag_id}").run()
    picker_of(at).select("page 3").run()
    assert (at.query_params["ids"], at.query_params["tags"]) == ("1,3", f"{tag_id}")
    assert chips_of(at) == ["Page 001", "Brand (tag, 2 Pages)", "Page 003"]
    picker_of(at).unselect("page 1").run()
    assert at.query_params["ids"] == "3"
    picker_of(at).set_value([]).run()
    assert not {"ids", "tags"} & set(at.query_params)


def test_a_quick_second_choice_is_kept_and_back_is_followed(stage: Stage) -> None:
    fill(stage, 4)
    at = stage.open("compare", {"ids": "1"})
    picker_of(at).select("page 2").run()
    at.query_params["ids"] = "1"  # the browser has not heard of the first choice yet
    picker_of(at).select("page 3").run()
    assert at.query_params["ids"] == "1,2,3"
    at.query_params["ids"] = "4,1"
    at.run()
    assert chips_of(at) == ["Page 004", "Page 001"]


def test_of_very_many_pages_what_is_typed_is_searched(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.compare.MAX_OPTIONS", 5)
    fill(stage, 12)
    at = stage.open("compare", {"ids": "1"})
    box = picker_of(at)
    assert box.proto.accept_new_options
    assert "Page 012" not in box.options
    box.set_value(["page 1", "012"]).run()
    assert at.query_params["ids"] == "1,12"
    assert chips_of(at) == ["Page 001", "Page 012"]
    picker_of(at).set_value(["page 1", "page 12", "age 01"]).run()
    assert "Several match “age 01”: choose one in the box." in said_by(at)
    assert {"Page 010", "Page 011"} <= set(picker_of(at).options)
    picker_of(at).set_value(["page 1", "page 12", "caffe"]).run()
    assert "No other Page or tag matches “caffe”." in said_by(at)
    assert at.query_params["ids"] == "1,12"


def test_five_are_enough(stage: Stage) -> None:
    fill(stage, 6)
    at = stage.open("compare", {"ids": "1,2,3,4,5"})
    assert picker_of(at).proto.max_selections == 5
    assert len(marks_of(chart_of(at), "line")) == 5


def test_a_tag_is_the_line_that_overview_draws_for_it(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 10), rising(4000, 1), grant_id=grant_id)
    give_page(stage, "2", rising(5000, -5), grant_id=grant_id)
    give_page(stage, "3", rising(100, 1, range(10, TODAY + 1)), grant_id=grant_id)
    give_page(stage, "4", rising(9000, 20), grant_id=grant_id)
    first, second = give_tag(stage, "North", "1", "2", "3"), give_tag(stage, "South", "4")
    overview = stage.open("overview", {"tag": "North", "scale": "Total"})
    net = next(each for each in overview.metric if each.label == "Net new fans").value
    at = stage.open("compare", {"tags": f"{first},{second}", "scale": "Numbers"})
    north, south = (row for _, row in at.dataframe[0].value.iterrows())
    assert (north["net"], net) == (140, "+140")
    assert (north["fans"], north["pages"], south["pages"]) == (6305, "2 of 3", "1 of 1")
    assert ends_of(at) == ["6,305 North", "10,220 South"]
    said = said_by(at)
    assert "North counts 2 of 3 Pages: those with fans at the start and the end" in said
    assert "Someone who follows several of these Pages counts once for each." in said


def test_the_largest_tags_are_offered(stage: Stage) -> None:
    fill(stage, 6)
    one, two = give_tag(stage, "One", "1"), give_tag(stage, "Two", "1", "2")
    at = stage.open("compare")
    assert "Or a tag, which is one line of all its Pages:" in said_by(at)
    at.button(key=f"compare-begin-tags-{two},{one}").click().run()
    assert at.query_params["tags"] == f"{two},{one}"
    assert len(marks_of(chart_of(at), "line")) == 2


def test_notes_of_a_tag_bear_its_name(stage: Stage) -> None:
    fill(stage, 3)
    tag_id = give_tag(stage, "Brand", "3")
    with stage.installation.database.writing() as session:
        add_note(
            session, NoteDraft(day_of(10), "For the brand", None, tag_id), NOW, by=THIS_COMPUTER
        )
    at = stage.open("compare", {"ids": "1", "tags": f"{tag_id}"})
    assert "Brand: For the brand" in json.dumps(chart_of(at))


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
    assert "New has no count of fans at the start of the period: its figures begin on" in said
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


def test_notes_of_these_pages_and_of_all_are_drawn(stage: Stage) -> None:
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        for text, page_id in (("For all", None), ("For one", "1"), ("For another", "3")):
            add_note(session, NoteDraft(day_of(10), text, page_id), NOW, by=THIS_COMPUTER)
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


def test_a_day_has_the_figure_and_the_change_of_each_and_its_notes(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", rising(1000, 10), grant_id=grant_id, name="Optik")
    give_page(stage, "2", rising(5000, -5), grant_id=grant_id, name="Hofladen")
    tag_id = give_tag(stage, "Both", "1", "2")
    day = ago(3)
    with stage.installation.database.writing() as session:
        add_note(session, NoteDraft(day, "Prize draw", "2"), NOW, by=THIS_COMPUTER)
        add_note(session, NoteDraft(ago(4), "Another day"), NOW, by=THIS_COMPUTER)
    query = {"ids": "2,1", "tags": f"{tag_id}"}
    at = stage.open("compare", query)
    assert at.selectbox(key="day-compare").options[0] == formats.weekday(ago(0), year=False)
    at.selectbox(key="day-compare").set_value(f"{day}").run()
    assert at.query_params["day"] in (f"{day}", [f"{day}"])
    (panel,) = [each.value for each in at.markdown if formats.weekday(day) in each.value][-1:]
    panel = panel.replace("\u2060", "").replace("\\", "")
    assert panel.startswith(f"**{formats.weekday(day)}**\n\n**Hofladen** · 4,")
    assert "**Optik** · 1,580 fans · :green[+10]" in panel
    assert "**Hofladen** · 4,710 fans · :red[−5]" in panel
    assert "**Both** · 6,290 fans · :green[+5]" in panel
    assert "Hofladen: Prize draw" in panel
    assert "Another day" not in panel
    rule = next(each for each in chart_of(at)["layer"] if "params" in each)
    assert rule["params"][1]["value"] == [{"iso": f"{day}"}], "the chart marks it"
    at.session_state["day-note-0"] = True
    at.run()
    (text,) = [each for each in at.text_input if (each.key or "").startswith("note-text")]
    text.set_value("Spring sale")
    at = press(at, "Add note")
    assert not at.exception
    assert said_by(at).count("Spring sale") == 2, "in the list of notes, and on the day"
    at.selectbox(key="day-compare").set_value(None).run()
    assert "day" not in at.query_params
