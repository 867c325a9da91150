"""What Overview's tiles and captions say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pages.parts.overview import overview_text
from pages.records import Overview, View
from pages.text.periods import FigureDays, Period, clip, get_custom, get_period
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


NO_TABLE: Any = None


def tiles_of(
    totals: Totals = TOTALS,
    previous: Comparable | None = BEFORE,
    period: Period = PERIOD,
    newest_day: date = TODAY,
    *,
    is_readable: bool = True,
) -> dict[str, Tile]:
    overview = Overview(
        view=View(period),
        requested=PERIOD,
        today=TODAY,
        figure_days=None,
        newest_days={"fans": newest_day, "followers": newest_day},
        totals=totals,
        previous=previous,
        provenance=None,
        table=NO_TABLE,
        has_changes=True,
        charted=period,
        counted=totals.of("fans"),
    )
    return {tile.label: tile for tile in overview_text.tiles(overview, is_readable=is_readable)}


def test_the_five_tiles() -> None:
    tiles = tiles_of()
    assert list(tiles) == ["Fans", "Net new fans", "Weekly growth", "Followers", "Pages"]
    fans = tiles["Fans"]
    assert (fans.value, fans.delta) == ("2,290,456", "+45,916 (+2.06%)")
    assert fans.note == "138 of 140 Pages"
    net = tiles["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+45,916", "−713", "vs previous")
    growth = tiles["Weekly growth"]
    assert (growth.value, growth.delta) == ("+0.51%", "−0.02 pp")
    pages = tiles["Pages"]
    assert (pages.value, pages.delta, pages.note) == ("140", "12", "added in 28 days")
    assert pages.is_neutral


def test_figures_that_are_one_by_definition_are_one_tile() -> None:
    twins = replace(TOTALS, followers_total=TOTALS.fans_total, followers=NOW)
    tiles = tiles_of(twins)
    assert list(tiles) == ["Fans and followers", "Net new fans", "Weekly growth", "Pages"]
    assert overview_text.SAME_FIGURE in (tiles["Fans and followers"].help or "")
    assert overview_text.SAME_FIGURE not in (tiles_of()["Fans"].help or "")
    unknown = replace(TOTALS, fans_total=None, followers_total=None)
    assert {"Fans", "Followers"} <= set(tiles_of(unknown))


def test_growth_of_less_than_a_week_says_what_it_is_made_of() -> None:
    one_day = get_custom(TODAY, TODAY, TODAY)
    assert tiles_of(period=one_day)["Weekly growth"].note == "at the pace of 1 day · vs previous"
    week = get_period("7 days", TODAY)
    assert tiles_of(period=week)["Weekly growth"].note == "vs previous"


def test_the_change_is_of_the_compared_pages_and_days() -> None:
    everyone = replace(NOW, pages=140, left_out_joined=0, left_out_no_count=0)
    whole = replace(TOTALS, fans=everyone)
    assert tiles_of(whole)["Fans"].note == "in 28 days"
    cut = clip(PERIOD, FigureDays(date(2026, 11, 1), TODAY))
    assert tiles_of(whole, period=cut)["Fans"].note == "since 1 Nov"
    assert tiles_of(period=cut)["Followers"].note == "138 of 140 Pages, since 1 Nov"


def test_old_figures_are_of_their_day() -> None:
    last_day = date(2026, 11, 12)
    cut = clip(PERIOD, FigureDays(PERIOD.since, last_day))
    tiles = tiles_of(previous=None, period=cut, newest_day=last_day)
    assert tiles["Fans"].note == "as of 12 Nov · 138 of 140 Pages, since 26 Oct"
    assert tiles["Net new fans"].note == "until 12 Nov · no earlier figures"
    nobody = tiles_of(replace(TOTALS, fans=NOBODY), newest_day=date(2025, 11, 22))
    assert (nobody["Fans"].delta, nobody["Fans"].note) == (None, "as of 22 Nov 2025")
    assert "as of" not in (tiles_of(newest_day=date(2026, 11, 21))["Fans"].note or "")


def test_the_first_connect_adds_nothing() -> None:
    first = tiles_of(replace(TOTALS, pages_added_count=140))["Pages"]
    assert (first.value, first.delta, first.note) == ("140", None, None)


def test_a_flat_delta_is_the_number_zero_and_grey() -> None:
    flat = replace(BEFORE, start=0, end=45_916)
    assert tiles_of(previous=flat)["Net new fans"].delta == 0
    still = replace(TOTALS, fans=replace(NOW, end=NOW.start))
    assert tiles_of(still)["Fans"].delta == 0


def test_without_earlier_figures_there_is_no_delta_and_it_is_said() -> None:
    net = tiles_of(previous=None)["Net new fans"]
    assert (net.value, net.delta, net.note) == ("+45,916", None, "no earlier figures")


@pytest.mark.parametrize(
    ("totals", "is_readable", "title", "text", "note"),
    [
        (
            replace(TOTALS, first_day=TODAY),
            True,
            "The chart begins today, 22 Nov 2026, with 2,290,456 fans.",
            "From now on the count of each day is kept; the first change shows tomorrow.",
            "from tomorrow",
        ),
        (
            replace(TOTALS, first_day=TODAY),
            False,
            "The chart begins today, 22 Nov 2026, with 2,290,456 fans.",
            "No Page can be read at present, so no figures come. Connections has the reason.",
            "no figures to compare",
        ),
        (
            replace(TOTALS, fans_total=None, followers_total=None, first_day=None, last_day=None),
            False,
            "There are no figures yet.",
            "No Page can be read at present, so no figures come.",
            "no figures yet",
        ),
        (
            replace(TOTALS, fans_total=None, followers_total=None, first_day=None, last_day=None),
            True,
            "There are no figures yet.",
            "Facebook has given no count of fans or followers so far.",
            "no figures yet",
        ),
    ],
)
def test_the_first_day_promises_figures_only_where_they_can_come(
    totals: Totals, is_readable: bool, title: str, text: str, note: str
) -> None:
    totals = replace(totals, fans=NOBODY, followers=NOBODY)
    assert overview_text.first_day_title(totals, TODAY) == title
    assert text in overview_text.first_day(totals, TODAY, is_readable=is_readable)
    tiles = tiles_of(totals, None, is_readable=is_readable)
    assert (tiles["Net new fans"].note, tiles["Weekly growth"].note) == (note, note)


def test_on_the_first_day_a_change_is_a_dash_until_tomorrow() -> None:
    first = replace(TOTALS, fans=NOBODY, first_day=TODAY)
    for label in ("Net new fans", "Weekly growth"):
        tile = tiles_of(first)[label]
        assert (tile.value, tile.note) == (None, "from tomorrow")


def test_without_common_pages_a_change_is_a_dash_with_the_reason() -> None:
    tile = tiles_of(replace(TOTALS, fans=NOBODY))["Net new fans"]
    assert (tile.value, tile.note) == (None, "no figures to compare")


def test_a_small_base_has_no_percentage() -> None:
    small = replace(TOTALS, fans=replace(NOW, start=50, end=60))
    assert tiles_of(small)["Fans"].delta == "+10"
    growth = tiles_of(small)["Weekly growth"]
    assert (growth.value, growth.note) == (None, "below 100 fans")


def test_old_figures_are_admitted() -> None:
    text = tiles_of(replace(TOTALS, fans_stale_count=46))["Fans"].help or ""
    assert "Of 46 Pages the newest figure is too old" in text
    assert "older" not in (tiles_of()["Fans"].help or "")


def test_who_is_counted_and_who_is_not() -> None:
    assert overview_text.counted_pages(NOW, 140, "Fans", 2) == (
        "138 of 140 Pages are counted. Left out: 1 joined later and 1 has no fan count. 2 days "
        "without figures are grey."
    )
    silent = replace(NOW, left_out_joined=0, left_out_no_count=0, left_out_silent=2)
    assert "2 have none where the period ends" in overview_text.counted_pages(
        silent, 140, "Fans", 0
    )
    everyone = replace(NOW, pages=140, left_out_joined=0, left_out_no_count=0)
    text = overview_text.counted_pages(everyone, 140, "Fans", 1)
    assert text.startswith("All 140 Pages are counted.")
    assert text.endswith("1 day without figures is grey.")


def test_the_period_says_its_days_and_what_it_is_compared_with() -> None:
    assert describe(PERIOD, date(2026, 9, 27)) == (
        "26 Oct – 22 Nov 2026; compared with 28 Sep – 25 Oct 2026"
    )
    # Nothing is known of the day before the earlier period: no figure can be compared with it.
    for first_day in (None, date(2026, 9, 28)):
        assert describe(PERIOD, first_day) == "26 Oct – 22 Nov 2026"


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
    period = clip(PERIOD, FigureDays(first_day, TODAY))
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
    period = clip(PERIOD, FigureDays(date(2026, 1, 1), last_day))
    assert (period.since, period.until) == (PERIOD.since, until)
    assert period.previous_until == date(2026, 10, 25)
    assert period.previous_since is not None
    assert (period.since - period.previous_since).days == period.days_count
