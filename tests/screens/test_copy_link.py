"""Copy link: every screen but Connect gives its whole address, clean of what is nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from tests.screens.conftest import NOW, Stage
from tests.screens.figures import fill

HOST = "http://localhost:8501/"


def link_of(at: AppTest) -> str | None:
    """The address that is offered for copying."""
    links = [str(each.value) for each in at.code if str(each.value).startswith(HOST)]
    return links[0] if links else None


@pytest.mark.parametrize(
    ("screen", "query", "link"),
    [
        ("overview", {}, ""),
        ("overview", {"saved": "x", "archived": "yes"}, "?saved=x&archived=yes"),
        (
            "overview",
            {"id": "1", "from": "sort=x", "metric": "Followers", "q": "a b", "page": "1"},
            "?metric=Followers&q=a+b",
        ),
        ("overview", {"period": "90 days", "metric": "Fans"}, "?period=90+days"),
        ("page", {"id": "1", "from": "q=x", "period": "7 days"}, "page?id=1&period=7+days"),
        ("compare", {"ids": "1,2", "figure": "Followers"}, "compare?figure=Followers&ids=1%2C2"),
        ("activity", {"run": "3"}, "activity?run=3"),
        ("connections", {}, "connections"),
        ("setup", {}, "setup"),
        ("imports", {}, "imports"),
    ],
)
def test_each_screen_gives_its_own_address(
    stage: Stage, screen: str, query: dict[str, str], link: str
) -> None:
    fill(stage, 3)
    at = stage.open(screen, query)
    assert link_of(at) == HOST + link


def test_what_was_changed_on_the_screen_is_in_the_address(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", {"period": "90 days"})
    at.session_state["period"] = "7 days"
    at.session_state["metric"] = "Followers"
    at.run()
    assert link_of(at) == f"{HOST}?period=7+days&metric=Followers"


def test_a_pages_address_has_its_chart_and_the_chosen_day(stage: Stage) -> None:
    fill(stage, 3)
    yesterday = str(NOW.date() - timedelta(days=1))
    query = {"id": "1", "from": "q=x", "chart": "Daily change", "day": yesterday}
    query["insight-day"] = yesterday
    days = f"day={yesterday}&insight-day={yesterday}"
    at = stage.open("page", query)
    for _ in range(2):
        assert link_of(at) == f"{HOST}page?id=1&chart=Daily+change&{days}"
        at.run()
    at.session_state["chart"] = "Total"
    at.session_state["forecast"] = True
    at.run().run()
    assert link_of(at) == f"{HOST}page?id=1&forecast=True&{days}"


def test_a_trip_to_facebook_has_no_address_to_give(stage: Stage) -> None:
    at = stage.open("connect", {"attempt": "0" * 32})
    assert link_of(at) is None
