"""The last week in three sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pages.parts.overview.digest import Link, Sentence, to_html, to_text, write
from pages.records import Week
from pages.text.periods import get_period, last_week
from storage.figures.totals import Comparable, Mover, Movers
from storage.figures.unusual import UnusualDay
from tests.unit.parts.test_unusual_text import CLEAN_UP, NOISE

TODAY = date(2026, 11, 22)
BEST, WORST = Mover("1", "Optik Hansen", 9000, 3292, 36.6), Mover("2", "Café", 9000, -1017, -11.3)
WEEK = Week(
    period=get_period("7 days", TODAY),
    metric="fans",
    pages_count=140,
    total=2_290_456,
    compared=Comparable(140, 2_281_579, 2_290_456, 0, 0, 0, 0),
    movers=Movers((BEST,), (WORST,)),
    attention_count=3,
    unusual=(UnusualDay(NOISE.day, 10_000, 12, 30), UnusualDay(CLEAN_UP.day, 14, 0, 9)),
)
NOBODY = Comparable(0, None, None, 0, 1, 0, 0)


def lines(week: Week) -> list[str]:
    return to_text(write(week)).split("\n")


def links_of(sentences: tuple[Sentence, ...]) -> dict[str, Link]:
    return {part.text: part for each in sentences for part in each if isinstance(part, Link)}


def test_a_week_in_three_sentences() -> None:
    assert lines(WEEK) == [
        "140 Pages have 2,290,456 fans: 8,877 more between 16 and 22 Nov 2026.",
        "Optik Hansen (+3,292) gained most, Café (-1,017) lost most.",
        "3 Pages need attention; 10 Nov was unusual: 9 of 14 Pages fell beyond their own noise: "
        "most likely a clean-up by Facebook.",
    ]


def test_every_number_is_a_link() -> None:
    links = links_of(write(WEEK))
    bare = to_text(write(WEEK)).replace("16 and 22 Nov 2026", "").replace("10 Nov", "")
    for text in links:
        bare = bare.replace(text, "", 1)
    assert not any(letter.isdigit() for letter in bare), bare
    assert links["+3,292"].page_id == "1"
    assert links["-1,017"].page_id == "2"
    assert dict(links["3 Pages"].query) == {"show": "Needs attention"}
    assert dict(links["8,877"].query) == {
        "metric": "Fans",
        "period": "7 days",
        "sort": "Most net new first",
    }


def test_whoever_cannot_be_compared_is_left_out_and_that_is_said() -> None:
    compared = Comparable(138, 2_281_579, 2_281_000, 1, 1, 0, 0)
    assert lines(replace(WEEK, compared=compared))[0] == (
        "140 Pages have 2,290,456 fans: 579 fewer between 16 and 22 Nov 2026, of the 138 with "
        "figures on both ends."
    )


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        ({"total": None, "compared": NOBODY}, 0, "140 Pages have no count of fans yet."),
        (
            {"compared": NOBODY},
            0,
            "140 Pages have 2,290,456 fans; no Page can be compared between 16 and 22 Nov 2026.",
        ),
        (
            {"compared": replace(WEEK.compared, start=WEEK.compared.end)},
            0,
            "140 Pages have 2,290,456 fans, neither more nor fewer between 16 and 22 Nov 2026.",
        ),
        ({"pages_count": 0}, 0, "No Page is connected that this could tell of."),
        ({"compared": NOBODY}, 1, "Who gained and who lost in these days is not known."),
        ({"movers": Movers((), ())}, 1, "No Page gained and none lost."),
        ({"movers": Movers((BEST,), ())}, 1, "Optik Hansen (+3,292) gained most; no Page lost."),
        ({"movers": Movers((), (WORST,))}, 1, "Café (-1,017) lost most; no Page gained."),
        ({"unusual": (NOISE,)}, 2, "3 Pages need attention, and no day was out of the ordinary."),
        (
            {"unusual": (), "attention_count": 0},
            2,
            "Every Page is connected and up to date, and no day was out of the ordinary.",
        ),
        (
            {"unusual": (), "attention_count": 1},
            2,
            "1 Page needs attention, and no day was out of the ordinary.",
        ),
    ],
)
def test_what_is_missing_has_another_honest_sentence(
    changes: dict[str, Any], place: int, sentence: str
) -> None:
    assert lines(replace(WEEK, **changes))[place] == sentence


def test_one_page_with_one_follower() -> None:
    one = Comparable(1, 2, 1, 0, 0, 0, 0)
    week = replace(WEEK, metric="followers", pages_count=1, total=1, compared=one)
    assert lines(week)[0] == "1 Page has 1 follower: 1 fewer between 16 and 22 Nov 2026."


class Anchors(HTMLParser):
    """What a browser makes of the sentences."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.hrefs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


def test_links_keep_the_filter_and_the_way_back() -> None:
    html = to_html(write(WEEK), {"tag": "Ü & <b>"}, {"from": "tag=x"})
    found = Anchors(html)
    assert set(found.tags) == {"p", "a"}
    addresses = [urlsplit(href) for href in found.hrefs]
    for address in addresses:
        query = parse_qs(address.query)
        assert query.get("tag") == ["Ü & <b>"] or query["from"] == ["tag=x"]
    assert [a.path for a in addresses].count("/page") == 2


def test_hostile_names_are_words() -> None:
    hostile = replace(BEST, name='"><img src=x onerror=alert(1)><a href="//evil">', page_id='"><b>')
    found = Anchors(to_html(write(replace(WEEK, movers=Movers((hostile,), ()))), {}, {}))
    assert set(found.tags) == {"p", "a"}
    assert all(href.startswith(("/?", "/page?")) or href == "/" for href in found.hrefs)


def test_the_week_ends_with_the_last_snapshot_where_that_is_older() -> None:
    def days(last: date, first: date = date(2026, 1, 1)) -> tuple[date, date]:
        period = last_week(TODAY, first, last)
        return period.since, period.until

    assert days(TODAY) == days(date(2026, 11, 21)) == (date(2026, 11, 16), TODAY)
    assert days(date(2026, 10, 7)) == (date(2026, 10, 1), date(2026, 10, 7))
    assert days(TODAY, first=date(2026, 11, 18)) == (date(2026, 11, 19), TODAY)
