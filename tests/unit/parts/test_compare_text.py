"""What Compare says: labels, figures side by side, and why there are dashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pages.charts.compare_series import Series
from pages.parts.compare.compare_text import (
    Row,
    describe_series,
    labels_of,
    labels_of_all,
    no_earlier_figures,
    option_of_tag,
    row_of,
    row_of_tag,
    which_pages_count,
    why_no_percentage,
    why_not_comparable,
    why_not_indexed,
)
from pages.records import TagFigures
from pages.text.periods import Period, compared
from storage.figures.comparison import ComparedPage, Figures
from storage.figures.filters import Metric
from storage.figures.totals import Comparable
from storage.notes.tags import TagCount

UNTIL = date(2026, 11, 14)
PERIOD = compared(Period("Custom", date(2026, 11, 1), UNTIL, None, None))  # 14 days


def page_of(
    page_id: str = "1",
    name: str = "Optik Keller",
    first_day: date | None = date(2026, 1, 1),
    last_day: date | None = UNTIL,
) -> ComparedPage:
    return ComparedPage(page_id, name, None, first_day, last_day)


def november(**figures: int | None) -> Figures:
    """Figures by day of November, as d1=…; d0 is the last of October."""
    return {date(2026, 10, 31) + timedelta(days=int(d[1:])): v for d, v in figures.items()}


def row(fans: Figures, followers: Figures | None = None, period: Period = PERIOD) -> Row:
    by_metric: dict[Metric, Figures] = {"fans": fans, "followers": followers or {}}
    return row_of(page_of(), "Optik Keller", by_metric, "fans", period)


def test_figures_of_a_period() -> None:
    found = row(november(d0=500, d1=600, d2=900, d14=2000), november(d14=4000))
    assert (found.fans, found.followers, found.start, found.net) == (2000, 4000, 500, 1500)
    assert found.growth_percent == pytest.approx(300)
    assert found.weekly_percent == pytest.approx(100)
    assert found.per_day == pytest.approx(1500 / 14)
    assert (found.best_change, found.best_day) == (300, date(2026, 11, 2))
    assert found.fan_follower_ratio == pytest.approx(0.5)
    assert found.days_with == 3
    assert (found.net_delta, found.growth_delta) == (None, None)


def test_figures_against_the_period_before() -> None:
    before = {date(2026, 10, 17): 400}
    found = row({**before, **november(d0=500, d14=700)})
    assert found.net == 200
    assert found.net_delta == 100
    assert found.growth_delta == pytest.approx(40 - 25)


def test_an_end_may_be_a_day_older_and_no_more() -> None:
    assert row(november(d0=500, d13=700)).net == 200
    found = row(november(d0=500, d12=700))
    assert (found.fans, found.net, found.growth_percent, found.per_day) == (None,) * 4


def test_the_best_day_is_of_the_period_and_of_one_day() -> None:
    # 900 are booked on the 5th over four days, and 300 were gained before the period.
    figures = {date(2026, 10, 30): 100, **november(d0=400, d1=500, d5=1400, d6=1450, d14=1460)}
    found = row(figures)
    assert (found.best_change, found.best_day) == (100, date(2026, 11, 1))


def test_twins_are_told_apart_by_the_end_of_their_id() -> None:
    pages = [page_of("1001234"), page_of("2005678"), page_of("3", "Hofladen")]
    assert labels_of(pages) == ["Optik Keller (…1234)", "Optik Keller (…5678)", "Hofladen"]
    longer = [page_of("1001234"), page_of("2001234")]
    assert labels_of(longer) == ["Optik Keller (…1001234)", "Optik Keller (…2001234)"]


def test_names_that_differ_after_the_cut_are_twins_too() -> None:
    pages = [
        page_of("1001", "A very long name of a Page, north"),
        page_of("1002", "A very long name of a Page, south"),
    ]
    labels = labels_of(pages, 22)
    assert labels[0].endswith("(…1001)")
    assert labels[1].endswith("(…1002)")
    assert all(len(label) <= 22 for label in labels)


def test_a_tag_is_told_from_a_page_of_its_name() -> None:
    tags = [TagCount(5, "Optik Keller", 3), TagCount(6, "Bakeries", 1)]
    assert labels_of_all([page_of()], tags) == ["Optik Keller", "Optik Keller (tag 5)", "Bakeries"]
    twins = [TagCount(7, "A client in the north", 1), TagCount(8, "A client in the south", 1)]
    assert labels_of_all([], twins, 14) == ["A client in t…", "A cli… (tag 8)"]
    assert option_of_tag("Bakeries", tags[1]) == "Bakeries (tag, 1 Page)"


def sums_of(fans: Comparable, followers: Comparable, **fields: Any) -> TagFigures:
    line = {date(2026, 10, 31): 500, date(2026, 11, 1): 600, date(2026, 11, 14): 700}
    values: dict[str, Any] = {"before": None, "counts_same": True, **fields}
    ends: dict[Metric, Comparable] = {"fans": fans, "followers": followers}
    return TagFigures(TagCount(5, "Bakeries", 3), line, ends, **values)


def counted_pages(pages: int, start: int | None, end: int | None, left_out: int = 0) -> Comparable:
    return Comparable(pages, start, end, left_out, 0, 0, 0)


def test_a_tag_has_the_figures_of_the_pages_it_counts() -> None:
    fans, followers = counted_pages(2, 500, 700, left_out=1), counted_pages(2, 900, 1400)
    before = counted_pages(1, 100, 150)
    found = row_of_tag(sums_of(fans, followers, before=before), "Bakeries", "fans", PERIOD)
    assert (found.fans, found.followers, found.net, found.net_delta) == (700, 1400, 200, 150)
    assert found.growth_percent == pytest.approx(40)
    assert found.fan_follower_ratio == pytest.approx(0.5)
    assert (found.best_change, found.best_day) == (100, date(2026, 11, 1))
    assert (found.page_id, found.counted, found.pages_count, found.days_with) == ("", 2, 3, 2)
    said = "Bakeries counts 2 of 3 Pages: those with fans at the start and the end of the period."
    assert which_pages_count(found, "fans") == said
    others = row_of_tag(sums_of(fans, followers, counts_same=False), "Bakeries", "fans", PERIOD)
    assert others.fan_follower_ratio is None, "fans and followers are of different Pages"


def test_which_pages_of_a_tag_count() -> None:
    def said(comparable: Comparable) -> str | None:
        sums = sums_of(comparable, comparable)
        return which_pages_count(row_of_tag(sums, "Bakeries", "fans", PERIOD), "fans")

    assert said(counted_pages(3, 5, 6)) is None
    assert said(counted_pages(0, None, None)) == "No Page has the tag Bakeries."
    none_counts = "No Page of Bakeries has a count of fans at the start and the end of the period."
    assert said(counted_pages(0, None, None, left_out=3)) == none_counts
    assert which_pages_count(row(november(d0=5, d14=6)), "fans") is None


@pytest.mark.parametrize(
    ("page", "figures", "said"),
    [
        (page_of(), november(d0=5, d14=6), None),
        (page_of(first_day=None, last_day=None), {}, "Optik Keller has no figures yet."),
        (page_of(), {}, "Optik Keller has no figures in this period."),
        (
            page_of(),
            november(d0=None, d5=None, d14=None),
            "Facebook gives no count of fans for Optik Keller in this period.",
        ),
        (
            page_of(first_day=date(2026, 11, 3)),
            november(d3=5, d14=6),
            "Optik Keller has no count of fans at the start of the period: its figures "
            "begin on 3 Nov 2026.",
        ),
        (
            page_of(),
            november(d3=5, d14=6),
            "Optik Keller has no count of fans at the start of the period.",
        ),
        (
            page_of(last_day=date(2026, 11, 9)),
            november(d0=5, d9=6),
            "Optik Keller has no count of fans at the end of the period: its figures end on "
            "9 Nov 2026.",
        ),
        (
            page_of(),
            november(d0=5, d9=6, d14=None),
            "Optik Keller has no count of fans at the end of the period.",
        ),
    ],
)
def test_why_a_page_is_not_comparable(
    page: ComparedPage, figures: Figures, said: str | None
) -> None:
    assert why_not_comparable(page, page.name, figures, "fans", PERIOD) == said


def test_why_a_page_has_no_line_in_the_index() -> None:
    starts = {"A": 1, "B": None, "C": 0, "D": None}
    rows = [replace(row(november()), label=label, start=start) for label, start in starts.items()]
    assert why_not_indexed(rows[:1], "fans") == []
    missing, zero = why_not_indexed(rows, "fans")
    assert missing == (
        "B and D are left out of the index: no count of fans at the start of the period."
    )
    assert zero == (
        "C is left out of the index: it starts with 0 fans, and nothing grows from 0 in percent."
    )


def test_below_a_hundred_there_is_no_percentage() -> None:
    small = row(november(d0=99, d14=150))
    assert (small.net, small.growth_percent) == (51, None)
    said = why_no_percentage([small, row(november(d0=100, d14=150))], "fans")
    assert said == "Optik Keller starts with fewer than 100 fans: no percentages."
    assert why_no_percentage([row({})], "fans") is None


def test_who_has_no_earlier_figures() -> None:
    assert no_earlier_figures(["A"], 2) == "A has no earlier figures to compare with."
    assert no_earlier_figures(["A", "B"], 3) == "A and B have no earlier figures to compare with."
    assert no_earlier_figures(["A"], 1) == "There are no earlier figures to compare with."


def test_the_chart_in_a_sentence() -> None:
    series = [Series("A", 0, [200, None, 228], 200), Series("B", 1, [50, 45, None], 50)]
    assert describe_series(series, "fans", PERIOD, is_index=True) == (
        "Fans, start = 100, 14 days to 14 Nov 2026: A ends at 114.0; B ends at 90.0."
    )
    assert describe_series(series, "fans", PERIOD, is_index=False) == (
        "Fans, 14 days to 14 Nov 2026: A from 200 to 228; B from 50 to 45."
    )
