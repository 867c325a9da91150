"""Histories as they come break no screen: few figures, none, holes, falls to nothing, ten years."""

from __future__ import annotations

import pytest

from tests.screens.conftest import Stage, words_of
from tests.screens.figures import TODAY, connect, give_page, rising
from tests.screens.overview.test_overview import names_of

SINCE_40_DAYS = range(TODAY - 40, TODAY + 1)
ODD: dict[str, dict[int, int | None]] = {
    "one snapshot": {TODAY: 500},
    "one old snapshot": {TODAY - 200: 500},
    "a base of 0": dict(rising(0, 3, SINCE_40_DAYS)),
    "always 0": dict(rising(0, 0, SINCE_40_DAYS)),
    "lost all fans": {**rising(5_000, 1, SINCE_40_DAYS), TODAY: 0},
    "lost all fans long ago": {
        **rising(5_000, 1, range(TODAY - 70, TODAY - 30)),
        **dict.fromkeys(range(TODAY - 30, TODAY + 1), 0),
    },
    "0 for a day": {**rising(5_000, 1, SINCE_40_DAYS), TODAY - 9: 0},
    "gaps at both ends": dict(rising(1_000, 1, range(TODAY - 20, TODAY - 3))),
    "every other day": dict(rising(1_000, 2, range(TODAY - 60, TODAY + 1, 2))),
    "snapshots without a figure": dict.fromkeys(range(TODAY - 20, TODAY + 1)),
    "nothing": {},
    "ten years": dict(rising(1_000, 1, range(TODAY - 3_650, TODAY + 1))),
}


@pytest.mark.parametrize("what", ODD)
def test_odd_histories_break_nothing(stage: Stage, what: str) -> None:
    give_page(stage, "1", ODD[what], grant_id=connect(stage))
    for view, period in (
        ("Total", "12 months"),
        ("Daily change", "7 days"),
        ("% since start", "Last month"),
    ):
        for screen, query in (("overview", {"view": view}), ("page", {"id": "1", "chart": view})):
            at = stage.open(screen, {**query, "forecast": "true", "period": period})
            assert " – " in words_of(at)  # the days of the period
            assert not {"nan", "inf"} & set(words_of(at).lower().split())


def test_two_pages_with_the_same_name_stay_two(stage: Stage) -> None:
    grant_id = connect(stage)
    for page_id in ("11", "22"):
        give_page(stage, page_id, rising(1_000, 5), name="Café", grant_id=grant_id)
    at = stage.open("overview")
    assert names_of(at) == ["Café", "Café"]
    movers = [link for link in at.page_link if str(link.value).startswith(":small[Café]")]
    assert {link.proto.query_string.split("&")[0] for link in movers} == {"id=11", "id=22"}
