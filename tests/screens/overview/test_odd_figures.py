"""Overview with histories as they come: few figures, none, holes, falls to nothing, equal names."""

from __future__ import annotations

import pytest

from tests.screens.conftest import Stage, words_of
from tests.screens.figures import TODAY, connect, give_page, rising
from tests.screens.overview.test_overview import links_of, names_of, tiles_of

Figures = dict[int, int | None]

ODD: dict[str, Figures] = {
    "one snapshot": {TODAY: 500},
    "one old snapshot": {TODAY - 200: 500},
    "a base of 0": {n: 3 * (n - TODAY + 40) for n in range(TODAY - 40, TODAY + 1)},
    "lost all fans": {**rising(5_000, 1, range(TODAY - 40, TODAY)), TODAY: 0},
    "0 for a day": {**rising(5_000, 1, range(TODAY - 40, TODAY + 1)), TODAY - 9: 0},
    "gaps at both ends": {n: 1_000 + n for n in range(TODAY - 20, TODAY - 3)},
    "every other day": {n: 1_000 + n for n in range(TODAY - 60, TODAY + 1, 2)},
    "snapshots without a figure": dict.fromkeys(range(TODAY - 20, TODAY + 1)),
    "nothing": {},
}


@pytest.mark.parametrize("what", ODD)
def test_odd_figures_break_nothing(stage: Stage, what: str) -> None:
    give_page(stage, "1", ODD[what], name="Odd", grant_id=connect(stage))
    for view, period in (
        ("Total", "12 months"),
        ("Daily change", "7 days"),
        ("% since start", "Last month"),
    ):
        at = stage.open("overview", {"view": view, "period": period})
        assert not at.exception
        assert "nan" not in words_of(at).lower().split()
        assert "inf" not in words_of(at).lower().split()


def test_one_snapshot_is_a_total_and_no_change(stage: Stage) -> None:
    give_page(stage, "1", ODD["one snapshot"], grant_id=connect(stage))
    tiles = tiles_of(stage.open("overview"))
    assert (tiles["Fans"], tiles["Net new fans"]) == ("500", "—")


def test_gaps_at_both_ends_are_no_loss(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "1", ODD["gaps at both ends"], grant_id=grant_id)
    give_page(stage, "2", rising(10_000, 1), grant_id=grant_id)
    at = stage.open("overview")
    assert tiles_of(at)["Net new fans"] == "+28"
    assert "1 of 2 Pages" in words_of(at)


def test_who_lost_all_fans_lost_them(stage: Stage) -> None:
    give_page(stage, "1", ODD["lost all fans"], grant_id=connect(stage))
    tiles = tiles_of(stage.open("overview"))
    assert (tiles["Fans"], tiles["Net new fans"]) == ("0", "-5,012")


def test_0_for_a_day_moves_neither_end(stage: Stage) -> None:
    give_page(stage, "1", ODD["0 for a day"], grant_id=connect(stage))
    assert tiles_of(stage.open("overview"))["Net new fans"] == "+28"


def test_two_pages_with_the_same_name_stay_two(stage: Stage) -> None:
    grant_id = connect(stage)
    give_page(stage, "11", rising(1_000, 5), name="Café", grant_id=grant_id)
    give_page(stage, "22", rising(2_000, 5), name="Café", grant_id=grant_id)
    at = stage.open("overview")
    assert not at.exception
    assert names_of(at) == ["Café", "Café"]
    movers = [link for link in at.page_link if str(link.value).startswith("Café ")]
    assert {link.proto.query_string.split("&")[0] for link in movers} == {"id=11", "id=22"}
    assert links_of(at)
    searched = stage.open("overview", {"search": "café"})
    assert not searched.exception
