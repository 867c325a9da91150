"""What Overview's tiles and captions say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pages.parts.overview import overview_text
from pages.text.periods import clip, get_period
from pages.ui.period_bar import describe
from pages.ui.tiles import Tile
from storage.figures.totals import Comparable, Totals

TODAY = date(2026, 11, 22)
PERIOD = get_period("28 days", TODAY)
NOW = Comparable(
    pages=138,
    start=2_231_797,
    end=2_277_713,
    left_out_joined=1,
    left_out_no_count=1,
    left_out_silent=0,
    left_out_gap=0,
)
BEFORE = replace(NOW, start=2_185_168, end=2_231_797)
NOBODY = Comparable(0, None, None, 140, 0, 0, 0)
TOTALS = Totals(
    pages_count=140,
    pages_added_count=12,
    fans_total=2_290_456,
    followers_total=2_649_275,
    fans_stale_count=0,
    followers_stale_count=0,
    fans=NOW,
    followers=NOW,
    first_day=date(2026, 8, 1),
    last_day=TODAY,
)


def tiles_of(totals: Totals = TOTALS, previous: Comparable | None = BEFORE) -> dict[str, Tile]:
    return {tile.label: tile for tile in overview_text.tiles(totals, previous, "fans", PERIOD)}


def test_the_five_tiles() -> None:
    tiles = tiles_of()
    assert list(tiles) == ["Fans", "Net new fans", "Weekly growth", "Followers", "Pages"]
    fans = tiles["Fans"]
    assert (fans.value, fans.delta, fans.note) == ("2,290,456", "+2.06%", "in 28 days")
    net = tiles["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+45,916", "-713", "vs previous")
    growth = tiles["Weekly growth"]
    assert (growth.value, growth.delta) == ("+0.51%", "-0.02 pp")
    pages = tiles["Pages"]
    assert (pages.value, pages.delta, pages.note) == ("140", "12", "added in 28 days")
    assert pages.is_neutral


def test_a_flat_delta_is_the_number_zero_and_grey() -> None:
    flat = replace(BEFORE, start=0, end=45_916)
    assert tiles_of(previous=flat)["Net new fans"].delta == 0
    still = replace(TOTALS, fans=replace(NOW, end=NOW.start))
    assert tiles_of(still)["Fans"].delta == 0


def test_without_earlier_figures_there_is_no_delta_and_it_is_said() -> None:
    net = tiles_of(previous=None)["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+45,916", None, "no earlier figures")


def test_on_the_first_day_a_change_is_a_dash_until_tomorrow() -> None:
    first = replace(TOTALS, fans=NOBODY, first_day=TODAY)
    for label in ("Net new fans", "Weekly growth"):
        tile = tiles_of(first)[label]
        assert (tile.value, tile.note) == (None, "from tomorrow")


def test_without_common_pages_a_change_is_a_dash_with_the_reason() -> None:
    tile = tiles_of(replace(TOTALS, fans=NOBODY))["Net new fans"]
    assert (tile.value, tile.note) == (None, "no figures on both ends")


def test_a_small_base_has_no_percentage() -> None:
    small = replace(TOTALS, fans=replace(NOW, start=50, end=60))
    assert tiles_of(small)["Fans"].delta is None
    growth = tiles_of(small)["Weekly growth"]
    assert (growth.value, growth.note) == (None, "below 100 fans")


def test_old_figures_are_admitted() -> None:
    text = tiles_of(replace(TOTALS, fans_stale_count=46))["Fans"].help or ""
    assert "older than yesterday on 46 Pages" in text
    assert "older" not in (tiles_of()["Fans"].help or "")


def test_who_is_counted_and_who_is_not() -> None:
    assert overview_text.counted_pages(NOW, 140, "Fans", 2) == (
        "138 of 140 Pages: those with figures on both ends of the period. Left out: 1 joined later "
        "and 1 has no fan count. 2 days without any snapshot are grey."
    )
    silent = replace(NOW, left_out_joined=0, left_out_no_count=0, left_out_silent=2)
    assert "2 have no figure of the last two days" in overview_text.counted_pages(
        silent, 140, "Fans", 0
    )
    everyone = replace(NOW, pages=140, left_out_joined=0, left_out_no_count=0)
    text = overview_text.counted_pages(everyone, 140, "Fans", 1)
    assert text.startswith("All 140 Pages have figures")
    assert text.endswith("1 day without any snapshot is grey.")


def test_the_period_says_its_days_and_what_it_is_compared_with() -> None:
    assert describe(PERIOD, date(2026, 9, 27)) == (
        "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026"
    )
    # Nothing is known of the day before the earlier period: no figure can be compared with it.
    for first_day in (None, date(2026, 9, 28)):
        assert describe(PERIOD, first_day) == "26 Oct – 22 Nov 2026, days in UTC"


@pytest.mark.parametrize(
    ("first_day", "since", "is_compared"),
    [
        (date(2026, 8, 1), date(2026, 10, 26), True),
        (date(2026, 10, 25), date(2026, 10, 26), True),
        (date(2026, 10, 26), date(2026, 10, 27), False),
        (date(2026, 11, 21), date(2026, 11, 22), False),
    ],
)
def test_a_period_begins_where_figures_do(first_day: date, since: date, is_compared: bool) -> None:
    period = clip(PERIOD, first_day, TODAY)
    assert (period.since, period.until) == (since, TODAY)
    assert (period.previous_since is not None) == is_compared


@pytest.mark.parametrize(
    ("last_day", "until"),
    [
        (date(2026, 11, 22), date(2026, 11, 22)),
        (date(2026, 11, 21), date(2026, 11, 22)),  # today's snapshot is still to come
        (date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 10, 20), date(2026, 11, 22)),  # nothing of it is in the period
    ],
)
def test_a_period_ends_where_figures_do(last_day: date, until: date) -> None:
    period = clip(PERIOD, date(2026, 1, 1), last_day)
    assert (period.since, period.until) == (PERIOD.since, until)
    assert period.previous_until == date(2026, 10, 25)
    assert period.previous_since is not None
    assert (period.since - period.previous_since).days == period.days_count
