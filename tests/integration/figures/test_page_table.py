"""The table of Pages: order, pages, search, attention, its first rows and sparklines."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storage.accounts.pages import PageDetails, upsert_pages
from storage.db.engine import Database
from storage.figures.filters import Filter, list_page_ids
from storage.figures.table import SortKey
from storage.insights.sums import load_insight_sums
from storage.insights.values import Span, ValueRow, upsert_spans, upsert_values
from storage.models import Page, Picture
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_answers import ask_table
from tests.integration.figures.figure_rows import (
    LONG_AGO,
    add_grant,
    add_page,
    day,
    fetched_at,
    hold,
)

pytestmark = pytest.mark.both_databases

SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)
SINCE, UNTIL = day(0), day(6)


def ids(
    session: Session,
    sort: SortKey = "name",
    *,
    descending: bool = False,
    filter: Filter | None = None,
) -> list[str]:
    found = ask_table(
        session,
        since=SINCE,
        until=UNTIL,
        sort=sort,
        descending=descending,
        filter=filter or Filter(),
    )
    return [row.page_id for row in found.rows]


def add_three(session: Session) -> None:
    """Three Pages that every key orders otherwise, and one of which nothing is known."""
    working, dead = add_grant(session, "1"), add_grant(session, "2", "needs_renewal")
    add_page(session, "a", {-1: 1_000, 6: 1_100}, {6: 5}, name="Zoo", category="Bakery")
    add_page(session, "b", {-1: 100, 5: 150}, {5: 7}, name="émile", category="Zoo")
    add_page(session, "c", {-1: 50, 6: 250}, {6: 6}, name="Emil", category="Art")
    add_page(session, "d", name="Nobody")
    hold(session, working, "a")
    hold(session, working, "b", tasks=["MESSAGING"])
    hold(session, dead, "c")


@pytest.mark.parametrize(
    ("sort", "ascending", "unknown"),
    [
        ("name", ["c", "b", "d", "a"], []),
        ("fans", ["b", "c", "a"], ["d"]),
        ("net", ["b", "a", "c"], ["d"]),
        ("growth", ["a", "b"], ["c", "d"]),  # c began below the smallest base
        ("followers", ["a", "c", "b"], ["d"]),
        ("connection", ["a", "b", "c", "d"], []),
        ("category", ["c", "a", "b"], ["d"]),
    ],
)
def test_order(database: Database, sort: SortKey, ascending: list[str], unknown: list[str]) -> None:
    with database.writing() as session:
        add_three(session)
        found = ids(session, sort)
        reverse = ids(session, sort, descending=True)
    assert found == ascending + unknown
    assert reverse == ascending[::-1] + unknown


@pytest.mark.parametrize(
    ("sort", "ascending", "unknown"),
    [
        ("views", ["b", "f", "a", "e", "c"], ["d"]),
        ("views_change", ["a", "b", "f", "c"], ["e", "d"]),
        ("engagement", ["c", "a"], ["e", "b", "f", "d"]),
        ("engagement_change", ["a", "c"], ["e", "b", "f", "d"]),
    ],
)
def test_order_by_views_and_engagement(
    database: Database, sort: SortKey, ascending: list[str], unknown: list[str]
) -> None:
    """The unknown ones stay last both ways, as do equals (b and f) in the order of their names."""
    with database.writing() as session:
        for page_id, name in zip(
            "abcdef", ("Zoo", "Mill", "Inn", "Nobody", "Bar", "mill"), strict=True
        ):
            add_page(session, page_id, name=name)
        give_sum(session, "a", "page_media_view", 20, before=30)
        give_sum(session, "b", "page_media_view", 10, before=5)
        give_sum(session, "c", "page_media_view", 40, before=20)
        give_sum(session, "e", "page_media_view", 30)
        give_sum(session, "f", "page_media_view", 10, before=5)
        give_sum(session, "a", "page_post_engagements", 9, before=99)
        give_sum(session, "c", "page_post_engagements", 1, before=0)
        sums = load_insight_sums(session, UNTIL)
        found, reverse = (
            [
                row.page_id
                for offset in (0, 4)
                for row in ask_table(
                    session,
                    since=SINCE,
                    until=UNTIL,
                    sort=sort,
                    descending=descending,
                    limit=4,
                    offset=offset,
                    sums=sums,
                ).rows
            ]
            for descending in (False, True)
        )
    assert found == ascending + unknown
    backwards = ascending[::-1]
    if {"b", "f"} <= set(ascending):
        first = backwards.index("f")
        backwards[first : first + 2] = ["b", "f"]
    assert reverse == backwards + unknown


@pytest.mark.parametrize("sort", ["posts_per_week", "last_post"])
def test_order_by_values_that_are_handed_in(database: Database, sort: SortKey) -> None:
    """The unknown ones stay last both ways, as do equals (b and d) in the order of their names."""
    with database.writing() as session:
        for page_id, name in zip("abcde", ("Zoo", "Mill", "Inn", "mill", "Bar"), strict=True):
            add_page(session, page_id, name=name)
        values = {"a": 0.0, "b": 3.5, "d": 3.5, "c": 7.25}
        found, reverse = (
            [
                row.page_id
                for row in ask_table(
                    session,
                    since=SINCE,
                    until=UNTIL,
                    sort=sort,
                    descending=descending,
                    values=values,
                ).rows
            ]
            for descending in (False, True)
        )
    assert found == ["a", "b", "d", "c", "e"]
    assert reverse == ["c", "b", "d", "a", "e"]


def give_sum(
    session: Session, page_id: str, metric: str, value: int, before: int | None = None
) -> None:
    """The same figure on each of the 28 days up to the end, and on each of those before."""
    values = [(number, value) for number in range(28)]
    if before is not None:
        values += [(number, before) for number in range(28, 56)]
    rows = [
        ValueRow(page_id, metric, UNTIL - timedelta(days=number), each, LONG_AGO, None)
        for number, each in values
    ]
    upsert_values(session, rows)
    since = UNTIL - timedelta(days=89)
    upsert_spans(session, [(page_id, metric, Span(since, UNTIL))])


@pytest.mark.parametrize("sort", SORT_KEYS)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_of_the_table_join_to_the_whole(
    database: Database, sort: SortKey, descending: bool
) -> None:
    with database.writing() as session:
        grant = add_grant(session, "1")
        for number in reversed(range(23)):
            # Many equals, so that only the order of equals keeps the pages apart.
            figures: dict[int, int | None] = {-1: 100, 6: 100 + number % 3} if number % 4 else {}
            add_page(session, f"{number:02d}", figures, name=f"Page {number % 5}", category="X")
            if number % 2:
                hold(session, grant, f"{number:02d}")
        joined: list[str] = []
        for offset in range(0, 30, 5):
            found = ask_table(
                session,
                since=SINCE,
                until=UNTIL,
                sort=sort,
                descending=descending,
                limit=5,
                offset=offset,
            )
            assert found.rows_count == 23
            joined += [row.page_id for row in found.rows]
        whole = ids(session, sort, descending=descending)
    assert joined == whole
    assert len(set(joined)) == 23
    if sort == "category":  # the same for all, so only name and id order them
        assert whole == sorted(whole, key=lambda id: (int(id) % 5, id))


def test_a_row_says_everything_about_its_page(database: Database) -> None:
    with database.writing() as session:
        name = ":material/delete: <b>x</b>"
        add_page(session, "9" * 20, {-2: 1_000, 5: 1_020}, {5: 0}, name=name, category="Café")
        picture = {"page_id": "9" * 20, "etag": "abc", "content": b"x", "fetched_at": LONG_AGO}
        session.execute(insert(Picture).values(**picture))
        add_page(session, "2", {3: None}, {3: 12})
        full, bare = ask_table(session, since=SINCE, until=UNTIL).rows
        by_followers = ask_table(session, since=SINCE, until=UNTIL, metric="followers")
        early = ask_table(session, since=day(-4), until=day(-3)).rows[0]
    assert (full.page_id, full.name, full.category) == ("9" * 20, name, "Café")
    assert (full.fans, full.followers) == (1_020, 0)
    assert (full.start, full.end, full.net, full.growth_percent) == (1_000, 1_020, 20, 2.0)
    assert (full.figure_day, full.updated_at) == (day(5), fetched_at(5))
    assert (full.picture_etag, full.connection) == ("abc", "disconnected")
    assert (bare.fans, bare.followers, bare.category, bare.picture_etag) == (None, 12, None, None)
    assert (bare.start, bare.end, bare.net, bare.growth_percent) == (None, None, None, None)
    assert (bare.figure_day, bare.updated_at) == (day(3), fetched_at(3))
    assert {row.net for row in by_followers.rows} == {None}
    assert (early.fans, early.figure_day, early.updated_at) == (None, None, None)


NAMES = {
    "1": "CAFÉ Lindenhof",
    "2": "Cafe\u0301 am Ufer",
    "3": "100% Bio_Laden",
    "4": "100 Bio Laden",
    "5": "ΑΘΉΝΑ",
    "6": "Straße 7",
    "7": r"back\slash / slash",
}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("café", ["1", "2"]),
        ("CAFE", ["1", "2"]),
        ("  lindenhof   cafe ", ["1"]),
        ("caffe", []),
        ("100%", ["3"]),
        ("%", ["3"]),
        ("_", ["3"]),
        ("bio laden", ["3", "4"]),
        ("αθήνα", ["5"]),
        ("STRASSE", ["6"]),
        ("k\\s", ["7"]),
        ("/", ["7"]),
        ("'; DROP TABLE pages; --", []),
        ("\0\ud800", []),
        ("a" * 20_000, []),
        ("   ", ["1", "2", "3", "4", "5", "6", "7"]),
    ],
)
def test_search(database: Database, search: str, found: list[str]) -> None:
    rows = [PageDetails(id=id, name=name) for id, name in NAMES.items()]
    with database.writing() as session:
        upsert_pages(session, rows, LONG_AGO)
        by_name = ids(session, filter=Filter(search=search))
        counted = ask_table(session, since=SINCE, until=UNTIL, filter=Filter(search), limit=1)
    assert sorted(by_name) == found
    assert counted.rows_count == len(found)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (Filter(categories=("Art", "Bakery")), ["a", "c"]),
        (Filter(categories=("Bakery", "No such")), ["a"]),
        (Filter(account_ids=("1", "2")), ["a", "b", "c"]),
        (Filter(account_ids=("1", "2"), categories=("Art", "Zoo")), ["b", "c"]),
        (Filter(states=("connected", "needs_renewal")), ["a", "c"]),
        (Filter(states=("works_in_part",), account_ids=("2",)), []),
        (Filter(page_ids=("d", "a", "a", "gone\x00")), ["a", "d"]),
        (Filter(page_ids=("a", "b"), categories=("Zoo", "Art")), ["b"]),
        (Filter(page_ids=()), []),
    ],
)
def test_a_page_fits_any_value_of_a_kind_and_every_kind(
    database: Database, filter: Filter, found: list[str]
) -> None:
    with database.writing() as session:
        add_three(session)
        assert sorted(ids(session, filter=filter)) == found
        assert sorted(list_page_ids(session, filter, UNTIL)) == found


def test_a_page_with_one_of_several_tags(database: Database) -> None:
    with database.writing() as session:
        add_three(session)
        tags = [
            create_tag(session, name, LONG_AGO, by=THIS_COMPUTER)
            for name in ("One", "Two", "Three")
        ]
        for tag_id, page_id in zip(tags, ("a", "b", "c"), strict=True):
            tag_page(session, tag_id, page_id, LONG_AGO, by=THIS_COMPUTER)
        tag_page(session, tags[1], "a", LONG_AGO, by=THIS_COMPUTER)
        assert ids(session, filter=Filter(tag_ids=tuple(tags[:2]))) == ["b", "a"]


def test_filters_that_mean_the_same_are_equal() -> None:
    one, other = Filter(categories=("b", "a", "b")), Filter(categories=("a", "b"))
    assert one == other
    assert hash(one) == hash(other)
    assert Filter(page_ids=()) != Filter()


def test_a_renamed_page_is_found_by_its_new_name(database: Database) -> None:
    with database.writing() as session:
        upsert_pages(session, [PageDetails(id="1", name="Alt")], LONG_AGO)
        upsert_pages(session, [PageDetails(id="1", name="NEÜ")], LONG_AGO)
        assert ids(session, filter=Filter(search="neu")) == ["1"]
        assert ids(session, filter=Filter(search="alt")) == []


def test_a_page_inserted_in_any_way_has_a_folded_name(database: Database) -> None:
    with database.writing() as session:
        facts = {"first_seen_at": LONG_AGO, "described_at": LONG_AGO}
        session.add(Page(id="1", name="Ö", **facts))
        session.flush()
        session.execute(insert(Page), [{"id": "2", "name": "Ü", **facts}])
        session.execute(update(Page).where(Page.id == "2").values(category="x"))
        assert set(session.execute(select(Page.name_folded)).scalars()) == {"o", "u"}
