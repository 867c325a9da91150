"""Overview narrowed to some Pages: by the box, by the address, and back to all."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import insert

from storage.figures import filter_choices
from storage.models import PageTag, Tag
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, tiles_of, words_of
from tests.screens.figures import between, connect, give_page, rising
from tests.screens.overview.test_overview import names_of

MOVER = re.compile(r":small\[(.*)\] :green\[")


@pytest.fixture
def mixed(stage: Stage) -> Stage:
    """Four Pages of two accounts, of two categories, one tagged, one in need of renewal."""
    anna, ben = connect(stage), connect(stage, "Ben Ortiz", status="needs_renewal")
    for page_id, grant_id, category in (
        ("1", anna, "Café"),
        ("2", anna, "Optician"),
        ("3", anna, "Café"),
        ("4", ben, "Café"),
    ):
        figures = rising(1000, int(page_id))
        give_page(stage, page_id, figures, grant_id=grant_id, category=category)
    with stage.installation.database.writing() as session:
        tag_id = session.execute(
            insert(Tag).values(name="Bäckerei", created_at=NOW).returning(Tag.id)
        ).scalar_one()
        session.execute(insert(PageTag), [{"page_id": p, "tag_id": tag_id} for p in ("1", "2")])
    return stage


@pytest.mark.parametrize(
    ("query", "names", "sentence"),
    [
        ({"account": "Ben Ortiz"}, {"Page 4"}, "**1 Page** connected through Ben Ortiz."),
        ({"state": "Needs renewal"}, {"Page 4"}, "with the connection “Needs renewal”"),
        ({"tag": "backerei", "category": "Café"}, {"Page 1"}, "of the category “Café” and with"),
        ({"category": ["Optician", "Café"]}, {"Page 1", "Page 2", "Page 3", "Page 4"}, "“Café” or"),
        ({"account": ["Ben Ortiz", "nobody"]}, {"Page 4"}, "connected through Ben Ortiz."),
        (
            {"account": ["Anna Keller", "Ben Ortiz"], "category": "Optician"},
            {"Page 2"},
            "connected through Anna Keller or Ben Ortiz and of the category “Optician”.",
        ),
    ],
)
def test_a_filter_turns_everything_together(
    mixed: Stage, query: dict[str, Any], names: set[str], sentence: str
) -> None:
    at = mixed.open("overview", query)
    assert set(names_of(at)) == names
    tiles = tiles_of(at)
    assert tiles["Pages"] == str(len(names))
    net = sum(28 * int(name[-1]) for name in names)
    assert tiles["Net new fans"] == f"+{net}"
    said = words_of(at)
    assert sentence in said
    assert f"{len(names)} Page" in said
    movers = {match[1] for link in at.page_link if (match := MOVER.match(str(link.value)))}
    assert movers == names
    (chart,) = at.get("vega_lite_chart")
    assert f"Fans of {len(names)} Page" in chart.proto.alt


def test_show_every_page_takes_the_filter_away(mixed: Stage) -> None:
    at = mixed.open("overview", {"account": "Ben Ortiz", "category": "Café", "sort": "Name A to Z"})
    at.button(key="show-every").click().run()
    assert names_of(at) == ["Page 1", "Page 2", "Page 3", "Page 4"]
    assert dict(at.query_params) == {"sort": "Name A to Z"}
    assert not [button for button in at.button if button.key == "show-every"]


def test_the_box_lists_choices_with_their_counts(mixed: Stage) -> None:
    at = mixed.open("overview", popover="filter")
    assert [box.label for box in at.multiselect] == [
        "Account",
        "Category",
        "Connection",
        "Tag",
    ]
    assert at.multiselect(key="filter-account").options == ["Anna Keller (3)", "Ben Ortiz (1)"]
    assert at.multiselect(key="filter-category").options[0] == "Café (3)"
    assert at.multiselect(key="filter-tag").options == ["Bäckerei (2)"]
    assert "narrow the table alone" in words_of(at)
    at.multiselect(key="filter-category").set_value(["Optician"]).run()
    assert names_of(at) == ["Page 2"]
    at.multiselect(key="filter-category").set_value(["Optician", "Café"]).run()
    assert len(names_of(at)) == 4
    assert at.query_params["category"] == ["Optician", "Café"]
    at.multiselect(key="filter-account").set_value(["Ben Ortiz"]).run()
    assert names_of(at) == ["Page 4"]
    at.multiselect(key="filter-account").set_value([]).run()
    assert "account" not in at.query_params


def test_a_long_list_is_searched(mixed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_choices, "MAX_LISTED", 1)
    at = mixed.open("overview", {"category": "Café"}, popover="filter")
    assert at.multiselect(key="filter-category").options == ["Café"]
    at.text_input(key="filter-search-category").set_value("opt").run()
    assert at.multiselect(key="filter-category").options == ["Café", "Optician (1)"]
    at.multiselect(key="filter-category").set_value(["Optician"]).run()
    assert names_of(at) == ["Page 2"]


@pytest.mark.parametrize(
    ("name", "nonsense"),
    [("account", HOSTILE), ("category", "%"), ("state", "needs_renewal"), ("tag", "\x00" * 5000)],
)
def test_what_is_typed_by_hand_is_left_out_and_that_is_said(
    mixed: Stage, name: str, nonsense: str
) -> None:
    at = mixed.open("overview", {name: nonsense}, popover="filter")
    assert len(names_of(at)) == 4
    assert "that this link asks for is not here, so it is left out." in words_of(at)
    assert at.multiselect(key=f"filter-{name}").value == []


def test_when_no_page_is_left_that_is_said_and_the_way_out_offered(mixed: Stage) -> None:
    at = mixed.open("overview", {"account": "Ben Ortiz", "category": "Optician"})
    said = words_of(at)
    assert "**No Page** is connected through Ben Ortiz and of the category “Optician”." in said
    assert "All 0 Pages" not in said
    assert not at.dataframe
    at.button(key="show-every").click().run()
    assert len(names_of(at)) == 4


def test_search_and_attention_stay_the_tables_own(mixed: Stage) -> None:
    at = mixed.open("overview", {"category": "Café", "q": "Page 3"})
    assert names_of(at) == ["Page 3"]
    assert tiles_of(at)["Pages"] == "3"


def test_the_filter_goes_along_to_a_page_and_comes_back(mixed: Stage) -> None:
    at = mixed.open("overview", {"tag": "Bäckerei"})
    mover = next(link for link in at.page_link if str(link.value).startswith(":small[Page 2]"))
    assert mover.proto.query_string == "id=2&from=tag%3DB%25C3%25A4ckerei"
    page = mixed.open("page", {"id": "2", "from": "tag=B%C3%A4ckerei"})
    back = next(link for link in page.page_link if link.value == "All Pages")
    assert back.proto.query_string == "tag=B%C3%A4ckerei"
    page = mixed.open("page", {"id": "2", "from": "category=A&category=B&columns=fans%2Cnet"})
    back = next(link for link in page.page_link if link.value == "All Pages")
    assert back.proto.query_string == "category=A&category=B&columns=fans%2Cnet"


def test_the_week_speaks_of_the_pages_shown(mixed: Stage) -> None:
    at = mixed.open("overview", {"tag": "bäckerei"})
    (link,) = [link for link in at.page_link if "gained most" in str(link.value)]
    assert link.value == "**Page 2** gained most :green[\\+14]"
    assert parse_qs(link.proto.query_string) == {
        "id": ["2"],
        "period": ["7 days"],
        "from": ["tag=b%C3%A4ckerei"],
    }
    assert not [code for code in at.code if "gained most" in str(code.value)]
    at.session_state["digest-copy"] = True
    (said,) = [str(code.value) for code in at.run().code if "gained most" in str(code.value)]
    assert f"2 Pages have 2,183 fans: 21 more {between(ago(6), ago(0))}." in said
    assert "Page 2 (+14) gained most; no Page lost." in said


def test_the_pages_that_need_attention_are_listed_in_the_week(mixed: Stage) -> None:
    at = mixed.open("overview", popover="digest-attention")
    (link,) = [link for link in at.page_link if link.value == "Page 4"]
    assert link.proto.query_string == "id=4"
    assert "Ben Ortiz" in words_of(at)
    at.button(key="digest-attention-list").click().run()
    assert names_of(at) == ["Page 4"]
