"""Saved views on Overview: saved, opened by a link, changed, deleted, and as the start screen."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from pages.overview import CONTROLS
from pages.parts.overview import saved_views
from pages.text.periods import CUSTOM
from storage.notes.saved_views import View, list_views, save_view, set_start_view
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, Stage, press, words_of
from tests.screens.figures import fill
from tests.screens.overview.test_overview import names_of
from tests.screens.test_copy_link import link_of

STATE = {"period": "90 days", "metric": "Followers", "sort": "Name A to Z", "category": "Café"}
QUERY = "category=Caf%C3%A9&metric=Followers&period=90+days&sort=Name+A+to+Z"


def keep(stage: Stage, name: str, query: str, *, is_start: bool = False) -> None:
    with stage.installation.database.writing() as session:
        view = save_view(session, name, query, NOW, by=THIS_COMPUTER)
        if is_start:
            set_start_view(session, view.id, by=THIS_COMPUTER)


def views_of(stage: Stage) -> list[View]:
    with stage.installation.database.reading() as session:
        return list_views(session, of=THIS_COMPUTER)


def label_of(at: AppTest) -> str:
    """What the control of the views says."""
    (label,) = [
        block.proto.popover.label
        for block in at.get("popover")
        if block.proto.popover.icon == ":material/bookmark:"
    ]
    return str(label)


def values_of(at: AppTest) -> dict[str, object]:
    names = ("period", "metric", "sort")
    return {name: at.session_state[name] for name in names}


def links_of(at: AppTest) -> dict[str, str]:
    """The links of the open popover: label and address."""
    pieces = [str(each.value) for each in at.get("html") if not isinstance(each, Block)]
    found = "".join(piece for piece in pieces if "pk-views" in piece)
    links = re.findall(r"<a href='([^']*)'[^>]*>([^<]*)</a>", found)
    return {html.unescape(label): html.unescape(href) for href, label in links}


def parameters(href: str) -> Mapping[str, str]:
    assert href.startswith("/?")
    return dict(parse_qsl(href[2:], keep_blank_values=True))


def test_what_is_shown_is_saved_under_a_name(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", STATE | {"page": "1", "view": "Daily change"}, popover="views")
    assert label_of(at) == "Views"
    at.text_input(key="view-name-0").set_value(HOSTILE)
    press(at, "Save this view")
    assert not at.exception
    (view,) = views_of(stage)
    assert view.name == HOSTILE
    saved = dict(parse_qsl(view.query))
    # The category is not here, and the filter says so; what it is named after stays a word.
    assert saved == STATE | {"view": "Daily change"}
    assert at.query_params["saved"] == HOSTILE
    said = label_of(at)
    assert "<b>" not in said.replace("\\<b", "")
    assert ":material" not in said.replace("\\:material", "")


def test_a_link_with_the_name_alone_opens_the_view(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Café clients", QUERY)
    at = stage.open("overview", {"saved": "cafe clients"})
    assert values_of(at) == {name: STATE[name] for name in ("period", "metric", "sort")}
    assert label_of(at) == "Café clients"
    assert at.query_params["category"] in ("Café", ["Café"])
    assert "The category that this link asks for is not here" in words_of(at)


def test_parameters_of_a_link_win_and_are_called_a_change(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Café clients", QUERY)
    at = stage.open("overview", {"saved": "Café clients", "metric": "Followers"}, popover="views")
    assert at.session_state["period"] == "28 days"
    assert label_of(at) == "Café clients, changed"
    links = links_of(at)
    assert parameters(links[saved_views.AGAIN]) == {"saved": "Café clients", **STATE}
    assert parameters(links[saved_views.PLAIN]) == {"saved": ""}
    press(at, "Save the changes to “Café clients”")
    assert views_of(stage)[0].query == "metric=Followers"
    assert label_of(at) == "Café clients"


def test_a_change_of_a_control_is_seen_in_the_same_run(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Mine", "metric=Followers")
    at = stage.open("overview", {"saved": "Mine"})
    assert label_of(at) == "Mine"
    at.session_state["period"] = "90 days"
    at.run()
    assert label_of(at) == "Mine, changed"


def test_the_start_view_is_opened_where_the_address_says_nothing(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Mine", "metric=Followers&q=002", is_start=True)
    at = stage.open("overview")
    assert label_of(at) == "Mine"
    assert names_of(at) == ["Page 002"]
    for query in ({"saved": ""}, {"sort": "Name A to Z"}, {"tag": "gone"}, {"period": "90 days"}):
        at = stage.open("overview", query)
        assert at.session_state["metric"] == "Fans", query
        assert label_of(at) == "Views"
    # The bare address would open the view for whoever gets the link.
    assert link_of(stage.open("overview", {"saved": ""})) == "http://localhost:8501/?saved="


def test_a_view_keeps_the_order_by_a_change(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", {"sort": "Biggest fall in views first"}, popover="views")
    at.text_input(key="view-name-0").set_value("Falling")
    press(at, "Save this view")
    assert [view.query for view in views_of(stage)] == ["sort=Biggest+fall+in+views+first"]
    at = stage.open("overview", {"saved": "Falling"})
    assert at.session_state["sort"] == "Biggest fall in views first"


def test_a_view_becomes_the_start_screen_and_is_deleted(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Mine", "metric=Followers")
    at = stage.open("overview", {"saved": "Mine"}, popover="views")
    (start,) = [toggle for toggle in at.toggle if toggle.label == "Start with this view"]
    start.set_value(True).run()
    assert [view.is_start for view in views_of(stage)] == [True]
    assert "Mine (start screen)" in links_of(at)
    press(at, "Delete this view…").run()
    press(at, "Delete")
    assert views_of(stage) == []
    assert "saved" not in at.query_params


def test_a_taken_name_is_said_and_may_be_replaced(stage: Stage) -> None:
    fill(stage, 3)
    keep(stage, "Café", "sort=Name+A+to+Z")
    at = stage.open("overview", {"metric": "Followers"}, popover="views")
    at.text_input(key="view-name-0").set_value("cafe")
    press(at, "Save this view")
    assert "There is a view “cafe” already" in words_of(at)
    press(at, "Replace “cafe”")
    (view,) = views_of(stage)
    assert (view.name, view.query) == ("cafe", "metric=Followers")


def test_a_view_that_is_gone_is_said(stage: Stage) -> None:
    fill(stage, 1)
    assert "“Gone” that this link asks for is not here" in words_of(
        stage.open("overview", {"saved": "Gone"})
    )


@pytest.mark.parametrize(
    "query",
    ["metric=Bogus&sort=x&period=Never&view=1&movers=2&show=x", "from=x&id=3&code=9", "&&%ff=%00"],
)
def test_an_edited_view_opens_overview_as_at_first(stage: Stage, query: str) -> None:
    fill(stage, 1)
    keep(stage, "Odd", query)
    at = stage.open("overview", {"saved": "Odd"})
    assert values_of(at) == {"period": "28 days", "metric": "Fans", "sort": "Most fans first"}


def test_the_days_of_a_custom_period_belong_to_the_view() -> None:
    first, last = ago(20).isoformat(), ago(3).isoformat()
    pairs = saved_views.read_query(f"period={CUSTOM}&since={first}&until={last}")
    values = saved_views.values_of(pairs, CONTROLS)
    assert (values["since"], values["until"]) == (ago(20), ago(3))
    assert "since" not in saved_views.values_of((("since", first),), CONTROLS)
