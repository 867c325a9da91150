"""Overview narrowed to some Pages: by the box, by the address, and back to all."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from storage.figures import filter_choices
from storage.models import PageTag, Tag
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, tiles_of, words_of
from tests.screens.figures import between, connect, give_page, rising
from tests.screens.overview.test_overview import names_of


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
        ({"account": "Ben Ortiz"}, {"Page 4"}, "**1 Page** held by Ben Ortiz."),
        ({"state": "Needs renewal"}, {"Page 4"}, "with the connection “Needs renewal”"),
        ({"tag": "backerei", "category": "Café"}, {"Page 1"}, "of the category “Café” and with"),
    ],
)
def test_a_filter_turns_everything_together(
    mixed: Stage, query: dict[str, str], names: set[str], sentence: str
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
    movers = {str(link.value).split(" :")[0] for link in at.page_link if ":green[" in link.value}
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
    assert [box.label for box in at.selectbox if str(box.key).startswith("filter-")] == [
        "Account",
        "Category",
        "Connection",
        "Tag",
    ]
    assert at.selectbox(key="filter-account").options == [
        "Every account",
        "Anna Keller (3)",
        "Ben Ortiz (1)",
    ]
    assert at.selectbox(key="filter-category").options[1] == "Café (3)"
    assert at.selectbox(key="filter-tag").options[1] == "Bäckerei (2)"
    at.selectbox(key="filter-account").select("Ben Ortiz").run()
    assert names_of(at) == ["Page 4"]
    assert at.query_params["account"] == "Ben Ortiz"
    at.selectbox(key="filter-account").select("").run()
    assert len(names_of(at)) == 4
    assert "account" not in at.query_params


def test_a_long_list_is_searched(mixed: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_choices, "MAX_LISTED", 1)
    at = mixed.open("overview", {"category": "Café"}, popover="filter")
    assert at.selectbox(key="filter-category").options == ["Every category", "Café"]
    at.text_input(key="filter-search-category").set_value("opt").run()
    assert at.selectbox(key="filter-category").options == [
        "Every category",
        "Café",
        "Optician (1)",
    ]
    at.selectbox(key="filter-category").select("Optician").run()
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
    assert at.selectbox(key=f"filter-{name}").value == ""


def test_when_no_page_is_left_that_is_said_and_the_way_out_offered(mixed: Stage) -> None:
    at = mixed.open("overview", {"account": "Ben Ortiz", "category": "Optician"})
    said = words_of(at)
    assert "**No Page** is held by Ben Ortiz and of the category “Optician”." in said
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
    mover = next(link for link in at.page_link if str(link.value).startswith("Page 2"))
    assert mover.proto.query_string == "id=2&from=tag%3DB%25C3%25A4ckerei"
    page = mixed.open("page", {"id": "2", "from": "tag=B%C3%A4ckerei"})
    back = next(link for link in page.page_link if link.value == "All Pages")
    assert back.proto.query_string == "tag=B%C3%A4ckerei"


def html_of(at: AppTest) -> list[str]:
    return [str(html.value) for html in at.get("html") if not isinstance(html, Block)]


def test_the_week_speaks_of_the_pages_shown(mixed: Stage) -> None:
    at = mixed.open("overview", {"tag": "bäckerei"})
    assert 'href="/page?id=2&amp;from=tag%3Db%25C3%25A4ckerei"' in "".join(html_of(at))
    assert not at.code
    at.session_state["digest-copy"] = True
    (said,) = [str(code.value) for code in at.run().code]
    assert f"2 Pages have 2,183 fans: 21 more {between(ago(6), ago(0))}." in said
    assert "Page 2 (+14) gained most; no Page lost." in said
